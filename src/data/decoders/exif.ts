/**
 * The orientation in the EXIF data of a photo: how the stored rows and columns lie in the world. All other EXIF data is
 * skipped. What is cut short or makes no sense counts as the usual orientation, as in viewers.
 *
 * Source: CIPA DC-008 (Exif 2.32), 4.6.2 and 4.6.4, tag 274.
 *
 * @module
 */

import { FileBytes } from "./file_bytes.ts";

/** 1 is as stored, 2 to 8 the mirrored and turned forms, as EXIF numbers them. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 274;

/** The number as an orientation; 1 where it is none. */
export function asOrientation(value: number | undefined): Orientation {
  switch (value) {
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
      return value;
    default:
      return 1;
  }
}

/** The orientation in EXIF data, which is laid out as a TIFF file. An `Exif\0\0` before it is skipped. */
export function exifOrientation(exif: Uint8Array): Orientation {
  const prefix = [0x45, 0x78, 0x69, 0x66, 0, 0].every((byte, index) => exif[index] === byte) ? 6 : 0;
  const tiff = exif.subarray(prefix);
  const order = String.fromCharCode(...tiff.subarray(0, 2));
  if (order !== "II" && order !== "MM") return 1;
  const bytes = new FileBytes(tiff, "the EXIF data", "EXIF", order === "II");
  try {
    const directory = bytes.uint32(4);
    const count = bytes.uint16(directory);
    for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
      if (bytes.uint16(entry) !== ORIENTATION_TAG) continue;
      // A short, but some programs write a long.
      return asOrientation(bytes.uint16(entry + 2) === 4 ? bytes.uint32(entry + 8) : bytes.uint16(entry + 8));
    }
  } catch {
    // Cut short: as if there were none.
  }
  return 1;
}
