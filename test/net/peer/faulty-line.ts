/** A line between two nodes that a test can cut, slow down and black out. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface FaultyLine {
  readonly port: number;
  /** Bytes per direction until the line breaks; Infinity for never. Counts anew for each connection. */
  cutAfterBytes: number;
  /** Takes everything and passes nothing on. */
  isBlack: boolean;
  delayMs: number;
  /** What the dialing side sent, all connections after each other. */
  readonly heard: Buffer[];
  close(): Promise<void>;
}

export async function faultyLine(target: number): Promise<FaultyLine> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    pass(near, far, true);
    pass(far, near, false);
  });
  const pass = (from: Socket, to: Socket, isHeard: boolean): void => {
    let passed = 0;
    from.on('data', (chunk: Buffer) => {
      if (isHeard) line.heard.push(chunk);
      if (line.isBlack) return;
      const room = line.cutAfterBytes - passed;
      passed += chunk.length;
      const deliver = (): void => {
        to.write(chunk.subarray(0, Math.min(chunk.length, room)));
        if (passed > line.cutAfterBytes) from.destroy();
      };
      if (line.delayMs > 0) setTimeout(deliver, line.delayMs);
      else deliver();
    });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line: FaultyLine = {
    port: (server.address() as AddressInfo).port,
    cutAfterBytes: Infinity, isBlack: false, delayMs: 0, heard: [],
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return line;
}
