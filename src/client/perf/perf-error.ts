/** A refusal in the middle of a run: what the server said, and its status. */
export class PerfError extends Error {
  override readonly name = 'PerfError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}
