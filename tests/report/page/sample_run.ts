/**
 * Runs that were not run, for tests of the page: as many classes and rounds as a test wants.
 *
 * @module
 */

import { encodeLabelPng, encodeRgbPng } from "../../../src/data/encode.ts";
import type { ReportClass, ReportData, ReportRound, ReportScores } from "../../../src/report/page/data.ts";

/** What a sample run has. */
export interface SampleOptions {
  readonly title?: string;
  readonly classes?: number;
  readonly rounds?: number;
  readonly images?: number;
  readonly height?: number;
  readonly width?: number;
  /** Names of the first classes. */
  readonly names?: readonly string[];
  readonly seed?: number;
  readonly control?: boolean;
}

/** A finished adaptation whose numbers follow from a seed. */
export function sampleRun(options: SampleOptions = {}): ReportData {
  const { title = "seed0", classes: classCount = 5, rounds: roundCount = 3, images = 2, seed = 1 } = options;
  const random = generator(seed);
  const classes = Array.from({ length: classCount }, (_, id): ReportClass => ({
    name: options.names?.[id] ?? `class ${id}`,
    color: [(id * 67 + 40) % 256, (id * 131 + 90) % 256, (id * 29 + 150) % 256],
  }));
  const scores = (name: ReportScores["name"], lift: number): ReportScores => {
    const iou = classes.map((_, id) => id === classCount - 1 ? null : Math.min(1, random() * 0.6 + lift));
    const known = iou.filter((value) => value !== null);
    return {
      ...{ name, iou, miou: known.reduce((all, value) => all + value, 0) / known.length, images: 101 },
      pixelAccuracy: 0.6 + lift + random() / 10,
      confusion: name.startsWith("round")
        ? null
        : classes.map((_, truth) =>
          classes.map((_, id) => Math.floor(random() * (truth === id ? 1e6 : 1e5 / classCount)))
        ),
      others: [],
    };
  };
  const rounds = Array.from({ length: roundCount }, (_, index): ReportRound => {
    const predicted = classes.map(() => Math.floor(random() * 1e7) + 10);
    return {
      ...{ round: index + 1, portion: 0.2 + index * 0.05, predicted, miou: 0.4 + index * 0.03 },
      lambda: classes.map(() => random()),
      labelled: predicted.map((pixels) => Math.floor(pixels * (0.2 + index * 0.05))),
      precision: classes.map((_, id) => id === 0 ? null : 0.5 + random() / 2),
      recall: classes.map(() => random() / 2),
    };
  });
  return {
    ...{ title, kind: "adapt", classes, labelClasses: classes, rounds },
    state: { name: "finished", stage: null, done: 0, total: 0, secondsLeft: null },
    facts: [{ label: "network", value: "deeplab-nano" }, { label: "seed", value: String(seed) }],
    command: `./crosswalk adapt --seed ${seed} --output "runs/${title}"`,
    protocol: "IoU over all labelled pixels of 101 images at their own size.",
    findings: [
      {
        level: "bad",
        text: `“${classes[0]?.name}” died: no pixel is predicted any more.`,
        advice: "Try --portion 0.1.",
      },
      { level: "good", text: "Mean IoU rose by 10 points.", advice: null },
    ],
    scores: [
      scores("before", 0.1),
      ...rounds.map(({ round }) => scores(`round ${round}`, 0.1 + round / 20)),
      scores("after", 0.3),
      ...options.control === true ? [scores("control", 0.2)] : [],
    ],
    loss: ["source", ...rounds.map(({ round }) => `round ${round}`)].map((stage) => ({
      stage,
      steps: Array.from({ length: 80 }, (_, step) => [step, 1 / (1 + step / 20) + random() / 5] as const),
    })),
    priors: classes.map(({ name }, id) => ({
      name,
      png: greyUrl(32, 64, (row, column) => (row * 8 + column + id) % 256),
    })),
    strips: Array.from({ length: images }, (_, image) => strip(`street_${image}.png`, classCount, roundCount, options)),
  };
}

function strip(name: string, classes: number, rounds: number, { height = 96, width = 192 }: SampleOptions) {
  const labels = (title: string, shift: number) => ({
    ...{ title, kind: "labels" as const },
    png: greyUrl(height, width, (row, column) => row < 8 ? 255 : Math.floor((column + shift) * classes / (width + 40))),
  });
  return {
    ...{ name, height, width },
    image: pngUrl(encodeRgbPng(
      Uint8Array.from({ length: height * width * 3 }, (_, at) => (at % 3 + 1) * 40 + (at >> 6) % 90),
      height,
      width,
    )),
    layers: [
      labels("ground truth", 0),
      labels("source only", 40),
      ...Array.from({ length: rounds }, (_, index) => labels(`pseudo-labels of round ${index + 1}`, 30 - 2 * index)),
      labels("adapted", 5),
      { title: "confidence", kind: "confidence" as const, png: greyUrl(height, width, (row) => 255 - row) },
    ],
  };
}

/** A grey PNG as a data URL. */
export function greyUrl(height: number, width: number, value: (row: number, column: number) => number): string {
  const labels = Uint8Array.from(
    { length: height * width },
    (_, at) => value(Math.floor(at / width), at % width),
  );
  return pngUrl(encodeLabelPng(labels, height, width));
}

function pngUrl(bytes: Uint8Array): string {
  return `data:image/png;base64,${bytes.toBase64()}`;
}

/** Numbers from 0 to 1 that follow from a seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
