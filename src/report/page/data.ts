/**
 * What a report shows of one run, as plain JSON. Reading a run's folder gives it, pages draw it, and the live page
 * exchanges it. Numbers are those of the run's files, untouched. Shares are from 0 to 1.
 *
 * @module
 */

/** Red, green and blue as bytes. */
export type ReportColor = readonly [number, number, number];

/** A class and the colour that stands for it everywhere in a report. */
export interface ReportClass {
  readonly name: string;
  readonly color: ReportColor;
}

/** Where a run is. */
export interface ReportState {
  /**
   * `running` while a process holds the folder; `stopped` where a run was not finished and none goes on with it;
   * `finished` when its result is there.
   */
  readonly name: "running" | "stopped" | "finished";
  /** The stage in progress, such as `round 2: training`, or in which the run was stopped; `null` where none is known. */
  readonly stage: string | null;
  /** Steps or images of that stage that are done. */
  readonly done: number;
  /** Steps or images of that stage; 0 where that is not known. */
  readonly total: number;
  /** Seconds that the stage still takes; `null` where that is not known. */
  readonly secondsLeft: number | null;
}

/** Something worth knowing before all numbers. */
export interface ReportFinding {
  /** `bad`: it did harm; `warning`: it may; `good`: nothing to do. */
  readonly level: "bad" | "warning" | "good";
  /** What happened and the likely cause, in sentences. */
  readonly text: string;
  /** Which option to try; `null` where there is nothing to do. */
  readonly advice: string | null;
}

/** The scores of a network. */
export interface ReportScores {
  /**
   * `before`: the network before the rounds; `round 1` and so on: after that round; `after`: in the end, which is all that
   * a training or an evaluation has; `control`: in the end of the control run.
   */
  readonly name: "before" | "after" | "control" | `round ${number}`;
  /** Mean IoU. */
  readonly miou: number | null;
  /** IoU by id of `classes`; `null` for a class without a pixel, or one that is not known. */
  readonly iou: readonly (number | null)[];
  /** Share of the labelled pixels whose class is right. */
  readonly pixelAccuracy: number | null;
  /** How many images were scored. */
  readonly images: number;
  /** Pixels `[truth][predicted]` by ids of `classes`; `null` where the run did not keep them. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Means over fewer classes, and those of points and pixels of LiDAR scans, with what they are called. */
  readonly others: readonly { readonly label: string; readonly value: number | null }[];
}

/** A round. */
export interface ReportRound {
  /** Its number, counted from 1. */
  readonly round: number;
  /** Share of each class's pixels that was to be labelled; `null` where the round labelled nothing. */
  readonly portion: number | null;
  /** Mean IoU after it; `null` where it was not scored. */
  readonly miou: number | null;
  /** The threshold λ of each class, by id of `labelClasses`; `null` where it is not known. */
  readonly lambda: readonly (number | null)[];
  /** Pixels that got a pseudo-label, by id of `labelClasses`. */
  readonly labelled: readonly number[];
  /** Pixels predicted before the selection, by id of `labelClasses`. */
  readonly predicted: readonly number[];
  /** Share of a class's pseudo-labels that are right, by id of `classes`; `null` where that is not known. */
  readonly precision: readonly (number | null)[];
  /** Share of the pixels that truly are of a class that are labelled with it, by id of `classes`. */
  readonly recall: readonly (number | null)[];
}

/** The losses of a training stage. */
export interface ReportLoss {
  /** The stage, such as `source` or `round 1`. */
  readonly stage: string;
  /** `[step, loss]`, at most 400, the first and the last step among them. */
  readonly steps: readonly (readonly [number, number])[];
}

/** A layer of a pictured image. */
export interface ReportLayer {
  /** What it is, such as `ground truth` or `pseudo-labels of round 2`. */
  readonly title: string;
  /**
   * `labels`: a grey PNG whose values are ids of `classes`; 255 is no label. `confidence`: a grey PNG, 0 is 0 and 255 is 1. `picture`: a PNG that is shown as it is.
   */
  readonly kind: "labels" | "confidence" | "picture";
  /** The PNG as a data URL. */
  readonly png: string;
}

/** An image with what was made of it. */
export interface ReportStrip {
  /** The name of the image. */
  readonly name: string;
  /** Rows of the image and of its label layers. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** The image as a data URL. */
  readonly image: string;
  /** In the order in which they are to be shown: truth, before, rounds, after, confidence. */
  readonly layers: readonly ReportLayer[];
}

/** Everything that a report shows of one run. */
export interface ReportData {
  /** The name of the run's folder. */
  readonly title: string;
  /** What the run does. */
  readonly kind: "adapt" | "train" | "evaluate";
  readonly state: ReportState;
  /** Network, adapter, program, recipe, seed, time, data, memory. */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** The command that repeats the run. */
  readonly command: string;
  /** How the scores came about; `null` where nothing was scored. */
  readonly protocol: string | null;
  /** The classes that are scored. */
  readonly classes: readonly ReportClass[];
  /** The classes that the network knows and images are labelled with. They differ where classes are merged for scoring. */
  readonly labelClasses: readonly ReportClass[];
  /** What went wrong, the worst first. */
  readonly findings: readonly ReportFinding[];
  readonly scores: readonly ReportScores[];
  readonly rounds: readonly ReportRound[];
  readonly loss: readonly ReportLoss[];
  /** The spatial prior: of each class a grey PNG as a data URL, white where the class is most frequent. */
  readonly priors: readonly { readonly name: string; readonly png: string }[];
  readonly strips: readonly ReportStrip[];
}
