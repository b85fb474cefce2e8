import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Size } from "../../src/data/size.ts";
import { OutOfBudgetError } from "../../src/errors.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import type { Model } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { wholeImage } from "../../src/ops/data/geometry.ts";
import { conv2d } from "../../src/ops/conv/conv2d.ts";
import { maxPool2d } from "../../src/ops/pool/max_pool2d.ts";
import { Random } from "../../src/random.ts";
import type { SampleBatch } from "../../src/selftraining/inference.ts";
import { Predictor } from "../../src/selftraining/prediction.ts";
import { plainView, ViewLogits, type ViewOptions, viewPixels, viewsOf } from "../../src/selftraining/views.ts";
import { conv2d as convolutionTwin } from "../twins/conv2d.ts";
import { between, interpolate } from "../twins/interpolation.ts";
import { sampleImages } from "../twins/sample.ts";
import { softmax } from "../twins/softmax.ts";
import { testGpu } from "../ops/harness.ts";
import { kernelOptions, kernelShape, normalization, oneConvolution } from "./one_convolution.ts";

const classes = ["a", "b", "c", "d", "e"];
const size = { height: 12, width: 20 };
const labelSize = { height: 13, width: 23 };
const kernel = kernelShape(classes.length);

const images = [1, 2].map((seed) => {
  const random = new Random(seed, "pixels");
  return Uint8Array.from(
    { length: size.height * size.width * 4 },
    (_, i) => i % 4 === 3 ? 255 : random.integer(256, i),
  );
});
const group: SampleBatch = {
  samples: images.map((pixels, index) => ({
    name: `image ${index}`,
    image: { ...size, pixels },
    labels: null,
    labelSize,
    originalSize: labelSize,
  })),
  size,
  labelSize,
};

async function predict(network: Network, options: ViewOptions): Promise<Uint8Array> {
  const gpu = await testGpu();
  // A batch that two images do not fill.
  await using predictor = new Predictor(gpu, network, 3, options);
  const { labels } = await predictor.run(group);
  const [bytes = new Uint8Array(0)] = await gpu.read({ ...labels, size: 2 * labelSize.height * labelSize.width });
  return bytes;
}

/**
 * The means over all views, in float64. For each pixel: the first class with the largest mean, and its lead over the
 * next.
 */
function twin(model: Model, weight: ArrayLike<number>, { scales, flip, average }: ViewOptions) {
  const pixels = labelSize.height * labelSize.width;
  return images.flatMap((bytes) => {
    const sums = new Float64Array(classes.length * pixels);
    for (const scale of scales) {
      const height = Math.round(size.height * scale / 4) * 4;
      const width = Math.round(size.width * scale / 4) * 4;
      for (const mirror of flip ? [false, true] : [false]) {
        const geometry = [{ ...wholeImage(height, width), mirror }];
        const seen = sampleImages(bytes, geometry, [size.height, size.width], [height, width], normalization);
        const [h, w] = [height / 4, width / 4];
        const logits = convolutionTwin(seen, weight, {
          ...{ input: [1, 3, height, width], weight: kernel, outputHeight: h, outputWidth: w },
          ...{ stride: 4, dilation: 1, paddingTop: 0, paddingLeft: 0 },
        });
        const large = new Float64Array(sums.length);
        for (let c = 0; c < classes.length; c++) {
          for (let i = 0; i < labelSize.height; i++) {
            for (let j = 0; j < labelSize.width; j++) {
              const vertical = between(i, h, labelSize.height, model.alignCorners);
              const column = mirror ? labelSize.width - 1 - j : j;
              const horizontal = between(column, w, labelSize.width, model.alignCorners);
              const value = interpolate(logits, c * h * w, [h, w], vertical, horizontal);
              large[c * pixels + i * labelSize.width + j] = value;
            }
          }
        }
        const shape = [1, classes.length, labelSize.height, labelSize.width];
        const values = average === "logits" ? large : softmax(large, shape);
        values.forEach((value, index) => sums[index] = (sums[index] ?? 0) + value);
      }
    }
    return Array.from({ length: pixels }, (_, pixel) => {
      const of = classes.map((_, c) =>
        (sums[c * pixels + pixel] ?? NaN) / viewsOf(size, { scales, flip, average }, 4).length
      );
      const largest = Math.max(...of);
      const label = of.indexOf(largest);
      return { label, lead: largest - Math.max(...of.filter((_, c) => c !== label)) };
    });
  });
}

for (const alignCorners of [false, true]) {
  Deno.test(`predictions over scales and mirror images match their definition, alignCorners ${alignCorners}`, async () => {
    const model = oneConvolution(alignCorners);
    const network = new Network(await testGpu(), model, { classes });
    network.store.initialize(3);
    const weight = (await network.store.save()).get("weight")?.values ?? [];
    const views: Omit<ViewOptions, "average">[] = [
      { scales: [1], flip: false },
      { scales: [1], flip: true },
      { scales: [1.5], flip: false },
      { scales: [0.75, 1, 1.25], flip: true },
    ];
    const results = new Set<string>();
    for (const view of views) {
      for (const average of ["probabilities", "logits"] as const) {
        const options = { ...view, average };
        const found = await predict(network, options);
        const expected = twin(model, weight, options);
        const what = JSON.stringify(options);
        assertEquals(found.length, expected.length, what);
        // Where two classes are as good as equal, rounding decides.
        const wrong = expected.filter(({ label, lead }, index) => lead > 1e-5 && found[index] !== label);
        assertEquals(wrong, [], what);
        assert(expected.filter(({ lead }) => lead > 1e-5).length > 0.9 * expected.length, what);
        results.add(found.join());
      }
    }
    // With one view both averages predict the same; each other choice matters.
    assertEquals(results.size, 6);
    network.dispose();
  });
}

Deno.test("logits are those of the image as it is, whatever the views", async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, oneConvolution(false), { classes });
  network.store.initialize(3);
  const logits: number[][] = [];
  for (const options of [plainView, { scales: [0.5, 1.5], flip: true, average: "logits" } as const]) {
    await using predictor = new Predictor(gpu, network, 2, options);
    const { logits: found } = await predictor.run(group, { withLogits: true });
    assertEquals(found?.shape, [2, 5, 3, 5]);
    logits.push([...await found?.read() ?? []]);
  }
  assertEquals(logits[0]?.length, 2 * 5 * 3 * 5);
  assertEquals(logits[1], logits[0]);
  network.dispose();
});

Deno.test("logits have the size that the traced network gives, which no stride divides", async () => {
  const gpu = await testGpu();
  const model: Model = {
    ...oneConvolution(true),
    sizeMultiple: 1,
    logits: (images, scope, options) => {
      const pooled = maxPool2d(images, { kernel: 3, stride: 2, padding: 1, ceilMode: true });
      return conv2d(pooled, scope.parameter("weight", kernelShape(options.classes), kernelOptions), { padding: 2 });
    },
  };
  const network = new Network(gpu, model, { classes });
  network.store.initialize(3);
  const views = new ViewLogits(gpu, network, 2, { scales: [1, 0.5], flip: false, average: "logits" });
  const scores = await views.compute(group);
  // Pooled to 7 × 11 and 4 × 6; a 4×4 kernel with padding 2 adds one.
  assertEquals(scores.views, [
    { offset: 0, height: 8, width: 12, mirror: false },
    { offset: 2 * 8 * 12 * 8, height: 5, width: 7, mirror: false },
  ]);
  assertEquals(scores.logits.size, 2 * (8 * 12 + 5 * 7) * 8 * 4);
  gpu.destroyBuffer(scores.logits.buffer);
  await views.dispose();
  const plain = await predict(network, plainView);
  assertEquals(await predict(network, { scales: [1, 1], flip: false, average: "logits" }), plain);
  assert(new Set(plain).size > 1, "every pixel has the same label");
  network.dispose();
});

Deno.test("labels are the same where the logits of a batch are more than one binding can see", async () => {
  const fine: Model = {
    ...oneConvolution(false),
    logits: (images, scope, options) =>
      conv2d(images, scope.parameter("weight", kernelShape(options.classes), kernelOptions), { padding: "same" }),
  };
  // The logits of an image take 12·20·8·4 = 7680 bytes, with those at half the size 10752.
  using limited = await Gpu.open({ maxBindingBytes: 12_000 });
  const labelled = async (gpu: Gpu, options: ViewOptions, labelSize: Size) => {
    const network = new Network(gpu, fine, { classes });
    network.store.initialize(3);
    await using predictor = new Predictor(gpu, network, 2, options);
    const { labels, starts } = await predictor.run({ ...group, labelSize });
    const [read = new Uint8Array(0)] = await gpu.read(labels);
    network.dispose();
    return starts.map((start) => read.subarray(start, start + labelSize.height * labelSize.width));
  };
  for (const options of [plainView, { scales: [1, 0.5], flip: false, average: "probabilities" } as const]) {
    // Of an odd number of pixels, the labels of the second image begin at a whole word.
    for (const pixels of [size, labelSize]) {
      const expected = await labelled(await testGpu(), options, pixels);
      assert(expected.every((labels) => new Set(labels).size > 1), "every pixel has the same label");
      assertEquals(await labelled(limited, options, pixels), expected);
    }
  }
  // The four rows under a kernel take more. Nothing is compiled then, and to free nothing is no second error.
  using tiny = await Gpu.open({ maxBindingBytes: 1100 });
  await assertRejects(() => labelled(tiny, plainView, size), OutOfBudgetError, "even its smallest slice binds");
});

Deno.test("predictions leave nothing allocated", async () => {
  const gpu = await testGpu();
  const before = gpu.allocatedBytes;
  const network = new Network(gpu, oneConvolution(false), { classes });
  await predict(network, { scales: [1, 1.5], flip: true, average: "probabilities" });
  network.dispose();
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("views are rounded to the stride, and at least one stride large", () => {
  const options = { scales: [0.1, 0.75], flip: true, average: "logits" } as const;
  assertEquals(viewsOf({ height: 16, width: 24 }, options, 8), [
    { size: { height: 8, width: 8 }, mirror: false },
    { size: { height: 8, width: 8 }, mirror: true },
    { size: { height: 16, width: 16 }, mirror: false },
    { size: { height: 16, width: 16 }, mirror: true },
  ]);
  assertEquals(viewPixels({ ...options, scales: [1, 2] }), 10);
});
