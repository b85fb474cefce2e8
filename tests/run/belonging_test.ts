/** What lies in a run's folder belongs to the run: state that is missing, damaged or foreign is refused by name. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DivergenceError, InterruptedError, UsageError } from "../../src/errors.ts";
import type { AdaptationResult } from "../../src/selftraining/adaptation.ts";
import { runParts } from "../../src/run/context.ts";
import { FolderStore } from "../../src/run/folder_store.ts";
import { openTrainer } from "../../src/run/method_settings.ts";
import { readConfig, savedSettings } from "../../src/run/run_config.ts";
import { Training } from "../../src/selftraining/training.ts";
import { resolveSettings, type Values } from "../../src/settings/settings.ts";
import { street, writeStreets } from "../cli/fixture.ts";
import { withFolder, write } from "../data/pictures.ts";
import { adaptTiny, tinyRun, tinySettings } from "../survival/tiny_run.ts";

interface Stopped {
  /** The data set. */
  readonly data: string;
  /** The run's folder. */
  readonly out: string;
  /** Runs what is left. */
  readonly resume: (more?: Values) => Promise<AdaptationResult>;
}

/** A run that was stopped in the training of its first round, with a copy of it for each test. */
async function withStoppedRun(body: (make: (name: string) => Stopped, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const data = join(folder, "data");
    const out = join(folder, "run");
    writeStreets(data);
    await assertRejects(() => adaptTiny({ source: data, target: data, out }, "round 1: training"), InterruptedError);
    await body((name) => {
      const copies = { data: join(folder, `${name} data`), out: join(folder, `${name} run`) };
      cpSync(data, copies.data, { recursive: true });
      cpSync(out, copies.out, { recursive: true });
      const { data: source, out: copy } = copies;
      return {
        ...copies,
        resume: (more = {}) => adaptTiny({ out: copy, resume: true, source, target: source, ...more }),
      };
    }, folder);
  });
}

/** Changes one bit of the first place of a text in a file. */
function flip(path: string, text: string): void {
  const bytes = readFileSync(path);
  const place = bytes.indexOf(text);
  assert(place >= 0, `${text} is not in ${path}`);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Changes a text in a file. */
function edit(path: string, from: string, to: string): void {
  const text = readFileSync(path, "utf8");
  assert(text.includes(from), `${from} is not in ${path}`);
  writeFileSync(path, text.replace(from, to));
}

/** Ways to doctor a run, and what is said of each when it is gone on with. */
type Doctored = Readonly<Record<string, readonly [(run: Stopped, folder: string) => void, string]>>;

/** What is noticed when the folder is opened, or its schedules or its log are used. */
const inFolder: Doctored = {
  "another run's stages": [
    ({ out }, folder) => cpSync(join(folder, "other", "stages.json"), join(out, "stages.json")),
    "stages.json belongs to another run than",
  ],
  "missing stages": [({ out }) => rmSync(join(out, "stages.json")), "stages.json is missing"],
  "cut stages": [({ out }) => writeFileSync(join(out, "stages.json"), '{"run'), "stages.json: it is not JSON"],
  "a changed result": [
    ({ out }) => edit(join(out, "stages.json"), '"images": 1', '"images": 2'),
    'stages.json: key "digest": the file was changed since the run wrote it',
  ],
  "missing settings": [({ out }) => rmSync(join(out, "config.json")), "There is no run in"],
  "changed settings": [
    ({ out }) => edit(join(out, "config.json"), '"epochs": 4', '"epochs": 3'),
    'config.json: key "run.digest": the file was changed since the run wrote it',
  ],
  "a setting of a wrong kind": [
    ({ out }) => edit(join(out, "config.json"), '"id": ', '"id": 3, "was": '),
    'config.json: key "run.id": found 3, expected string',
  ],
  "a missing source network": [({ out }) => rmSync(join(out, "source.safetensors")), "source.safetensors is missing"],
  "changed thresholds": [
    ({ out }) => flip(join(out, "rounds/1/thresholds.json"), "lambda"),
    "thresholds.json was changed since the run wrote it",
  ],
  "an edited pseudo-label": [
    ({ out }) => writeFileSync(join(out, "rounds/1/pseudo-labels/street.png"), street(1).labels),
    "street.png was changed since the run wrote it",
  ],
  "a removed pseudo-label": [
    ({ out }) => rmSync(join(out, "rounds/1/pseudo-labels/street.png")),
    "street.png is missing",
  ],
  "an added pseudo-label": [
    ({ out }) => writeFileSync(join(out, "rounds/1/pseudo-labels/more.png"), street(1).labels),
    "more.png is not of the run",
  ],
  "a changed log": [
    ({ out }) => flip(join(out, "metrics.jsonl"), '"loss"'),
    "metrics.jsonl was changed since the run wrote it",
  ],
  "a missing log": [({ out }) => rmSync(join(out, "metrics.jsonl")), "metrics.jsonl is missing"],
  "another run's log": [
    ({ out }, folder) => cpSync(join(folder, "other", "metrics.jsonl"), join(out, "metrics.jsonl")),
    "metrics.jsonl was changed since the run wrote it",
  ],
  "damaged schedules": [({ out }) => writeFileSync(join(out, "tuning.json"), "[1"), "tuning.json: it is not JSON"],
};

/** What is noticed when the checkpoint is read. */
const inCheckpoint: Doctored = {
  "a stage's name in the checkpoint": [
    ({ out }) => flip(join(out, "checkpoint.safetensors"), "round 1"),
    "checkpoint.safetensors: its content does not match its digest",
  ],
  "a missing checkpoint": [
    ({ out }) => rmSync(join(out, "checkpoint.safetensors")),
    'checkpoint.safetensors is missing, and with it the network after the training "source"',
  ],
  "another run's checkpoint": [
    ({ out }, folder) => cpSync(join(folder, "other", "checkpoint.safetensors"), join(out, "checkpoint.safetensors")),
    "checkpoint.safetensors: it belongs to another run",
  ],
};

/** What is noticed when the data and the schedules are compared with those of the start. */
const inFacts: Doctored = {
  "other schedules": [({ out }) => writeFileSync(join(out, "tuning.json"), '{"a": "b"}'), "tuning.json was"],
  "a changed image": [
    ({ data }) => write(join(data, "train/images/street.png"), street(7).image),
    'the data (source) was 1 image and is 1 image: "street" changed (and 1 more)',
  ],
  "an added image": [
    ({ data }) => {
      write(join(data, "train/images/alley.png"), street(7).image);
      write(join(data, "train/labels/alley.png"), street(7).labels);
    },
    'the data (source) was 1 image and is 2 images: "alley" added (and 1 more)',
  ],
  "a renamed image": [
    ({ data }) => {
      for (const kind of ["images", "labels"]) {
        renameSync(join(data, "val", kind, "street.png"), join(data, "val", kind, "road.png"));
      }
    },
    'the data (images to score on) was 1 image and is 1 image: "road" added; "street" removed',
  ],
  "a renamed class": [
    ({ data }) => edit(join(data, "dataset.json"), "road", "street"),
    "the classes (source) was road, ",
  ],
};

/** Does what a run that goes on does with its folder, without a GPU. */
async function useFolder({ out }: Stopped): Promise<void> {
  const folder = FolderStore.open(out, resolveSettings("adapt", {}, savedSettings(out) ?? {}), { resume: true });
  try {
    folder.tuning(() => new Map());
    await folder.truncateLog("round 1", 1);
  } finally {
    folder.close();
  }
}

async function requireRefusals(
  cases: Doctored,
  make: (name: string) => Stopped,
  folder: string,
  goOn: (run: Stopped) => Promise<unknown>,
): Promise<void> {
  for (const [name, [doctor, message]] of Object.entries(cases)) {
    const run = make(name);
    doctor(run, folder);
    const refusal = await assertRejects(() => goOn(run), Error, undefined, name);
    assert(refusal.message.includes(message), `${name}: ${refusal.message}`);
  }
}

Deno.test("a run's folder that was doctored is refused by the name of what is wrong; one that was not goes on", () =>
  withStoppedRun(async (make, folder) => {
    const data = join(folder, "data");
    const other = { source: data, target: data, seed: 1, out: join(folder, "other") };
    await assertRejects(() => adaptTiny(other, "round 1: training"), InterruptedError);
    await useFolder(make("whole"));
    await requireRefusals(inFolder, make, folder, useFolder);
    await requireRefusals(inFacts, make, folder, (run) => run.resume());
    const { context, data: images, close } = await tinyRun({ out: make("opened").out, resume: true });
    const trainer = await openTrainer(context, images);
    const openCheckpoint = async ({ out }: Stopped) => {
      const opened = FolderStore.open(out, context.settings, { resume: true });
      try {
        return await Training.open({ ...runParts(context, trainer), store: opened }, ["source", "round 1", "round 2"]);
      } finally {
        opened.close();
      }
    };
    await openCheckpoint(make("with its checkpoint"));
    await requireRefusals(inCheckpoint, make, folder, openCheckpoint);
    trainer.optimizer.dispose();
    trainer.dispose();
    close();
    // Data and run were moved, and the recipe is elsewhere.
    const sound = make("sound");
    const [resumed, whole] = [await sound.resume({ config: "elsewhere.yaml" }), join(folder, "whole")];
    const { seconds: _, ...scores } = await adaptTiny({ source: data, target: data, out: whole });
    assertEquals({ ...resumed, seconds: 0 }, { ...scores, seconds: 0 });
    for (const file of ["weights.safetensors", "checkpoint.safetensors"]) {
      assertEquals(readFileSync(join(sound.out, file)), readFileSync(join(whole, file)), file);
    }
    // A finished run takes more rounds, since they change nothing that is computed.
    assertEquals((await sound.resume({ rounds: 3 })).rounds.slice(0, 2), resumed.rounds);
  }));

Deno.test("what would change the results is refused on resume, taken with --override, and recorded", () =>
  withStoppedRun(async (make) => {
    const run = make("overridden");
    const changes: Values = { "source-rate": 0.02, mirror: false };
    const refusal = await assertRejects(() => run.resume(changes), UsageError);
    assert(refusal.message.includes("other settings: --mirror was true and is false (and 1 more)"), refusal.message);
    assert(refusal.message.includes("--override"), refusal.message);
    write(join(run.data, "train/images/street.png"), street(7).image);
    await run.resume({ ...changes, override: true });
    const { record, settings: saved } = readConfig(run.out) ?? {};
    assertEquals([saved?.["source-rate"], saved?.mirror, saved?.override], [0.02, false, undefined]);
    const [override] = record?.overrides ?? [];
    assertEquals(override?.after, "round 1: labelling");
    assertEquals(override?.changes.slice(0, 2), [
      { what: "--mirror", from: "true", to: "false" },
      { what: "--source-rate", from: "0.01", to: "0.02" },
    ]);
    assertEquals(override?.changes.map(({ what }) => what).slice(2), ["the data (source)", "the data (target)"]);
    // What was taken once is how the run is from now on.
    await run.resume();
    assertEquals(readConfig(run.out)?.record?.overrides.length, 1);
    await assertRejects(
      () => adaptTiny({ ...tinySettings, out: join(run.out, "new"), override: true }),
      UsageError,
      "--resume",
    );
  }));

Deno.test("a run whose training diverged goes on with a lower rate by --override", () =>
  withFolder(async (folder) => {
    const data = join(folder, "data");
    const out = join(folder, "run");
    writeStreets(data);
    const start = { source: data, target: data, out, rounds: 1 };
    await assertRejects(() => adaptTiny({ ...start, "learning-rate": [1e12] }), DivergenceError);
    const lower: Values = { out, resume: true, "learning-rate": [0.001] };
    await assertRejects(() => adaptTiny(lower), UsageError, "--learning-rate was [1000000000000] and is [0.001]");
    assertEquals((await adaptTiny({ ...lower, override: true })).rounds.length, 1);
  }));
