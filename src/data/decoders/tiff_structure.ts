/**
 * The first directory of a TIFF file: what its image is, and where its pixels lie.
 *
 * Source: Adobe, TIFF 6.0; TIFF Technical Note 2 and Supplement 2.
 *
 * @module
 */

import { asOrientation } from "./exif.ts";
import { FileBytes } from "./file_bytes.ts";
import type { StoredHeader } from "./image.ts";

/** What the numbers of a pixel mean. */
export const photometric = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, inks: 5 } as const;

/** How a piece of the image is compressed. */
export const compressions = { none: 1, lzw: 5, deflate: 8, packBits: 32_773, oldDeflate: 32_946 } as const;

/** The image of a TIFF file. It is stored in pieces: strips of whole rows, or tiles. */
export interface TiffForm {
  readonly height: number;
  readonly width: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** Samples of a pixel, those of no use among them. */
  readonly samples: number;
  readonly photometric: number;
  readonly compression: number;
  /** Whether each sample is the difference to that of the pixel before. */
  readonly hasDifferences: boolean;
  /** Whether each sample of the pixels has pieces of its own. */
  readonly isPlanar: boolean;
  readonly pieceHeight: number;
  readonly pieceWidth: number;
  /** Red of all indices, then green, then blue, of 16 bits each. */
  readonly palette: readonly number[];
  /** The compressed bytes of the pieces, by rows of pieces, plane by plane. */
  readonly pieces: readonly Uint8Array[];
}

const tags = {
  subfile: 254,
  width: 256,
  height: 257,
  depth: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planes: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  sampleFormat: 339,
} as const;

type Tag = keyof typeof tags;

/** The header of a TIFF file. Its directory may stand behind the pixels, at the end of the file. */
export function tiffHeader(bytes: Uint8Array, path: string): StoredHeader {
  const directory = new Directory(tiffBytes(bytes, path));
  if ((directory.number("subfile", 0) & 1) !== 0) {
    throw directory.file.unread("its first image is a reduced one, as in raw files of cameras", "Save it as PNG");
  }
  return {
    kind: "TIFF",
    stored: { height: directory.number("height", 0), width: directory.number("width", 0) },
    orientation: asOrientation(directory.number("orientation", 1)),
  };
}

/** The image of a TIFF file. */
export function tiffForm(bytes: Uint8Array, path: string): TiffForm {
  const file = tiffBytes(bytes, path);
  const directory = new Directory(file);
  const { height, width } = tiffHeader(bytes, path).stored;
  const samples = directory.number("samples", 1);
  const depths = directory.numbers("depth", [1]);
  const depth = depths[0] ?? 1;
  const form = {
    height,
    width,
    depth,
    samples,
    photometric: directory.number("photometric", photometric.blackIsZero),
    compression: directory.number("compression", compressions.none),
    hasDifferences: directory.number("predictor", 1) === 2,
    isPlanar: directory.number("planes", 1) === 2,
    palette: directory.numbers("palette", []),
  };
  requireRead(file, form, directory, depths);
  const isTiled = directory.has("tileWidth");
  const pieceHeight = isTiled ? directory.number("tileHeight", 0) : directory.number("rowsPerStrip", height);
  const pieceWidth = isTiled ? directory.number("tileWidth", 0) : width;
  if (pieceHeight < 1 || pieceWidth < 1) throw file.damaged("its pieces have no pixels");
  // A tile reaches over the edge of the image, but not by more than itself.
  if (isTiled && pieceHeight * pieceWidth > 4 * height * width + 2 ** 20) {
    throw file.damaged(`its tiles of ${pieceHeight}×${pieceWidth} pixels are larger than the image`);
  }
  const count = Math.ceil(height / pieceHeight) * Math.ceil(width / pieceWidth) * (form.isPlanar ? samples : 1);
  const offsets = directory.numbers(isTiled ? "tileOffsets" : "stripOffsets", []);
  const lengths = directory.numbers(isTiled ? "tileBytes" : "stripBytes", count === 1 ? [file.length] : []);
  if (offsets.length < count || lengths.length < count) {
    throw file.damaged(`it has ${Math.min(offsets.length, lengths.length)} pieces, ${count} are needed`);
  }
  const pieces = Array.from({ length: count }, (_, index) => {
    const offset = offsets[index] ?? 0;
    const length = count === 1 && !directory.has("stripBytes") && !isTiled
      ? Math.max(0, file.length - offset)
      : lengths[index] ?? 0;
    return file.slice(offset, length);
  });
  return { ...form, pieceHeight: isTiled ? pieceHeight : Math.min(pieceHeight, height), pieceWidth, pieces };
}

/** @throws {Error} naming what is not read. */
function requireRead(
  file: FileBytes,
  { samples, depth, photometric: meaning, compression, palette }: Omit<
    TiffForm,
    "pieces" | "pieceHeight" | "pieceWidth"
  >,
  directory: Directory,
  depths: readonly number[],
): void {
  const refuse = (found: string) => {
    throw file.unread(`${found}, which is not read`, "Save it again as an uncompressed TIFF of 8 bits, or as PNG");
  };
  if (!Object.values<number>(compressions).includes(compression)) {
    refuse(`it is a TIFF with ${compressionNames[compression] ?? `the compression ${compression}`}`);
  }
  const format = directory.number("sampleFormat", 1);
  if (format !== 1 && format !== 4) refuse(`it is a TIFF of ${format === 3 ? "floating-point" : "signed"} samples`);
  if (![1, 2, 4, 8, 16].includes(depth) || depths.some((other) => other !== depth)) {
    refuse(`it is a TIFF of ${depths.slice(0, 4).join(", ")} bits a sample`);
  }
  const colours = channelsOf(meaning);
  if (colours === null) return refuse(`it is a TIFF in ${photometricNames[meaning] ?? `the colours ${meaning}`}`);
  if (samples < colours || samples > 16) throw file.damaged(`its pixels have ${samples} samples`);
  if (meaning === photometric.palette && (depth === 16 || palette.length < 3 * 2 ** depth)) {
    throw file.damaged("it has no sound palette");
  }
  if (directory.number("predictor", 1) > 2) {
    refuse(`it is a TIFF with the predictor ${directory.number("predictor", 1)}`);
  }
  if (directory.number("fillOrder", 1) !== 1) refuse("it is a TIFF with reversed bits");
}

const compressionNames: Readonly<Record<number, string>> = {
  2: "a fax compression (CCITT)",
  3: "a fax compression (CCITT)",
  4: "a fax compression (CCITT)",
  6: "JPEG compression",
  7: "JPEG compression",
  34_712: "JPEG 2000 compression",
  34_925: "LZMA compression",
  50_000: "Zstandard compression",
  50_001: "WebP compression",
};

const photometricNames: Readonly<Record<number, string>> = {
  4: "transparency alone",
  6: "YCbCr colours",
  8: "CIE Lab colours",
  32_803: "a camera's raw colours",
  34_892: "a camera's raw colours",
};

/** How many samples of a pixel tell its colour; `null` where it is of a kind that is not read. */
export function channelsOf(meaning: number): number | null {
  switch (meaning) {
    case photometric.whiteIsZero:
    case photometric.blackIsZero:
    case photometric.palette:
      return 1;
    case photometric.rgb:
      return 3;
    case photometric.inks:
      return 4;
    default:
      return null;
  }
}

function tiffBytes(bytes: Uint8Array, path: string): FileBytes {
  return new FileBytes(bytes, path, "TIFF", bytes[0] === 0x49);
}

/** The entries of the first directory. */
class Directory {
  /** Where each entry stands, by its tag. */
  readonly #entries = new Map<number, number>();

  constructor(readonly file: FileBytes) {
    const start = file.uint32(4);
    const count = file.uint16(start);
    file.need(start + 2, count * 12);
    for (let position = start + 2; position < start + 2 + count * 12; position += 12) {
      this.#entries.set(file.uint16(position), position);
    }
  }

  has(tag: Tag): boolean {
    return this.#entries.has(tags[tag]);
  }

  /** The first number of an entry. */
  number(tag: Tag, absent: number): number {
    return this.numbers(tag, [absent])[0] ?? absent;
  }

  /** The numbers of an entry. Numbers that are not whole count as absent. */
  numbers(tag: Tag, absent: readonly number[]): readonly number[] {
    const { file } = this;
    const position = this.#entries.get(tags[tag]);
    if (position === undefined) return absent;
    const bytes = ({ 1: 1, 3: 2, 4: 4 } as Readonly<Record<number, number>>)[file.uint16(position + 2)];
    if (bytes === undefined) return absent;
    const count = file.uint32(position + 4);
    const start = count * bytes <= 4 ? position + 8 : file.uint32(position + 8);
    file.need(start, count * bytes);
    const read = bytes === 1
      ? (at: number) => file.uint8(at)
      : bytes === 2
      ? (at: number) => file.uint16(at)
      : (at: number) => file.uint32(at);
    return Array.from({ length: count }, (_, index) => read(start + index * bytes));
  }
}
