/**
 * Starts decoders that are compiled to WebAssembly.
 *
 * @module
 */

/** The memory of WebAssembly never shrinks. After an image of more pixels a decoder is started anew. */
export const keptPixels = 16_000_000;

/** What a decoder's own starting function takes. */
interface WasmOptions {
  readonly wasmBinary?: ArrayBuffer;
  readonly printErr?: () => void;
}

/**
 * Starts a decoder. In browsers its own loader fetches the WebAssembly file beside its script, as bundlers expect. Deno
 * keeps npm packages in files, which that loader does not find, so the file is read here.
 *
 * @param resolve the URL of the WebAssembly file.
 */
export async function startWasm(start: (options?: WasmOptions) => Promise<void>, resolve: () => string): Promise<void> {
  const url = fileUrl(resolve);
  if (url === null) return await start();
  const wasmBinary = await (await fetch(url)).arrayBuffer();
  // `printErr`: a refusal arrives as an exception, its text need not be on stderr as well.
  await start({ wasmBinary, printErr: () => {} });
}

function fileUrl(resolve: () => string): string | null {
  try {
    const url = resolve();
    return url.startsWith("file:") ? url : null;
  } catch {
    return null;
  }
}
