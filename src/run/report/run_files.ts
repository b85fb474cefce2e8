/**
 * The files of a run's folder from which its report is made, read and checked. Files that a run has not written yet, or
 * that runs of earlier versions did not write, are `null`.
 *
 * @module
 */

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errorText } from "../../errors.ts";
import { readFile } from "../../disk/files.ts";
import { validated } from "../../formats/validation.ts";
import { readMetadata, type WeightFile } from "../../nn/network.ts";
import { logName } from "../run_log.ts";

const share = v.nullable(v.number());
const counts = v.array(v.number());

const figures = v.object({ miou: share, miouPresent: share, accuracy: share });

/** Scores as a result holds them. */
const scoresSchema = v.object({
  miou: share,
  iou: v.record(v.string(), share),
  pixelAccuracy: share,
  images: v.optional(v.number()),
  confusion: v.optional(v.array(counts)),
  subsets: v.optional(v.record(v.string(), share)),
  points: v.optional(figures),
  pixels: v.optional(figures),
});

/** Scores of a network. */
export type FoundScores = v.InferOutput<typeof scoresSchema>;

/** How scores came about. All of it is shown as text, so that only its form is checked. */
const protocolSchema = v.object({
  split: v.nullable(v.string()),
  images: v.number(),
  labelSizes: v.record(v.string(), v.number()),
  points: v.exactOptional(v.number()),
  post: v.exactOptional(v.picklist(["nearest", "none", "knn"])),
  imageSize: v.string(),
  scales: v.array(v.number()),
  flip: v.boolean(),
  average: v.picklist(["probabilities", "logits", "maximum"]),
  absent: v.picklist(["null", "zero"]),
  classes: v.number(),
  labelSet: v.nullable(v.string()),
  round: v.nullable(v.number()),
  chosen: v.nullable(v.string()),
});

const bestSchema = v.object({
  round: v.number(),
  first: v.optional(v.number(), 0),
  agreement: v.array(v.number()),
  weights: v.string(),
});

const adaptedSchema = v.object({
  sourceOnly: v.nullable(scoresSchema),
  rounds: v.array(v.nullable(scoresSchema)),
  adapted: v.nullable(scoresSchema),
  best: v.optional(v.nullable(bestSchema), null),
  stopped: v.optional(v.nullable(v.string()), null),
  seconds: v.optional(v.record(v.string(), v.number()), {}),
  protocol: v.optional(protocolSchema),
});

const scoredSchema = v.object({ ...scoresSchema.entries, protocol: v.optional(protocolSchema) });

/** What `result.json` of an adaptation holds. */
export type AdaptedResult = v.InferOutput<typeof adaptedSchema>;

/** What `result.json` of a training or of an evaluation holds. */
export type ScoredResult = v.InferOutput<typeof scoredSchema>;

/** The name of the file of the results. */
export const resultName = "result.json";

/**
 * The result of a run that is finished.
 *
 * @throws {Error} naming file and key where it is damaged.
 */
export function readResultFile(folder: string): AdaptedResult | ScoredResult | null {
  const path = join(folder, resultName);
  if (!existsSync(path)) return null;
  return validated(v.nullable(v.union([adaptedSchema, scoredSchema])), textOf(path), path, "result");
}

/** The result as one of an adaptation, where it is one. */
export function isAdapted(result: AdaptedResult | ScoredResult | null): result is AdaptedResult {
  return result !== null && "rounds" in result;
}

/** Scores and seconds of the finished stages of a run. */
export interface FinishedStages {
  /** Scores by the stage; `null` where there was nothing to score on. */
  readonly scores: ReadonlyMap<string, FoundScores | null>;
  /** Rounds whose labels are chosen, in order. */
  readonly labelled: readonly number[];
  /** The stage that was finished last. */
  readonly last: string | null;
}

const stagesSchema = v.record(v.string(), v.unknown());

/**
 * The finished stages of a run. They are only shown, so that those of earlier versions, which kept less beside them, are
 * taken as they are.
 *
 * @throws {Error} naming file and key where they are damaged.
 */
export function readStages(folder: string): FinishedStages {
  const path = join(folder, "stages.json");
  if (!existsSync(path)) return { scores: new Map(), labelled: [], last: null };
  const content = validated(stagesSchema, textOf(path), path, "stages");
  const stages = v.is(stagesSchema, content.stages) ? content.stages : content;
  const names = Object.keys(stages);
  const scores = new Map<string, FoundScores | null>();
  for (const name of names.filter((one) => one.endsWith("evaluation"))) {
    const kept = stages[name];
    const value = v.is(timedSchema, kept) ? kept.value : kept;
    const found = v.safeParse(v.nullable(scoresSchema), value);
    if (!found.success) throw new Error(`Cannot read the stages ${path}: key "${name}": these are no scores`);
    scores.set(name.replace(/: evaluation$/, ""), found.output);
  }
  const labelled = names.flatMap((name) => /^round (\d+): labelling$/.exec(name)?.[1] ?? []).map(Number);
  return { scores, labelled, last: names.at(-1) ?? null };
}

/** A result with the seconds that it took. */
const timedSchema = v.object({ value: v.unknown(), time: v.number() });

const thresholdsSchema = v.object({
  portion: v.optional(v.nullable(v.number()), null),
  lambda: v.array(share),
  labelled: counts,
  ignored: v.optional(v.number(), 0),
  n_pixels: v.optional(counts, []),
  precision: v.optional(v.array(share), []),
  recall: v.optional(v.array(share), []),
});

/** What a round's labelling found. */
export type FoundThresholds = v.InferOutput<typeof thresholdsSchema>;

/** The thresholds of a round; `null` where it has labelled nothing yet. */
export function readThresholds(folder: string, round: number): FoundThresholds | null {
  const path = join(folder, "rounds", String(round), "thresholds.json");
  return existsSync(path) ? validated(thresholdsSchema, textOf(path), path, "thresholds") : null;
}

const stepSchema = v.object({ stage: v.string(), step: v.number(), loss: v.number() });

/** A training step of the log. */
export type LoggedStep = v.InferOutput<typeof stepSchema>;

/**
 * The training steps of the log, in order. A last line that is being written is left out.
 *
 * @throws {Error} naming file and line where it is damaged.
 */
export function readSteps(folder: string): LoggedStep[] {
  const path = join(folder, logName);
  if (!existsSync(path)) return [];
  return textOf(path).split("\n").flatMap((line, index) => {
    // Most lines are steps, and there may be 100,000 of them.
    if (!line.includes('"step"') || !line.endsWith("}")) return [];
    const step = v.safeParse(stepSchema, parsedLine(line, index + 1, path));
    return step.success ? [step.output] : [];
  });
}

function parsedLine(line: string, number: number, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`Cannot read the log ${path}: line ${number} is no JSON (${errorText(error)})`);
  }
}

/** What the newest weight file of a run says of its network; `null` where there is none. */
export function readNetwork(folder: string): Omit<WeightFile, "tensors"> | null {
  for (const name of ["weights.safetensors", "source.safetensors", "checkpoint.safetensors"]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const found = readMetadata(headerTexts(path), path);
    if (found !== null) return found;
  }
  return null;
}

const headerSchema = v.looseObject({ __metadata__: v.optional(v.record(v.string(), v.string()), {}) });

/** The texts in the header of a safetensors file, whose tensors are not read. */
function headerTexts(path: string): Readonly<Record<string, string>> {
  const file = openSync(path, "r");
  try {
    const length = new DataView(bytesAt(file, 0, 8).buffer).getBigUint64(0, true);
    const text = new TextDecoder().decode(bytesAt(file, 8, Number(length)));
    return validated(headerSchema, text, path, "weights").__metadata__;
  } finally {
    closeSync(file);
  }
}

function bytesAt(file: number, place: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const read = readSync(file, bytes, 0, length, place);
  return bytes.subarray(0, read);
}

function textOf(path: string): string {
  return new TextDecoder().decode(readFile(path));
}
