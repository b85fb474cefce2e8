/**
 * From a run's folder to what its report shows. Nothing else than the folder is needed, no GPU among it; and a run that is
 * going on, or was stopped, can be read as well.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { defaultPalette } from "../../data/dataset.ts";
import { isFolderLocked } from "../../disk/folder_lock.ts";
import type { WeightFile } from "../../nn/network.ts";
import type { ReportClass, ReportData, ReportLoss, ReportRound, ReportScores } from "../../report/page/data.ts";
import { protocolText } from "../protocol.ts";
import { readConfig, type RunConfig, type SavedSettings } from "../run_config.ts";
import { commandText } from "./command_text.ts";
import { factsOf } from "./facts.ts";
import { findingsOf } from "./findings.ts";
import { readPriors, readStrips } from "./report_pictures.ts";
import {
  type AdaptedResult,
  type FinishedStages,
  type FoundScores,
  isAdapted,
  type LoggedStep,
  readNetwork,
  readResultFile,
  readStages,
  readSteps,
  readThresholds,
  resultName,
  type ScoredResult,
} from "./run_files.ts";
import { readSketch, type RunSketch } from "./run_sketch.ts";

/** The most points of a stage's loss. */
const mostLosses = 400;

/** What else a report shows. */
export interface ReportOptions {
  /** The folder of a finished control run, to compare with. */
  readonly control?: string | undefined;
}

/** The files of a run. */
interface Found {
  readonly folder: string;
  readonly kind: ReportData["kind"];
  readonly settings: SavedSettings;
  readonly record: RunConfig["record"];
  readonly sketch: RunSketch | null;
  /** What a weight file says of the network, where there is no sketch. */
  readonly network: Omit<WeightFile, "tensors"> | null;
  readonly stages: FinishedStages;
  readonly result: AdaptedResult | ScoredResult | null;
  readonly steps: readonly LoggedStep[];
}

/**
 * Reads a run's folder.
 *
 * @throws {Error} if there is no run in it, or a file of it is damaged, naming it.
 */
export function readRunReport(folder: string, options: ReportOptions = {}): ReportData {
  const found = readFound(folder);
  const { kind, settings, result } = found;
  const { classes, labelClasses } = classesOf(found);
  const state = stateOf(found);
  const scores = [...scoresOf(found, classes), ...controlScores(options.control, classes)];
  const rounds = roundsOf(found, scores);
  const { strips, leftOut } = readStrips(folder, rounds.at(-1)?.round ?? 0, kind);
  const adapted = isAdapted(result) ? result : null;
  const parts = { kind, settings, classes, labelClasses, scores, rounds };
  return {
    ...{ title: basename(resolve(folder)), kind, state },
    facts: factsOf({
      ...{ ...found, model: found.network?.model ?? null, leftOut },
      seconds: adapted?.seconds ?? {},
    }),
    command: commandText(kind, settings),
    protocol: result?.protocol === undefined ? null : protocolText(result.protocol),
    ...{ classes, labelClasses },
    findings: findingsOf({
      ...{ ...parts, isFinished: state.name === "finished" },
      ...{ stopped: adapted?.stopped ?? null, best: adapted?.best ?? null },
    }),
    ...{ scores, rounds, loss: lossesOf(found.steps), priors: readPriors(folder, labelClasses), strips },
  };
}

function readFound(folder: string): Found {
  const sketch = readSketch(folder);
  const config = readConfig(folder);
  const saved = sketch?.settings ?? config?.settings;
  if (saved === undefined) {
    throw new Error(`There is no run in ${folder}: neither config.json nor report/run.json is there`);
  }
  const settings = sketch?.run === undefined ? saved : { ...saved, run: sketch.run };
  const result = readResultFile(folder);
  const kind = sketch?.kind ?? (isAdapted(result) || settings.rounds !== undefined ? "adapt" : "train");
  const stages = kind === "evaluate" ? noStages : readStages(folder);
  const network = sketch === null ? readNetwork(folder) : null;
  return {
    folder,
    kind,
    settings,
    record: config?.record ?? null,
    sketch,
    network,
    stages,
    result,
    steps: readSteps(folder),
  };
}

const noStages: FinishedStages = { scores: new Map(), labelled: [], last: null };

/** The classes that are scored, and those of the network. */
function classesOf({ sketch, network, record, result, stages }: Found): Pick<ReportData, "classes" | "labelClasses"> {
  if (sketch !== null) return { classes: sketch.classes, labelClasses: sketch.labelClasses };
  const first = (isAdapted(result) ? result.adapted ?? result.sourceOnly : result) ??
    [...stages.scores.values()].find((scores) => scores !== null);
  const scored = record?.facts.data.evaluation?.classes ?? Object.keys(first?.iou ?? {});
  const own = network?.metadata.classes ?? record?.facts.data.source?.classes ?? scored;
  const colored = (names: readonly string[], palette: readonly ReportClass["color"][] = []): ReportClass[] => {
    const others = defaultPalette(names.length);
    return names.map((name, id) => ({ name, color: palette[id] ?? others[id] ?? [0, 0, 0] }));
  };
  const labelClasses = colored(own, network?.metadata.palette);
  const areSame = scored.length === 0 || scored.join("\n") === own.join("\n");
  return { classes: areSame ? labelClasses : colored(scored), labelClasses };
}

/** Where the run is, as far as its files tell. */
function stateOf({ folder, kind, stages, result, steps, sketch }: Found): ReportData["state"] {
  const done = { stage: null, done: 0, total: 0, secondsLeft: null };
  const isHeld = isFolderLocked(folder);
  if (result !== null || existsSync(join(folder, resultName))) {
    if (!isHeld || kind === "evaluate" || !isOlder(join(folder, resultName), join(folder, "stages.json"))) {
      return { name: "finished", ...done };
    }
  }
  const name = isHeld ? "running" : "stopped";
  const last = steps.at(-1);
  const planned = sketch?.stages.find(({ stage }) => stage === last?.stage)?.steps;
  if (last === undefined || planned === undefined || last.step + 1 >= planned) {
    return { name, ...done, stage: stages.last === null ? null : `after ${stages.last}` };
  }
  return { name, stage: `${last.stage}: training`, done: last.step + 1, total: planned, secondsLeft: null };
}

/** Whether a file was written before another. */
function isOlder(path: string, other: string): boolean {
  return existsSync(other) && statSync(path).mtimeMs < statSync(other).mtimeMs;
}

function scoresOf({ result, stages, settings }: Found, classes: readonly ReportClass[]): ReportScores[] {
  const named = (name: ReportScores["name"], scores: FoundScores | null | undefined): ReportScores[] =>
    scores === null || scores === undefined ? [] : [shownScores(name, scores, classes)];
  if (isAdapted(result)) {
    return [
      ...named("before", result.sourceOnly),
      ...result.rounds.flatMap((scores, index) => named(`round ${index + 1}`, scores)),
      ...named("after", result.adapted),
    ];
  }
  if (result !== null) return named("after", result);
  // A run that goes on from a round of another scores that round's network first.
  const from = settings["from-round"];
  const first = typeof from === "number" && from > 0 ? `round ${from}` as const : "before";
  return [...stages.scores].flatMap(([stage, scores]) => {
    const round = /^round (\d+)$/.exec(stage)?.[1];
    return named(round !== undefined ? `round ${Number(round)}` : stage === "source" ? first : "after", scores);
  });
}

function shownScores(
  name: ReportScores["name"],
  { miou, iou, pixelAccuracy, images = 0, confusion, subsets, points, pixels }: FoundScores,
  classes: readonly ReportClass[],
): ReportScores {
  const ofScans = ([["points", points], ["pixels", pixels]] as const).flatMap(([what, figures]) =>
    figures === undefined ? [] : [
      { label: `mIoU over all classes, ${what}`, value: figures.miou },
      { label: `mIoU over the classes present, ${what}`, value: figures.miouPresent },
      { label: `accuracy over ${what}`, value: figures.accuracy },
    ]
  );
  return {
    ...{ name, miou, pixelAccuracy, images, confusion: confusion ?? null },
    iou: classes.map(({ name }) => iou[name] ?? null),
    others: [
      ...Object.entries(subsets ?? {}).map(([set, value]) => ({ label: `mIoU of ${set}`, value })),
      ...ofScans,
    ],
  };
}

/** The scores of a control run in the end. */
function controlScores(folder: string | undefined, classes: readonly ReportClass[]): ReportScores[] {
  if (folder === undefined) return [];
  const result = readResultFile(folder);
  if (result === null) {
    throw new Error(`There is no finished control run in ${folder}: ${join(folder, resultName)} is missing`);
  }
  const scores = isAdapted(result) ? result.adapted : result;
  if (scores === null) return [];
  // The rows of a matrix have no names: of other classes, or in another order, they would be taken for those of the run.
  const own = readSketch(folder)?.classes.map(({ name }) => name) ?? Object.keys(scores.iou);
  const hasSame = own.length === classes.length && classes.every(({ name }, id) => name === own[id]);
  const { confusion, ...others } = scores;
  return [shownScores("control", hasSame ? { ...others, confusion } : others, classes)];
}

function roundsOf({ folder, kind, result, stages }: Found, scores: readonly ReportScores[]): ReportRound[] {
  if (kind !== "adapt") return [];
  const ofScores = scores.flatMap(({ name }) => /^round (\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const last = Math.max(0, isAdapted(result) ? result.rounds.length : 0, ...stages.labelled, ...ofScores);
  return Array.from({ length: last }, (_, index) => index + 1).map((round) => {
    const found = readThresholds(folder, round);
    return {
      ...{ round, portion: found?.portion ?? null, lambda: found?.lambda ?? [], labelled: found?.labelled ?? [] },
      ...{ predicted: found?.n_pixels ?? [], precision: found?.precision ?? [], recall: found?.recall ?? [] },
      miou: scores.find(({ name }) => name === `round ${round}`)?.miou ?? null,
    };
  });
}

/** The losses of each stage, thinned. */
function lossesOf(steps: readonly LoggedStep[]): ReportLoss[] {
  const stages = new Map<string, [number, number][]>();
  for (const { stage, step, loss } of steps) {
    const own = stages.get(stage) ?? [];
    own.push([step, loss]);
    stages.set(stage, own);
  }
  return [...stages].map(([stage, all]) => ({ stage, steps: thinned(all, mostLosses) }));
}

/** At most `most` values, evenly spread, the first and the last among them. */
function thinned<T>(values: readonly T[], most: number): T[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, index) => values[Math.round(index * (values.length - 1) / (most - 1))])
    .filter((value) => value !== undefined);
}
