import { join } from 'node:path';
import { readRegularFile, writeFileDurably } from '@caissa/bytes';
import { type PointerState, pointerStateSchema } from '@caissa/registry';

/** The pointer as a file beside the converted models. It outlives Redis, so that what was served is served again. */
export class PointerMirror {
  readonly #path: string;

  /** @param folder the folder of the converted models, which exists */
  constructor(folder: string) {
    this.#path = join(folder, 'pointer.json');
  }

  /** What was written last; nothing if there is no file, or none that can be understood. */
  async read(): Promise<PointerState | undefined> {
    const text = await readRegularFile(this.#path);
    if (text === undefined) return undefined;
    try {
      return pointerStateSchema.parse(JSON.parse(text));
    } catch {
      return undefined;
    }
  }

  /** Writes a state, durably, unless a later one is there. Several loaders do so; the latest state wins in the end. */
  async write(state: PointerState): Promise<void> {
    const held = await this.read();
    if (held !== undefined && held.generation >= state.generation) return;
    await writeFileDurably(this.#path, `${JSON.stringify(state)}\n`);
  }
}
