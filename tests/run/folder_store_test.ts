import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../../src/errors.ts";
import * as v from "valibot";
import { FolderStore } from "../../src/run/folder_store.ts";
import { formOf } from "../../src/selftraining/kept.ts";
import { savedSettings } from "../../src/run/run_config.ts";
import { RunLog } from "../../src/run/run_log.ts";
import { resolveSettings } from "../../src/settings/settings.ts";
import { writeFileSafely } from "../../src/disk/files.ts";

const settings = resolveSettings("adapt");
const others = resolveSettings("adapt", { jitter: 0.5 });

async function inFolder(body: (path: string) => Promise<void> | void): Promise<void> {
  const path = await Deno.makeTempDir();
  await body(join(path, "run"));
  await Deno.remove(path, { recursive: true });
}

Deno.test("a run folder keeps the results of stages, and only --resume goes on with it", () =>
  inFolder(async (path) => {
    const first = FolderStore.open(path, settings);
    assertEquals(await first.once("stage", formOf(v.number()), () => Promise.resolve(1)), 1);
    first.close();
    assertThrows(() => FolderStore.open(path, settings), UsageError, "holds a run already");
    assertThrows(
      () => FolderStore.open(path, others, { resume: true }),
      UsageError,
      "other settings: --jitter was 0 and is 0.5",
    );
    const second = FolderStore.open(path, settings, { resume: true });
    assertEquals(await second.once("stage", formOf(v.number()), () => Promise.resolve(2)), 1);
    second.close();
  }));

Deno.test("a folder that a run has opened cannot be opened by another until it is closed", () =>
  inFolder((path) => {
    const first = FolderStore.open(path, settings);
    assertThrows(() => FolderStore.open(path, settings), UsageError, "is in use by another run");
    first.close();
    FolderStore.open(path, settings).close();
    assertEquals(existsSync(join(path, "lock")), false);
  }));

Deno.test("a start that failed before its first result may be started anew", () =>
  inFolder((path) => {
    FolderStore.open(path, settings).close();
    FolderStore.open(path, others).close();
    assertEquals(JSON.parse(readFileSync(join(path, "config.json"), "utf8")).jitter, 0.5);
  }));

Deno.test("a resumed run takes what is not given from its start, and paths hold from everywhere", () =>
  inFolder(async (path) => {
    const started = resolveSettings("adapt", { rounds: 7, source: "idd" });
    const folder = FolderStore.open(path, started);
    await folder.once("stage", formOf(v.number()), () => Promise.resolve(1));
    folder.close();
    const saved = savedSettings(path) ?? {};
    assertEquals([saved.rounds, saved.source], [7, resolve("idd")]);
    const given = { "control-run": "other", "memory-budget": 1 };
    FolderStore.open(path, resolveSettings("adapt", given, saved), { resume: true }).close();
    assertEquals(savedSettings(join(path, "none")), null);
  }));

Deno.test("a setting that the version of a run's start did not have counts as its default", () =>
  inFolder(async (path) => {
    const folder = FolderStore.open(path, settings);
    await folder.once("stage", formOf(v.number()), () => Promise.resolve(1));
    folder.close();
    const { jitter, ...older } = JSON.parse(readFileSync(join(path, "config.json"), "utf8"));
    assertEquals(jitter, 0);
    writeFileSafely(join(path, "config.json"), JSON.stringify(older));
    FolderStore.open(path, settings, { resume: true }).close();
    assertThrows(
      () => FolderStore.open(path, others, { resume: true }),
      UsageError,
      "other settings: --jitter was 0 and is 0.5",
    );
  }));

Deno.test("a resumed run keeps the schedules of its start, whatever was tuned since", () =>
  inFolder(async (path) => {
    const [before, after] = ["slow", "fast"].map((name) => new Map([["a class", name]]));
    if (before === undefined || after === undefined) throw new Error("There are two tables");
    const open = (resume: boolean) => FolderStore.open(path, settings, { resume });
    let folder = open(false);
    assertEquals(folder.tuning(() => before), before);
    folder.close();
    // Without a result it is no run, and starts anew.
    folder = open(false);
    assertEquals(folder.tuning(() => after), after);
    await folder.once("stage", formOf(v.number()), () => Promise.resolve(1));
    folder.close();
    folder = open(true);
    assertEquals(folder.tuning(() => before), after);
    folder.close();
    writeFileSafely(join(path, "tuning.json"), "[1");
    folder = open(true);
    assertThrows(() => folder.tuning(() => before), Error, "tuning.json: it is not JSON");
    folder.close();
    rmSync(join(path, "tuning.json"));
    folder = open(true);
    assertEquals(folder.tuning(() => before), before, "training has not begun");
    folder.close();
    rmSync(join(path, "tuning.json"));
    writeFileSafely(join(path, "checkpoint.safetensors"), "");
    folder = open(true);
    assertEquals(folder.tuning(() => before), new Map(), "training began by the rules");
    folder.close();
  }));

Deno.test("resuming where there is no run is wrong usage", () =>
  inFolder((path) => {
    assertThrows(() => FolderStore.open(path, settings, { resume: true }), UsageError, "There is no run in");
  }));

Deno.test("the log drops the steps that will be done again", () =>
  inFolder(async (path) => {
    const folder = FolderStore.open(path, settings);
    for (let step = 0; step < 4; step++) await folder.log({ stage: "source", step, loss: 1 });
    await folder.truncateLog("source", 2);
    folder.close();
    const lines = readFileSync(join(path, "metrics.jsonl"), "utf8").trim().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line).step), [0, 1]);
  }));

Deno.test("the log drops what a crash or a power cut left of its last lines; a damaged line is named", () =>
  inFolder(async (path) => {
    const folder = FolderStore.open(path, settings);
    for (let step = 0; step < 2; step++) await folder.log({ stage: "source", step, loss: 1 });
    const log = join(path, "metrics.jsonl");
    const whole = readFileSync(log, "utf8");
    for (const rest of ['{"stage": "sou', "\0\0\0", "\0\0\n\0\0"]) {
      writeFileSafely(log, whole + rest);
      await folder.truncateLog("round 1", 0);
      assertEquals(readFileSync(log, "utf8"), whole);
    }
    writeFileSafely(log, whole.replace('"source"', "5"));
    await assertRejects(() => folder.truncateLog("round 1", 0), Error, `${log}, line 1: key "stage": found 5`);
    folder.close();
    await assertRejects(() => folder.log({}), Error, "was removed or renamed");
  }));

Deno.test("a folder that is removed or renamed under a run ends it with a sentence, and is not made anew", () =>
  inFolder(async (path) => {
    for (const remove of [() => rmSync(path, { recursive: true }), () => renameSync(path, `${path} elsewhere`)]) {
      const folder = FolderStore.open(path, settings);
      remove();
      const message = `The run's folder ${path} was removed or renamed while the run was going on`;
      await assertRejects(() => folder.write("weights.safetensors", "weights"), Error, message);
      await assertRejects(() => folder.log({ step: 1 }), Error, message);
      await assertRejects(() => folder.once("stage", formOf(v.number()), () => Promise.resolve(1)), Error, message);
      folder.close();
      assertEquals(existsSync(path), false);
    }
  }));

Deno.test("a log that cannot be written is named", () =>
  inFolder((path) => {
    assertThrows(() => new RunLog(join(path, "none", "metrics.jsonl")), Error, "none/metrics.jsonl: ");
    Deno.mkdirSync(path);
    const log = new RunLog(join(path, "metrics.jsonl"));
    log.close();
    assertThrows(() => log.append({ step: 1 }), Error, `Cannot write ${join(path, "metrics.jsonl")}: `);
  }));

Deno.test("a file that cannot be written keeps its old content and leaves nothing beside it", () =>
  inFolder(async (path) => {
    const file = join(path, "weights");
    writeFileSafely(file, "old");
    // A folder in the way of the temporary file makes writing fail, as a full disk would.
    await Deno.mkdir(`${file}.tmp`);
    assertThrows(() => writeFileSafely(file, "new"), Error, "What was there before is kept");
    assertEquals(readFileSync(file, "utf8"), "old");
    assertEquals(existsSync(`${file}.tmp/x`), false);
  }));
