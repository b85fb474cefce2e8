/**
 * The pictures of a report, from the files of a run's folder, as data URLs.
 *
 * @module
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { encodeLabelPng } from "../../data/encode.ts";
import { resizeFloats } from "../../data/resize.ts";
import { readFile } from "../../disk/files.ts";
import { readNpy } from "../../formats/npy.ts";
import type { ReportData, ReportLayer, ReportStrip } from "../../report/page/data.ts";
import { priorName } from "../../selftraining/adapt.ts";
import { reportFolder } from "./run_sketch.ts";

/** The most columns of a map of the spatial prior. */
const priorColumns = 96;
/** The most bytes of all layers together, as they stand in a page. */
const mostBytes = 3_600_000;
/** How deep the names of images may go. */
const mostDepth = 8;

/** The pictured images of a run. */
export interface FoundStrips {
  readonly strips: readonly ReportStrip[];
  /** Rounds that are left out so that the page stays small. */
  readonly leftOut: readonly number[];
}

/**
 * The pictured images of a run, with the layers that are there.
 *
 * @param last the last round; its prediction is called adapted. 0 where there are no rounds.
 */
export function readStrips(folder: string, last: number, kind: ReportData["kind"]): FoundStrips {
  const top = join(folder, reportFolder);
  const names = imageFolders(top, "", 0).sort();
  const rounds = Array.from({ length: last }, (_, index) => index + 1);
  const leftOut: number[] = [];
  for (;;) {
    const strips = names.flatMap((name) => stripOf(top, name, { rounds, last, kind }) ?? []);
    const bytes = strips.reduce((sum, { image, layers }) => sum + image.length + sizeOf(layers), 0);
    if (bytes <= mostBytes || rounds.length <= 2) {
      return { strips: strips.length > 0 ? strips : drawnStrips(folder), leftOut: leftOut.sort((a, b) => a - b) };
    }
    // The first and the last round tell most.
    leftOut.push(...rounds.splice(Math.floor(rounds.length / 2), 1));
  }
}

function sizeOf(layers: readonly ReportLayer[]): number {
  return layers.reduce((sum, { png }) => sum + png.length, 0);
}

/** Folders that hold an image, by their path from the top. */
function imageFolders(top: string, name: string, depth: number): string[] {
  const folder = join(top, name);
  if (depth > mostDepth || !existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const own = entries.some((entry) => entry.isFile() && /^image\.(jpg|png)$/.test(entry.name)) && name !== "";
  const inside = entries.filter((entry) => entry.isDirectory());
  return [...own ? [name] : [], ...inside.flatMap((entry) => imageFolders(top, join(name, entry.name), depth + 1))];
}

interface StripOptions {
  readonly rounds: readonly number[];
  readonly last: number;
  readonly kind: ReportData["kind"];
}

function stripOf(top: string, name: string, { rounds, last, kind }: StripOptions): ReportStrip | null {
  const image = dataUrl(join(top, name, "image.jpg"), "image/jpeg") ?? dataUrl(join(top, name, "image.png"));
  if (image === null) return null;
  const layer = (file: string, title: string, shown: ReportLayer["kind"] = "labels"): ReportLayer[] => {
    const png = dataUrl(join(top, name, file));
    return png === null ? [] : [{ title, kind: shown, png }];
  };
  const first = kind === "adapt" ? "source only" : "prediction";
  const after = (round: number) => round === last ? "adapted" : `after round ${round}`;
  const layers = [
    ...layer("truth.png", "ground truth"),
    ...layer("round-0.png", first),
    ...rounds.flatMap((round) => [
      ...layer(`pseudo-${round}.png`, `pseudo-labels of round ${round}`),
      ...layer(`round-${round}.png`, after(round)),
    ]),
    ...layer("confidence.png", "confidence", "confidence"),
    ...layer("above-truth.png", "ground truth from above", "picture"),
    ...layer("above-0.png", `${first} from above`, "picture"),
    ...rounds.flatMap((round) => layer(`above-${round}.png`, `${after(round)} from above`, "picture")),
  ];
  const sized = layers.find(({ kind }) => kind === "labels");
  if (sized === undefined) return null;
  return { name: name.replaceAll("\\", "/"), ...pngSize(sized.png), image, layers };
}

/** The strips that a run of an earlier version has drawn. They have no layers. */
function drawnStrips(folder: string): ReportStrip[] {
  const pictures = join(folder, "pictures");
  if (!existsSync(pictures)) return [];
  const files = readdirSync(pictures, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".png"));
  let left = mostBytes;
  return files.sort().flatMap((file) => {
    const image = dataUrl(join(pictures, file));
    if (image === null || image.length > left) return [];
    left -= image.length;
    return [{ name: file.slice(0, -".png".length).replaceAll("\\", "/"), ...pngSize(image), image, layers: [] }];
  });
}

/** Rows and columns of a PNG, from its header. */
function pngSize(url: string): { height: number; width: number } {
  const header = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1).slice(0, 44)), (letter) => letter.charCodeAt(0));
  const view = new DataView(header.buffer);
  return { height: view.getUint32(20), width: view.getUint32(16) };
}

/** A file as a data URL; `null` where there is none, or where a power cut left it empty. */
function dataUrl(path: string, type = "image/png"): string | null {
  if (!existsSync(path)) return null;
  const bytes = readFile(path);
  const least = 32;
  return bytes.length < least ? null : `data:${type};base64,${bytes.toBase64()}`;
}

/** The spatial prior of a run as small grey maps; none where the run has none. */
export function readPriors(folder: string, classes: readonly { readonly name: string }[]): ReportData["priors"] {
  const path = join(folder, priorName);
  if (!existsSync(path)) return [];
  const { shape: [count = 0, height = 0, width = 0], data } = readNpy(readFile(path), path);
  if (count !== classes.length) return [];
  const columns = Math.min(width, priorColumns);
  const size = { height: Math.max(1, Math.round(height * columns / width)), width: columns };
  return classes.map(({ name }, id) => {
    const own = Float32Array.from(data.subarray(id * height * width, (id + 1) * height * width), Number);
    const map = resizeFloats(own, { height, width }, size);
    const largest = map.reduce((most, value) => Math.max(most, value), 0);
    const grey = Uint8Array.from(map, (value) => largest > 0 ? Math.round(255 * value / largest) : 0);
    return { name, png: `data:image/png;base64,${encodeLabelPng(grey, size.height, size.width).toBase64()}` };
  });
}
