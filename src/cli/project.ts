/**
 * `crosswalk project`: writes the range images of LiDAR scans.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { encodeRgbPng } from "../data/encode.ts";
import { filesUnder, isFolder } from "../data/image_files.ts";
import { namedSensors, parseSensor } from "../data/scans/read_sensor.ts";
import { sensorFinder } from "../data/scans/find_sensor.ts";
import { decodeScan, isScanName, scanPoints } from "../data/scans/read_scan.ts";
import type { ScanSensor } from "../data/scans/sensor.ts";
import { isExact } from "../data/size.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { errorText, UsageError } from "../errors.ts";
import { writeNpy } from "../formats/npy.ts";
import type { ScanPoints } from "../ops/scans/geometry.ts";
import { blankPicture, drawPicture, type Picture } from "../report/picture.ts";
import { TerminalProgress } from "../report/progress.ts";
import { classPicture, rangePicture } from "../report/scan_picture.ts";
import { shown, terminal } from "../report/terminal.ts";
import { LabelFinder, type LabelsBeside, readLabelsBeside } from "../run/labels_beside.ts";
import { type NamedScan, namedScans } from "../run/scan_names.ts";
import { type RangeImage, ScanProjector } from "../run/scan_projector.ts";
import { adviceOn, messageOf } from "./advice.ts";
import { readArguments } from "./arguments.ts";
import { openGpu } from "./open.ts";

/** What became of a scan. */
interface Projected {
  readonly scan: string;
  readonly index: string;
  readonly range: string;
  readonly picture: string;
  /** Points in the file. */
  readonly points: number;
  /** Pixels that show a point. */
  readonly filled: number;
  /** Rows and columns of the range image. */
  readonly size: readonly [number, number];
  /** The file of labels that the picture shows; `null` where there is none. */
  readonly labels: string | null;
}

/** A scan that could not be projected, or whose labels could not be drawn. */
interface Failure {
  readonly scan: string;
  /** The sentence that says why. */
  readonly reason: string;
}

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("project", args);
  const out = settings.require("out");
  const scans = namedScans(settings.require("scans").flatMap(scansAt));
  const sensor = sensorAt(settings.get("sensor"));
  const sensorOf = sensorFinder();
  const wanted = settings.get("size");
  const size = wanted === undefined || !isExact(wanted) ? undefined : wanted;
  const maxPoints = settings.get("max-pixels");
  using gpu = await openGpu(settings.get("adapter"));
  using projector = new ScanProjector(gpu);
  const labels = new LabelFinder();
  const done: Projected[] = [];
  const failed: Failure[] = [];
  const fail = (scan: string, error: unknown) => {
    const advice = adviceOn(error, "project");
    failed.push({ scan, reason: `${messageOf(error)}${advice && `. ${advice}`}` });
  };
  const bar = new TerminalProgress().stage("projecting", scans.length, { unit: "scans", perStep: 1 });
  try {
    for (const named of scans) {
      try {
        const scan = readScan(named.path, sensor ?? sensorOf(named.path), maxPoints);
        const image = await projector.project(scan, size);
        const found = labelsOf(labels, named, scan, fail);
        done.push(writeResults(out, named, scan, image, found));
      } catch (error) {
        fail(named.path, error);
      }
      bar.update(done.length + failed.length);
    }
  } finally {
    bar.end();
  }
  if (failed.length > 0) terminal.say(failureText(failed));
  if (settings.get("json")) terminal.printJson({ scans: done, failed });
  else if (done.length > 0) terminal.say(`Projected ${done.length} scan${done.length === 1 ? "" : "s"}; see ${out}`);
  return failed.length === 0 ? 0 : 1;
}

/** The scans at a path: the file, or all scans in a folder and in all folders in it. */
function scansAt(path: string): string[] {
  if (!existsSync(path) || !isFolder(path)) return [path];
  const found = filesUnder(path).filter(isScanName).sort();
  if (found.length === 0) throw new UsageError(`There is no scan in ${path}: scans are files that end with .bin`);
  return found.map((name) => join(path, name));
}

/** The sensor of all scans: by its name, or from a file; `undefined` if each file is to tell it. */
function sensorAt(text: string | undefined): ScanSensor | undefined {
  if (text === undefined) return undefined;
  if (text === "kitti" || text === "nuscenes") return namedSensors[text];
  if (!existsSync(text)) {
    throw new UsageError(
      `--sensor is "${text}", which is no file; expected kitti, nuscenes or a JSON file of a sensor`,
    );
  }
  return parseSensor(new TextDecoder().decode(readFile(text)), text);
}

/** @throws {Error} if the file is no whole scan. */
function readScan(path: string, sensor: ScanSensor, maxPoints: number | undefined): ScanPoints {
  const { size } = statOf(path);
  if (!isScanName(path)) throw new Error(`Cannot read ${path}: expected a scan, a file that ends with .bin`);
  scanPoints(size, path, { maxPixels: maxPoints });
  const { height, pixels } = decodeScan(readFile(path), path, sensor);
  return { height, pixels, sensor };
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${existsSync(path) ? errorText(error) : "there is no such file or folder"}`);
  }
}

/** The labels beside a scan and their file; `null` where there are none, or they cannot be used. */
function labelsOf(
  finder: LabelFinder,
  { path }: NamedScan,
  { height }: ScanPoints,
  fail: (scan: string, error: unknown) => void,
): LabelsBeside & { readonly path: string } | null {
  const found = finder.pathOf(path);
  if (found === null) return null;
  try {
    return { ...readLabelsBeside(found, height), path: found };
  } catch (error) {
    fail(path, error);
    return null;
  }
}

function writeResults(
  out: string,
  { path, name }: NamedScan,
  { height: points }: ScanPoints,
  image: RangeImage,
  labels: LabelsBeside & { readonly path: string } | null,
): Projected {
  const shape = [image.height, image.width];
  const files = {
    index: join(out, `${name}.index.npy`),
    range: join(out, `${name}.range.npy`),
    picture: join(out, `${name}.png`),
  };
  writeFileSafely(files.index, writeNpy(shape, image.index));
  writeFileSafely(files.range, writeNpy(shape, image.range));
  const picture = pictureOf(image, labels);
  writeFileSafely(files.picture, encodeRgbPng(picture.pixels, picture.height, picture.width));
  const filled = image.index.reduce((count, point) => count + (point < 0 ? 0 : 1), 0);
  const size = [image.height, image.width] as const;
  return { scan: path, ...files, points, filled, size, labels: labels?.path ?? null };
}

/** Rows between the ranges and the classes of a picture. */
const gap = 4;

/** The ranges, and below them the classes of the same pixels, if they are known. */
function pictureOf(image: RangeImage, labels: LabelsBeside | null): Picture {
  const { height, width, index: winners, pointRanges } = image;
  const ranges = rangePicture({ height, width, winners }, pointRanges);
  if (labels === null) return ranges;
  const canvas = blankPicture(2 * height + gap, width, [255, 255, 255]);
  drawPicture(canvas, ranges, 0, 0);
  drawPicture(canvas, classPicture({ height, width, winners }, labels.labels, labels.palette), height + gap, 0);
  return canvas;
}

function failureText(failed: readonly Failure[]): string {
  const [only = ""] = failed.map(({ reason }) => reason);
  if (failed.length === 1) return `crosswalk: ${only}`;
  const lines = failed.map(({ reason }) => `  ${shown(reason)}`);
  return `crosswalk: ${failed.length} scans could not be projected or their labels not be drawn:\n${lines.join("\n")}`;
}
