/**
 * A run's folder that is made up, for reports of runs that would take hours.
 *
 * @module
 */

import { join } from "node:path";
import { encodeLabelPng, encodeRgbPng } from "../../../src/data/encode.ts";
import { writeNpy } from "../../../src/formats/npy.ts";
import { writeSketch } from "../../../src/run/report/run_sketch.ts";
import { splitScores } from "../../../src/selftraining/evaluation.ts";
import { jsonText } from "../../../src/selftraining/store.ts";
import { write } from "../../data/pictures.ts";

/** What a made-up run has. */
export interface MadeRun {
  readonly names: readonly string[];
  readonly rounds: number;
  /** Rows and columns of its pictures. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Steps of each training. */
  readonly steps?: number;
}

/** Writes the folder of a finished adaptation with a spatial prior, four pictured images and random numbers. */
export function makeRun(
  folder: string,
  { names, rounds, size = { height: 24, width: 32 }, steps = 30 }: MadeRun,
): void {
  let state = 1;
  const draw = () => (state = state * 48271 % 2147483647) / 2147483647;
  const classes = names.length;
  const scores = () => {
    const confusion = names.flatMap((_, truth) =>
      names.map((_, predicted) => Math.floor(draw() * (truth === predicted ? 10_000 : 300)))
    );
    return splitScores(confusion, names, 7, undefined);
  };
  const ofRounds = Array.from({ length: rounds }, scores);
  const result = {
    ...{ sourceOnly: scores(), rounds: ofRounds, adapted: ofRounds.at(-1) ?? null, best: null, stopped: null },
    seconds: { "round 1: training": 12.5 },
  };
  write(join(folder, "result.json"), jsonText(result));
  write(
    join(folder, "config.json"),
    jsonText({ rounds, seed: 0, "spatial-prior": true, mining: "off", source: "/data/a" }),
  );
  const lines: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const counts = (most: number) => names.map(() => 1000 + Math.floor(draw() * most));
    const shares = () => names.map(draw);
    const predicted = counts(1e6);
    const thresholds = {
      ...{ portion: 0.2, lambda: shares(), labelled: predicted.map((count) => Math.floor(count / 5)) },
      ...{ n_pixels: predicted, precision: shares(), recall: shares() },
    };
    write(join(folder, "rounds", String(round), "thresholds.json"), jsonText(thresholds));
    for (let step = 0; step < steps; step++) {
      lines.push(JSON.stringify({ stage: `round ${round}`, step, loss: 2 / (1 + step) + draw() }));
    }
  }
  write(join(folder, "metrics.jsonl"), `${lines.join("\n")}\n`);
  const colored = names.map((name, id) => {
    const color: [number, number, number] = [id * 5 % 256, id * 91 % 256, id * 53 % 256];
    return { name, color };
  });
  writeSketch(folder, {
    ...{ kind: "adapt", started: "2026-01-02T03:04:05.000Z", version: "0.1.0", network: "deeplab-nano" },
    ...{ adapter: "none", size: "24×32", classes: colored, labelClasses: colored, merge: null },
    ...{ images: { source: 9, target: 8, evaluation: 7 }, peakBytes: 2 ** 30 },
    stages: Array.from({ length: rounds }, (_, index) => ({ stage: `round ${index + 1}`, steps })),
  });
  const prior = Float32Array.from({ length: classes * 60 * 80 }, draw);
  write(join(folder, "spatial-prior.npy"), writeNpy([classes, 60, 80], prior));
  for (let image = 0; image < 4; image++) {
    writeLayers(join(folder, "report", `street ${image}`), classes, rounds, size, draw);
  }
}

/** Layers whose labels form blobs with ragged edges, as predictions do. */
function writeLayers(
  folder: string,
  classes: number,
  rounds: number,
  { height, width }: { readonly height: number; readonly width: number },
  draw: () => number,
): void {
  const labels = (side: number) => {
    const cells = Array.from({ length: 4096 }, () => Math.floor(draw() * classes));
    const wave = draw() * 3;
    return Uint8Array.from({ length: height * width }, (_, pixel) => {
      const [y, x] = [Math.floor(pixel / width), pixel % width];
      const [row, column] = [y + 3 + 3 * Math.sin(x / 3 + wave), x + 3 + 3 * Math.sin(y / 4 + wave)];
      return cells[(Math.floor(row / side) * 64 + Math.floor(column / side)) % 4096] ?? 255;
    });
  };
  const png = (name: string, values: Uint8Array) => write(join(folder, name), encodeLabelPng(values, height, width));
  const photo = Uint8Array.from({ length: height * width * 3 }, (_, byte) => byte / 7 % 256);
  write(join(folder, "image.png"), encodeRgbPng(photo, height, width));
  png("truth.png", labels(24));
  png("confidence.png", labels(8).map((value) => 255 - value));
  for (let round = 0; round <= rounds; round++) png(`round-${round}.png`, labels(24));
  for (let round = 1; round <= rounds; round++) png(`pseudo-${round}.png`, labels(24));
}
