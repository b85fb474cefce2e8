/**
 * What the studio shows of a run, as it follows from the Worker's messages, one after the other.
 *
 * @module
 */

import type { SplitScores } from "../selftraining/evaluation.ts";
import type { AdaptEvent, KeptRun, LabelledPicture, PlannedRound } from "./adapt_messages.ts";

/** What the run is doing. `looking`: the Worker has not said yet whether there is one. */
export type Phase = "looking" | "none" | "kept" | "starting" | "running" | "pausing" | "paused" | "finished" | "failed";

/** What a round's labelling found. Lists are by class. */
export interface RoundView {
  readonly round: number;
  readonly lambda: readonly number[];
  readonly labelled: readonly number[];
  readonly precision: readonly (number | null)[];
}

/** A stage in progress. */
export interface StageView {
  readonly name: string;
  readonly done: number;
  readonly total: number;
  /** When the stage was first heard of, in milliseconds, and how far it was then: they give its pace. */
  readonly began: { readonly time: number; readonly done: number };
  readonly secondsLeft: number | null;
}

/** A step and its loss. */
export type LossPoint = readonly [step: number, loss: number];

/** All that is shown of a run. */
export interface RunView {
  readonly phase: Phase;
  readonly run: KeptRun | null;
  readonly adapter: string | null;
  /** The stage in progress; `null` between stages. */
  readonly stage: StageView | null;
  /** Losses of the training so far, by the stage's name. */
  readonly losses: ReadonlyMap<string, readonly LossPoint[]>;
  readonly rounds: readonly RoundView[];
  /** What each round does, known from the start. */
  readonly planned: readonly PlannedRound[];
  /** Scores by the stage's name, in the order in which they were made. */
  readonly scores: ReadonlyMap<string, SplitScores | null>;
  /** The newest pseudo-labels, the newest first, each with its image's number. An image is there once. */
  readonly pictures: readonly (LabelledPicture & { readonly index: number })[];
  readonly warnings: readonly string[];
  /** Why the run does not go on; `null` if nothing is wrong. */
  readonly error: Extract<AdaptEvent, { readonly type: "error" }> | null;
  /** The picture that was asked for, as both networks label it. */
  readonly compared: Extract<AdaptEvent, { readonly type: "compared" }> | null;
}

/** Pseudo-labels that are shown at once. */
const shownPictures = 12;
/** Points of the loss that are shown of a stage. With more, every other one is left out. */
const shownLosses = 400;

/** A run of which nothing is known yet. */
export const emptyRun: RunView = {
  ...{ phase: "looking", run: null, adapter: null, stage: null, error: null, compared: null },
  ...{ losses: new Map(), rounds: [], planned: [], scores: new Map(), pictures: [], warnings: [] },
};

/** What the page itself does to what it shows. */
export type PageEvent = { readonly type: "phase"; readonly phase: Phase };

/** What is shown after an event. `now` is the time in milliseconds. */
export function afterEvent(view: RunView, event: AdaptEvent | PageEvent, now: number): RunView {
  switch (event.type) {
    case "phase":
      // A start begins with nothing, a resumed run tells anew what it logged.
      return event.phase === "starting"
        ? { ...emptyRun, phase: "starting", run: view.run }
        : { ...view, phase: event.phase };
    case "kept": {
      const phase = event.run === null ? "none" : event.run.isFinished ? "finished" : "kept";
      return { ...emptyRun, phase, run: event.run };
    }
    case "began":
      return { ...view, phase: "running", run: event.run, adapter: event.adapter, planned: event.rounds };
    case "progress":
      return { ...view, stage: stageAfter(view.stage, event, now) };
    case "log":
      return afterEntry(view, event.entry);
    case "labels":
      return { ...view, pictures: picturesWith(view.pictures, event) };
    case "scores":
      return { ...view, scores: new Map([...view.scores, [event.stage, event.scores]]) };
    case "warning":
      return { ...view, warnings: [...view.warnings.filter((text) => text !== event.text), event.text] };
    case "paused":
      return { ...view, phase: "paused" };
    case "result":
      return { ...view, phase: "finished", stage: null };
    case "compared":
      return { ...view, compared: event };
    case "error":
      return { ...view, phase: view.phase === "finished" ? "finished" : "failed", stage: null, error: event };
    case "file":
      return view;
  }
}

/** The newest pseudo-labels with those of an image, which take the place of its earlier ones. */
function picturesWith(
  pictures: RunView["pictures"],
  { index, picture }: Extract<AdaptEvent, { readonly type: "labels" }>,
): RunView["pictures"] {
  return [{ ...picture, index }, ...pictures.filter((one) => one.index !== index)].slice(0, shownPictures);
}

function stageAfter(
  before: StageView | null,
  { stage: name, done, total }: Extract<AdaptEvent, { readonly type: "progress" }>,
  now: number,
): StageView {
  const began = before?.name === name ? before.began : { time: now, done };
  const made = done - began.done;
  const secondsLeft = made > 0 ? (now - began.time) / 1000 / made * (total - done) : null;
  return { name, done, total, began, secondsLeft };
}

/** The run after an entry of its log. */
function afterEntry(view: RunView, entry: Readonly<Record<string, unknown>>): RunView {
  const { stage, step, loss, lambda, labelled, precision } = entry;
  if (typeof stage !== "string") return view;
  if (typeof step === "number" && typeof loss === "number") {
    return {
      ...view,
      losses: new Map([...view.losses, [stage, withLoss(view.losses.get(stage) ?? [], [step, loss])]]),
    };
  }
  const round = Number(/^round (\d+): labelling$/.exec(stage)?.[1]);
  if (!Number.isInteger(round) || !isNumbers(lambda) || !isNumbers(labelled)) return view;
  const shares = Array.isArray(precision) ? precision.map((one) => typeof one === "number" ? one : null) : [];
  return {
    ...view,
    rounds: [...view.rounds.filter((one) => one.round !== round), { round, lambda, labelled, precision: shares }],
  };
}

/** The losses with one more. Those of steps that are done again give way. */
function withLoss(points: readonly LossPoint[], point: LossPoint): readonly LossPoint[] {
  const [step] = point;
  const last = points.at(-1)?.[0] ?? -1;
  const earlier = last < step ? points : points.filter(([one]) => one < step);
  const kept = earlier.length < shownLosses ? earlier : earlier.filter((_, index) => index % 2 === 0);
  return [...kept, point];
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}
