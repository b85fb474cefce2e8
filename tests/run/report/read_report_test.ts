/** What a report shows is what stands in the run's folder, of runs of any size, state and version. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { decodeLabels } from "../../../src/data/labels.ts";
import { meanOf } from "../../../src/metrics/confusion.ts";
import { FolderLock } from "../../../src/disk/folder_lock.ts";
import { UsageError } from "../../../src/errors.ts";
import { openEvaluation } from "../../../src/run/report/evaluation.ts";
import { readSketch, writeSketch } from "../../../src/run/report/run_sketch.ts";
import { readRunReport } from "../../../src/run/report/read_report.ts";
import { writeTensorboard } from "../../../src/run/report/tensorboard.ts";
import { writeReport } from "../../../src/run/report/write_report.ts";
import { withFolder, write } from "../../data/pictures.ts";
import { makeRun } from "./made_run.ts";

const names = Array.from(
  { length: 40 },
  (_, id) => id === 0 ? '<img src=x onerror="alert(1)">' : id === 1 ? "שלום" : `class ${id}`,
);

Deno.test("a report of 40 classes and 10 rounds has the numbers of the run's files, and stays below 5 MB", () =>
  withFolder(async (folder) => {
    makeRun(folder, { names, rounds: 10, size: { height: 256, width: 512 }, steps: 900 });
    const data = readRunReport(folder);
    const file = (...path: string[]) => JSON.parse(readFileSync(join(folder, ...path), "utf8"));
    const result = file("result.json");
    assertEquals(data.scores.map(({ name }) => name), [
      "before",
      ...Array.from({ length: 10 }, (_, index) => `round ${index + 1}`),
      "after",
    ]);
    for (const { name, miou, iou, pixelAccuracy, confusion, images } of data.scores) {
      const round = Number(name.replace("round ", ""));
      const found = name === "before"
        ? result.sourceOnly
        : name === "after"
        ? result.adapted
        : result.rounds[round - 1];
      assertEquals({ miou, pixelAccuracy, confusion, images }, {
        ...{ miou: found.miou, pixelAccuracy: found.pixelAccuracy, confusion: found.confusion, images: found.images },
      });
      assertEquals(iou, names.map((class_) => found.iou[class_]));
      assertEquals(meanOf(iou), miou);
    }
    for (const { round, miou, ...own } of data.rounds) {
      const found = file("rounds", String(round), "thresholds.json");
      const { portion, lambda, labelled, n_pixels: predicted, precision, recall } = found;
      assertEquals(own, { portion, lambda, labelled, predicted, precision, recall });
      assertEquals(miou, result.rounds[round - 1].miou);
    }
    const lines = new Set(readFileSync(join(folder, "metrics.jsonl"), "utf8").split("\n"));
    for (const { stage, steps: shown } of data.loss) {
      assertEquals([shown.length, shown[0]?.[0], shown.at(-1)?.[0]], [400, 0, 899]);
      for (const [step, loss] of shown) assert(lines.has(JSON.stringify({ stage, step, loss })));
    }
    assertEquals([data.state.name, data.priors.length, data.strips.length], ["finished", 40, 4]);
    const [strip] = data.strips;
    const titles = strip?.layers.map(({ title }) => title) ?? [];
    assertEquals([titles[0], titles[1], titles.at(-1)], ["ground truth", "source only", "confidence"]);
    assert(titles.includes("pseudo-labels of round 1") && titles.includes("adapted"));
    const png = Uint8Array.fromBase64(strip?.layers[0]?.png.split(",")[1] ?? "");
    const truth = readFileSync(join(folder, "report", strip?.name ?? "", "truth.png"));
    assertEquals(decodeLabels(png, "layer").labels, decodeLabels(new Uint8Array(truth), "file").labels);
    const path = await writeReport([folder]);
    assertEquals(path, join(folder, "report.html"));
    const { size } = statSync(path);
    assert(size > 1e5 && size < 5e6, `${size} bytes`);
    // What a page would run if the name were not escaped.
    assert(!readFileSync(path, "utf8").includes("<img src=x"));
  }));

Deno.test("a run that is going on is read: what is finished is shown, and where it is", () =>
  withFolder((folder) => {
    makeRun(folder, { names: ["road", "sky"], rounds: 2, steps: 30 });
    const { sourceOnly, rounds } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
    rmSync(join(folder, "result.json"));
    const stages = {
      "source: evaluation": { value: sourceOnly, time: 1 },
      "round 1: labelling": { value: {}, time: 1 },
      "round 1: evaluation": { value: rounds[0], time: 1 },
    };
    write(join(folder, "stages.json"), JSON.stringify({ run: null, stages, files: {}, log: null, digest: "" }));
    rmSync(join(folder, "rounds", "2"), { recursive: true });
    const line = (step: number) => `${JSON.stringify({ stage: "round 2", step, loss: 0.5 })}\n`;
    write(join(folder, "metrics.jsonl"), `${line(0)}${line(1)}{"stage":"round 2","st`);
    const stopped = readRunReport(folder);
    assertEquals(stopped.state, { name: "stopped", stage: "round 2: training", done: 2, total: 30, secondsLeft: null });
    assertEquals(stopped.scores.map(({ name, miou }) => [name, miou]), [["before", sourceOnly.miou], [
      "round 1",
      rounds[0].miou,
    ]]);
    assertEquals(stopped.rounds.map(({ round, miou }) => [round, miou]), [[1, rounds[0].miou]]);
    assertEquals(stopped.loss, [{ stage: "round 2", steps: [[0, 0.5], [1, 0.5]] }]);
    // The network that a run begins with is that of a round where it goes on from another run.
    const config = join(folder, "config.json");
    const settings = JSON.parse(readFileSync(config, "utf8"));
    write(join(folder, "stages.json"), JSON.stringify({ "source: evaluation": sourceOnly }));
    write(config, JSON.stringify({ ...settings, "from-round": 1 }));
    const sketch = readSketch(folder);
    assert(sketch !== null);
    writeSketch(folder, { ...sketch, run: "/data/first" });
    assertStringIncludes(readRunReport(folder).command, "--run /data/first --from-round 1");
    assertEquals(readRunReport(folder).scores.map(({ name, miou }) => [name, miou]), [["round 1", sourceOnly.miou]]);
    write(config, JSON.stringify(settings));
    writeSketch(folder, sketch);
    // A run that was killed leaves the file of its lock behind.
    write(join(folder, "lock"), "");
    assertEquals(readRunReport(folder).state.name, "stopped");
    using _lock = FolderLock.take(folder);
    assertEquals(readRunReport(folder).state.name, "running");
  }));

Deno.test("an evaluation that fails leaves the one before as it was, and another may follow", () =>
  withFolder((folder) => {
    makeRun(folder, { names: ["road", "sky"], rounds: 0 });
    assertThrows(() => openEvaluation(folder), UsageError, "holds a run already");
    const { adapted: _, sourceOnly } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
    write(join(folder, "result.json"), JSON.stringify(sourceOnly));
    const sketch = readSketch(folder);
    assert(sketch !== null);
    writeSketch(folder, { ...sketch, kind: "evaluate", settings: {} });
    rmSync(join(folder, "config.json"));
    const before = readRunReport(folder);
    for (let start = 0; start < 2; start++) {
      openEvaluation(folder);
      assertEquals(readRunReport(folder), before);
    }
  }));

Deno.test("a control run stands beside the scores; one that is not finished is refused by name", () =>
  withFolder((folder) => {
    const [own, control] = [join(folder, "own"), join(folder, "control")];
    for (const path of [own, control]) makeRun(path, { names: ["road", "sky"], rounds: 1 });
    const data = readRunReport(own, { control });
    const { adapted } = JSON.parse(readFileSync(join(control, "result.json"), "utf8"));
    assertEquals(data.scores.at(-1)?.name, "control");
    assertEquals(data.scores.at(-1)?.iou, Object.values(adapted.iou));
    assertEquals(data.scores.at(-1)?.confusion, adapted.confusion);
    // The matrix of other classes would stand under the names of the run's.
    const other = join(folder, "other");
    makeRun(other, { names: ["sky", "road"], rounds: 1 });
    const beside = readRunReport(own, { control: other }).scores.at(-1);
    assertEquals([beside?.name, beside?.confusion], ["control", null]);
    assert(beside?.iou.every((share) => share !== null));
    rmSync(join(control, "result.json"));
    assertThrows(() => readRunReport(own, { control }), Error, `There is no finished control run in ${control}`);
    assertThrows(() => readRunReport(join(folder, "none")), Error, `There is no run in ${join(folder, "none")}`);
  }));

Deno.test("a run of an earlier version has a report of what it recorded, which says what it did not", () =>
  withFolder((folder) => {
    makeRun(folder, { names: ["road", "sky"], rounds: 1 });
    rmSync(join(folder, "report"), { recursive: true });
    const result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
    for (const scores of [result.sourceOnly, result.adapted, ...result.rounds]) delete scores.confusion;
    write(join(folder, "result.json"), JSON.stringify(result));
    const data = readRunReport(folder);
    assertEquals(data.classes.map(({ name }) => name), ["road", "sky"]);
    assertEquals([data.scores[0]?.miou, data.scores[0]?.confusion], [result.sourceOnly.miou, null]);
    assertStringIncludes(data.facts.find(({ label }) => label === "not recorded")?.value ?? "", "confusion matrix");
    assertEquals(data.strips, []);
  }));

Deno.test("runs whose folders have the same name are told apart side by side", () =>
  withFolder(async (folder) => {
    const runs = ["first", "second"].map((seed) => join(folder, seed, "run"));
    for (const run of runs) makeRun(run, { names: ["road", "sky"], rounds: 1, steps: 3 });
    const page = readFileSync(await writeReport(runs, { out: join(folder, "both.html") }), "utf8");
    for (const title of ["first/run", "second/run"]) assertStringIncludes(page, title);
  }));

Deno.test("damaged files are refused by name", () =>
  withFolder((folder) => {
    makeRun(folder, { names: ["road", "sky"], rounds: 1 });
    for (const file of ["result.json", "rounds/1/thresholds.json", "report/run.json", "config.json"]) {
      const path = join(folder, file);
      const whole = readFileSync(path);
      write(path, "{");
      assertThrows(() => readRunReport(folder), Error, path);
      write(path, new Uint8Array(whole));
    }
    const log = join(folder, "metrics.jsonl");
    const lines = readFileSync(log, "utf8");
    write(log, lines.replace("}\n", '}{"step":1}\n'));
    assertThrows(() => readRunReport(folder), Error, `Cannot read the log ${log}: line 1 `);
    write(log, lines);
    readRunReport(folder);
  }));

Deno.test("a folder has one event file, also where another run was recorded in it before", () =>
  withFolder((folder) => {
    makeRun(folder, { names: ["road", "sky"], rounds: 1 });
    const first = writeTensorboard(folder);
    write(join(folder, "tensorboard", "events.out.tfevents.1.other"), "of another program");
    const sketch = readSketch(folder);
    assert(sketch !== null);
    writeSketch(folder, { ...sketch, started: "2026-02-02T03:04:05.000Z" });
    const second = writeTensorboard(folder);
    assert(first !== second);
    assertEquals(readdirSync(join(folder, "tensorboard")).sort(), ["events.out.tfevents.1.other", basename(second)]);
  }));

Deno.test("a report names the recipe of the run: a file, that of the built-in data, or the defaults", () =>
  withFolder((folder) => {
    makeRun(folder, { names: ["a", "b"], rounds: 1 });
    const recipeOf = (config: Readonly<Record<string, unknown>>) => {
      write(join(folder, "config.json"), JSON.stringify({ rounds: 1, seed: 0, ...config }));
      return readRunReport(folder).facts.find(({ label }) => label === "recipe")?.value;
    };
    assertEquals(recipeOf({}), "that of the built-in towns");
    assertEquals(recipeOf({ "built-in": "lidar" }), "that of the built-in lidar");
    assertEquals(recipeOf({ "built-in": "towns", source: "streets" }), "the defaults, made for a few hundred images");
    assertEquals(recipeOf({ config: "my.yaml" }), "my.yaml");
  }));
