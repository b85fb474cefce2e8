import { assert, assertEquals } from "@std/assert";
import { storedBytes } from "../../src/graph/layout.ts";
import { planProgram } from "../../src/graph/program_plan.ts";
import { programBytes } from "../../src/graph/program_bytes.ts";
import { input } from "../../src/graph/tensor.ts";
import { gradientDestinations } from "../../src/nn/backward.ts";
import { interpolatedCrossEntropy } from "../../src/ops/loss/interpolated_cross_entropy.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { logitsProgram } from "../../src/selftraining/inference.ts";
import { trainingStep } from "../../src/selftraining/training_step.ts";
import { testGpu } from "../ops/harness.ts";
import { traced } from "./traced.ts";

const mib = 2 ** 20;
const classes = Array.from({ length: 19 }, (_, id) => `class ${id}`);
/** Both kinds of kernels. The weakest adapters bind 128 MiB. */
const kinds = [{ software: true, maxBindingBytes: 128 * mib }, { software: false, maxBindingBytes: 128 * mib }];

Deno.test("a step of deeplabv2-resnet101 on two images of 512×1024 takes no more than a small card has", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, findModel("deeplabv2-resnet101"), { classes });
  const crop = { height: 512, width: 1024 };
  const { valueBytes, gradientBytes } = network.store;
  // SGD keeps one copy of the gradients.
  const others = valueBytes + 2 * gradientBytes;
  for (const traits of kinds) {
    const bytesOf = (options: { readonly recompute?: boolean; readonly halfActivations?: boolean }) => {
      const { definition } = trainingStep(network, { batch: 2, crop, size: crop, ...options });
      const whole = { ...definition, traits };
      assertEquals(planProgram(gpu, whole).memory.unbindable, null);
      return others + programBytes(gpu, whole);
    };
    const recomputed = bytesOf({ recompute: true });
    const halved = bytesOf({ recompute: true, halfActivations: true });
    assert(recomputed < 5120 * mib, `with recomputation: ${recomputed / mib} MiB`);
    assert(halved < 3072 * mib, `with 16-bit activations as well: ${halved / mib} MiB`);
  }
  network.dispose();
});

Deno.test("images of 1024×2048 are labelled and scored where a binding has 128 MiB", async () => {
  const gpu = await testGpu();
  for (const name of ["deeplabv2-resnet101", "deeplabv2-resnet18"]) {
    const network = new Network(gpu, findModel(name), { classes }, { trainable: false });
    const size = { height: 1024, width: 2048 };
    for (const traits of kinds) {
      const whole = { ...logitsProgram(network, 1, size, size), traits };
      assertEquals(planProgram(gpu, whole).memory.unbindable, null, name);
      const bytes = network.store.valueBytes + programBytes(gpu, whole);
      assert(bytes < 2048 * mib, `${name}: ${bytes / mib} MiB`);
    }
    network.dispose();
  }
});

Deno.test("the widest networks see images of 1024×2048 where a binding has 128 MiB", async () => {
  const gpu = await testGpu();
  for (const name of ["wideresnet38", "fcn8s-vgg16"]) {
    const { logits } = traced(name, { size: [1024, 2048], inference: true });
    for (const traits of kinds) {
      const { unbindable, largestBindingBytes, activationBytes } =
        planProgram(gpu, { outputs: { logits }, traits }).memory;
      assertEquals(unbindable, null, name);
      // Kernels that label see the logits of an image at once.
      assert(storedBytes(logits.shape, "f32", "activation") <= 128 * mib, `${name}: logits ${logits}`);
      assert(largestBindingBytes <= 128 * mib, `${name}: ${largestBindingBytes / mib} MiB at once`);
      assert(activationBytes < 3072 * mib, `${name}: ${activationBytes / mib} MiB`);
    }
  }
});

Deno.test("a step of fidnet on two range images of 64×2048 takes no more than it did", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, findModel("fidnet"), { classes });
  // Kernels of software adapters, and of GPUs.
  const limits = new Map([["kept", [6144, 6144]], ["recomputed", [2816, 2560]], ["halved", [2432, 2112]]]);
  for (const [index, traits] of kinds.entries()) {
    const bytesOf = (storage: { readonly recompute: boolean; readonly half: boolean }) => {
      const images = input("images", [2, network.model.takes.channels, 64, 2048]);
      const labels = input("labels", [2, 64, 2048], { dtype: "u8", layout: "plain" });
      const { logits, updates } = network.trainingLogits(images);
      const loss = interpolatedCrossEntropy(logits, labels, { alignCorners: true });
      const outputs = { loss, ...Object.fromEntries(updates) };
      const destinations = gradientDestinations(loss, network.store);
      return programBytes(gpu, { outputs, destinations, activations: { loss, ...storage }, traits });
    };
    const found = {
      kept: bytesOf({ recompute: false, half: false }),
      recomputed: bytesOf({ recompute: true, half: false }),
      halved: bytesOf({ recompute: true, half: true }),
    };
    for (const [name, bytes] of Object.entries(found)) {
      const limit = limits.get(name)?.[index] ?? 0;
      assert(bytes <= limit * mib, `${name}, ${JSON.stringify(traits)}: ${bytes / mib} MiB`);
    }
  }
  network.dispose();
});

Deno.test("frozen batch norms take less memory and less work than trained ones", async () => {
  const gpu = await testGpu();
  const crop = { height: 65, width: 97 };
  const planned = (batchNorm: "frozen" | "affine") => {
    const network = new Network(gpu, findModel("deeplabv2-resnet50", { width: 0.25, batchNorm }), { classes });
    const { memory, steps } = planProgram(gpu, trainingStep(network, { batch: 2, crop, size: crop }).definition);
    network.dispose();
    return { bytes: memory.activationBytes, steps: steps.length };
  };
  const [frozen, affine] = [planned("frozen"), planned("affine")];
  assert(frozen.bytes < 0.8 * affine.bytes, `${frozen.bytes} bytes, ${affine.bytes} with trained ones`);
  assert(frozen.steps < affine.steps);
});
