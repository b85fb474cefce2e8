/**
 * The module of the Worker that adapts. A page starts it as `new Worker(new URL("./adapt_worker.js", import.meta.url), {
 * type: "module" })`, and they talk as `adapt_messages.ts` says.
 *
 * @module
 */

import { errorText } from "../errors.ts";
import type { AdaptCommand, AdaptEvent } from "./adapt_messages.ts";
import { AdaptSession } from "./adapt_session.ts";
import { opfsFiles } from "./opfs_files.ts";
import { photoPixels } from "./photo_pixels.ts";

/** The part of a Worker's global scope that is used here: TypeScript's library for pages does not know it. */
interface Scope {
  onmessage: ((event: MessageEvent<AdaptCommand>) => void) | null;
  postMessage(event: AdaptEvent, buffers: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as Scope;
const tell = (event: AdaptEvent, buffers: ArrayBuffer[] = []) => scope.postMessage(event, buffers);

let session: Promise<AdaptSession> | undefined;

async function openSession(): Promise<AdaptSession> {
  return new AdaptSession({ files: await opfsFiles("crosswalk-run"), decode: photoPixels, tell });
}

scope.onmessage = ({ data }) => {
  session ??= openSession();
  session.then((opened) => opened.handle(data)).catch((error) => {
    tell({ type: "error", reason: "failed", text: errorText(error) });
  });
};
