/**
 * The pixels of TIFF files: the first image, of 1 to 16 bits, in grey, RGB, palette or four inks; in strips or tiles;
 * plain, by LZW, deflate or PackBits. One piece at a time is unpacked.
 *
 * Source: Adobe, TIFF 6.0.
 *
 * @module
 */

import { errorText } from "../../errors.ts";
import { FileBytes } from "./file_bytes.ts";
import type { DecodedImage } from "./image.ts";
import { canHold, inflate } from "./inflate.ts";
import { channelsOf, compressions, photometric, type TiffForm, tiffForm } from "./tiff_structure.ts";
import { unpackBits, unpackLzw } from "./unpack.ts";

/** Decodes a TIFF file to RGBA bytes. Samples of 16 bits are rounded to 8. Alpha is dropped. */
export function decodeTiff(bytes: Uint8Array, path: string): DecodedImage {
  const file = new FileBytes(bytes, path, "TIFF", bytes[0] === 0x49);
  const form = tiffForm(bytes, path);
  const { height, width, isPlanar, samples, pieceHeight, pieceWidth, pieces } = form;
  const pixels = new Uint8Array(height * width * 4);
  const across = Math.ceil(width / pieceWidth);
  const perPlane = across * Math.ceil(height / pieceHeight);
  const room = new Uint8Array(form.compression === compressions.none ? 0 : rowBytes(form) * pieceHeight);
  const place = placer(form, pixels, file.littleEndian);
  for (const [index, packed] of pieces.entries()) {
    const plane = Math.floor(index / perPlane);
    // Planes of samples that tell no colour are of no use.
    if (isPlanar && plane >= (channelsOf(form.photometric) ?? samples)) break;
    const top = Math.floor(index % perPlane / across) * pieceHeight;
    const left = index % across * pieceWidth;
    const rows = Math.min(pieceHeight, height - top);
    try {
      const unpacked = unpack(packed, room.subarray(0, rowBytes(form) * rows), form);
      if (unpacked.length < rowBytes(form) * rows) throw new Error(`its piece ${index} is too short`);
      place(unpacked, { plane, top, left, rows, columns: Math.min(pieceWidth, width - left) });
    } catch (error) {
      throw file.damaged(errorText(error));
    }
  }
  finish(form, pixels);
  return { height, width, pixels };
}

function samplesPerPiece({ isPlanar, samples }: TiffForm): number {
  return isPlanar ? 1 : samples;
}

function rowBytes(form: TiffForm): number {
  return Math.ceil(form.pieceWidth * samplesPerPiece(form) * form.depth / 8);
}

/** The bytes of a piece. Those of plain files are not copied. */
function unpack(packed: Uint8Array, room: Uint8Array, { compression }: TiffForm): Uint8Array {
  switch (compression) {
    case compressions.none:
      return packed;
    case compressions.packBits:
      return room.subarray(0, unpackBits(packed, room));
    case compressions.lzw:
      return room.subarray(0, unpackLzw(packed, room));
    default: {
      if (!canHold(packed.length, room.length)) throw new Error(`${packed.length} bytes are too few for a piece`);
      let length = 0;
      inflate([packed], room.length, (bytes) => {
        room.set(bytes, length);
        length += bytes.length;
      });
      return room.subarray(0, length);
    }
  }
}

interface Piece {
  readonly plane: number;
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * What puts the samples of a piece into the pixels: up to four of a pixel, each as its upper 8 bits. Samples of fewer
 * bits are not scaled yet.
 */
function placer(form: TiffForm, pixels: Uint8Array, littleEndian: boolean) {
  const { width, pieceWidth, depth, isPlanar, hasDifferences } = form;
  const count = samplesPerPiece(form);
  const kept = Math.min(count, channelsOf(form.photometric) ?? count);
  const values = new Uint16Array(pieceWidth * count);
  const toByte = depth === 16 ? (value: number) => (value * 255 + 32_895) >> 16 : (value: number) => value;
  return (unpacked: Uint8Array, { plane, top, left, rows, columns }: Piece): void => {
    for (let row = 0; row < rows; row++) {
      readSamples(unpacked.subarray(row * rowBytes(form), (row + 1) * rowBytes(form)), values, depth, littleEndian);
      if (hasDifferences) {
        for (let index = count; index < values.length; index++) {
          values[index] = ((values[index] ?? 0) + (values[index - count] ?? 0)) & (2 ** depth - 1);
        }
      }
      for (let column = 0; column < columns; column++) {
        const target = ((top + row) * width + left + column) * 4 + (isPlanar ? plane : 0);
        for (let sample = 0; sample < kept; sample++) {
          pixels[target + sample] = toByte(values[column * count + sample] ?? 0);
        }
      }
    }
  };
}

/** The samples of a row, of 1 to 16 bits. */
function readSamples(row: Uint8Array, values: Uint16Array, depth: number, littleEndian: boolean): void {
  if (depth === 8) {
    values.set(row);
  } else if (depth === 16) {
    const [low, high] = littleEndian ? [0, 1] : [1, 0];
    for (let index = 0; index < values.length; index++) {
      values[index] = (row[2 * index + low] ?? 0) + (row[2 * index + high] ?? 0) * 256;
    }
  } else {
    const perByte = 8 / depth;
    for (let index = 0; index < values.length; index++) {
      const packed = row[Math.floor(index / perByte)] ?? 0;
      values[index] = (packed >> (8 - depth * (index % perByte + 1))) & (2 ** depth - 1);
    }
  }
}

/** The colours of the samples, in place. */
function finish(form: TiffForm, pixels: Uint8Array): void {
  const { photometric: meaning, depth } = form;
  const largest = 2 ** Math.min(8, depth) - 1;
  const scaled = Uint8Array.from({ length: 256 }, (_, value) => Math.round(Math.min(value, largest) * 255 / largest));
  switch (meaning) {
    case photometric.rgb:
      for (let index = 0; index < pixels.length; index++) {
        pixels[index] = index % 4 === 3 ? 255 : scaled[pixels[index] ?? 0] ?? 0;
      }
      return;
    case photometric.inks:
      for (let index = 0; index < pixels.length; index += 4) {
        const through = 255 - (scaled[pixels[index + 3] ?? 0] ?? 0);
        for (let channel = index; channel < index + 3; channel++) {
          pixels[channel] = Math.round((255 - (scaled[pixels[channel] ?? 0] ?? 0)) * through / 255);
        }
        pixels[index + 3] = 255;
      }
      return;
    default: {
      const colours = coloursOf(form, scaled);
      for (let index = 0; index < pixels.length; index += 4) {
        const entry = (pixels[index] ?? 0) * 3;
        pixels[index] = colours[entry] ?? 0;
        pixels[index + 1] = colours[entry + 1] ?? 0;
        pixels[index + 2] = colours[entry + 2] ?? 0;
        pixels[index + 3] = 255;
      }
    }
  }
}

/** Red, green and blue of each value of a grey sample or an index. */
function coloursOf({ photometric: meaning, depth, palette }: TiffForm, scaled: Uint8Array): Uint8Array {
  if (meaning !== photometric.palette) {
    const isInverted = meaning === photometric.whiteIsZero;
    return Uint8Array.from({ length: 3 * 256 }, (_, index) => {
      const grey = scaled[Math.floor(index / 3)] ?? 0;
      return isInverted ? 255 - grey : grey;
    });
  }
  // Colours have 16 bits. Some writers filled 8 of them.
  const shift = palette.some((value) => value > 255) ? 8 : 0;
  return Uint8Array.from(
    { length: 3 * 2 ** depth },
    (_, index) => (palette[index % 3 * 2 ** depth + Math.floor(index / 3)] ?? 0) >> shift,
  );
}
