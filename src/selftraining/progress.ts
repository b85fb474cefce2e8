/**
 * What a run tells about its work while it goes on. The command line shows it on a terminal; without a listener it is
 * silent.
 *
 * @module
 */

/** What a stage counts. */
export interface StageUnits {
  /** Such as `images`. */
  readonly unit: string;
  /** How many of them a step is. */
  readonly perStep: number;
}

/** A stage in progress. */
export interface StageProgress {
  /** Steps done, and the latest loss where there is one. */
  update(done: number, values?: { readonly loss?: number }): void;
  /** Ends the stage. */
  end(): void;
}

/** Where a run tells what it does. */
export interface Progress {
  /** Starts a stage of `total` steps. */
  stage(name: string, total: number, units: StageUnits): StageProgress;
  /** Says something between or during stages. */
  line(text: string): void;
  /** Says something that needs attention. */
  warn(text: string): void;
}

/** Says nothing. */
export const silent: Progress = {
  stage: () => ({ update: () => {}, end: () => {} }),
  line: () => {},
  warn: () => {},
};

/** What a run is doing, for whoever takes the time; `other` is all that has no name of its own. */
export type Activity = "other" | "source training" | "labelling" | "selection" | "training" | "evaluation";
