import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { decodeLabels } from "../../src/data/decode.ts";
import { readNpy } from "../../src/nn/npy.ts";
import { testWithShared } from "../shared.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

Deno.test("every command has a help text with two examples", async () => {
  const commands = ["adapt", "train", "evaluate", "predict", "select", "synth", "bench", "doctor"];
  const overview = await crosswalk("--help");
  assertEquals(overview.code, 0);
  for (const command of commands) {
    assertStringIncludes(overview.stdout, command);
    const { code, stdout } = await crosswalk(command, "--help");
    assertEquals(code, 0, command);
    assertEquals(stdout.split(`  crosswalk ${command}`).length, 3, `${command}: examples`);
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
    [["evaluate", "stray"], 'does not take "stray" here'],
  ];
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await crosswalk(
      ...args,
      ...(args[0] === "adapt" ? ["--out", "/nonexistent/run"] : []),
    );
    assertStringIncludes(stderr, sentence);
    assertEquals([code, stdout], [2, ""], args.join(" "));
  }
});

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

    await inTemporaryFolder(async (out) => {
      const { code, stderr } = await crosswalk(
        "predict",
        "--weights",
        weights,
        "--images",
        join(data, "val/images"),
        "--out",
        out,
      );
      assertEquals(code, 0, stderr);
      let different = 0;
      for (const { name } of Deno.readDirSync(join(data, "val/predictions"))) {
        const ours = decodeLabels(Deno.readFileSync(join(out, name)), name).labels;
        const theirs = decodeLabels(Deno.readFileSync(join(data, "val/predictions", name)), name).labels;
        for (const [pixel, label] of ours.entries()) different += label === theirs[pixel] ? 0 : 1;
      }
      assert(different <= 500, `${different} pixels of another class`);
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
