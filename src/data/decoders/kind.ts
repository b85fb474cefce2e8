/**
 * The kinds of image files that are read, by their first bytes and by the endings of their names.
 *
 * @module
 */

import { beginsWith } from "./file_bytes.ts";

/** A kind of image file. */
export type ImageKindName = "PNG" | "JPEG";

/** The endings of the names of image files, in small letters, with the dot. */
export const imageEndings: readonly string[] = [".jpg", ".jpeg", ".jfif", ".png"];

/** Whether a file is an image by the ending of its name. */
export function hasImageEnding(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot >= 0 && imageEndings.includes(name.slice(dot).toLowerCase());
}

const signatures: readonly { readonly kind: ImageKindName; readonly bytes: readonly number[] }[] = [
  { kind: "PNG", bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { kind: "JPEG", bytes: [0xff, 0xd8] },
];

/** The kind of a file, by its first bytes; `null` where it is none that is read. */
export function kindOf(bytes: Uint8Array): ImageKindName | null {
  return signatures.find(({ bytes: signature }) => beginsWith(bytes, signature))?.kind ?? null;
}
