/**
 * nuScenes with lidarseg: `samples/LIDAR_TOP/….pcd.bin`, the tables `v1.0-trainval/{sample_data,sample,scene}.json` (or
 * `v1.0-mini`, `v1.0-test`), and labels in `lidarseg/v1.0-trainval/<token>_lidarseg.bin`, by the tokens of `sample_data`.
 * Only keyframes are labelled, so only they are listed, and of these the ones whose files are there. Splits are the
 * official ones, by scenes. A scan is called as its file; lists may name it by the token of its sample too.
 *
 * A folder without labels, whose tables have no scene of `train` either, is one of scans to adapt to: all of its scans are
 * `train`, also those that its tables do not name.
 *
 * Source: Caesar et al., CVPR 2020; GitHub nutonomy/nuscenes-devkit, `docs/schema_nuscenes.md` and `nuscenes/lidarseg`.
 *
 * @module
 */

import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import * as v from "valibot";
import { shortText } from "../../formats/validation.ts";
import { byteOrder, isFolder } from "../image_files.ts";
import { isScanName, withoutScanEnding } from "../scans/read_scan.ts";
import { nuscenesSensor } from "../scans/sensor.ts";
import { readTable } from "./json_table.ts";
import type { Layout, ListedItem, ListedItems } from "./layout.ts";
import { splitOfScene } from "./nuscenes_scenes.ts";
import { describedBy } from "./official.ts";

/** nuScenes as it is distributed. */
export const nuscenes: Layout = {
  name: "nuscenes",
  recognises: (path) => isFolder(path) && isFolder(join(path, scanFolder)) && versionsIn(path).length > 0,
  describe: () => describedBy("nuscenes", "nuscenes-16", { raw: "nuscenes" }),
  splitNames(path) {
    const scans = scansOf(path);
    if (isUnlabelled(scans)) return ["train"];
    return ["train", "val", "test"].filter((name) => scans.some(({ split }) => split === name));
  },
  items: itemsOf,
  labelPath(path, _, imageName) {
    const scan = scansOf(path).find(({ item: { name } }) => name === imageName);
    return scan?.labelPlace ?? join(path, "lidarseg");
  },
};

const scanFolder = join("samples", "LIDAR_TOP");

/** A keyframe. */
interface Keyframe {
  readonly split: "train" | "val" | "test";
  readonly item: ListedItem;
  /** Where its labels belong. */
  readonly labelPlace: string;
}

/** The folders of tables, the full ones if there are any. */
function versionsIn(path: string): string[] {
  const names = readdirSync(path).filter((name) =>
    /^v\d+\.\d+-\w+$/.test(name) && existsSync(join(path, name, "sample_data.json"))
  );
  const full = names.filter((name) => !name.endsWith("-mini"));
  return byteOrder(full.length > 0 ? full : names);
}

function isUnlabelled(scans: readonly Keyframe[]): boolean {
  return scans.every(({ split, item }) => split !== "train" && item.labelPath === null);
}

function itemsOf(path: string, split: string): ListedItems {
  const scans = scansOf(path);
  const found = scans.filter((scan) => scan.split === split).map(({ item }) => item);
  if (split === "train" && isUnlabelled(scans)) return { items: inOrder(allScans(path, scans)), notices: [] };
  if (found.length > 0) return { items: inOrder(found), notices: missingText(path, split) };
  const names = nuscenes.splitNames(path);
  throw new Error(
    `The data set ${path} has no split "${split}": there is no file in ${
      join(path, scanFolder)
    } of a keyframe of that split. ${names.length === 0 ? "It has none" : `It has: ${names.join(", ")}`}`,
  );
}

/** All scans of a folder, in the tables or not. */
function allScans(path: string, scans: readonly Keyframe[]): ListedItem[] {
  const known = new Set(scans.map(({ item: { name } }) => name));
  const others = [...filesIn(path)].filter((file) => !known.has(withoutScanEnding(file)));
  return [
    ...scans.map(({ item }) => item),
    ...others.map((file) => ({
      ...{ name: withoutScanEnding(file), imagePath: join(path, scanFolder, file), labelPath: null },
      sensor: nuscenesSensor,
    })),
  ];
}

function inOrder(items: readonly ListedItem[]): ListedItem[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  return byteOrder([...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
}

const dataSchema = v.object({
  token: v.string(),
  sample_token: v.string(),
  filename: v.string(),
  is_key_frame: v.boolean(),
});
const sampleSchema = v.object({ token: v.string(), scene_token: v.string() });
const sceneSchema = v.object({ token: v.string(), name: v.string() });

/** What the tables of a folder say, and of which files it was read. */
interface KnownTables {
  readonly stamp: string;
  readonly rows: readonly KeyframeRow[];
}

/** A keyframe in the tables. */
interface KeyframeRow {
  readonly version: string;
  readonly split: "train" | "val" | "test";
  readonly token: string;
  readonly sample: string;
  /** Its file in the folder of scans. */
  readonly file: string;
}

/** The tables that were read. A folder is listed several times, and its tables may be large. */
const known = new Map<string, KnownTables>();

function rowsOf(path: string): readonly KeyframeRow[] {
  const versions = versionsIn(path);
  const stamp = JSON.stringify(versions.map((version) => {
    const { mtimeMs, size } = statSync(join(path, version, "sample_data.json"));
    return [version, mtimeMs, size];
  }));
  const earlier = known.get(path);
  if (earlier?.stamp === stamp) return earlier.rows;
  const rows = versions.flatMap((version) => readVersion(path, version));
  known.set(path, { stamp, rows });
  return rows;
}

function readVersion(path: string, version: string): KeyframeRow[] {
  const table = (name: string) => join(path, version, `${name}.json`);
  const data = readTable(table("sample_data"), dataSchema, "LIDAR_TOP")
    .filter(({ is_key_frame, filename }) => is_key_frame && filename.includes("samples/LIDAR_TOP/"));
  const sceneOf = new Map(readTable(table("sample"), sampleSchema).map((row) => [row.token, row.scene_token]));
  const nameOf = new Map(readTable(table("scene"), sceneSchema).map(({ token, name }) => [token, name]));
  return data.map(({ token, sample_token: sample, filename }) => {
    const scene = nameOf.get(sceneOf.get(sample) ?? "");
    if (scene === undefined) {
      throw new Error(
        `Cannot use the table ${table("sample_data")}: the sample ${shortText(sample)} of ${
          shortText(filename)
        } has no ` +
          "scene in the tables beside it",
      );
    }
    return {
      version,
      split: splitOfScene(scene, version),
      token,
      sample,
      file: filename.split("/").at(-1) ?? filename,
    };
  });
}

/**
 * The token of a scan by its file, where the file lies in a folder of nuScenes whose tables name it.
 *
 * @throws {Error} if the tables cannot be read.
 */
export function keyframeToken(file: string): string | undefined {
  const root = resolve(file, "..", "..", "..");
  if (resolve(root, scanFolder, basename(file)) !== resolve(file) || !nuscenes.recognises(root)) return undefined;
  return rowsOf(root).find((row) => row.file === basename(file))?.token;
}

/** The files of scans in a folder. */
function filesIn(path: string): Set<string> {
  return new Set(readdirSync(join(path, scanFolder)).filter((name) => isScanName(name) && !name.startsWith(".")));
}

/** The keyframes whose files are there. */
function scansOf(path: string): Keyframe[] {
  const files = filesIn(path);
  const labels = new Map<string, Set<string>>();
  return rowsOf(path).filter(({ file }) => files.has(file)).map(({ version, split, token, sample, file }) => {
    const folder = join(path, "lidarseg", version);
    const there = labels.get(folder) ?? new Set(isFolder(folder) ? readdirSync(folder) : []);
    labels.set(folder, there);
    const label = `${token}_lidarseg.bin`;
    const labelPlace = join(folder, label);
    const item = {
      ...{ name: withoutScanEnding(file), imagePath: join(path, scanFolder, file) },
      ...{ labelPath: there.has(label) ? labelPlace : null, encoding: "raw" },
      ...{ sensor: nuscenesSensor, token, otherNames: [sample] },
    };
    return { split, item, labelPlace };
  });
}

/** A sentence where the tables name keyframes whose files are not there. */
function missingText(path: string, split: string): string[] {
  const files = filesIn(path);
  const missing = rowsOf(path).filter((row) => row.split === split && !files.has(row.file));
  const [first] = missing;
  if (first === undefined) return [];
  const count = missing.length === 1 ? "1 keyframe" : `${missing.length} keyframes`;
  return [`Left out of the split "${split}" of ${path}: ${count} without a file, such as ${first.file}`];
}
