import { assert, assertEquals } from "@std/assert";
import { Gpu } from "../../src/gpu/gpu.ts";
import { testGpu } from "../ops/harness.ts";
import { compareWithPytorch, worst } from "./parity/compare.ts";
import { numbersOf, originals, plannedStep, tensorsOf, traced } from "./traced.ts";

Deno.test("fcn8s-vgg16 has VGG16's parameters and those of three scores, and no others", () => {
  const { parameters } = traced("fcn8s-vgg16");
  const of = (pattern: RegExp) => numbersOf(parameters.filter(({ name }) => pattern.test(name)));
  assertEquals(numbersOf(parameters), 134_353_017);
  assertEquals([of(/^conv/), of(/^fc6/), of(/^fc7/), of(/^score/)], [14_714_688, 102_764_544, 16_781_312, 92_473]);
  assert(parameters.every(({ trainable }) => trainable));
});

Deno.test("the maps of fcn8s-vgg16 have the sizes of the definition, and the logits that of the image", () => {
  const { logits } = traced("fcn8s-vgg16", { size: [512, 1024] });
  assertEquals(logits.shape, [1, 19, 512, 1024]);
  // The images are padded by 99 and halved five times, rounded up.
  assertEquals(tensorsOf("maxPool2d", logits).map(({ shape }) => shape[2]), [355, 178, 89, 45, 23]);
  const sums = tensorsOf("add", logits).map(({ shape }) => shape[2]);
  assertEquals(sums, [36, 74]);
  for (const size of [[1, 1], [31, 67], [500, 375]] as const) {
    assertEquals(traced("fcn8s-vgg16", { size }).logits.shape, [1, 19, ...size]);
  }
});

Deno.test("fcn8s-vgg16 scales its skips, unless the variant says otherwise", () => {
  const factors = (skipScale: boolean) => {
    const { logits } = traced("fcn8s-vgg16", { variant: { skipScale, width: 0.125 } });
    return tensorsOf("scale", logits).map((scaled) =>
      scaled.definition.kernels?.(scaled, { software: true }).calls[0]?.constants.FACTOR
    );
  };
  assertEquals(factors(true), [0.01, 0.0001]);
  assertEquals(factors(false), []);
});

Deno.test("fcn8s-vgg16 drops whole channels after fc6 and fc7", () => {
  const { logits, dropouts } = traced("fcn8s-vgg16", { variant: { width: 0.125 } });
  assertEquals(dropouts, ["fc6.dropout", "fc7.dropout"]);
  const constants = tensorsOf("dropout", logits).map((dropped) =>
    dropped.definition.kernels?.(dropped, { software: true }).calls[0]?.constants
  );
  assertEquals(constants.map((of) => [of?.PER_CHANNEL, of?.SCALE]), [[true, 2], [true, 2]]);
});

Deno.test("fcn8s-vgg16 has the names of pytorch-fcn, CyCADA and torchvision", () => {
  const { model, parameters } = traced("fcn8s-vgg16");
  const [pytorchFcn, cycada, torchvision] = model.originalNames ?? [];
  const own = originals(pytorchFcn, parameters);
  assertEquals([...own.keys()], parameters.map(({ name }) => name));
  assertEquals(own.get("fc6.weight"), [4096, 512, 7, 7]);
  const others = originals(cycada, parameters);
  assertEquals(others.size, 36);
  for (const name of ["vgg.0.weight", "vgg.28.bias", "vgg_head.0.weight", "vgg_head.3.bias", "vgg_head.6.weight"]) {
    assert(others.has(name), name);
  }
  const backbone = originals(torchvision, parameters);
  assertEquals(backbone.size, 30);
  assertEquals(backbone.get("classifier.0.weight"), [4096, 25_088]);
  assertEquals(backbone.get("classifier.3.weight"), [4096, 4096]);
  assertEquals(backbone.get("classifier.0.bias"), [4096]);
  assertEquals(backbone.get("features.14.weight"), [256, 256, 3, 3]);
});

Deno.test("the fixed kernels of fcn8s-vgg16 are bilinear for each class and 0 between classes", () => {
  const [pytorchFcn, cycada] = traced("fcn8s-vgg16").model.originalNames ?? [];
  const kernels = pytorchFcn?.fixed?.(19) ?? new Map();
  assertEquals([...kernels].reduce((sum, [, { values }]) => sum + values.length, 0), 103_968);
  assertEquals([...cycada?.fixed?.(2).keys() ?? []], ["upscore2.w", "upscore_pool4.w", "upscore8.w"]);
  const two = pytorchFcn?.fixed?.(2).get("upscore2.weight");
  assertEquals(two?.shape, [2, 2, 4, 4]);
  const line = [0.25, 0.75, 0.75, 0.25];
  const kernel = line.flatMap((y) => line.map((x) => y * x));
  assertEquals([...two?.values ?? []], [...kernel, ...new Array(32).fill(0), ...kernel]);
});

Deno.test("a step of fcn8s-vgg16 runs where a binding sees 128 MiB, though fc6 has 392 MiB", async () => {
  const memory = plannedStep(await testGpu(), "fcn8s-vgg16", { batch: 1, size: [512, 1024], limit: 2 ** 27 });
  assertEquals(memory.unbindable, null);
  assert(memory.largestBindingBytes <= 2 ** 27);
});

Deno.test("fcn8s-vgg16 has PyTorch's gradients where a binding sees a quarter of fc6", async () => {
  using gpu = await Gpu.open({ maxBindingBytes: 1_700_000 });
  const name = "fcn8s-vgg16-unscaled.safetensors";
  const bytes = await Deno.readFile(new URL(`parity/fixtures/${name}`, import.meta.url));
  const { what, error } = worst(await compareWithPytorch(gpu, bytes, name));
  assert(error <= 1e-4, `${what}: relative error ${error}`);
});
