import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { encodeLabelPng } from "../../src/data/encode.ts";
import type { ParameterValues } from "../../src/formats/safetensors.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { deepPng, plainPng, write } from "../data/pictures.ts";
import { networkFile, pictureSize, recipe, street, writeStreets } from "./fixture.ts";
import { crosswalk, type Finished, inTemporaryFolder } from "./program.ts";

const { height, width } = pictureSize;

/** What is called, the exit code, and what the sentence on stderr says. */
type Case = readonly [args: readonly string[], code: number, ...parts: string[]];

/** Runs the cases, a few at a time, and checks that each is answered by one sentence and leaves stdout alone. */
async function check(cases: readonly Case[]): Promise<void> {
  const results: Finished[] = [];
  const waiting = [...cases.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, [args]] = next;
      results[index] = await crosswalk(...args);
    }
  };
  await Promise.all([work(), work(), work()]);
  for (const [index, [args, code, ...parts]] of cases.entries()) {
    const { code: found, stdout, stderr } = results[index] ?? { code: NaN, stdout: "", stderr: "" };
    const call = `crosswalk ${args.join(" ")}: "${stderr}"`;
    assertEquals([found, stdout], [code, ""], call);
    // The streets of a single image do not hold every class.
    const sentences = stderr.trimEnd().split("\n").filter((line) => !line.startsWith("warning: No label of the split"));
    assertEquals(sentences.length, 1, call);
    for (const part of ["crosswalk: ", ...parts]) assert(stderr.includes(part), `${call} lacks "${part}"`);
  }
}

/** Writes a street into a split of its own, with the image or the labels replaced. */
function writeSplit(data: string, split: string, files: { readonly image?: Uint8Array; readonly labels?: Uint8Array }) {
  const { image, labels } = { ...street(0), ...files };
  write(join(data, split, "images", "a.png"), image);
  write(join(data, split, "labels", "a.png"), labels);
}

Deno.test("a bad image, label or split is answered by a sentence that names the file, and exit code 1", () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, "streets");
    const weights = join(folder, "network.safetensors");
    write(weights, (await networkFile()).bytes);
    writeStreets(data);
    const { image } = street(0);
    const cut = image.subarray(0, image.length - 40);
    writeSplit(data, "sizes", { labels: encodeLabelPng(new Uint8Array(height * 10), height, 10) });
    writeSplit(data, "ids", {
      labels: encodeLabelPng(new Uint8Array(height * width).fill(14, width + 2), height, width),
    });
    writeSplit(data, "cut", { image: cut });
    writeSplit(data, "deep-labels", { labels: deepPng(height, width, 1) });
    writeSplit(data, "colours", { labels: plainPng(height, width, [1, 2, 3]) });
    mkdirSync(join(data, "empty", "images"), { recursive: true });
    write(join(data, "bare", "images", "a.png"), image);
    write(join(folder, "notes.txt"), "no image");
    write(join(folder, "fake.png"), "no image");

    const evaluate = (split: string) => ["evaluate", "--weights", weights, "--data", data, "--split", split];
    const predict = (path: string) => ["predict", "--weights", weights, "--images", path, "--out", join(folder, "out")];
    const none = join(folder, "none");
    const pairs = join(folder, "pairs.txt");
    write(pairs, `${join(data, "bare/images/a.png")}\t${join(data, "ids/labels/a.png")}\n`);
    const ofList = ["evaluate", "--weights", weights, "--data", pairs];
    await check([
      [ofList, 1, "it lists images", "Write a dataset.json beside the list", "Say it with --label-set: cityscapes-19"],
      [[...ofList, "--label-set", "nope"], 2, 'There is no label set "nope"', "Or give a file"],
      [[...ofList, "--label-set", join(data, "dataset.json")], 1, "ids/labels/a.png: id 14 at row 1, column 2"],
      [["evaluate", "--weights", weights, "--data", none], 1, `the data set ${none}: there is no such folder`],
      [evaluate("sizes"), 1, "sizes/images/a.png is 32×64", "sizes/labels/a.png are 32×10"],
      [evaluate("ids"), 1, "ids/labels/a.png: id 14 at row 1, column 2", "(0–13, 255)"],
      [evaluate("cut"), 1, "Cannot read", "cut/images/a.png: the PNG file is cut short"],
      [evaluate("deep-labels"), 1, "deep-labels/labels/a.png: id 257 at row 0, column 1 is larger than 255"],
      [evaluate("colours"), 1, "colours/labels/a.png: it is in colour", 'Add "palette"'],
      [evaluate("empty"), 1, 'The split "empty" of', "is empty"],
      [evaluate("absent"), 1, 'has no split "absent". It has: bare, colours'],
      [evaluate("bare"), 1, 'The split "bare" of', "lacks labels for all 1 images", "bare/labels/a.png"],
      [predict(none), 1, `Cannot read ${none}: there is no such file or folder`],
      [predict(join(folder, "notes.txt")), 1, "notes.txt: expected an image file, by its ending: .jpg"],
      [predict(join(folder, "fake.png")), 1, "fake.png: it is no image file that is known here"],
      [predict(join(data, "cut", "images")), 1, "cut/images/a.png: the PNG file is cut short"],
    ]);
    assertEquals(existsSync(join(folder, "out")), false);

    // What was labelled before the bad image is kept.
    const good = join(data, "bare", "images", "a.png");
    const images = [good, join(folder, "fake.png")];
    const { code } = await crosswalk(
      "predict",
      "--weights",
      weights,
      "--images",
      ...images,
      "--out",
      join(folder, "out"),
    );
    assertEquals([code, existsSync(join(folder, "out", "a.png"))], [1, true]);
  }));

Deno.test("weights that do not fit are answered by a sentence that names file and tensor, and exit code 1", () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, "streets");
    writeStreets(data);
    const { bytes, tensors, metadata } = await networkFile();
    const file = (name: string, content: Uint8Array) => {
      write(join(folder, name), content);
      return join(folder, name);
    };
    const changed = (name: string, change: (tensors: Map<string, ParameterValues>) => void, texts = metadata) => {
      const copy = new Map(tensors);
      change(copy);
      return file(name, writeSafetensors(copy, texts));
    };
    const missing = changed("missing.safetensors", (copy) => copy.delete("conv3.weight"));
    const shaped = changed("shaped.safetensors", (copy) => {
      copy.set("head.bias", { shape: [2, 7], values: new Float32Array(14) });
    });
    const other = changed("other.safetensors", () => {}, { ...metadata, model: "deeplab-nana: a typing error" });
    const nameless = changed("nameless.safetensors", () => {}, {});
    const foreign = changed("foreign.safetensors", () => {}, {
      ...metadata,
      classes: metadata.classes?.replace("sidewalk", "pavement") ?? "",
    });
    const cut = file("cut.safetensors", bytes.subarray(0, bytes.length - 1));
    const text = file("text.safetensors", new TextEncoder().encode("no tensors at all"));

    const evaluate = (weights: string) => ["evaluate", "--weights", weights, "--data", data];
    const outs = ["first run", "second run"].map((name) => join(folder, name));
    const [first = [], second = []] = outs.map((out) => ["adapt", "--source", data, "--target", data, "--out", out]);
    await check([
      [evaluate(join(folder, "none")), 1, `Cannot read ${join(folder, "none")}`],
      [evaluate(missing), 1, missing, 'tensor "conv3.weight" [32, 32, 3, 3] is missing'],
      [evaluate(shaped), 1, shaped, 'tensor "head.bias" is [2, 7], the network takes [14]'],
      [evaluate(other), 1, 'There is no model "deeplab-nana"', other, "deeplab-mobilenet, deeplab-nano"],
      [evaluate(nameless), 1, nameless, "does not say what its 14 classes are", "--label-set"],
      [evaluate(foreign), 1, data, "not the network's", 'id 1 is "sidewalk", expected "pavement"', "--class-map"],
      [evaluate(cut), 1, cut, "The file was cut off"],
      [evaluate(text), 1, text, "it is no safetensors file"],
      [[...first, "--source-model", missing], 1, missing, '"conv3.weight"'],
      [[...second, "--model", "deeplab-mobilenet", "--weights", shaped], 1, shaped, '"conv1.weight"'],
    ]);
    for (const out of outs) {
      const begun = ["config.json", "data.json", "metrics.jsonl", "stages.json", "tuning.json"];
      assertEquals(readdirSync(out).filter((name) => !begun.includes(name)), [], "something was trained");
    }
  }));

Deno.test("wrong options, values and recipes are answered by a sentence with the nearest name, and exit code 2", () =>
  inTemporaryFolder(async (folder) => {
    const config = (name: string, text: string) => {
      write(join(folder, name), text);
      return ["adapt", "--config", join(folder, name), "--out", join(folder, "run")];
    };
    await check([
      [config("key.yaml", "rouns: 3"), 2, "key.yaml", 'unknown key "rouns". Did you mean "rounds"?'],
      [config("path.yaml", "source: streets"), 2, "path.yaml", "belongs on the command line: --source"],
      [config("value.yaml", "policy: cbts"), 2, "value.yaml", "expected cbst, st", 'Did you mean "cbst"?'],
      [config("lines.yaml", "- rounds"), 2, "lines.yaml", 'expected lines of "key: value"'],
      [["adapt", "--config", join(folder, "none.yaml")], 1, "Cannot read", "none.yaml"],
      [["adapt", "--model", "deeplab-nana"], 2, "--model", 'Did you mean "deeplab-nano"?'],
      [["adapt", "--no-spatial-prior", "--prior", "p.npy"], 2, "either --prior or --no-spatial-prior, not both"],
      [["adapt", "--polcy", "st"], 2, "no option --polcy", 'Did you mean "--policy"?'],
      [["adapt", "--policy", "soft"], 2, "--policy", "expected cbst, st, lrent"],
      [["train", "--seed", "1.5"], 2, '--seed is "1.5", expected a whole number'],
      [["evaluate", "--size", "240"], 2, '--size is "240", expected height x width'],
      [["predict", "--images"], 2, "--images needs a value"],
      [["evaluate", "--weights", "w", "--data", "d", "--adapter", "no such GPU"], 2, 'no adapter "no such GPU"', "1 "],
      [["adapt", "--lr", "1"], 2, 'Did you mean "--learning-rate" or "--source-rate"?'],
      [["train", "--lr", "1"], 2, 'Did you mean "--source-rate"?'],
      [["train", "--steps", "9"], 2, 'Did you mean "--source-steps"?'],
      [["adapt", "--batch-size", "9"], 2, 'Did you mean "--batch" or "--label-batch"?'],
      [["predict", "--output", "labels"], 2, 'Did you mean "--out"?'],
    ]);
    assertEquals(existsSync(join(folder, "run")), false);
  }));

Deno.test("missing folders of a run are answered before anything is trained", () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, "streets");
    const config = join(folder, "recipe.yaml");
    writeStreets(data);
    write(config, recipe);
    const none = join(folder, "none");
    const empty = join(folder, "empty");
    mkdirSync(empty);
    let runs = 0;
    const adapt = (source: string, target: string, ...more: string[]) => {
      const out = join(folder, `run ${runs++}`);
      return ["adapt", "--config", config, "--source", source, "--target", target, "--out", out, ...more];
    };
    await check([
      [adapt(none, data), 1, `the data set ${none}: there is no such folder`],
      [adapt(data, none), 1, `the data set ${none}: there is no such folder`],
      [adapt(data, empty), 1, `the data set ${empty}: it has no dataset.json, and no image is in it`],
      [adapt(join(data, "train", "images"), data), 1, "it holds images, but no dataset.json"],
      [adapt(data, data, "--target-split", "night"), 1, 'has no split "night". It has: train, val'],
      [adapt(data, data, "--class-map", none), 1, `the class map ${none}: there is no such file`],
      [adapt(data, data, "--out", none, "--resume"), 2, `There is no run in ${none} to resume`],
    ]);
  }));
