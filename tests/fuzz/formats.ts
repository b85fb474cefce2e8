/**
 * The formats that are read, each with small files to make mutants of, and the parser that the program itself uses.
 *
 * @module
 */

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseClassMap } from "../../src/data/class_map.ts";
import { decodeImage, imageHeader, inspectImage, MoreBytesError } from "../../src/data/decode.ts";
import { encodeLabelPng, encodeRgbPng } from "../../src/data/encode.ts";
import { openDataset } from "../../src/data/folder.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { NpyFile } from "../../src/disk/npy_files.ts";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { readTensors } from "../../src/formats/read_tensors.ts";
import { withoutPrefixes } from "../../src/formats/state_dict.ts";
import { type ParameterValues, writeSafetensors, writeStoredSafetensors } from "../../src/formats/safetensors.ts";
import { elementBytes, storedTensor } from "../../src/formats/stored_tensor.ts";
import { deeplabNano } from "../../src/nn/models/deeplab_nano.ts";
import { Network, readWeights } from "../../src/nn/network.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { readClassWeights } from "../../src/run/class_weights.ts";
import type { RunFacts, RunImages } from "../../src/run/run_facts.ts";
import { FolderStore } from "../../src/run/folder_store.ts";
import { savedSettings } from "../../src/run/run_config.ts";
import { readResult } from "../../src/cli/result_table.ts";
import { checkpointBytes, restoreCheckpoint } from "../../src/selftraining/checkpoint.ts";
import { trainedForm } from "../../src/selftraining/kept.ts";
import { scoresForm } from "../../src/selftraining/kept_results.ts";
import { readRecipe, resolveSettings } from "../../src/settings/settings.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { deepPng, write } from "../data/pictures.ts";
import { mxnetArrays, mxnetList } from "../formats/mxnet_lists.ts";
import { parameterStream, python2Stream } from "../formats/old_streams.ts";
import { type MutationKind, repairPng } from "./mutate.ts";
import type { Bounds } from "./run.ts";
import { scanFormats } from "./scan_formats.ts";

/** A format, opened in an empty folder of its own. */
export interface OpenFormat {
  /** Files that can be read. */
  readonly files: readonly [Uint8Array, ...Uint8Array[]];
  /** What a message must name. */
  readonly name: string;
  /** Reads a file as the program does. */
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown> | unknown;
}

/** A format that is read. */
export interface Format extends MutationKind {
  /** What a mutant may cost, where it is less than for others. */
  readonly bounds?: Partial<Bounds>;
  readonly open: (folder: string) => Promise<OpenFormat> | OpenFormat;
}

const fixtures = fileURLToPath(new URL("../data/fixtures", import.meta.url));
const weightFixtures = fileURLToPath(new URL("../formats/fixtures", import.meta.url));

/** The fixtures with these endings. */
function fixtureFiles(...endings: readonly string[]): Uint8Array[] {
  return filesIn(fixtures, (name) => endings.some((ending) => name.endsWith(ending)));
}

function filesIn(folder: string, isWanted: (name: string) => boolean): Uint8Array[] {
  return readdirSync(folder).filter(isWanted).sort().map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/** A format of tensors, of which every element is looked at. It may take twice the file and 64 MiB. */
function weights(name: string, files: readonly Uint8Array[]): Format {
  const largest = Math.max(...files.map(({ length }) => length));
  return {
    bounds: { bytes: 2 * largest + 64 * 2 ** 20 },
    open: () => ({
      name,
      files: atLeastOne(files, name),
      read: (bytes) => {
        const { tensors } = withoutPrefixes(readTensors(bytes, name).tensors);
        for (const tensor of tensors.values()) {
          const count = tensor.shape.reduce((product, side) => product * side, 1);
          if (tensor.values.length !== count) throw new Error(`${tensor.values.length} of ${count} elements were read`);
          tensor.bytes();
        }
      },
    }),
  };
}

/** The most pixels of a picture here. With 12 bytes for each and 256 MB, decoding stays below the bound. */
const maxPixels = 16_000_000;

function pictures(name: string, files: readonly Uint8Array[], repair?: Format["repair"]): Format {
  return {
    ...(repair === undefined ? {} : { repair }),
    open: () => ({
      name,
      files: atLeastOne(files, name),
      read: async (bytes) => {
        try {
          imageHeader(bytes.subarray(0, 64), name);
        } catch (error) {
          if (!(error instanceof MoreBytesError)) throw error;
        }
        const { height, width } = inspectImage(bytes, name, { maxPixels });
        const image = await decodeImage(bytes, name, { maxPixels });
        if (image.height !== height || image.width !== width) {
          throw new Error(`The header says ${height}×${width}, ${image.height}×${image.width} were decoded`);
        }
      },
    }),
  };
}

function atLeastOne(files: readonly Uint8Array[], name: string): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...others] = files;
  if (first === undefined) throw new Error(`There is no file to make mutants of ${name} of`);
  return [first, ...others];
}

/** A file of tensors of every type, some of which is not read. */
function typedSafetensors(): Uint8Array {
  const types = ["f16", "bf16", "f32", "f64", "bool", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"] as const;
  const tensors = types.map((dtype, index) => {
    const bytes = () => ramp.slice(index, index + 2 * elementBytes(dtype));
    return [`${dtype}.weight`, storedTensor({ shape: [2, 1], dtype, bytes, where: "a tensor" })] as const;
  });
  return writeStoredSafetensors(new Map(tensors), weightsMetadata);
}

/** A format of text files that are read from disk. */
function textFile(name: string, content: "json" | "text", texts: readonly [string, ...string[]], read: Reader): Format {
  const encoder = new TextEncoder();
  return {
    content,
    open: (folder) => {
      const path = join(folder, name);
      mkdirSync(join(folder, "train", "images"), { recursive: true });
      const [first, ...others] = texts;
      return {
        name,
        files: [encoder.encode(first), ...others.map((text) => encoder.encode(text))],
        read: (bytes) => {
          write(path, bytes);
          return read(path, folder);
        },
      };
    },
  };
}

type Reader = (path: string, folder: string) => unknown;

const ramp = Uint8Array.from({ length: 16 * 12 * 3 }, (_, index) => index * 5);
const datasetText = JSON.stringify({
  ...{ name: "streets", classes: ["road", "car", "sky"], ignore: 255 },
  palette: [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
});
const mapText = JSON.stringify({
  ...{ name: "m", from: "streets", to: "small", ignore: 255, from_classes: ["road", "car", "sky"] },
  ...{ to_classes: ["ground", "other"], map: { 0: 0, 1: 1, 2: 1, 255: 255 } },
});
const recipeText = `# A recipe.
model: deeplab-nano
batch: 2
crop: 32x32
size: 64x96
learning-rate: [0.001, 0.0005]
scale-range: [0.5, 2]
mining: reference
spatial-prior: true
betas: [0.9, 0.999]
`;

const tensors = new Map<string, ParameterValues>([
  ["a.weight", { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["b", { shape: [], values: Float32Array.of(7) }],
]);

const weightsMetadata = { model: "deeplab-nano: small", classes: "a|b", size: "64x96", palette: "1,2,3|4,5,6" };

const facts: RunFacts = {
  ...{ program: { version: "1", code: null }, adapter: "an adapter", tuning: "none", files: { weights: "abc" } },
  data: { source: { classes: ["a", "b"], images: 1, digest: "abc" } },
};
const scores = { miou: 0.5, iou: { a: 0.5, b: null }, pixelAccuracy: 1, images: 2 };
const images: RunImages = { source: [["one", "abc"]] };

/** Opens a run's folder as a second start does. */
function resumed(folder: string): void {
  const saved = savedSettings(folder) ?? {};
  const store = FolderStore.open(folder, resolveSettings("adapt", {}, saved), { resume: true });
  try {
    store.begin(facts, images);
    store.kept("train source", trainedForm);
    store.kept("source: evaluation", scoresForm);
    store.tuning(() => new Map());
  } finally {
    store.close();
  }
}

/** A file of a run's folder, which holds all others as well. */
function runFile(name: "config.json" | "data.json" | "stages.json" | "tuning.json"): Format {
  return {
    content: "json",
    open: async (folder) => {
      const run = join(folder, "run");
      const settings = resolveSettings("adapt", {}, { seed: 3, crop: { height: 32, width: 32 } });
      const store = FolderStore.open(run, settings);
      store.begin(facts, images);
      store.tuning(() => new Map([["conv 1x1 of 8", "tile 4"]]));
      await store.once("train source", trainedForm, () => Promise.resolve({ seconds: 1.5, steps: 3 }));
      await store.once("source: evaluation", scoresForm, () => Promise.resolve(scores));
      store.close();
      const whole = readdirSync(run).filter((file) => file.endsWith(".json"))
        .map((file) => [file, readFileSync(join(run, file))] as const);
      const file = new Uint8Array(readFileSync(join(run, name)));
      return {
        name,
        files: [file],
        read: (bytes) => {
          // A start may write the files anew.
          for (const [file, content] of whole) write(join(run, file), content);
          write(join(run, name), bytes);
          resumed(run);
        },
      };
    },
  };
}

/** The formats by name. */
export const formats: Readonly<Record<string, Format>> = {
  png: pictures("a.png", [
    encodeRgbPng(ramp, 12, 16),
    encodeLabelPng(ramp.slice(0, 192), 12, 16, [[1, 2, 3], [4, 5, 6]]),
    deepPng(6, 5, 3),
  ], repairPng),
  jpeg: pictures("a.jpg", fixtureFiles(".jpg")),
  webp: pictures("a.webp", fixtureFiles(".webp")),
  bmp: pictures("a.bmp", fixtureFiles(".bmp")),
  tiff: pictures("a.tif", fixtureFiles(".tif")),
  heic: pictures("a.heic", fixtureFiles(".heic")),
  labels: {
    repair: repairPng,
    open: () => ({
      name: "labels.png",
      files: [
        encodeLabelPng(ramp.slice(0, 192).map((value) => value % 3), 12, 16),
        encodeLabelPng(ramp.slice(0, 192).map((value) => value % 3), 12, 16, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        encodeRgbPng(ramp.map((_, index) => index % 3 + 1), 12, 16),
        deepPng(6, 5, 1),
      ],
      read: (bytes) => decodeLabels(bytes, "labels.png", { maxPixels, colours: new Map([[0x010203, 0]]) }),
    }),
  },
  ...scanFormats,
  npy: {
    open: (folder) => {
      const path = join(folder, "a.npy");
      return {
        name: "a.npy",
        files: [
          writeNpy([2, 3, 4], Float32Array.from(ramp.slice(0, 24))),
          writeNpy([3, 2], Float64Array.from(ramp.slice(0, 6))),
          writeNpy([5], BigInt64Array.of(1n, 2n, 3n, 4n, 5n)),
        ],
        read: (bytes) => {
          readNpy(bytes, path);
          write(path, bytes);
          using file = new NpyFile(path);
          file.floats(0, file.header.shape.reduce((product, side) => product * side, 1));
        },
      };
    },
  },
  safetensors: {
    open: () => ({
      name: "w.safetensors",
      files: [writeSafetensors(tensors, weightsMetadata), writeSafetensors(new Map(), {})],
      read: (bytes) => {
        for (const { values } of readWeights(bytes, "w.safetensors").tensors.values()) values.fill(0);
      },
    }),
  },
  storedSafetensors: weights("w.safetensors", [typedSafetensors()]),
  torch: weights("w.pth", filesIn(weightFixtures, (name) => /^[a-z]+4?\.zip\.pth$/.test(name))),
  torchStream: weights("w.pth", filesIn(weightFixtures, (name) => /^[a-z]+3?\.stream\.pth$/.test(name))),
  torch2017: weights("w.pth", [python2Stream(), parameterStream()]),
  mxnet: weights("w.params", [mxnetList(mxnetArrays)]),
  checkpoint: {
    open: async () => {
      const gpu = await Gpu.open();
      const network = new Network(gpu, deeplabNano, { classes: ["a", "b"] });
      network.store.initialize(1);
      const optimizer = await sgd(gpu, network.store);
      const name = "checkpoint.safetensors";
      return {
        name,
        files: [await checkpointBytes(gpu, network, optimizer, { stage: "round 1", step: 7 })],
        read: (bytes) => restoreCheckpoint(bytes, name, gpu, network, optimizer),
      };
    },
  },
  dataset: textFile("dataset.json", "json", [datasetText], (_, folder) => openDataset(folder)),
  classMap: textFile("map.json", "json", [mapText], (path) => parseClassMap(readFileSync(path, "utf8"), path)),
  classWeights: textFile(
    "weights.json",
    "json",
    ['{"road": 1, "car": 2.5}', "[1, 2.5]"],
    (path) => readClassWeights(resolveSettings("train", { "class-weights": path }), ["road", "car"]),
  ),
  recipe: textFile(
    "recipe.yaml",
    "text",
    [recipeText],
    (path) => resolveSettings("adapt", {}, readRecipe(readFileSync(path, "utf8"), path)),
  ),
  config: runFile("config.json"),
  data: runFile("data.json"),
  stages: runFile("stages.json"),
  tuning: runFile("tuning.json"),
  result: textFile(
    "result.json",
    "json",
    [JSON.stringify({
      sourceOnly: null,
      rounds: [{ miou: 0.5, iou: { a: 0.5 }, pixelAccuracy: 1, images: 2 }],
      adapted: null,
      seconds: {},
    })],
    (_, folder) => readResult(folder),
  ),
};
