/**
 * HEIC files, the photos of phones, by libheif compiled to WebAssembly. It is a package of its own licence (LGPL), taken
 * as it is and loaded with the first such file.
 *
 * @module
 */

import type { Size } from "../size.ts";
import { errorText } from "../../errors.ts";
import type { DecodedImage } from "./image.ts";
import { type DecodeLimits, defaultMaxPixels } from "./limits.ts";
import { keptPixels } from "./wasm.ts";

/** Something that libheif made. It is handed back as it came. */
type Handle = object;

/** The part of libheif that is used. Its own types leave most of this open. */
interface Libheif {
  readonly HEAPU32: Uint32Array;
  readonly heif_colorspace: { readonly heif_colorspace_RGB: Handle };
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGBA: Handle };
  _heif_get_global_security_limits(): number;
  heif_context_alloc(): Handle;
  heif_context_free(context: Handle): void;
  heif_context_read_from_memory(context: Handle, bytes: Uint8Array): { readonly message?: string };
  heif_js_context_get_primary_image_handle(
    context: Handle,
  ): Handle | { readonly code: unknown; readonly message?: string };
  heif_js_decode_image2(image: Handle, colours: Handle, chroma: Handle): DecodedHandle | { readonly message?: string };
  heif_image_release(image: Handle): void;
  heif_image_handle_release(image: Handle): void;
}

interface DecodedHandle extends Size {
  readonly image: Handle;
  readonly channels: readonly { readonly data: Uint8Array; readonly stride: number }[];
}

let library: Promise<Libheif> | null = null;

async function load(): Promise<Libheif> {
  const { default: start } = await import("libheif-js/libheif-wasm/libheif-bundle.mjs");
  return start({ print: () => {}, printErr: () => {} });
}

/** Decodes the main image of a HEIC file to RGBA bytes, turned and cropped as the file says. Alpha is dropped. */
export async function decodeHeic(bytes: Uint8Array, path: string, limits: DecodeLimits): Promise<DecodedImage> {
  const heif = await (library ??= load());
  try {
    limitPixels(heif, limits.maxPixels ?? defaultMaxPixels);
    const image = decodePrimary(heif, bytes);
    if (image.height * image.width > keptPixels) library = null;
    return image;
  } catch (error) {
    // As for JPEG: what gave up is in an unknown state.
    library = null;
    throw new Error(
      `Cannot read ${path}: the HEIC decoder refused it (${errorText(error)}). Copy it again, or save it as JPEG`,
      { cause: error },
    );
  }
}

/** The first of libheif's limits, 64 bits behind a version number, is how many pixels an image may have. */
function limitPixels(heif: Libheif, maxPixels: number): void {
  const position = (heif._heif_get_global_security_limits() + 8) / 4;
  heif.HEAPU32[position] = maxPixels % 2 ** 32;
  heif.HEAPU32[position + 1] = Math.floor(maxPixels / 2 ** 32);
}

function decodePrimary(heif: Libheif, bytes: Uint8Array): DecodedImage {
  const context = heif.heif_context_alloc();
  try {
    const { message = "" } = heif.heif_context_read_from_memory(context, bytes);
    if (message !== "Success") throw new Error(message);
    const handle = heif.heif_js_context_get_primary_image_handle(context);
    if ("code" in handle) throw new Error(handle.message ?? "it has no main image");
    try {
      const { heif_colorspace: colours, heif_chroma: chroma } = heif;
      const found = heif.heif_js_decode_image2(
        handle,
        colours.heif_colorspace_RGB,
        chroma.heif_chroma_interleaved_RGBA,
      );
      if (!("channels" in found)) throw new Error(found.message ?? "it gave no image");
      const image = copied(found);
      heif.heif_image_release(found.image);
      return image;
    } finally {
      heif.heif_image_handle_release(handle);
    }
  } finally {
    heif.heif_context_free(context);
  }
}

/** The pixels, whose rows are padded in libheif's memory. */
function copied({ height, width, channels: [channel] }: DecodedHandle): DecodedImage {
  if (channel === undefined) throw new Error("it gave no pixels");
  const { data, stride } = channel;
  const pixels = new Uint8Array(height * width * 4);
  for (let row = 0; row < height; row++) {
    pixels.set(data.subarray(row * stride, row * stride + width * 4), row * width * 4);
  }
  for (let index = 3; index < pixels.length; index += 4) pixels[index] = 255;
  return { height, width, pixels };
}
