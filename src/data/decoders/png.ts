/**
 * The pixels of PNG files. They are unpacked row by row, so that beside the result there is never more than a piece of
 * the file.
 *
 * Source: W3C PNG (third edition), 7 to 10.
 *
 * @module
 */

import { errorText } from "../../errors.ts";
import type { DecodedImage } from "./image.ts";
import { canHold, inflate, type Inflater } from "./inflate.ts";
import { type PngForm, type PngParts, pngParts } from "./png_structure.ts";

/** The numbers that a PNG file holds, neither scaled nor looked up in its palette. */
export interface PngSamples extends PngForm {
  /** Red, green and blue of each index; `null` where there is no palette. */
  readonly palette: Uint8Array | null;
  /** The samples `[height, width, channels]`, rows first. */
  readonly samples: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
}

/** Some pixels of a row of the image: every `step`th from column `first` on. */
interface RowPart {
  readonly row: number;
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Whether it is the first row of its pass. */
  readonly startsPass: boolean;
}

/** Pass by pass of Adam7: the first row and column, and the steps from one to the next. */
const passes = [
  { row: 0, rowStep: 8, first: 0, step: 8 },
  { row: 0, rowStep: 8, first: 4, step: 8 },
  { row: 4, rowStep: 8, first: 0, step: 4 },
  { row: 0, rowStep: 4, first: 2, step: 4 },
  { row: 2, rowStep: 4, first: 0, step: 2 },
  { row: 0, rowStep: 2, first: 1, step: 2 },
  { row: 1, rowStep: 2, first: 0, step: 1 },
];

const onePass = [{ row: 0, rowStep: 1, first: 0, step: 1 }];

/** Decodes a PNG file to RGBA bytes. Samples of 16 bits are rounded to 8, as viewers do. Alpha is dropped. */
export function decodePng(bytes: Uint8Array, path: string): DecodedImage {
  const parts = pngParts(bytes, path);
  const { form: { height, width, channels, depth }, palette } = parts;
  const pixels = roomFor(parts, path, () => new Uint8Array(height * width * 4));
  // By the value of a sample of at most 8 bits.
  const colours = palette ?? (channels <= 2 ? greyLevels(Math.min(depth, 8)) : null);
  const values = new Uint8Array(width * channels);
  let highest = 0;
  readRows(parts, path, (packed, { row, first, step, count }) => {
    const samples = eightBits(packed, count * channels, depth, values);
    let target = (row * width + first) * 4;
    for (let index = 0; index < count; index++, target += step * 4) {
      const source = index * channels;
      const value = samples[source] ?? 0;
      if (colours === null) {
        pixels[target] = value;
        pixels[target + 1] = samples[source + 1] ?? 0;
        pixels[target + 2] = samples[source + 2] ?? 0;
      } else {
        highest = Math.max(highest, value);
        pixels[target] = colours[value * 3] ?? 0;
        pixels[target + 1] = colours[value * 3 + 1] ?? 0;
        pixels[target + 2] = colours[value * 3 + 2] ?? 0;
      }
      pixels[target + 3] = 255;
    }
  });
  if (colours !== null && highest * 3 >= colours.length) {
    throw damaged(path, `a pixel has index ${highest}, the palette has ${colours.length / 3} colours`);
  }
  return { height, width, pixels };
}

/**
 * Decodes a PNG file to the numbers that it holds.
 *
 * @param inflater what inflates its pixels.
 */
export function pngSamples(bytes: Uint8Array, path: string, inflater: Inflater = inflate): PngSamples {
  const parts = pngParts(bytes, path);
  const { form, palette } = parts;
  const { height, width, channels, depth } = form;
  const length = height * width * channels;
  const samples = roomFor(parts, path, () => depth === 16 ? new Uint16Array(length) : new Uint8Array(length));
  const values = new Uint8Array(width * channels);
  readRows(parts, path, (packed, { row, first, step, count }) => {
    const found = depth === 16 ? packed : unpacked(packed, count * channels, depth, values);
    if (depth <= 8 && step === 1) {
      samples.set(found.subarray(0, count * channels), (row * width + first) * channels);
      return;
    }
    for (let index = 0; index < count; index++) {
      const target = (row * width + first + index * step) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const source = index * channels + channel;
        samples[target + channel] = depth === 16
          ? (found[2 * source] ?? 0) * 256 + (found[2 * source + 1] ?? 0)
          : found[source] ?? 0;
      }
    }
  }, inflater);
  return { ...form, palette, samples };
}

/** Takes memory for the pixels, if the file can hold as many at all. */
function roomFor<Room>({ form, data }: PngParts, path: string, take: () => Room): Room {
  const compressed = data.reduce((sum, { length }) => sum + length, 0);
  if (canHold(compressed, form.height * bytesPerRow(form, form.width))) return take();
  throw damaged(path, `its ${compressed} bytes of pixels are too few for ${form.height}×${form.width}`);
}

function bytesPerRow({ channels, depth }: PngForm, count: number): number {
  return Math.ceil(count * channels * depth / 8);
}

/** Inflates and unfilters the rows, and hands each on with where its pixels belong. */
function readRows(
  { form, data }: PngParts,
  path: string,
  onRow: (packed: Uint8Array, part: RowPart) => void,
  inflater: Inflater = inflate,
): void {
  const parts = rowParts(form);
  const total = totalBytes(form);
  const longest = bytesPerRow(form, form.width);
  const pixelBytes = Math.max(1, form.channels * form.depth >> 3);
  let [above, current] = [new Uint8Array(longest), new Uint8Array(longest)];
  let part = parts.next();
  let filter: number | null = null;
  let filled = 0;
  const take = (bytes: Uint8Array): void => {
    for (let position = 0; position < bytes.length && part.done !== true;) {
      if (filter === null) {
        filter = bytes[position++] ?? 0;
        if (part.value.startsPass) above.fill(0);
      }
      const length = bytesPerRow(form, part.value.count);
      const some = bytes.subarray(position, position + length - filled);
      current.set(some, filled);
      position += some.length;
      filled += some.length;
      if (filled < length) return;
      unfilter(filter, current, above, length, pixelBytes);
      onRow(current, part.value);
      [above, current] = [current, above];
      part = parts.next();
      filter = null;
      filled = 0;
    }
  };
  let found = 0;
  try {
    found = inflater(data, total, take);
  } catch (error) {
    throw damaged(path, errorText(error), error);
  }
  if (found < total) throw damaged(path, `it holds ${found} bytes of pixels, ${total} are needed`);
}

/** The rows of the image as they stand in the file. Passes without pixels have none. */
function* rowParts({ height, width, interlaced }: PngForm): Generator<RowPart, undefined, void> {
  for (const { row: top, rowStep, first, step } of interlaced ? passes : onePass) {
    const count = steps(width, first, step);
    if (count === 0) continue;
    for (let row = top; row < height; row += rowStep) yield { row, first, step, count, startsPass: row === top };
  }
}

/** Bytes of all rows, each with the byte that names its filter. */
function totalBytes(form: PngForm): number {
  return (form.interlaced ? passes : onePass).reduce((sum, { row, rowStep, first, step }) => {
    const count = steps(form.width, first, step);
    return count === 0 ? sum : sum + steps(form.height, row, rowStep) * (1 + bytesPerRow(form, count));
  }, 0);
}

/** How many of the numbers below `length` are reached from `first` by steps of `step`. */
function steps(length: number, first: number, step: number): number {
  return Math.max(0, Math.ceil((length - first) / step));
}

/** Undoes the filter of a row in place. `above` is the row before in its pass, or zeros. */
function unfilter(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  length: number,
  pixelBytes: number,
): void {
  switch (filter) {
    case 0:
      return;
    case 1:
      for (let index = pixelBytes; index < length; index++) {
        row[index] = (row[index] ?? 0) + (row[index - pixelBytes] ?? 0);
      }
      return;
    case 2:
      for (let index = 0; index < length; index++) row[index] = (row[index] ?? 0) + (above[index] ?? 0);
      return;
    case 3:
      for (let index = 0; index < length; index++) {
        const left = index < pixelBytes ? 0 : row[index - pixelBytes] ?? 0;
        row[index] = (row[index] ?? 0) + ((left + (above[index] ?? 0)) >> 1);
      }
      return;
    case 4:
      if (pixelBytes === 1) return unfilterPaeth(row, above, length);
      for (let index = 0; index < length; index++) {
        const left = index < pixelBytes ? 0 : row[index - pixelBytes] ?? 0;
        const corner = index < pixelBytes ? 0 : above[index - pixelBytes] ?? 0;
        row[index] = (row[index] ?? 0) + paeth(left, above[index] ?? 0, corner);
      }
      return;
    default:
      throw new Error(`a row has the filter ${filter}, which the format does not know`);
  }
}

/** Undoes Paeth's filter of a row of single bytes, as labels have it: left and corner stay in registers. */
function unfilterPaeth(row: Uint8Array, above: Uint8Array, length: number): void {
  let left = 0;
  let corner = 0;
  for (let index = 0; index < length; index++) {
    const up = above[index] ?? 0;
    left = ((row[index] ?? 0) + paeth(left, up, corner)) & 255;
    row[index] = left;
    corner = up;
  }
}

/** Which of the three neighbours is nearest to left + above - corner. */
function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Samples of at most 8 bits: those of 16 are rounded, smaller ones unpacked into `room` and not scaled. */
function eightBits(packed: Uint8Array, count: number, depth: number, room: Uint8Array): Uint8Array {
  if (depth !== 16) return unpacked(packed, count, depth, room);
  for (let index = 0; index < count; index++) {
    const value = (packed[2 * index] ?? 0) * 256 + (packed[2 * index + 1] ?? 0);
    room[index] = (value * 255 + 32_895) >> 16;
  }
  return room;
}

/** One byte per sample of 1, 2, 4 or 8 bits, not scaled. */
function unpacked(packed: Uint8Array, count: number, depth: number, room: Uint8Array): Uint8Array {
  if (depth === 8) return packed;
  const perByte = 8 / depth;
  const mask = 2 ** depth - 1;
  for (let index = 0; index < count; index++) {
    room[index] = ((packed[Math.floor(index / perByte)] ?? 0) >> (8 - depth * (index % perByte + 1))) & mask;
  }
  return room;
}

/** Red, green and blue of each value of a grey sample. */
function greyLevels(depth: number): Uint8Array {
  const last = 2 ** depth - 1;
  return Uint8Array.from({ length: (last + 1) * 3 }, (_, index) => Math.round(Math.floor(index / 3) * 255 / last));
}

function damaged(path: string, detail: string, cause?: unknown): Error {
  return new Error(`Cannot read ${path}: the PNG file is damaged (${detail}). Copy it again`, { cause });
}
