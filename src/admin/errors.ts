/** What admin calls refuse in words of their own; everything else is in the S3 door's table. Codes are those that mc knows. */

const rows = {
  XMinioAdminVersionMismatch: { status: 426, message: 'This admin call is not supported by the server.' },
  XMinioHealInvalidClientToken: { status: 400, message: 'The client token does not belong to a heal of this path.' },
  XMinioHealOverlappingPaths: { status: 400, message: 'A heal of a path that overlaps this one is running.' },
  XMinioHealAlreadyRunning: { status: 400, message: 'A heal of this path is running already; stop it first or start with force.' },
  XMinioHealNoSuchProcess: { status: 400, message: 'No heal of this path is running.' },
  XMinioAdminConfigBadJSON: { status: 400, message: 'The body is not the JSON that this call needs.' },
  XMinioAdminInvalidArgument: { status: 400, message: 'An argument of the call is not valid.' },
  XMinioConfigError: { status: 400, message: 'The setting is not known.' },
  XMinioAdminNoSuchQuarantineItem: { status: 404, message: 'Nothing with this id is in the quarantine.' },
  NotImplemented: { status: 501, message: 'The call is not implemented by this server.' },
} as const;

export type AdminErrorCode = keyof typeof rows;

export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;

  /** @param message the table's sentence where the code says all. */
  constructor(
    readonly code: AdminErrorCode,
    message?: string,
  ) {
    super(message ?? rows[code].message);
    this.status = rows[code].status;
  }
}
