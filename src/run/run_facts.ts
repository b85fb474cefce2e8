/**
 * What a run was started with besides its settings: the data, the files that it read, the adapter and the program. A run
 * that goes on with others would end with other results, so they are kept and compared. Where a file lies does not
 * count, only what it holds.
 *
 * @module
 */

import * as v from "valibot";
import type { Gpu } from "../gpu/gpu.ts";
import { readFile } from "../disk/files.ts";
import { optionsOf } from "../settings/options.ts";
import type { Settings } from "../settings/settings.ts";
import type { InspectedSplit } from "./inspection.ts";
import { programVersion } from "./program_version.ts";
import { digestOfJson, sha256 } from "./file_digest.ts";

/** The form of the facts in a run's `config.json`. */
export const factsSchema = v.object({
  /** Version of the program, and a digest of what it computes with; `null` if its files cannot be read. */
  program: v.object({ version: v.string(), code: v.nullable(v.string()) }),
  /** Name of the adapter with a digest of what WebGPU tells of it and its driver, and which kernels it takes. */
  adapter: v.string(),
  /** A digest of the schedules of kernels that differ from the rules. */
  tuning: v.string(),
  /** A digest of each file that an option names, by the option. */
  files: v.record(v.string(), v.string()),
  /** The data: classes, number of images and digest of each part. */
  data: v.record(
    v.string(),
    v.object({ classes: v.array(v.string()), images: v.number(), digest: v.string() }),
  ),
});

/** What a run was started with besides its settings. */
export type RunFacts = v.InferOutput<typeof factsSchema>;

/** The form of `data.json`: the name and the digest of each image of each part of the data. */
export const imagesSchema = v.record(v.string(), v.array(v.strictTuple([v.string(), v.string()])));

/** The name and the digest of each image of each part of the data. */
export type RunImages = v.InferOutput<typeof imagesSchema>;

/** The data of a run, as far as it is compared. */
export interface RunSplits {
  readonly source: { readonly classes: readonly string[] };
  readonly target: { readonly classes: readonly string[] };
  readonly inspected: {
    readonly source: InspectedSplit;
    readonly target: InspectedSplit;
    readonly evaluation: InspectedSplit | null;
  };
}

/** Files that a run reads and whose content decides about its results. */
const readFiles = ["weights", "source-model", "label-set", "class-map", "class-weights", "prior"] as const;

/**
 * The facts of a run that starts now.
 *
 * @param adapter its name with a digest, as `adapterKey` gives it.
 * @param continued the weight file of the network after a round of another run, from which this one goes on.
 */
export function runFacts(
  settings: Settings,
  adapter: string,
  { kind, tuning }: Pick<Gpu, "kind" | "tuning">,
  data: RunSplits,
  continued?: string,
): RunFacts {
  const files = readFiles.flatMap((key): (readonly [string, string])[] => {
    const path = settings.get(key);
    const isWord = optionsOf("adapt").find((option) => option.key === key)?.words?.includes(path ?? "") ?? false;
    return path === undefined || isWord ? [] : [[key, sha256(readFile(path))]];
  });
  if (continued !== undefined) files.push(["run", sha256(readFile(continued))]);
  const { source, target, evaluation } = data.inspected;
  const part = (classes: readonly string[], split: InspectedSplit | null) =>
    split === null ? null : { classes: [...classes], images: split.items.length, digest: split.digest };
  const parts = {
    source: part(data.source.classes, source),
    target: part(data.target.classes, target),
    evaluation: part(data.target.classes, evaluation),
  };
  return {
    program: programVersion(),
    adapter: `${adapter}, ${kind.software ? "software" : "hardware"}`,
    tuning: digestOfJson(Object.fromEntries(tuning)),
    files: Object.fromEntries(files),
    data: Object.fromEntries(
      Object.entries(parts).flatMap(([name, found]) => found === null ? [] : [[name, found] as const]),
    ),
  };
}

/** The images of a run by their names. */
export function imagesOf({ inspected: { source, target, evaluation } }: Pick<RunSplits, "inspected">): RunImages {
  const list = ({ items, digests }: InspectedSplit): [string, string][] =>
    items.map(({ name }, index) => [name, digests[index] ?? ""]);
  return {
    source: list(source),
    target: list(target),
    ...(evaluation === null ? {} : { evaluation: list(evaluation) }),
  };
}

/** Something that is not as it was when a run was started. */
export interface Difference {
  /** What differs, as `the adapter`. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

const partNames: Readonly<Record<string, string>> = {
  source: "source",
  target: "target",
  evaluation: "images to score on",
};

/** What differs between the facts of a run's start and those of now. Images are named if it is known which there were. */
export function factDifferences(
  before: { readonly facts: RunFacts; readonly images: RunImages | null },
  now: { readonly facts: RunFacts; readonly images: RunImages },
): Difference[] {
  const found: Difference[] = [];
  const compare = (what: string, from: string, to: string) => {
    if (from !== to) found.push({ what, from, to });
  };
  for (const name of keysOf(before.facts.data, now.facts.data)) {
    const [old, current] = [before.facts.data[name], now.facts.data[name]];
    const part = partNames[name] ?? name;
    compare(`the classes (${part})`, listText(old?.classes), listText(current?.classes));
    if (old?.digest === current?.digest) continue;
    const changes = imageChanges(before.images?.[name] ?? null, now.images[name] ?? []);
    found.push({
      what: `the data (${part})`,
      from: countText(old?.images),
      to: `${countText(current?.images)}${changes === "" ? " with another content" : `: ${changes}`}`,
    });
  }
  for (const key of keysOf(before.facts.files, now.facts.files)) {
    const text = (digest: string | undefined) =>
      digest === undefined ? "not given" : `a file with digest ${digest.slice(0, 8)}`;
    compare(`--${key}`, text(before.facts.files[key]), text(now.facts.files[key]));
  }
  compare("the adapter", before.facts.adapter, now.facts.adapter);
  compare("tuning.json", before.facts.tuning.slice(0, 8), now.facts.tuning.slice(0, 8));
  compare("the program", programText(before.facts, now.facts), programText(now.facts, before.facts));
  return found;
}

/** Which images are new, missing or changed; empty if that is not known. The first three of each are named. */
function imageChanges(before: RunImages[string] | null, now: RunImages[string]): string {
  if (before === null) return "";
  const [old, current] = [new Map(before), new Map(now)];
  const names = (list: readonly string[], what: string) => {
    if (list.length === 0) return [];
    const others = list.length > 3 ? ` and ${list.length - 3} more` : "";
    return [`${list.slice(0, 3).map((name) => `"${name}"`).join(", ")}${others} ${what}`];
  };
  const added = [...current.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !current.has(name));
  const changed = [...current.keys()].filter((name) => old.has(name) && old.get(name) !== current.get(name));
  return [...names(added, "added"), ...names(removed, "removed"), ...names(changed, "changed")].join("; ");
}

/** The version of a program. Its code is named where another program has the same version. */
function programText({ program }: RunFacts, { program: other }: RunFacts): string {
  const isKnown = program.code !== null && other.code !== null;
  return `version ${program.version}${
    isKnown && program.version === other.version ? ` (code ${program.code?.slice(0, 8)})` : ""
  }`;
}

function keysOf(...records: Readonly<Record<string, unknown>>[]): Set<string> {
  return new Set(records.flatMap((record) => Object.keys(record)));
}

function listText(names: readonly string[] | undefined): string {
  return names === undefined ? "none" : names.join(", ");
}

function countText(images: number | undefined): string {
  return images === undefined ? "none" : `${images} image${images === 1 ? "" : "s"}`;
}
