/**
 * Tiny data sets in the official layouts: names, folders and label files as they are distributed, pictures of stripes.
 *
 * @module
 */

import { join } from "node:path";
import { encode } from "fast-png";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { type LabelSet, labelSet } from "../../src/data/label_sets.ts";
import type { LayoutName } from "../../src/data/layouts/names.ts";
import { write } from "./pictures.ts";

/** The layouts that are written here. */
export type OfficialLayout = Exclude<LayoutName, "list" | "folders" | "photos">;

/** What is written. */
export interface OfficialOptions {
  /** Size of the images. Default 16×32. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Images of each split. Default 2. */
  readonly count?: number;
  /** Cross-City: what its labels hold. Default: the ids of Cityscapes. */
  readonly encoding?: "ids" | "train13" | "train19";
  /** CamVid: which of its forms. IDD: the kind of its label files. Default: the first. */
  readonly form?: "official" | "colours" | "segnet" | "level3" | "labelids" | "csTrainIds" | "polygons";
}

/** The classes of an image: stripes of all of them from left to right, the first column ignored. */
function stripes(set: LabelSet, { height, width }: { height: number; width: number }): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    return column === 0 ? 255 : (Math.floor(column * set.classes.length / width) + row % 2) % set.classes.length;
  });
}

/** An image whose stripes have the colours of their classes, a little different in each image. */
function picture(set: LabelSet, labels: Uint8Array, height: number, width: number, index: number): Uint8Array {
  const pixels = Uint8Array.from(labels, () => 0);
  const rgb = new Uint8Array(3 * pixels.length);
  for (const [pixel, label] of labels.entries()) {
    rgb.set((set.palette[label] ?? [9, 9, 9]).map((value) => (value + 7 * index + pixel % 5) & 255), 3 * pixel);
  }
  return encodeRgbPng(rgb, height, width);
}

/** Label files of a set in one of its encodings. */
class Labels {
  readonly set: LabelSet;
  readonly #size: { readonly height: number; readonly width: number };
  readonly #classes: Uint8Array;

  constructor(setName: string, size: { readonly height: number; readonly width: number }) {
    this.set = labelSet(setName);
    this.#size = size;
    this.#classes = stripes(this.set, size);
  }

  /** The bytes of an image. */
  image(index: number): Uint8Array {
    const { height, width } = this.#size;
    return picture(this.set, this.#classes, height, width, index);
  }

  /** The ids of the pixels; `ignored` where a pixel is ignored. */
  ids(encoding: string, ignored: number): Uint8Array {
    const raw = [...this.set.ids.get(encoding) ?? []];
    return this.#classes.map((id) => raw.find(([, target]) => target === id && id !== 255)?.[0] ?? ignored);
  }

  /** A grey file. */
  grey(encoding: string, ignored = 255): Uint8Array {
    return encodeLabelPng(this.ids(encoding, ignored), this.#size.height, this.#size.width);
  }

  /** A file with a palette that says nothing. */
  palette(encoding: string, ignored = 255): Uint8Array {
    const colours = Array.from({ length: 256 }, (_, id) => [255 - id, id, 7] as const);
    return encodeLabelPng(this.ids(encoding, ignored), this.#size.height, this.#size.width, colours);
  }

  /** A file of 16 bits and three channels: the class, an instance, nothing. */
  deep(encoding: string): Uint8Array {
    const ids = this.ids(encoding, 0);
    const data = new Uint16Array(3 * ids.length);
    for (const [pixel, id] of ids.entries()) data.set([id, 300 + pixel, 0], 3 * pixel);
    return encode({ ...this.#size, channels: 3, depth: 16, data });
  }

  /** A file in the colours of an encoding. */
  colours(encoding: string): Uint8Array {
    const colours = [...this.set.colours.get(encoding) ?? []];
    const data = new Uint8Array(3 * this.#classes.length);
    for (const [pixel, id] of this.#classes.entries()) {
      const colour = colours.find(([, target]) => target === id)?.[0] ?? 0;
      data.set([colour >> 16, colour >> 8 & 255, colour & 255], 3 * pixel);
    }
    return encodeRgbPng(data, this.#size.height, this.#size.width);
  }
}

const digits = (number: number, count: number) => String(number).padStart(count, "0");

/** Writes a data set in an official layout. Splits of the layout that have labels get them. */
export function writeOfficial(layout: OfficialLayout, folder: string, options: OfficialOptions = {}): void {
  const { size = { height: 16, width: 32 }, count = 2 } = options;
  const put = (path: string, bytes: Uint8Array | string) => write(join(folder, path), bytes);
  const each = (visit: (index: number) => void) => Array.from({ length: count }, (_, index) => visit(index));
  switch (layout) {
    case "cityscapes": {
      const labels = new Labels("cityscapes-19", size);
      for (const [split, city] of [["train", "aachen"], ["val", "frankfurt"], ["test", "berlin"]]) {
        each((index) => {
          const base = `${split}/${city}/${city}_${digits(index, 6)}_000019`;
          put(`leftImg8bit/${base}_leftImg8bit.png`, labels.image(index));
          if (split === "test") return;
          put(`gtFine/${base}_gtFine_labelIds.png`, labels.grey("cityscapes", 0));
          put(`gtFine/${base}_gtFine_color.png`, labels.image(index));
          put(`gtFine/${base}_gtFine_polygons.json`, "{}");
        });
      }
      return;
    }
    case "gta5": {
      const labels = new Labels("cityscapes-19", size);
      each((index) => {
        put(`images/${digits(index + 1, 5)}.png`, labels.image(index));
        put(`labels/${digits(index + 1, 5)}.png`, labels.palette("cityscapes", 34));
      });
      return;
    }
    case "synthia": {
      const labels = new Labels("cityscapes-16", size);
      each((index) => {
        put(`RGB/${digits(index, 7)}.png`, labels.image(index));
        put(`GT/LABELS/${digits(index, 7)}.png`, labels.deep("synthia"));
        put(`GT/COLOR/${digits(index, 7)}.png`, labels.image(index));
      });
      return;
    }
    case "synthia-seqs": {
      const labels = new Labels("cityscapes-16", size);
      for (const sequence of ["SYNTHIA-SEQS-01-SUMMER", "SYNTHIA-SEQS-02-DAWN"]) {
        each((index) => {
          const name = `Stereo_Left/Omni_F/${digits(index, 6)}.png`;
          put(`${sequence}/RGB/${name}`, labels.image(index));
          put(`${sequence}/GT/LABELS/${name}`, labels.deep("synthia-seqs"));
        });
      }
      return;
    }
    case "crosscity": {
      const { encoding = "ids" } = options;
      const labels = new Labels(encoding === "train19" ? "cityscapes-19" : "cityscapes-13", size);
      each((index) => {
        put(`Images/Train/pano_${digits(index, 5)}_0_0.jpg`, labels.image(index));
        put(`Images/Test/pano_${digits(index, 5)}_2_180.png`, labels.image(index));
        const file = encoding === "ids" ? labels.grey("cityscapes", 0) : labels.grey("train");
        put(`Labels/Test/pano_${digits(index, 5)}_2_180_eval.png`, file);
      });
      return;
    }
    case "camvid":
      return writeCamvid(new Labels("camvid-11", size), options.form ?? "official", put, each);
    case "idd":
      return writeIdd(size, options.form ?? "level3", put, each);
    case "idd-lite": {
      const labels = new Labels("idd-7", size);
      for (const split of ["train", "val", "test"]) {
        each((index) => {
          put(`leftImg8bit/${split}/135/${330_189 + index}_image.jpg`, labels.image(index));
          if (split === "test") return;
          put(`gtFine/${split}/135/${330_189 + index}_label.png`, labels.grey("train"));
          put(`gtFine/${split}/135/${330_189 + index}_inst_label.png`, labels.grey("train"));
        });
      }
      return;
    }
    case "bdd100k": {
      const labels = new Labels("cityscapes-19", size);
      for (const split of ["train", "val", "test"]) {
        each((index) => {
          const name = `${split}/0004a4c0-d4dff0a${index}`;
          put(`images/10k/${name}.jpg`, labels.image(index));
          if (split === "test") return;
          put(`labels/sem_seg/masks/${name}.png`, labels.grey("train"));
          put(`labels/sem_seg/colormaps/${name}.png`, labels.image(index));
        });
      }
      return;
    }
    case "acdc": {
      const labels = new Labels("cityscapes-19", size);
      for (const condition of ["fog", "night"]) {
        for (const split of ["train", "val", "test", "train_ref"]) {
          each((index) => {
            const base = `${condition}/${split}/GOPR0475/GOPR0475_frame_${digits(index, 6)}`;
            put(`rgb_anon/${base}_rgb${split.endsWith("_ref") ? "_ref" : ""}_anon.png`, labels.image(index));
            if (split !== "train" && split !== "val") return;
            put(`gt/${base}_gt_labelIds.png`, labels.grey("cityscapes", 0));
            put(`gt/${base}_gt_labelColor.png`, labels.image(index));
          });
        }
      }
      return;
    }
  }
}

type Put = (path: string, bytes: Uint8Array | string) => void;
type Each = (visit: (index: number) => void) => unknown;

function writeCamvid(labels: Labels, form: string, put: Put, each: Each): void {
  const splits = [["train", "0006R0_f", 930], ["val", "0016E5_", 7959], ["test", "Seq05VD_f", 0]] as const;
  for (const [split, sequence, first] of splits) {
    each((index) => {
      const name = `${sequence}${digits(first + 2 * index, 5)}`;
      if (form === "official") {
        put(`701_StillsRaw_full/${name}.png`, labels.image(index));
        put(`LabeledApproved_full/${name}_L.png`, labels.colours("camvid"));
      } else if (form === "colours") {
        put(`${split}/${name}.png`, labels.image(index));
        put(`${split}_labels/${name}_L.png`, labels.colours("camvid"));
      } else {
        put(`${split}/${name}.png`, labels.image(index));
        put(`${split}annot/${name}.png`, labels.grey("segnet", 11));
      }
    });
  }
}

function writeIdd(size: { height: number; width: number }, form: string, put: Put, each: Each): void {
  const labels = new Labels(form === "csTrainIds" ? "cityscapes-19" : "idd-26", size);
  for (const split of ["train", "val"]) {
    each((index) => {
      const base = `${split}/201/frame${digits(index, 4)}`;
      put(`leftImg8bit/${base}_leftImg8bit.${index % 2 === 0 ? "png" : "jpg"}`, labels.image(index));
      put(`gtFine/${base}_gtFine_polygons.json`, "{}");
      if (form === "level3") put(`gtFine/${base}_gtFine_labellevel3Ids.png`, labels.grey("train"));
      if (form === "labelids") put(`gtFine/${base}_gtFine_labelids.png`, labels.grey("idd"));
      if (form === "csTrainIds") put(`gtFine/${base}_gtFine_labelcsTrainIds.png`, labels.grey("train"));
    });
  }
}
