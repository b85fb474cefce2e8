/**
 * What the run tells the Worker that serves its page, and what the page is told.
 *
 * @module
 */

import type { StageUnits } from "../../selftraining/progress.ts";
import type { Address } from "./address.ts";

/** A point of the loss: the step, counted from 0, and the loss. */
export type LossPoint = readonly [step: number, loss: number];

/** How a start of a run ended. A run that was stopped can go on; then the page does, too. */
export type Ending = "finished" | "stopped" | "failed";

/** The commands whose runs have a live page. */
export type LiveCommand = "adapt" | "train";

/** What the run tells the Worker. */
export type LiveMessage =
  | { readonly kind: "listen"; readonly address: Address }
  | {
    readonly kind: "folder";
    readonly path: string;
    readonly command: LiveCommand;
    readonly control?: string | undefined;
  }
  | { readonly kind: "stage"; readonly name: string; readonly total: number; readonly units: StageUnits }
  | { readonly kind: "steps"; readonly done: number; readonly losses: readonly LossPoint[] }
  | { readonly kind: "stage end" }
  | { readonly kind: "line"; readonly text: string; readonly isWarning: boolean }
  | { readonly kind: "labels"; readonly files: readonly string[] }
  | { readonly kind: "end"; readonly ending: Ending; readonly text: string };

/** What the Worker tells the run. */
export type LiveReply =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "refused"; readonly name: string; readonly message: string }
  | { readonly kind: "closed" };

/** A stage as the page shows it. */
export interface ShownStage {
  readonly name: string;
  readonly total: number;
  readonly done: number;
  /** What a step counts, and how many of them. */
  readonly units: StageUnits;
  /** Seconds since the stage began; the time that it took if it has ended. */
  readonly seconds: number;
  /** Seconds until its end; `null` where that is not known. */
  readonly secondsLeft: number | null;
  readonly isDone: boolean;
}

/** A line that the run has said. */
export interface ShownLine {
  readonly text: string;
  readonly isWarning: boolean;
}

/** Everything that a page shows of a run beside its report: sent when it connects. */
export interface Snapshot {
  /** The stages so far, in their order. */
  readonly stages: readonly ShownStage[];
  /** Seconds that the whole run still takes at least; `null` where that is not known. */
  readonly secondsLeft: number | null;
  /** The loss of each training stage so far, thinned. */
  readonly losses: Readonly<Record<string, readonly LossPoint[]>>;
  /** URLs of the newest pictures of pseudo-labels, the newest first. */
  readonly labels: readonly string[];
  readonly lines: readonly ShownLine[];
  /** Which report there is: a page that shows another fetches this one. */
  readonly report: string;
  readonly ending: { readonly ending: Ending; readonly text: string } | null;
}

/** What has changed since the last event. What is absent has not changed. */
export interface Update {
  /** Stages with their numbers, counted from 0. */
  readonly stages?: readonly (readonly [index: number, stage: ShownStage])[];
  /** New points of the loss, by stage. */
  readonly losses?: Readonly<Record<string, readonly LossPoint[]>>;
  readonly labels?: readonly string[];
  readonly lines?: readonly ShownLine[];
  /** As in {@link Snapshot}. */
  readonly secondsLeft?: number | null;
}
