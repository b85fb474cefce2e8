/**
 * What a page and the Worker that adapts say to each other.
 *
 * @module
 */

import type { SplitScores } from "../selftraining/evaluation.ts";
import type { AdaptationResult } from "../selftraining/adaptation.ts";

/** The pictures that a run adapts to. */
export type TargetImages =
  /** The built-in target town, which has labelled pictures to score on. */
  | { readonly kind: "town" }
  /** Photos of the visitor's own. The run keeps copies of them. */
  | { readonly kind: "photos"; readonly files: readonly File[] };

/** What a page asks of the Worker. */
export type AdaptCommand =
  /** Which run is kept here? The answer is `kept`. */
  | { readonly type: "look" }
  /**
   * Begins a run. What was kept of an earlier one is deleted, unless the start is refused.
   *
   * `site`: address of the `site.json`. `options`: values of options that hold against those of the site's recipe.
   * `weights`: a file to start from in the place of the site's own.
   */
  | {
    readonly type: "start";
    readonly site: string;
    readonly images: TargetImages;
    readonly options: Readonly<Record<string, unknown>>;
    readonly weights?: File;
  }
  /** Goes on with the run that is kept: after a pause, or after the page was closed. */
  | { readonly type: "resume"; readonly site: string }
  /** Ends the run after a checkpoint, so that it can be resumed. The answer is `paused`. */
  | { readonly type: "pause" }
  /** Asks a finished run for an image as both networks label it. The answer is `compared`. */
  | { readonly type: "compare"; readonly index: number }
  /** Asks for a result of the run. The answer is `file`. */
  | { readonly type: "file"; readonly name: string }
  /** Ends the run and deletes everything that it kept. The answer is `kept` with `null`. */
  | { readonly type: "delete" };

/** A run that the browser keeps. */
export interface KeptRun {
  /** When it began, in milliseconds since 1970. */
  readonly began: number;
  readonly isFinished: boolean;
  /** Names of the target's images. */
  readonly images: readonly string[];
}

/** What a round will do: see `planRounds`. */
export interface PlannedRound {
  readonly round: number;
  /** Share of each class that becomes pseudo-labels. */
  readonly portion: number;
  /** How many source and target images it trains on, together. */
  readonly source: number;
  readonly target: number;
  readonly steps: number;
}

/** A picture and its labels. */
export interface LabelledPicture {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** RGBA, `[height, width, 4]`. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Class ids `[height, width]`; 255 where there is no label. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** What the Worker tells. After `resume`, what was logged and scored before comes first. */
export type AdaptEvent =
  | { readonly type: "kept"; readonly run: KeptRun | null }
  /** The adapter is open and the images are read: the run begins. */
  | {
    readonly type: "began";
    readonly run: KeptRun;
    readonly adapter: string;
    readonly rounds: readonly PlannedRound[];
  }
  | { readonly type: "progress"; readonly stage: string; readonly done: number; readonly total: number }
  /** An entry of the run's log, as `metrics.jsonl` has it: a loss, thresholds, a score. */
  | { readonly type: "log"; readonly entry: Readonly<Record<string, unknown>> }
  /** Pseudo-labels of an image, as soon as they are made. */
  | { readonly type: "labels"; readonly round: number; readonly index: number; readonly picture: LabelledPicture }
  | { readonly type: "scores"; readonly stage: string; readonly scores: SplitScores | null }
  | { readonly type: "warning"; readonly text: string }
  | { readonly type: "paused" }
  | { readonly type: "result"; readonly result: AdaptationResult }
  | {
    readonly type: "compared";
    readonly index: number;
    readonly picture: LabelledPicture;
    readonly before: Uint8Array;
  }
  | { readonly type: "file"; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Why nothing goes on, as a sentence with what to do. `lost`: the GPU is gone; the run is kept and can be resumed. */
  | { readonly type: "error"; readonly reason: "no adapter" | "lost" | "failed"; readonly text: string };
