/**
 * Label files from their bytes to ids. A label PNG holds an id for each pixel, in 1 to 16 bits, grey or as indices of a
 * palette, or the colours of the data set's palette. Labels are never turned as EXIF data say: whoever made them saw
 * the pixels as they are stored, or turned them for good.
 *
 * @module
 */

import type { LabelColours, LabelTable } from "./class_map.ts";
import { kindOf } from "./decoders/kind.ts";
import type { Inflater } from "./decoders/inflate.ts";
import { type DecodeLimits, requireAllowed } from "./decoders/limits.ts";
import { type PngSamples, pngSamples } from "./decoders/png.ts";
import { pngHeader } from "./decoders/png_structure.ts";
import { colourText } from "./encode.ts";
import type { Size } from "./size.ts";

/** A label map. */
export interface DecodedLabels extends Size {
  /** The id of each pixel as the file means it, `[height, width]`, rows first. */
  labels: Uint8Array<ArrayBuffer>;
  /** Red, green and blue of each index; `null` where the file has no palette. */
  palette: Uint8Array | null;
}

/** What the numbers and colours of label files mean. */
export interface LabelRules {
  /** What the ids become. */
  readonly labelTable: LabelTable;
  /** The ids of colours; absent where the data set has no palette of its own. */
  readonly labelColours?: LabelColours | undefined;
  /** Whether the red channel of a file in colour holds the ids, as in SYNTHIA. Default `false`. */
  readonly idsInRed?: boolean | undefined;
}

/** How labels are decoded. */
export interface LabelOptions extends DecodeLimits {
  /** The ids of colours, for labels in colour. */
  readonly colours?: LabelColours | undefined;
  /** Whether the red channel of a file in colour holds the ids. Default `false`. */
  readonly idsInRed?: boolean | undefined;
  /** What inflates the pixels. Default: what runs everywhere. */
  readonly inflater?: Inflater | undefined;
}

/**
 * Decodes a label PNG. With a single channel its numbers are the ids, in a palette file its indices, whatever the
 * colours. Ids up to 255 are read from 16 bits as well. An RGB or RGBA file is translated by the data set's palette;
 * alpha does not count. With `idsInRed` its red channel holds the ids.
 *
 * @throws {Error} where the file is not a PNG, too large, cut short or damaged, an id is larger than 255, or a colour is
 * none of the data set's. The first such pixel is named.
 */
export function decodeLabels(bytes: Uint8Array, path: string, options: LabelOptions = {}): DecodedLabels {
  const kind = kindOf(bytes);
  if (kind !== "PNG") {
    const found = kind === null ? "" : `, but ${kind}`;
    throw new Error(
      `Cannot read the labels ${path}: it is not a PNG file${found}. Labels must be lossless, since other files ` +
        "change the ids: export the labels again as PNG",
    );
  }
  requireAllowed(pngHeader(bytes, path).stored, path, options);
  const png = pngSamples(bytes, path, options.inflater);
  const labels = png.channels <= 2 || options.idsInRed === true
    ? idsOf(png, path)
    : idsOfColours(png, path, options.colours);
  return { height: png.height, width: png.width, labels, palette: png.palette };
}

/** The first channel, in 8 bits. */
function idsOf({ samples, channels, width, height }: PngSamples, path: string): Uint8Array<ArrayBuffer> {
  if (channels === 1 && samples instanceof Uint8Array) return samples;
  const ids = new Uint8Array(height * width);
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const id = samples[pixel * channels] ?? 0;
    if (id > 255) {
      throw new Error(
        `Cannot use the labels ${path}: id ${id} at ${placeText(pixel, width)} is larger than 255. ` +
          "Class ids are 0 to 254 and the ignored id: write a class id for each pixel",
      );
    }
    ids[pixel] = id;
  }
  return ids;
}

function idsOfColours(png: PngSamples, path: string, colours: LabelColours | undefined): Uint8Array<ArrayBuffer> {
  const { samples, channels, width, height, depth } = png;
  if (colours === undefined) {
    throw new Error(
      `Cannot read the labels ${path}: it is in colour, and the dataset.json has no palette that says which class a ` +
        'colour stands for. Add "palette", with a colour for each class, or write a class id for each pixel',
    );
  }
  const byte = (sample: number) => depth === 16 ? sample >> 8 : sample;
  const ids = new Uint8Array(height * width);
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const start = pixel * channels;
    const colour = byte(samples[start] ?? 0) << 16 | byte(samples[start + 1] ?? 0) << 8 | byte(samples[start + 2] ?? 0);
    const id = colours.get(colour);
    if (id === undefined) {
      throw new Error(
        `Cannot use the labels ${path}: the colour ${colourText(colour)} at ${
          placeText(pixel, width)
        } is none of the ` +
          `${colours.size} colours of the palette in dataset.json. Correct the file, or list the colour there: in ` +
          '"palette", or, if it stands for no class, in "ignore_palette"',
      );
    }
    ids[pixel] = id;
  }
  return ids;
}

/** Where a pixel is, in words: `row 3, column 5`. */
function placeText(pixel: number, width: number): string {
  return `row ${Math.floor(pixel / width)}, column ${pixel % width}`;
}
