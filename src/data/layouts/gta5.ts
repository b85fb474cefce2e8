/**
 * GTA5 (Playing for Data): `images/00001.png` to `24966.png` and `labels/` with the same names. A label file has a
 * palette, and its indices are the ids of Cityscapes (34: licence plate): the palette is never expanded. Sizes differ
 * from image to image, and a few labels have another size than their image. The official lists divide the images; the
 * papers train on all of them, which are the split `train` here.
 *
 * Source: Richter et al., ECCV 2016.
 *
 * @module
 */

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { isFolder } from "../image_files.ts";
import { describedBy, officialLayout } from "./official.ts";

/** GTA5 as it is distributed. */
export const gta5 = officialLayout({
  name: "gta5",
  parts: (path) =>
    isFolder(join(path, "images")) && isFolder(join(path, "labels"))
      ? new Map([["train", [{ images: join(path, "images"), labels: join(path, "labels") }]]])
      : new Map(),
  recognises: (path) => hasPaletteLabel(join(path, "labels")),
  isImage: (image) => /^\d{5}\.(png|jpg)$/i.test(image),
  labels: (image) => [{ path: image.replace(/\.jpg$/i, ".png"), encoding: "ids" }],
  describe: () => describedBy("gta5", "cityscapes-19", { ids: "cityscapes" }),
});

/** Whether the first label that is there has a palette. Grey labels under such names may hold any ids. */
function hasPaletteLabel(folder: string): boolean {
  const first = Array.from({ length: 24_966 }, (_, index) => join(folder, `${String(index + 1).padStart(5, "0")}.png`))
    .find((path) => existsSync(path));
  return first !== undefined && pngColourType(first) === 3;
}

/** The colour type in a PNG file's header: 3 where it has a palette. */
function pngColourType(path: string): number | undefined {
  const file = openSync(path, "r");
  try {
    const header = new Uint8Array(26);
    return readSync(file, header, 0, header.length, 0) === header.length ? header[25] : undefined;
  } finally {
    closeSync(file);
  }
}
