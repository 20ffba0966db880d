/**
 * How two nodes prove to each other that they know the cluster's root credentials, on each connection anew:
 *
 *   1. The dialing side asks for an HTTP/1.1 upgrade and says hello: protocol version, lane, its name, the name it dials,
 *      its process, its clock, a fresh nonce.
 *   2. The other side answers 101 with its hello. So far nobody has proved anything, and nothing was kept but a socket.
 *   3. The dialing side sends HMAC-SHA-256 over both hellos and, under TLS, over the channel (RFC 9266, so that nobody can sit between,
 *      whatever certificate he shows).
 *   4. Only who sent the right one gets the like back, with a byte that says whether he is let in.
 *
 * The key comes from the root credentials by HKDF; the keys of the records from it and both hellos. A proof seen once is worth nothing: both nonces
 * are in it, and so are both names and both processes.
 */
import { createHash, createHmac, hkdfSync, timingSafeEqual, type BinaryLike } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

import type { Lane } from './peer.js';

export const PEER_PATH = '/minio/mts/peer/v1';
export const PEER_PROTOCOL = 'mts-peer';
export const HELLO_HEADER = 'x-mts-peer';
/** Rises with every change that an older release could not understand. */
export const PEER_VERSION = 1;

export const PROOF_BYTES = 32;
/** The other side's answer to the proof: a verdict and its own proof. */
export const VERDICT_BYTES = 1 + PROOF_BYTES;
export const VERDICT = { welcome: 0, credentials: 1, clock: 2 } as const;

export interface Hello {
  readonly version: number;
  readonly lane: Lane;
  /** Who says it. */
  readonly node: string;
  /** To whom. */
  readonly to: string;
  readonly processId: string;
  readonly timeMs: number;
  /** 32 bytes in hexadecimal. */
  readonly nonce: string;
}

/** Fields of one length at most and of a few characters: nothing else is looked at before the proof. */
const HELLO = /^(\d{1,5}) (control|data) ([\w.:[\]%-]{1,300}) ([\w.:[\]%-]{1,300}) ([\w-]{1,64}) (\d{1,15}) ([0-9a-f]{64})$/;

export function formatHello({ version, lane, node, to, processId, timeMs, nonce }: Hello): string {
  return [version, lane, node, to, processId, Math.round(timeMs), nonce].join(' ');
}

/** undefined where the text is no hello of any version. */
export function parseHello(text: string | undefined): Hello | undefined {
  const match = HELLO.exec(text ?? '');
  if (match === null) return undefined;
  const [, version, lane, node = '', to = '', processId = '', timeMs, nonce = ''] = match;
  return { version: Number(version), lane: lane === 'control' ? 'control' : 'data', node, to, processId, timeMs: Number(timeMs), nonce };
}

/** The key that all nodes of a cluster have, from the root user's name and password. */
export function internodeKey(accessKey: string, secretKey: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secretKey, accessKey, 'mts-internode', 32));
}

/** Proofs and keys of one connection. */
export class Handshake {
  readonly #transcript: Uint8Array;

  constructor(
    private readonly key: Uint8Array,
    hellos: { readonly dialing: string; readonly answering: string },
    private readonly socket: Socket,
  ) {
    const channel = socket instanceof TLSSocket ? socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('hex') : 'plain';
    this.#transcript = createHash('sha256').update([hellos.dialing, hellos.answering, channel].join('\n')).digest();
  }

  get dialingProof(): Uint8Array {
    return this.#proof('dialing');
  }

  answeringProof(verdict: number): Uint8Array {
    return this.#proof(`answering ${verdict}`);
  }

  /** Keys of the records; undefined under TLS, which seals them. */
  sealKeys(): { readonly dialing: Uint8Array; readonly answering: Uint8Array } | undefined {
    if (this.socket instanceof TLSSocket) return undefined;
    const derive = (side: string): Uint8Array => new Uint8Array(hkdfSync('sha256', this.key, this.#transcript, `mts records ${side}`, 32));
    return { dialing: derive('dialing'), answering: derive('answering') };
  }

  #proof(side: BinaryLike): Uint8Array {
    return createHmac('sha256', this.key).update(side).update(this.#transcript).digest();
  }
}

/** Compares in a time that tells nothing of where they differ. */
export function isSameProof(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Exactly `count` bytes from a socket, the rest put back; rejects when it ends or `signal` aborts before. */
export function readExactly(socket: Socket, count: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const finish = (end: () => void): void => {
      socket.off('readable', look).off('close', onClose).off('end', onClose);
      signal.removeEventListener('abort', onAbort);
      end();
    };
    const onClose = (): void => finish(() => reject(new Error('it hung up')));
    const onAbort = (): void => finish(() => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
    const look = (): void => {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes === null) return;
      if (bytes.length === count) finish(() => resolve(bytes));
      else finish(() => reject(new Error('it hung up')));
    };
    if (signal.aborted || socket.destroyed) {
      reject(signal.reason instanceof Error ? signal.reason : new Error('it hung up'));
      return;
    }
    socket.on('readable', look).on('close', onClose).on('end', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    look();
  });
}
