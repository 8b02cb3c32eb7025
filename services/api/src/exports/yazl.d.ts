/** The part of yazl that is used here: its published types do not know the argument of the callback of `end`. */
declare module 'yazl' {
  import type { Readable } from 'node:stream';

  interface EntryOptions {
    readonly mtime?: Date;
    readonly compress?: boolean;
  }

  /** An archive that is written while it is read from `outputStream`. */
  export class ZipFile {
    readonly outputStream: Readable;
    addReadStream(source: Readable, name: string, options: EntryOptions & { readonly size: number }): void;
    addBuffer(bytes: Buffer, name: string, options: EntryOptions): void;
    /**
     * Ends the archive and reports its size, which is known at once if no entry is compressed and the size of each is
     * given.
     */
    end(options: object, onSize: (sizeBytes: number) => void): void;
    on(event: 'error', listener: (error: Error) => void): this;
  }
}
