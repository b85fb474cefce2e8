/**
 * A run's log, scores and pictures as an event file of TensorBoard.
 *
 * The loss stands over the steps of all training stages together. Everything else stands over the rounds, of which 0 is the
 * network before the first.
 *
 * @module
 */

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeLabels } from "../../data/labels.ts";
import { encodeRgbPng } from "../../data/encode.ts";
import { writeFileSafely } from "../../disk/files.ts";
import { type EventImage, type EventValue, type LoggedEvent, writeEventFile } from "../../formats/event_file.ts";
import type { ReportClass, ReportData, ReportLayer, ReportStrip } from "../../report/page/data.ts";
import { colorLabels } from "../../report/picture.ts";
import { configName } from "../run_config.ts";
import { readRunReport } from "./read_report.ts";
import { type LoggedStep, readSteps } from "./run_files.ts";
import { readSketch } from "./run_sketch.ts";

/** The folder of the event files in a run's folder. */
export const tensorboardFolder = "tensorboard";

/**
 * Writes `tensorboard/events.out.tfevents.*` into a run's folder, and returns its path. Called again, it replaces
 * the file: TensorBoard would show the values of two files of one folder as one run.
 *
 * @throws {Error} if there is no run in the folder.
 */
export function writeTensorboard(folder: string): string {
  const data = readRunReport(folder);
  const began = beginOf(folder);
  const name = `events.out.tfevents.${Math.floor(began)}.crosswalk`;
  const path = join(folder, tensorboardFolder, name);
  const events = [...lossEvents(readSteps(folder)), ...scoreEvents(data), ...roundEvents(data), ...pictureEvents(data)];
  // The log has no times, so that events lie a thousandth of a second apart, in their order.
  writeFileSafely(
    path,
    writeEventFile(began, events.map((event, index) => ({ ...event, time: began + index / 1000 }))),
  );
  for (const other of readdirSync(join(folder, tensorboardFolder))) {
    if (other !== name && /^events\.out\.tfevents\.\d+\.crosswalk$/.test(other)) {
      rmSync(join(folder, tensorboardFolder, other));
    }
  }
  return path;
}

/** When the run began, in seconds since 1970. */
function beginOf(folder: string): number {
  const sketch = readSketch(folder);
  return sketch === null ? statSync(join(folder, configName)).mtimeMs / 1000 : Date.parse(sketch.started) / 1000;
}

type Event = Omit<LoggedEvent, "time">;

function lossEvents(steps: readonly LoggedStep[]): Event[] {
  let [stage, first, next] = ["", 0, 0];
  return steps.map((one) => {
    if (one.stage !== stage) [stage, first] = [one.stage, next - one.step];
    next = first + one.step + 1;
    return {
      step: first + one.step,
      values: [{ tag: "loss", value: one.loss }, { tag: `loss of ${stage}`, value: one.loss }],
    };
  });
}

function scoreEvents({ scores, classes, rounds }: ReportData): Event[] {
  return scores.flatMap((one) => {
    // The scores in the end are those of the last round.
    if (one.name === "control" || (one.name === "after" && rounds.length > 0)) return [];
    const step = Number(/^round (\d+)$/.exec(one.name)?.[1] ?? 0);
    const values = [
      ...known("mIoU", one.miou),
      ...known("pixel accuracy", one.pixelAccuracy),
      ...classes.flatMap(({ name }, id) => known(`IoU/${name}`, one.iou[id])),
      ...one.others.flatMap(({ label, value }) => known(label, value)),
    ];
    return [{ step, values }];
  });
}

function roundEvents({ rounds, classes, labelClasses }: ReportData): Event[] {
  return rounds.map((round) => ({
    step: round.round,
    values: [
      ...known("portion", round.portion),
      ...labelClasses.flatMap(({ name }, id) => [
        ...known(`threshold/${name}`, round.lambda[id]),
        ...known(`labelled pixels/${name}`, round.labelled[id]),
      ]),
      ...classes.flatMap(({ name }, id) => [
        ...known(`precision/${name}`, round.precision[id]),
        ...known(`recall/${name}`, round.recall[id]),
      ]),
    ],
  })).filter(({ values }) => values.length > 0);
}

function known(tag: string, value: number | null | undefined): EventValue[] {
  return value === null || value === undefined ? [] : [{ tag, value }];
}

function pictureEvents({ strips, classes, rounds }: ReportData): Event[] {
  const last = rounds.at(-1)?.round ?? 0;
  return strips.flatMap((strip) => [
    { step: 0, values: [{ tag: `${strip.name}/image`, image: { ...sizeOf(strip), bytes: bytesOf(strip.image) } }] },
    ...strip.layers.map((layer) => pictureEvent(strip, layer, classes, last)),
  ]);
}

/** A layer at its round. The predictions of all rounds have one tag, and so have the pseudo-labels. */
function pictureEvent(
  strip: ReportStrip,
  { title, kind, png }: ReportLayer,
  classes: readonly ReportClass[],
  last: number,
): Event {
  const isLast = title.startsWith("adapted") || kind === "confidence";
  const step = isLast ? last : Number(/round (\d+)/.exec(title)?.[1] ?? 0);
  const what = title.replace(/^(source only|after round \d+|adapted)/, "prediction").replace(/ of round \d+/, "");
  const tag = `${strip.name}/${what}`;
  const bytes = bytesOf(png);
  const image = kind === "picture"
    ? ofPng(bytes)
    : kind === "labels"
    ? colored(bytes, title, classes.map(({ color }) => color))
    // A grey picture has a colour for each value.
    : colored(bytes, title, Array.from({ length: 256 }, (_, value) => [value, value, value]));
  return { step, values: [{ tag, image }] };
}

function colored(png: Uint8Array<ArrayBuffer>, name: string, palette: readonly ReportClass["color"][]): EventImage {
  const map = decodeLabels(png, name);
  const { height, width, pixels } = colorLabels(map, palette);
  return { height, width, bytes: encodeRgbPng(pixels, height, width) };
}

function ofPng(bytes: Uint8Array<ArrayBuffer>): EventImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { height: view.getUint32(20), width: view.getUint32(16), bytes };
}

function sizeOf({ height, width }: ReportStrip): Pick<EventImage, "height" | "width"> {
  return { height, width };
}

function bytesOf(url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(url.slice(url.indexOf(",") + 1));
}
