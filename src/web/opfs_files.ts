/**
 * The browser's own file system (OPFS): a folder that belongs to this site alone and that no other program sees.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { StoreFiles, SyncFile } from "./store_files.ts";

/** What Workers can do with a file; TypeScript's library for pages does not know it. */
interface WorkerFileHandle {
  createSyncAccessHandle(): Promise<SyncFile>;
}

function isOfWorker(handle: object): handle is WorkerFileHandle {
  return "createSyncAccessHandle" in handle;
}

/**
 * The files of a folder of the site. To be called in a Worker.
 *
 * @throws {Error} if the browser keeps no files for this site, as in some private windows.
 */
export async function opfsFiles(folder: string): Promise<StoreFiles> {
  const directory = await opened(folder);
  return {
    open: async (name) => {
      const handle = await directory.getFileHandle(name, { create: true });
      if (!isOfWorker(handle)) throw new Error("This browser cannot write files in a Worker. Try a newer one");
      try {
        return await handle.createSyncAccessHandle();
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "NoModificationAllowedError") throw error;
        throw new Error("Another tab of this browser has the run open. Close it, and load this page again");
      }
    },
    read: async (name, start = 0, end) => {
      try {
        const file = await (await directory.getFileHandle(name)).getFile();
        return new Uint8Array(await file.slice(start, end).arrayBuffer());
      } catch (error) {
        if (error instanceof DOMException && error.name === "NotFoundError") return null;
        throw error;
      }
    },
    remove: async (name) => await directory.removeEntry(name),
    names: async () => await Array.fromAsync(directory.keys()),
  };
}

async function opened(folder: string): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(folder, { create: true });
  } catch (error) {
    throw new Error(
      `This browser keeps no files for this page (${errorText(error)}), so a run could not be kept. ` +
        "Open the page in a window that is not private",
    );
  }
}
