import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeLabels } from "../../src/data/labels.ts";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { helpText } from "../../src/cli/help.ts";
import { type Command, optionsOf } from "../../src/settings/options.ts";
import { testWithShared } from "../shared.ts";
import { crosswalk, inTemporaryFolder, startCrosswalk } from "./program.ts";

Deno.test("every command has a help text with two examples or more", async () => {
  const commands = [
    "adapt",
    "train",
    "evaluate",
    "predict",
    "select",
    "synth",
    "rank-images",
    "project",
    "inspect",
    "convert",
    "export",
    "report",
    "recipes",
    "bench",
    "tune",
    "doctor",
  ];
  const overview = await crosswalk("--help");
  assertEquals(overview.code, 0);
  for (const command of commands) {
    assertStringIncludes(overview.stdout, command);
    const { code, stdout } = await crosswalk(command, "--help");
    assertEquals(code, 0, command);
    assert(stdout.split(`  crosswalk ${command}`).length >= 3, `${command}: examples`);
  }
});

Deno.test("--help groups the options, and tells the layout of a data set where the command takes one", () => {
  const help = (command: Command) => helpText({ command, summary: "", examples: [] });
  const headings = help("adapt").split("\n").filter((line) =>
    /^[A-Z].*:$/.test(line) && line !== "A data set is a folder:"
  );
  const groups = ["Data:", "Network:", "Method:", "Training:", "Labels and scores:", "Run and output:"];
  assertEquals(headings, ["Examples:", ...groups]);
  for (const command of ["adapt", "train", "evaluate"] as const) {
    for (const part of ["dataset.json", "train/images/", "train/labels/"]) assertStringIncludes(help(command), part);
  }
  for (const command of ["select", "tune", "doctor"] as const) assert(!help(command).includes("dataset.json"), command);
  for (const { key, kind, default: value } of optionsOf("train")) {
    assertStringIncludes(help("train"), `  --${kind === "flag" && value === true ? "no-" : ""}${key} `);
  }
});

Deno.test("wrong usage is answered by a sentence and exit code 2", async () => {
  const cases: [string[], string][] = [
    [["evalute"], 'There is no command "evalute". Did you mean "evaluate"?'],
    [["adapt", "--rouns", "3"], 'has no option --rouns. Did you mean "--rounds"?'],
    [["adapt", "--rounds", "0"], '--rounds is "0", expected at least 1'],
    [["adapt", "--mining", "yes"], "expected off, crst, mxnet, reference"],
    [["adapt", "--batch"], "--batch needs a value"],
    [["adapt", "--source", "x"], "Give both --source and --target"],
    [["adapt", "--source-model", "x", "--weights", "y"], "Give either --source-model"],
    [["adapt", "--memory-budget", "lots"], '--memory-budget is "lots", expected bytes, such as 4GiB'],
    [["evaluate", "stray"], 'does not take "stray" here'],
  ];
  const out = join(tmpdir(), crypto.randomUUID());
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await crosswalk(
      ...args,
      ...(args[0] === "adapt" ? ["--out", out] : []),
    );
    assertStringIncludes(stderr, sentence);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertEquals(existsSync(out), false, `${args.join(" ")} left a folder`);
  }
});

Deno.test("tune takes the network of the benchmark, and without time leaves all its shape classes", async () => {
  const { code, stdout } = await crosswalk("tune", "--reference", "--minutes", "1e-9", "--json");
  assertEquals(code, 0);
  const { problems, left } = JSON.parse(stdout);
  assertEquals(problems, []);
  assert(left.includes("conv2d forward 64→64 3×3, 16384 pixels"));
});

/** A data set of one grey image of 20×30 pixels in each split; the label, where there is one, is road on the left. */
function writeDataset(path: string, labels: Readonly<Record<string, boolean>>): string {
  for (const [split, hasLabels] of Object.entries(labels)) {
    for (const folder of ["images", "labels"]) mkdirSync(join(path, split, folder), { recursive: true });
    writeFileSync(join(path, split, "images", "a.png"), encodeRgbPng(new Uint8Array(20 * 30 * 4).fill(128), 20, 30));
    const map = Uint8Array.from({ length: 20 * 30 }, (_, pixel) => pixel % 30 < 15 ? 0 : 1);
    if (hasLabels) writeFileSync(join(path, split, "labels", "a.png"), encodeLabelPng(map, 20, 30));
  }
  writeFileSync(join(path, "dataset.json"), JSON.stringify({ name: "grey", classes: ["road", "car"] }));
  return path;
}

Deno.test("--plan says what training takes and leaves nothing; --memory-budget refuses what is above it", () =>
  inTemporaryFolder(async (folder) => {
    const source = writeDataset(join(folder, "data"), { train: true });
    const out = join(folder, "run");
    const options = ["--source", source, "--model", "deeplab-nano", "--crop", "30x30", "--out", out, "--json"];
    const planned = await crosswalk("train", ...options, "--plan");
    assertEquals(planned.code, 0, planned.stderr);
    // Without --size the image keeps its shape and is padded to what the network takes.
    assertEquals(planned.stderr.includes("The size"), false, planned.stderr);
    assertStringIncludes(planned.stderr, "The crop 30×30 is no multiple of the network's stride 4: working at 32×32");
    assertStringIncludes(planned.stderr, 'has no split "val", only train: there will be no scores');
    const { parameterBytes, activationBytes, scratchBytes, inputBytes, totalBytes } = JSON.parse(planned.stdout);
    assertEquals(totalBytes, 3 * parameterBytes + activationBytes + scratchBytes + inputBytes);
    assertEquals(existsSync(out), false);
    const { stages, peakBytes, peakStage } = JSON.parse(planned.stdout);
    // Beside the step: the loss log, and the weights that are read for a checkpoint.
    assertEquals([peakStage, stages], ["training", [{ stage: "training", bytes: peakBytes }]]);
    assert(peakBytes > totalBytes);
    const refused = await crosswalk("train", ...options, "--memory-budget", String(peakBytes - 1));
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertStringIncludes(refused.stderr, "of GPU memory during training, --memory-budget allows");
    const fits = await crosswalk("train", ...options, "--memory-budget", String(peakBytes), "--plan");
    assertEquals(fits.code, 0, fits.stderr);
  }));

Deno.test("--plan of an adaptation names the stage that takes most, and --memory-budget what to lower for it", () =>
  inTemporaryFolder(async (folder) => {
    const data = writeDataset(join(folder, "data"), { train: true, val: true });
    const options = ["--source", data, "--target", data, "--model", "deeplab-nano", "--out", join(folder, "run")];
    const planned = await crosswalk("adapt", ...options, "--plan");
    assertEquals(planned.code, 0, planned.stderr);
    for (const stage of ["training", "labelling", "scoring", "pictures"]) {
      assertStringIncludes(planned.stdout, `most during ${stage}`);
    }
    assertStringIncludes(planned.stdout, "MiB, during labelling");
    const refused = await crosswalk("adapt", ...options, "--memory-budget", "1MiB");
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertStringIncludes(refused.stderr, "of GPU memory during labelling, --memory-budget allows 1.0 MiB");
    assertStringIncludes(refused.stderr, "Lower --label-batch, --size or --short-side");
  }));

Deno.test("adapt works without target labels, knows its options again, and asks for a control run at once", () =>
  inTemporaryFolder(async (folder) => {
    const source = writeDataset(join(folder, "source"), { train: true });
    const target = writeDataset(join(folder, "target"), { train: false, val: false });
    const out = join(folder, "run");
    const early = await crosswalk("adapt", "--control-run", join(folder, "none"), "--out", out);
    assertEquals([early.code, existsSync(out)], [1, false]);
    assertStringIncludes(early.stderr, "There is no finished control run in");
    const { code, stdout, stderr } = await crosswalk(
      ...["adapt", "--source", source, "--target", target, "--model", "deeplab-nano", "--source-steps", "1"],
      ...["--rounds", "1", "--source-images", "1", "--target-images", "all", "--batch", "1", "--out", out, "--json"],
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "has no labels: there will be no scores");
    const result = JSON.parse(stdout);
    assertEquals([result.sourceOnly, result.rounds, result.adapted], [null, [null], null]);
    assertEquals(readdirSync(join(out, "pictures")), ["a.png"]);
    const other = await crosswalk("adapt", "--out", out, "--resume", "--seed", "1");
    assertEquals(other.code, 2);
    assertStringIncludes(other.stderr, "--seed was 0 and is 1");
  }));

Deno.test("Ctrl-C ends a command without checkpoints at once, with exit code 130", () =>
  inTemporaryFolder(async (folder) => {
    const child = startCrosswalk("synth", "--town-images", "5000", "--out", folder);
    while (!existsSync(join(folder, "source/train/images/0000.png"))) await new Promise((go) => setTimeout(go, 50));
    child.kill("SIGINT");
    const { code, signal } = await child.status;
    assertEquals([code, signal], [130, null]);
  }));

Deno.test("doctor --json tells the adapter, its driver, the memory, the limits and every kernel", async () => {
  const { code, stdout, stderr } = await crosswalk("doctor", "--json");
  assertEquals(code, 0, stderr);
  const { adapter, memory, limits, peaks, kernels, ok, ...rest } = JSON.parse(stdout);
  assertEquals(Object.keys(rest), ["adapters", "driver", "software", "features", "warnings"]);
  assertEquals(rest.adapters[0], { number: 1, name: adapter.description });
  assertEquals(Object.keys(adapter), ["vendor", "architecture", "description"]);
  for (const number of [memory.totalBytes, memory.freeBytes, limits.maxBufferSize, peaks.gflops]) assert(number > 0);
  assert(ok && kernels.length > 10 && kernels.every((kernel: { ok: boolean }) => kernel.ok));
});

Deno.test("predict writes over no image and no other result", () =>
  inTemporaryFolder(async (folder) => {
    for (const name of ["a.png", "b.png", "b_overlay.jpg"]) writeFileSync(join(folder, name), "");
    const predict = (out: string, ...images: string[]) =>
      crosswalk("predict", "--weights", "w", "--images", ...images.map((name) => join(folder, name)), "--out", out);
    const over = await predict(folder, "a.png");
    assertEquals(over.code, 2);
    assertStringIncludes(over.stderr, `would be written over the image ${join(folder, "a.png")}`);
    const twice = await predict(join(folder, "out"), "b.png", "b_overlay.jpg");
    assertEquals(twice.code, 2);
    assertStringIncludes(twice.stderr, "Two results would be written to");
  }));

Deno.test("a missing file or folder is answered by a sentence and exit code 1", async () => {
  const { code, stderr } = await crosswalk(
    "evaluate",
    "--weights",
    "/nonexistent.safetensors",
    "--data",
    "/nonexistent",
  );
  assertEquals(code, 1);
  assertStringIncludes(stderr, "Cannot read /nonexistent.safetensors");
});

testWithShared(
  "evaluate and predict agree with an independent implementation on CamVid val, lossless",
  ["data/weights/reference_source.safetensors", "data/parity"],
  async (weights = "", parity = "") => {
    const data = join(parity, "val");
    const evaluated = await crosswalk(
      "evaluate",
      "--weights",
      weights,
      "--data",
      data,
      "--split",
      "val",
      "--size",
      "240x320",
      "--json",
    );
    assertEquals(evaluated.code, 0, evaluated.stderr);
    const { miou, images, iou } = JSON.parse(evaluated.stdout);
    const expected = JSON.parse(Deno.readTextFileSync(join(parity, "val.json"))).at_240x320;
    assert(Math.abs(miou - expected.miou) < 1e-5, `mIoU ${miou}, expected ${expected.miou}`);
    assertEquals([images, Object.keys(iou)], [101, Object.keys(expected.iou)]);

    // All images are scored above, so half of them tell here.
    const names = [...Deno.readDirSync(join(data, "val/predictions"))].map(({ name }) => name).sort()
      .filter((_, index) => index % 2 === 0);
    await inTemporaryFolder(async (out) => {
      const images = names.map((name) => join(data, "val/images", name));
      const { code, stderr } = await crosswalk("predict", "--weights", weights, "--images", ...images, "--out", out);
      assertEquals(code, 0, stderr);
      let different = 0;
      for (const name of names) {
        const ours = decodeLabels(Deno.readFileSync(join(out, name)), name).labels;
        const theirs = decodeLabels(Deno.readFileSync(join(data, "val/predictions", name)), name).labels;
        for (const [pixel, label] of ours.entries()) different += label === theirs[pixel] ? 0 : 1;
      }
      assert(different <= 250, `${different} pixels of another class`);
    });
  },
);

testWithShared(
  "predict --logits writes the logits before upsampling",
  ["data/weights/reference_source.safetensors", "data/parity"],
  (weights = "", parity = "") =>
    inTemporaryFolder(async (out) => {
      const { code, stderr } = await crosswalk(
        "predict",
        "--weights",
        weights,
        "--images",
        join(parity, "image_a.png"),
        "--logits",
        "--out",
        out,
      );
      assertEquals(code, 0, stderr);
      const { shape, data } = readNpy(Deno.readFileSync(join(out, "image_a.npy")), "image_a.npy");
      assertEquals(shape, [7, 30, 40]);
      const expected = readNpy(Deno.readFileSync(join(parity, "logits_a.npy")), "logits_a.npy").data;
      for (const [index, value] of data.entries()) {
        assert(Math.abs(Number(value) - Number(expected[index])) < 2e-4, `logit ${index}: ${value}`);
      }
    }),
);
