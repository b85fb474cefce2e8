/**
 * The contact sheet of data sets: some images of each, evenly spread, with their labels over them. Scans are seen
 * from above.
 *
 * @module
 */

import type { FileItem } from "../data/file_item.ts";
import { openLoader } from "../data/folder.ts";
import type { Loader } from "../data/loader.ts";
import { rgbPixels } from "../data/sample.ts";
import type { SheetSection } from "../report/contact_sheet.ts";
import { drawContactSheet } from "../report/contact_sheet.ts";
import { overlayLabels, type Picture, pictureOf } from "../report/picture.ts";
import { viewFromAbove } from "../report/scan_picture.ts";
import type { ReportedDataset } from "./dataset_report.ts";

/** Images of each data set on a sheet. */
export const sheetImages = 12;

/** The shorter side at which images are decoded for a sheet. */
const shortSide = 160;

/** Draws the sheet. */
export async function datasetSheet(
  datasets: readonly ReportedDataset[],
  { maxPixels }: { readonly maxPixels: number },
): Promise<Picture> {
  using loader = openLoader({ cacheBytes: 0, maxPixels });
  const sections: SheetSection[] = [];
  for (const { dataset, usable, report } of datasets) {
    const pictures = [];
    for (const { split, item } of chosen(usable)) {
      pictures.push({
        name: `${split}: ${item.name}`,
        picture: await pictureWithLabels(loader, item, dataset.palette),
      });
    }
    const hasLabels = Object.values(report.splits).some(({ labelled }) => labelled > 0);
    const legend = hasLabels
      ? dataset.classes.map((name, id) => ({ name, color: dataset.palette[id] ?? [0, 0, 0] as const }))
      : [];
    sections.push({ title: `${dataset.path} (${dataset.layout})`, pictures, legend });
  }
  return drawContactSheet(sections);
}

/** Some images, as many of each split, evenly spread. Where a split has labels, images with labels are preferred. */
function chosen(usable: ReportedDataset["usable"]): { split: string; item: FileItem }[] {
  const splits = [...usable].filter(([, items]) => items.length > 0);
  const each = Math.max(1, Math.floor(sheetImages / Math.max(1, splits.length)));
  return splits.slice(0, sheetImages).flatMap(([split, items]) => {
    const labelled = items.filter(({ labelPath }) => labelPath !== null);
    const from = labelled.length > 0 ? labelled : items;
    const count = Math.min(each, from.length);
    return Array.from({ length: count }, (_, index) => from[Math.floor((index + 0.5) * from.length / count)])
      .flatMap((item) => item === undefined ? [] : [{ split, item }]);
  });
}

async function pictureWithLabels(
  loader: Loader,
  item: FileItem,
  palette: ReportedDataset["dataset"]["palette"],
): Promise<Picture> {
  const { image, labels, labelSize } = await loader.loadOne(item, { size: { shortSide } });
  if (image.sensor !== undefined && image.pixels instanceof Float32Array) {
    const cloud = { rows: image.pixels, columns: image.pixels.length / image.height };
    return viewFromAbove(cloud, labels ?? [], palette, { side: shortSide });
  }
  const picture = pictureOf(rgbPixels(image, item.name), image.height, image.width);
  return labels === null || labelSize === null ? picture : overlayLabels(picture, { ...labelSize, labels }, palette);
}
