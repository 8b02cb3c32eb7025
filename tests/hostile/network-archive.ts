import type { ByteSource } from '@caissa/bytes';
import { saved, smallStateDict } from '@caissa/testing/small-checkpoint';
import { buildArchive } from '../../packages/pytorch/test-support/hostile-archive.js';
import { dict, int, pickle, text } from '../../packages/pytorch/test-support/pickle-assembly.js';
import { bytesOf } from './bytes-of.js';

const PROTO_BYTES = 2;
const STOP_BYTES = 1;
const END_BYTES = 22;
const COUNT_AT = 8;
const OFFSET_IN_HEADER = 42;

/** Files that hold the weights of a whole network, with any pickle: what does not change is never copied. */
export class NetworkArchive {
  /** The pickle of a checkpoint with these weights. */
  readonly pickle: Buffer;
  /** The operations in it that make the state dict. */
  readonly weights: Buffer;
  readonly #body: Buffer;
  readonly #directory: Buffer;
  readonly #count: number;

  private constructor(weights: Buffer, body: Buffer, directory: Buffer, count: number) {
    [this.weights, this.#body, this.#directory, this.#count] = [weights, body, directory, count];
    this.pickle = pickle(dict(text('model_state_dict'), weights, text('metadata'), dict(text('version'), int(7))));
  }

  static async build(): Promise<NetworkArchive> {
    const entries = entriesOf(await bytesOf(await saved(smallStateDict())));
    const { data } = entries.find(({ name }) => name.endsWith('/data.pkl')) as { data: Buffer };
    const others = entries.filter((entry) => entry.data !== data);
    const archive = buildArchive(others);
    const end = archive.subarray(-END_BYTES);
    const begin = end.readUInt32LE(16);
    return new NetworkArchive(
      data.subarray(PROTO_BYTES, -STOP_BYTES),
      archive.subarray(0, begin),
      archive.subarray(begin, -END_BYTES),
      others.length,
    );
  }

  /** The file with another pickle. */
  with(pickle: Buffer): ByteSource {
    const one = buildArchive([{ name: 'archive/data.pkl', data: pickle }]);
    const begin = one.readUInt32LE(one.length - END_BYTES + 16);
    const header = Buffer.from(one.subarray(begin, -END_BYTES));
    header.writeUInt32LE(this.#body.length, OFFSET_IN_HEADER);
    const end = Buffer.from(one.subarray(-END_BYTES));
    for (const at of [COUNT_AT, COUNT_AT + 2]) end.writeUInt16LE(this.#count + 1, at);
    end.writeUInt32LE(this.#directory.length + header.length, 12);
    end.writeUInt32LE(this.#body.length + begin, 16);
    const body = this.#body;
    const tail = Buffer.concat([one.subarray(0, begin), this.#directory, header, end]);
    return {
      sizeBytes: body.length + tail.length,
      async readInto(target, offset) {
        const copied = body.copy(target, 0, Math.min(offset, body.length), offset + target.length);
        tail.copy(target, copied, Math.max(0, offset - body.length));
      },
    };
  }
}

/** Entries of an archive that our own writer has made: each header says how long its data is. */
function entriesOf(archive: Buffer): { name: string; data: Buffer }[] {
  const entries: { name: string; data: Buffer }[] = [];
  let at = archive.readUInt32LE(archive.length - END_BYTES + 16);
  while (archive.readUInt32LE(at) === 0x0201_4b50) {
    const [size, nameLength, extraLength] = [
      archive.readUInt32LE(at + 24),
      archive.readUInt16LE(at + 28),
      archive.readUInt16LE(at + 30),
    ];
    const local = archive.readUInt32LE(at + OFFSET_IN_HEADER);
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameLength),
      data: archive.subarray(begin, begin + size),
    });
    at += 46 + nameLength + extraLength;
  }
  return entries;
}
