/**
 * The session of the Worker that adapts, in Deno: it does what the command line does, to the byte, and a page that is
 * closed in mid-run loses nothing.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { crosswalk, inTemporaryFolder } from "../cli/program.ts";
import { MemoryFiles } from "./memory_files.ts";
import { openSession, startCommand } from "./session.ts";
import { tinyRecipe } from "./tiny_site.ts";

/** Fewer steps, for tests that compare runs with each other. */
const few = { "town-images": 4, "town-size": "32x64", crop: "32x64", "source-steps": 4, rounds: 1, "source-images": 2 };

async function finish(files: MemoryFiles, command?: ReturnType<typeof startCommand>) {
  const noted = openSession(files, { checkpointInterval: 0 });
  await noted.session.handle(command ?? { type: "resume", site: "" });
  await noted.session.idle();
  return noted;
}

async function fileOf(files: MemoryFiles, name: string): Promise<string> {
  const { session, of } = openSession(files);
  await session.handle({ type: "file", name });
  await session.close();
  const [file] = of("file");
  if (file === undefined) throw new Error(`There is no ${name}: ${of("error")[0]?.text}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", file.bytes));
  return hash.toHex();
}

Deno.test("a session and the command line come to the same weights and thresholds, byte for byte", async () => {
  await inTemporaryFolder(async (folder) => {
    const options = { ...few, rounds: 2, mining: "crst", "class-weights": "balanced", policy: "lrent", jitter: 0.2 };
    const recipe = join(folder, "tiny.yaml");
    await Deno.writeTextFile(recipe, JSON.stringify({ ...tinyRecipe, ...options }));
    const { code, stderr } = await crosswalk("adapt", "--config", recipe, "--out", join(folder, "run"));
    assertEquals(code, 0, stderr);
    const files = new MemoryFiles();
    const { session, of } = await finish(files, startCommand(options));
    assertEquals(of("error"), []);
    const result = JSON.parse(await Deno.readTextFile(join(folder, "run", "result.json")));
    assertEquals(of("result")[0]?.result.adapted, result.adapted);
    assertEquals(
      of("scores").map(({ scores }) => scores?.miou),
      [result.sourceOnly, ...result.rounds].map((s) => s.miou),
    );
    assertEquals(of("labels").length, 2 * few["town-images"]);
    for (const name of ["weights.safetensors", "source.safetensors", "rounds/2/thresholds.json"]) {
      await session.handle({ type: "file", name });
      const mine = of("file").find((file) => file.name === name)?.bytes;
      assertEquals(mine, await Deno.readFile(join(folder, "run", name)), name);
    }
    await session.handle({ type: "compare", index: 1 });
    const [compared] = of("compared");
    assertEquals(compared?.before.length, 32 * 64);
    assert(compared?.picture.labels.every((id) => id < 14));
    await session.close();

    // The other way round: weights of the command line start a run, which then needs no source training.
    const start = new File([await Deno.readFile(join(folder, "run", "source.safetensors"))], "source.safetensors");
    const from = await finish(new MemoryFiles(), { ...startCommand({ ...few, policy: "st" }), weights: start });
    assertEquals(from.of("error"), []);
    assertEquals(from.of("log").filter(({ entry }) => entry.stage === "source"), []);
    assertEquals(from.of("scores")[0]?.scores?.miou, result.sourceOnly.miou);
    await from.session.close();
  });
});

Deno.test("a page that is closed in mid-run and opened again ends with the same bytes, also by a pause", async () => {
  const whole = new MemoryFiles();
  const { session, of } = await finish(whole, startCommand(few));
  assertEquals(of("error"), []);
  await session.close();
  const names = ["weights.safetensors", "source.safetensors", "rounds/1/thresholds.json"];
  const expected = await Promise.all(names.map((name) => fileOf(whole.reopened(), name)));
  const losses = of("log").map(({ entry }) => entry);

  for (const share of [0.4, 0.75]) {
    const files = new MemoryFiles(new Map(), Math.round(whole.actions * share));
    await finish(files, startCommand(few));
    const again = files.reopened(0.5);
    const noted = await finish(again);
    assertEquals(noted.of("error"), []);
    assertEquals(noted.of("log").map(({ entry }) => entry), losses, `closed after ${share} of the run`);
    await noted.session.close();
    assertEquals(await Promise.all(names.map((name) => fileOf(again.reopened(), name))), expected);
  }

  const files = new MemoryFiles();
  const paused = openSession(files, {
    tell: ({ type }) => {
      // At the first sign of training, labelling and scoring: each rests, and goes on.
      if (type === "log" || type === "labels") void paused.session.handle({ type: "pause" });
      if (type === "paused") setTimeout(() => paused.session.handle({ type: "resume", site: "" }), 1);
    },
  });
  await paused.session.handle(startCommand(few));
  await paused.session.idle();
  assert(paused.of("paused").length > 3);
  assertEquals(paused.of("error"), []);
  // Each time that it goes on, the page is told all again.
  const { events } = paused;
  const last = events.slice(events.findLastIndex(({ type }) => type === "began"));
  assertEquals(last.flatMap((event) => event.type === "log" ? [event.entry] : []), losses);
  await paused.session.close();
  assertEquals(await Promise.all(names.map((name) => fileOf(files.reopened(), name))), expected);
});

Deno.test("what cannot be adapted is refused in a sentence, and leaves nothing", async () => {
  const refused = async (command: ReturnType<typeof startCommand>) => {
    const files = new MemoryFiles();
    const { session, of } = openSession(files);
    await session.handle(command);
    await session.handle({ type: "look" });
    await session.close();
    assertEquals(of("kept").at(-1)?.run, null);
    return of("error")[0]?.text ?? "nothing was refused";
  };
  assertStringIncludes(await refused(startCommand({ model: "fidnet" })), "it takes");
  assertStringIncludes(await refused(startCommand({ portions: 1 })), 'unknown key "portions"');
  assertMatch(await refused(startCommand({ prior: "p.npy" })), /path, which belongs on the command line/);
  const broken = new File(["no weights"], "mine.safetensors");
  assertStringIncludes(await refused({ ...startCommand(few), weights: broken }), "Cannot read mine.safetensors");
  const empty = { ...startCommand(few), images: { kind: "photos", files: [] } } as const;
  assertStringIncludes(await refused(empty), "no photo");
  const photo = { ...empty, images: { kind: "photos", files: [new File(["x"], "a.jpg")] } } as const;
  assertStringIncludes(await refused(photo), "there is no decoder");
  const { session, of } = openSession(new MemoryFiles());
  await session.handle({ type: "resume", site: "" });
  await session.handle({ type: "compare", index: 0 });
  await session.handle({ type: "file", name: "weights.safetensors" });
  assertEquals(of("error").map(({ text }) => text.split(".")[0]), [
    "There is no run to go on with",
    "There is nothing to compare before the run is finished",
    "There is no weights",
  ]);
  await session.close();
});

Deno.test("photos of several shapes are adapted to, a run can be deleted, and its weights are a file of ours", async () => {
  const shapes = [[40, 80], [90, 60], [32, 64], [36, 60]] as const;
  const files = new MemoryFiles();
  const { session, of } = openSession(files, {
    decode: (_, name) => {
      if (name === "broken") return Promise.reject(new Error("Cannot read broken"));
      const [height, width] = shapes[Number(name)] ?? [1, 1];
      const pixels = Uint8Array.from({ length: height * width * 4 }, (_, i) => i % 4 === 3 ? 255 : i * 7 % 251);
      return Promise.resolve({ height, width, pixels });
    },
  });
  const photos = shapes.map((_, index) => new File(["photo"], String(index)));
  await session.handle({ ...startCommand(few), images: { kind: "photos", files: photos } });
  await session.idle();
  assertEquals(of("error"), []);
  assertEquals(of("began")[0]?.run.images, ["0", "1", "2", "3"]);
  assertEquals(of("labels").map(({ picture: { height, width } }) => [height, width]), [
    ...[[32, 64], [48, 32], [32, 64], [32, 53]],
  ]);
  assertEquals(of("result")[0]?.result.adapted, null);
  await session.handle({ type: "file", name: "weights.safetensors" });
  const [file] = of("file");
  assert(file !== undefined);
  assertMatch(readSafetensors(file.bytes, file.name).metadata.model ?? "", /^deeplab-nano/);
  // A start that is refused deletes no earlier run.
  await session.handle(startCommand({ ...few, portions: 1 }));
  assertStringIncludes(of("error")[0]?.text ?? "", "portions");
  const broken = new File(["no photo"], "broken");
  await session.handle({ ...startCommand(few), images: { kind: "photos", files: [...photos, broken] } });
  assertStringIncludes(of("error")[1]?.text ?? "", "Cannot read broken");
  await session.handle({ type: "look" });
  assertEquals(of("kept").at(-1)?.run?.isFinished, true);
  await session.handle({ type: "file", name: "weights.safetensors" });
  assertEquals(of("file")[1]?.bytes, file.bytes);
  await session.handle({ type: "delete" });
  assertEquals(of("kept").at(-1)?.run, null);
  await session.close();
  assertEquals((await files.names()).toSorted(), []);
});

Deno.test("a lost GPU is said, and the run goes on with another device to the same log", async () => {
  const tiny = { ...few, "source-steps": 8 };
  const whole = await finish(new MemoryFiles(), startCommand(tiny));
  await whole.session.close();
  const devices: GPUDevice[] = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await requestDevice.apply(this, given);
    devices.push(device);
    return device;
  };
  try {
    const files = new MemoryFiles();
    let isLost = false;
    const { session, of } = openSession(files, {
      checkpointInterval: 0,
      tell: ({ type }) => {
        if (type !== "log" || isLost) return;
        isLost = true;
        devices.at(-1)?.destroy();
      },
    });
    await session.handle(startCommand(tiny));
    await session.idle();
    const [error] = of("error");
    assertEquals(error?.reason, "lost");
    assertMatch(error?.text ?? "", /^The GPU was lost.*: go on with it$/);
    await session.handle({ type: "resume", site: "" });
    await session.idle();
    assertEquals(of("error").length, 1);
    assertEquals(of("result")[0]?.result.adapted, whole.of("result")[0]?.result.adapted);
    await session.close();
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
});
