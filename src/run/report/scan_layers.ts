/**
 * The layers of LiDAR scans: range images, and their points from above. `layers.ts` says which files there are.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { IGNORE_LABEL } from "../../data/class_map.ts";
import { encodeLabelPng, encodeRgbPng } from "../../data/encode.ts";
import type { FileItem } from "../../data/file_item.ts";
import { resizeLabels } from "../../data/resize.ts";
import type { Size } from "../../data/size.ts";
import { type Color, scalePicture } from "../../report/picture.ts";
import { pixelLabels, rangePicture, viewFromAbove } from "../../report/scan_picture.ts";
import type { SheetScan } from "../../report/scan_sheet.ts";
import { type PredictedScan, predictedScans } from "../scan_pictures.ts";
import { hasLayer, type LayerContext, type Layers, writeLayer } from "./layers.ts";

/** The most columns of a range image. */
const mostColumns = 1024;
/** Rows and columns of a view from above. */
const aboveSide = 320;

/** The layers of LiDAR scans. */
export class ScanLayers implements Layers {
  #scans: readonly SheetScan[] | null = null;

  /**
   * @param palette the colours of the scored classes.
   * @param labelled as in `ImageLayers`.
   */
  constructor(
    readonly context: LayerContext,
    readonly items: readonly FileItem[],
    readonly palette: readonly Color[],
    readonly labelled: ((round: number) => readonly FileItem[]) | null,
  ) {}

  /** Writes `round-<r>.png` and `above-<r>.png`, and the range image and its truth before. */
  async network(round: number): Promise<void> {
    const name = `round-${round}.png`;
    if (this.items.every((item) => hasLayer(this.context, item, name))) return;
    const predicted = await this.#predict();
    await this.#writeScans(predicted.map(({ scan }) => scan));
    for (const [index, { scan, labels }] of predicted.entries()) {
      const item = this.items[index];
      if (item === undefined) continue;
      this.#writeLabels(item, name, scan, labels);
      this.#writeAbove(item, `above-${round}.png`, scan, labels);
    }
  }

  /** Writes `pseudo-<r>.png`, and the range image and its truth before. */
  async labels(round: number): Promise<void> {
    const { loader, shapes: { size }, merge } = this.context;
    const name = `pseudo-${round}.png`;
    if (this.items.every((item) => hasLayer(this.context, item, name))) return;
    // Where the points lie in the range image does not depend on the network.
    const scans = this.#scans ?? (await this.#predict()).map(({ scan }) => scan);
    await this.#writeScans(scans);
    for (const [index, item] of this.items.entries()) {
      const [own, scan] = [this.labelled?.(round)[index], scans[index]];
      if (own === undefined || scan === undefined || !existsSync(own.labelPath ?? "")) continue;
      const { labels } = await loader.loadOne(own, { size });
      if (labels === null) continue;
      const shown = merge === undefined ? labels : labels.map((id) => merge.toId[id] ?? IGNORE_LABEL);
      this.#writeLabels(item, name, scan, shown);
    }
  }

  async #predict(): Promise<PredictedScan[]> {
    const predicted = await predictedScans(this.context, this.context.network, this.items);
    this.#scans = predicted.map(({ scan }) => scan);
    return predicted;
  }

  async #writeScans(scans: readonly SheetScan[]): Promise<void> {
    const { context } = this;
    for (const [index, item] of this.items.entries()) {
      const scan = scans[index];
      if (scan === undefined || hasLayer(context, item, "image.png")) continue;
      const { labels } = await context.loader.loadOne(item, { size: context.shapes.size });
      if (labels !== null) {
        this.#writeLabels(item, "truth.png", scan, labels);
        this.#writeAbove(item, "above-truth.png", scan, labels);
      }
      const { height, width } = shownSize(scan);
      const { pixels } = scalePicture(rangePicture(scan, scan.ranges), height, width);
      writeLayer(context, item, "image.png", encodeRgbPng(pixels, height, width));
    }
  }

  #writeLabels(item: FileItem, layer: string, scan: SheetScan, ofPoints: ArrayLike<number>): void {
    const { labels } = pixelLabels(scan, ofPoints);
    const { height, width } = shownSize(scan);
    const shown = resizeLabels(Uint8Array.from(labels), scan.height, scan.width, height, width);
    writeLayer(this.context, item, layer, encodeLabelPng(shown, height, width));
  }

  #writeAbove(item: FileItem, layer: string, scan: SheetScan, labels: ArrayLike<number>): void {
    const { pixels } = viewFromAbove(scan, labels, this.palette, { side: aboveSide });
    writeLayer(this.context, item, layer, encodeRgbPng(pixels, aboveSide, aboveSide));
  }
}

/** The size at which a range image is shown: pixels are as high as wide in degrees, as far as whole factors allow. */
function shownSize({ height, width, aspect }: SheetScan): Size {
  const shownWidth = width > mostColumns ? mostColumns : width * Math.max(1, Math.floor(mostColumns / width));
  const down = Math.max(1, Math.round(shownWidth / width * aspect));
  return { height: height * down, width: shownWidth };
}
