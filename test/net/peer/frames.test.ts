import { describe, expect, it } from 'vitest';

import { ProtocolError } from '../../../src/net/peer/frames.js';
import { Inbox } from '../../../src/net/peer/inbox.js';
import { Outbox } from '../../../src/net/peer/outbox.js';
import { RecordReader, RecordWriter } from '../../../src/net/peer/records.js';

/** Chance that a seed replays (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}

/** A connection's bytes: some messages, short, long and with data. */
function sample(key: Uint8Array | undefined): Buffer {
  const outbox = new Outbox();
  outbox.add({ kind: 1, id: 1, head: Buffer.from('short') });
  outbox.add({ kind: 1, id: 2, head: Buffer.from('with data'), data: [Buffer.alloc(300, 1), Buffer.alloc(7, 2)] });
  outbox.addFrame(12, 0, Buffer.alloc(8));
  outbox.add({ kind: 5, id: 3, head: Buffer.from('in order'), inOrder: true });
  return sealed(outbox, key);
}

function sealed(outbox: Outbox, key: Uint8Array | undefined): Buffer {
  const writer = new RecordWriter(key);
  const pieces: Uint8Array[] = [];
  for (let batch = outbox.take(); batch !== undefined; batch = outbox.take()) pieces.push(...writer.seal(batch.pieces));
  return Buffer.concat(pieces);
}

interface Seen {
  readonly messages: string[];
  reserved: number;
}

function reader(key: Uint8Array | undefined): { readonly seen: Seen; readonly push: (bytes: Buffer) => void } {
  const seen: Seen = { messages: [], reserved: 0 };
  const inbox = new Inbox({
    message: (kind, id, head, data) => seen.messages.push(`${kind} ${id} ${Buffer.from(head).toString('latin1')} ${data.length}`),
    frame: (kind, id, body) => seen.messages.push(`${kind} ${id} ${body.length}`),
    memoryFor: (_kind, _id, bytes) => {
      seen.reserved += bytes;
      return undefined;
    },
    giveBack: () => {},
  });
  const records = new RecordReader(key, (body) => inbox.take(body));
  return { seen, push: (bytes) => records.push(bytes) };
}

const KEY = new Uint8Array(32).fill(7);

describe('frames', () => {
  it('arrive as they were sent, however the bytes are cut', () => {
    for (const key of [undefined, KEY]) {
      const bytes = sample(key);
      for (let size = 1; size <= bytes.length; size += size < 40 ? 1 : 37) {
        const { seen, push } = reader(key);
        for (let from = 0; from < bytes.length; from += size) push(bytes.subarray(from, from + size));
        expect([...seen.messages].sort()).toEqual(['1 1 short 0', '1 2 with data 0', '12 0 8', '5 3 in order 0'].sort());
      }
    }
  });

  it('of 100,000 damaged connections are refused or read, and nothing else happens', () => {
    const random = chance(20_261_127);
    const good = sample(undefined);
    let refused = 0;
    for (let round = 0; round < 100_000; round++) {
      let bytes = Buffer.from(good);
      for (let changes = 1 + random(4); changes > 0; changes--) {
        const at = random(bytes.length);
        if (random(4) === 0) bytes = bytes.subarray(0, at + 1);
        else if (random(3) === 0) bytes.writeUInt32BE(random(2) === 0 ? random(0x1_0000_0000) : random(2000), Math.max(0, Math.min(at, bytes.length - 4)) & (bytes.length < 4 ? 0 : ~0));
        else bytes[at] = random(256);
        if (bytes.length < 4) break;
      }
      const { seen, push } = reader(undefined);
      try {
        push(bytes);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        refused++;
      }
      expect(seen.messages.length).toBeLessThan(100);
    }
    expect(refused).toBeGreaterThan(10_000);
  });
});

describe('sealed records', () => {
  it('are refused when a bit of them changed, when one is missing, and when one comes again', () => {
    const outbox = new Outbox();
    const writer = new RecordWriter(KEY);
    const records = ['one', 'two', 'three'].map((text, index) => {
      outbox.add({ kind: 1, id: index + 1, head: Buffer.from(text) });
      return Buffer.concat(writer.seal(outbox.take()!.pieces));
    });
    const [one, two, three] = records as [Buffer, Buffer, Buffer];
    const refuses = (bytes: readonly Buffer[], count: number, key = KEY): void => {
      const { seen, push } = reader(key);
      expect(() => push(Buffer.concat(bytes))).toThrow(ProtocolError);
      expect(seen.messages.length).toBe(count);
    };
    refuses([one, one], 1);
    refuses([one, three], 1);
    refuses([two], 0);
    refuses([one], 0, new Uint8Array(32));
    for (let bit = 32; bit < two.length * 8; bit++) {
      const changed = Buffer.from(two);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      refuses([one, changed], 1);
    }
  });
});
