/**
 * The kinds of image files that are read, by their first bytes and by the endings of their names.
 *
 * @module
 */

import { beginsWith } from "./file_bytes.ts";

/** A kind of image file. */
export type ImageKindName = "PNG" | "JPEG" | "WebP" | "BMP" | "TIFF" | "HEIC";

/** The endings of the names of image files, in small letters, with the dot. */
export const imageEndings: readonly string[] = [
  ...[".jpg", ".jpeg", ".jpe", ".jfif"],
  ...[".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".heic", ".heif", ".hif"],
];

/** Whether a file is an image by the ending of its name. */
export function hasImageEnding(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot >= 0 && imageEndings.includes(name.slice(dot).toLowerCase());
}

interface Signature {
  readonly bytes: readonly number[];
  /** Where they stand. Default: at the beginning. */
  readonly at?: number;
}

function letters(text: string, at = 0): Signature {
  return { bytes: [...new TextEncoder().encode(text)], at };
}

const signatures: readonly { readonly kind: ImageKindName; readonly all: readonly Signature[] }[] = [
  { kind: "PNG", all: [{ bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] }] },
  { kind: "JPEG", all: [{ bytes: [0xff, 0xd8] }] },
  { kind: "WebP", all: [letters("RIFF"), letters("WEBP", 8)] },
  { kind: "BMP", all: [letters("BM")] },
  { kind: "TIFF", all: [letters("II"), { bytes: [42, 0], at: 2 }] },
  { kind: "TIFF", all: [letters("MM"), { bytes: [0, 42], at: 2 }] },
];

/** Kinds of files that are met in folders of images and are not read. */
const strangers: readonly { readonly name: string; readonly all: readonly Signature[] }[] = [
  { name: "a GIF file", all: [letters("GIF8")] },
  { name: "a JPEG XL file", all: [{ bytes: [0xff, 0x0a] }] },
  { name: "a JPEG XL file", all: [letters("JXL ", 4)] },
  { name: "a JPEG 2000 file", all: [letters("jP  ", 4)] },
  { name: "an AVIF file", all: [letters("ftypavif", 4)] },
  { name: "an AVIF file", all: [letters("ftypavis", 4)] },
  { name: "a film", all: [letters("ftyp", 4)] },
  { name: "a BigTIFF file", all: [{ bytes: [0x49, 0x49, 43, 0] }] },
  { name: "a BigTIFF file", all: [{ bytes: [0x4d, 0x4d, 0, 43] }] },
  { name: "a Photoshop file", all: [letters("8BPS")] },
  { name: "a PDF file", all: [letters("%PDF")] },
  { name: "a ZIP file", all: [{ bytes: [0x50, 0x4b, 3, 4] }] },
  { name: "a NumPy file", all: [{ bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] }] },
  { name: "an SVG or XML file", all: [letters("<svg")] },
  { name: "an SVG or XML file", all: [letters("<?xml")] },
  { name: "a web page, as servers send it in the place of a file", all: [letters("<!DOCTYPE")] },
  { name: "a web page, as servers send it in the place of a file", all: [letters("<html")] },
  { name: "a pointer of Git LFS; the image itself was not downloaded", all: [letters("version https://git-lfs")] },
];

/** The kind of a file, by its first bytes; `null` where it is none that is read. */
export function kindOf(bytes: Uint8Array): ImageKindName | null {
  return signatures.find(({ all }) => holds(bytes, all))?.kind ?? (isHeic(bytes) ? "HEIC" : null);
}

/** What a file is that is not read, as a sentence goes on after "it is". */
export function strangerName(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  return strangers.find(({ all }) => holds(bytes, all))?.name ?? "no image file that is known here";
}

function holds(bytes: Uint8Array, all: readonly Signature[]): boolean {
  return all.every(({ bytes: signature, at }) => beginsWith(bytes, signature, at));
}

/** Whether the brands of an ISO media file are those of images coded by HEVC. */
function isHeic(bytes: Uint8Array): boolean {
  const text = String.fromCharCode(...bytes.subarray(4, 64));
  if (!text.startsWith("ftyp")) return false;
  // The major brand, its version, and all others up to the end of this first box.
  const length = (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
  const brands = [text.slice(4, 8), ...(text.slice(12, Math.max(12, length - 4)).match(/.{4}/gs) ?? [])];
  return brands.some((brand) => ["heic", "heix", "heim", "heis"].includes(brand));
}
