/**
 * Soft label maps: for each pixel the four largest shares of classes, in 12 bytes. All shares of all classes would take
 * 80 bytes a pixel with 19 classes, so 84 GB for the 505 Cityscapes images of the papers; these take 13 GB, and on the
 * disk, compressed, a few hundred kilobytes an image. What is left out is the tail: with the paper's α of 0.25 the shares
 * are the fourth powers of ratios to thresholds, of which the fifth largest hardly counts.
 *
 * A file holds the bytes `SOFTLAB1`, height and width as u32, and the words of all pixels compressed by zlib, all of it
 * little-endian.
 *
 * @module
 */

import { zlibSync } from "fflate";
import { canHold, inflate, type Inflater } from "./decoders/inflate.ts";
import { nearestTable } from "./resize.ts";
import { formatSize, isSameSize, type Size } from "./size.ts";

/** Words of a pixel: the classes, in the bytes of a word, then their shares · 65535, two to a word. */
export const softLabelWords = 3;

/** Soft labels of an image. */
export interface SoftLabelMap extends Size {
  /**
   * `[height, width, 3]`: {@link softLabelWords} of each pixel, the largest share first. A pixel whose shares are all 0 is
   * ignored.
   */
  readonly words: Uint32Array<ArrayBuffer>;
}

const magic = "SOFTLAB1";
const headerBytes = 16;

/** The words of hard labels: the whole share for the label. Labels that are no class are ignored. */
export function wordsOfHardLabels(labels: Uint8Array, classes: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(labels.length * softLabelWords);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 255;
    if (label >= classes) continue;
    words[pixel * softLabelWords] = label;
    words[pixel * softLabelWords + 1] = 65535;
  }
  return words;
}

/** Soft labels at another size: each pixel takes the nearest. */
export function resizeSoftLabels(map: SoftLabelMap, { height, width }: Size): SoftLabelMap {
  if (isSameSize(map, { height, width })) return map;
  const rows = nearestTable(map.height, height);
  const columns = nearestTable(map.width, width);
  const words = new Uint32Array(height * width * softLabelWords);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = ((rows[row] ?? 0) * map.width + (columns[column] ?? 0)) * softLabelWords;
      words.set(map.words.subarray(from, from + softLabelWords), (row * width + column) * softLabelWords);
    }
  }
  return { height, width, words };
}

/**
 * The bytes of a file.
 *
 * @param deflate makes a zlib stream. Default: what runs everywhere.
 */
export function encodeSoftLabels(
  { height, width, words }: SoftLabelMap,
  // Most pixels are not used or have one class, so the fastest compression is nearly as small as the best.
  deflate: (bytes: Uint8Array) => Uint8Array = (bytes) => zlibSync(bytes, { level: 1 }),
): Uint8Array<ArrayBuffer> {
  const packed = deflate(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  const bytes = new Uint8Array(headerBytes + packed.length);
  bytes.set(new TextEncoder().encode(magic));
  const view = new DataView(bytes.buffer);
  view.setUint32(8, height, true);
  view.setUint32(12, width, true);
  bytes.set(packed, headerBytes);
  return bytes;
}

/**
 * The soft labels in the bytes of a file; `path` appears in messages.
 *
 * @param inflater what inflates the words. Default: what runs everywhere.
 * @throws {Error} where the file is none of soft labels, has more pixels than `maxPixels`, is cut short or damaged.
 */
export function decodeSoftLabels(
  bytes: Uint8Array,
  path: string,
  { maxPixels = Infinity, inflater = inflate }: { readonly maxPixels?: number; readonly inflater?: Inflater } = {},
): SoftLabelMap {
  const refused = (why: string) => new Error(`Cannot read the soft labels ${path}: ${why}`);
  const isOurs = bytes.length > headerBytes && new TextDecoder().decode(bytes.subarray(0, 8)) === magic;
  if (!isOurs) throw refused("it is no file of soft labels");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = { height: view.getUint32(8, true), width: view.getUint32(12, true) };
  const pixels = size.height * size.width;
  const wanted = pixels * softLabelWords * 4;
  if (pixels < 1 || pixels > maxPixels) throw refused(`it claims ${formatSize(size)} pixels`);
  if (!canHold(bytes.length - headerBytes, wanted)) throw refused("it is cut short");
  const words = new Uint32Array(pixels * softLabelWords);
  const target = new Uint8Array(words.buffer);
  let count = 0;
  try {
    inflater([bytes.subarray(headerBytes)], wanted, (some) => {
      target.set(some, count);
      count += some.length;
    });
  } catch (error) {
    throw new Error(`Cannot read the soft labels ${path}: the file is damaged`, { cause: error });
  }
  if (count < wanted) throw refused("it is cut short");
  return { ...size, words };
}
