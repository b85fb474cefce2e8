/**
 * The few things that a run's store asks of a place for files. A browser's own file system gives them
 * (`opfs_files.ts`).
 *
 * @module
 */

/** An open file. No other may open it meanwhile. As `FileSystemSyncAccessHandle` of browsers. */
export interface SyncFile {
  /** Writes bytes at a place; returns how many were written. */
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  /** Cuts the file off, or fills it up with zeros. */
  truncate(size: number): void;
  /** Waits until all that was written is kept, whatever happens to the program. */
  flush(): void;
  /** Closes the file. */
  close(): void;
}

/** A place for files. */
export interface StoreFiles {
  /** Opens a file to write. It is made if it is missing. */
  open(name: string): Promise<SyncFile>;
  /** The bytes of a file from `start` to `end`, by default all; `null` if it is missing. */
  read(name: string, start?: number, end?: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Removes a file. */
  remove(name: string): Promise<void>;
  /** The names of all files. */
  names(): Promise<string[]>;
}

/** Writes all bytes at a place. */
export function writeAll(file: SyncFile, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const written = file.write(bytes.subarray(done), { at: at + done });
    if (written <= 0) throw new Error("there is no room");
    done += written;
  }
}
