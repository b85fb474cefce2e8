import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { decode } from "fast-png";
import { readFileSync } from "node:fs";
import { pack } from "../../src/graph/layout.ts";
import { Program } from "../../src/graph/program.ts";
import { input } from "../../src/graph/tensor.ts";
import { gradientDestinations } from "../../src/nn/backward.ts";
import { loadNetwork, type Network } from "../../src/nn/network.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import type { Gpu } from "../../src/gpu/gpu.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

const weights = "data/weights/reference_source.safetensors";
const parity = "data/parity";

function bytes(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}

function floats(path: string): Float32Array {
  return Float32Array.from(readNpy(bytes(path), path).data as ArrayLike<number>);
}

/** Bytes `[N, H, W, 3]` as the network takes them. */
function normalized(pixels: ArrayLike<number>, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [batch = 1, , height = 1, width = 1] = shape;
  const values = new Float32Array(batch * 3 * height * width);
  for (let index = 0; index < values.length; index++) {
    const pixel = index % (height * width);
    const channel = Math.floor(index / (height * width)) % 3;
    const image = Math.floor(index / (3 * height * width));
    values[index] = (pixels[(image * height * width + pixel) * 3 + channel] ?? 0) / 127.5 - 1;
  }
  return values;
}

testWithShared(
  "the reference network has the logits of an independent implementation, with and without folding",
  [weights, parity],
  async (weightsPath, folder) => {
    const gpu = await testGpu();
    const network = loadNetwork(gpu, bytes(weightsPath ?? ""), "reference");
    assertEquals(network.trainedCount, 1_961_733);
    const images = input("images", [1, 3, 240, 320]);
    const outputs = { folded: network.logits(images, true), plain: network.logits(images, false) };
    using program = await Program.compile(gpu, { outputs });
    for (const name of ["a", "b"]) {
      const { data } = decode(bytes(`${folder}/image_${name}.png`));
      program.write("images", pack(normalized(data, images.shape), images.shape, "activation"));
      program.run();
      const expected = floats(`${folder}/logits_${name}.npy`);
      for (const output of ["folded", "plain"]) {
        const logits = await program.read(output);
        const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (logits[i] ?? NaN))), 0);
        assert(worst < 2e-4, `${output} logits of image ${name} differ by ${worst}`);
      }
    }
    network.dispose();
  },
);

/** The loss and, after one run, every gradient in the store. */
async function lossProgram(gpu: Gpu, network: Network, shape: readonly number[], withOptimizer: boolean) {
  const [batch = 1, , height = 1, width = 1] = shape;
  const images = input("images", shape);
  const labels = input("labels", [batch, height, width], { dtype: "u8", layout: "plain" });
  const loss = interpolatedCrossEntropy(network.logits(images, false), labels);
  const optimizer = await sgd(gpu, network.store);
  const program = await Program.compile(gpu, {
    outputs: { loss },
    destinations: gradientDestinations(loss, network.store),
    epilogue: withOptimizer ? optimizer.dispatches : [],
  });
  return { program, optimizer };
}

testWithShared(
  "every gradient of the reference network matches on a batch away from the kinks of ReLU6",
  [weights, parity],
  async (weightsPath, folder) => {
    const gpu = await testGpu();
    const network = loadNetwork(gpu, bytes(weightsPath ?? ""), "reference");
    const shape = [1, 3, 40, 40];
    const { program, optimizer } = await lossProgram(gpu, network, shape, false);
    const pixels = readNpy(bytes(`${folder}/small_images.npy`), "small_images.npy").data as ArrayLike<number>;
    program.write("images", pack(normalized(pixels, shape), shape, "activation"));
    program.write(
      "labels",
      Uint8Array.from(readNpy(bytes(`${folder}/small_labels.npy`), "").data as ArrayLike<number>),
    );
    program.run();
    assertAlmostEquals((await program.read("loss"))[0] ?? NaN, 2.0035794945, 1e-5);
    const expected = readSafetensors(bytes(`${folder}/gradients_small.safetensors`), "gradients_small").tensors;
    const ours = await network.store.saveGradients();
    for (const [name, { values }] of ours) {
      const wanted = expected.get(name)?.values;
      assert(wanted !== undefined, name);
      assert(relativeError(values, wanted) < 1e-4, `${name}: relative L2 error ${relativeError(values, wanted)}`);
    }
    for (const owned of [program, optimizer, network]) owned.dispose();
  },
);

interface GradientFile {
  readonly params: Record<string, { readonly l2: number; readonly first8: readonly number[] }>;
}

testWithShared(
  "the loss, gradients and eight SGD steps match on two images of IDD-Lite",
  [weights, parity],
  async (weightsPath, folder) => {
    const gpu = await testGpu();
    const network = loadNetwork(gpu, bytes(weightsPath ?? ""), "reference");
    const shape = [2, 3, 240, 320];
    const { program, optimizer } = await lossProgram(gpu, network, shape, true);
    const pixels = readNpy(bytes(`${folder}/batch_images.npy`), "batch_images.npy").data as ArrayLike<number>;
    program.write("images", pack(normalized(pixels, shape), shape, "activation"));
    program.write(
      "labels",
      Uint8Array.from(readNpy(bytes(`${folder}/batch_labels.npy`), "").data as ArrayLike<number>),
    );
    const file = JSON.parse(new TextDecoder().decode(bytes(`${folder}/gradients.json`)));
    const losses: number[] = [];
    const wanted: readonly number[] = file.sgd.losses_before_each_step;
    for (let step = 0; step < wanted.length; step++) {
      optimizer.prepare({ backbone: 1e-3, head: 1e-2 });
      program.run();
      losses.push((await program.read("loss"))[0] ?? NaN);
      if (step === 0) compareGradients(await network.store.saveGradients(), file);
    }
    for (const [step, loss] of wanted.entries()) assertAlmostEquals(losses[step] ?? NaN, loss, 1e-3, `step ${step}`);
    assertAlmostEquals(losses[0] ?? NaN, 0.5277274, 1e-5);
    for (const owned of [program, optimizer, network]) owned.dispose();
  },
);

/** The file has the norm and the first eight values of each gradient. */
function compareGradients(ours: ReadonlyMap<string, { readonly values: Float32Array }>, file: GradientFile): void {
  for (const [name, { l2, first8 }] of Object.entries(file.params)) {
    const values = ours.get(name)?.values;
    assert(values !== undefined, name);
    const tolerance = /^(block13|head)/.test(name) ? 1e-4 : 1e-2;
    assert(Math.abs(norm(values) - l2) <= tolerance * l2 + 1e-7, `${name}: norm ${norm(values)}, expected ${l2}`);
    const error = norm(values.slice(0, first8.length).map((value, index) => value - (first8[index] ?? NaN)));
    // Eight values of this gradient have this norm on average; rounding is measured by it, not by smaller ones.
    const scale = Math.max(norm(Float32Array.from(first8)), l2 * Math.sqrt(first8.length / values.length));
    assert(error <= tolerance * scale + 1e-7, `${name}: the first values differ by ${error}, of ${scale}`);
  }
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function relativeError(values: Float32Array, wanted: Float32Array): number {
  const difference = values.map((value, index) => value - (wanted[index] ?? NaN));
  return norm(difference) / Math.max(norm(wanted), 1e-12);
}
