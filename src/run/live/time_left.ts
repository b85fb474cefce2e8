/**
 * How long a run still takes: its stages are known when it begins, and their pace once one of their kind has gone on for a
 * while.
 *
 * @module
 */

import type { ShownStage } from "./events.ts";

/** What a run will do. */
export interface Plan {
  /** The training stages and their steps, in their order. */
  readonly stages: readonly { readonly stage: string; readonly steps: number }[];
  /** How many images of each kind there are. */
  readonly images: Readonly<Record<string, number>>;
}

/** A stage that is to come. */
interface PlannedStage {
  readonly name: string;
  readonly total: number;
}

/** All stages of a run, by the names under which it reports them. */
function plannedStages({ stages, images: { target = 0, evaluation = 0 } }: Plan): PlannedStage[] {
  const after = (stage: string): PlannedStage[] => [
    { name: `${stage}: evaluation`, total: evaluation },
    { name: `${stage}: agreement`, total: target },
  ];
  const rounds = stages.filter(({ stage }) => stage !== "source");
  const source = stages.filter(({ stage }) => stage === "source");
  return [
    ...source.map(({ steps }) => ({ name: "source: training", total: steps })),
    ...after("source"),
    ...rounds.flatMap(({ stage, steps }) => [
      { name: `${stage}: labelling`, total: target },
      { name: `${stage}: training`, total: steps },
      ...after(stage),
    ]),
  ];
}

/** What a stage does: `training` of `round 2: training`. */
function kindOf(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1).trim();
}

/** Seconds of a step of each kind, from the last stage of the kind that has gone on for a while. */
function paces(shown: readonly ShownStage[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { name, total, done, secondsLeft, seconds, isDone } of shown) {
    // A stage that goes on in its middle has done but a part of its steps in this time.
    if (isDone && total > 0) found.set(kindOf(name), seconds / total);
    else if (secondsLeft !== null && total > done) found.set(kindOf(name), secondsLeft / (total - done));
  }
  return found;
}

/**
 * Seconds until the end of the run. What has no pace yet counts nothing, so it is at least that long.
 *
 * @param shown the stages so far, of which the last is in progress.
 * @returns `null` where it is not known: before the first pace, and in stages that were not planned.
 */
export function runSecondsLeft(plan: Plan, shown: readonly ShownStage[]): number | null {
  const last = shown.at(-1);
  const planned = plannedStages(plan);
  const place = planned.findIndex(({ name }) => name === last?.name);
  if (last === undefined || place < 0 || (last.secondsLeft === null && !last.isDone)) return null;
  const pace = paces(shown);
  const toCome = planned.slice(place + 1).map(({ name, total }) => total * (pace.get(kindOf(name)) ?? 0));
  return toCome.reduce((sum, seconds) => sum + seconds, last.secondsLeft ?? 0);
}
