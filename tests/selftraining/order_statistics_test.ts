import { assertEquals } from "@std/assert";
import { pack } from "../../src/graph/layout.ts";
import { add } from "../../src/ops/arithmetic/add.ts";
import { Random } from "../../src/random.ts";
import type { ScoreBatches } from "../../src/selftraining/scores.ts";
import { assignLabels, type SelectionLimits, selectThresholds } from "../../src/selftraining/selection.ts";
import { assignSoftLabels } from "../../src/selftraining/soft_labels.ts";
import { hexBits, type SelectionSettings } from "../../src/selftraining/thresholds.ts";
import { runGraph, testGpu } from "../ops/harness.ts";

/** Maps `[N, C, rows, W / rows]` of one batch. */
interface Maps {
  readonly images: number;
  readonly classes: number;
  /** Default 1. */
  readonly rows?: number;
  readonly width: number;
  readonly values: Float32Array;
}

/**
 * The thresholds found by sorting, as bits. Every `stride`-th pixel per image and class is sorted in descending order.
 * The threshold is at rank ⌊n · portion⌋, and 1 if that is 0.
 */
function sortedThresholds(batches: readonly Maps[], { portion, stride, policy }: SelectionSettings): string[] {
  const classes = batches[0]?.classes ?? 0;
  const lists: number[][] = Array.from({ length: classes }, () => []);
  for (const { images, width, values } of batches) {
    for (let image = 0; image < images; image++) {
      const seen = new Array<number>(classes).fill(0);
      for (let pixel = 0; pixel < width; pixel++) {
        const score = (id: number) => values[(image * classes + id) * width + pixel] ?? 0;
        let top = 0;
        for (let id = 1; id < classes; id++) if (score(id) > score(top)) top = id;
        if ((seen[top] ?? 0) % stride === 0) lists[top]?.push(score(top));
        seen[top] = (seen[top] ?? 0) + 1;
      }
    }
  }
  const threshold = (list: Float32Array) => {
    const rank = Math.floor(list.length * portion);
    return (rank > 0 ? list.sort()[list.length - rank] : 0) || 1;
  };
  if (policy === "st") return new Array<string>(classes).fill(hexBits(threshold(Float32Array.from(lists.flat()))));
  return lists.map((list) => hexBits(threshold(Float32Array.from(list))));
}

async function gpuThresholds(batches: readonly Maps[], settings: SelectionSettings, limits?: SelectionLimits) {
  const gpu = await testGpu();
  const classes = batches[0]?.classes ?? 0;
  let passes = 0;
  const source: ScoreBatches = {
    images: batches.reduce((sum, { images }) => sum + images, 0),
    async *batches() {
      passes++;
      for (const { images, rows: height = 1, width: pixels, values } of batches) {
        const width = pixels / height;
        const packed = pack(values, [images, classes, height, width], "activation");
        const buffer = gpu.createBuffer(packed.byteLength, "maps");
        gpu.write(buffer, packed);
        const views = [{ offset: 0, height, width, mirror: false }];
        yield { images, height, width, views, logits: { buffer, offset: 0, size: buffer.size } };
        await gpu.wait();
        gpu.destroyBuffer(buffer);
      }
    },
  };
  const scores = { classes, isProbability: true };
  const report = await selectThresholds(gpu, source, scores, settings, limits);
  const label = (lambda: Float32Array<ArrayBuffer>) => assignLabels(gpu, source, scores, lambda);
  const softLabel = (lambda: Float32Array<ArrayBuffer>, alpha: number) =>
    assignSoftLabels(gpu, source, scores, lambda, alpha);
  return { report, bits: Array.from(report.lambda, hexBits), passes, label, softLabel };
}

/** The maps as the adapter computes with them: WGSL lets it take denormals for 0, and GPUs do. */
async function asComputedWith(batches: readonly Maps[]): Promise<Maps[]> {
  const denormal = Float32Array.of(2 ** -127);
  const { sum } = await runGraph({ x: { shape: [1, 1, 1, 1], values: denormal } }, ({ x }) => ({ sum: add(x, x) }));
  if (sum?.[0] !== 0) return [...batches];
  return batches.map((batch) => ({
    ...batch,
    values: batch.values.map((value) => Math.abs(value) < 2 ** -126 ? 0 : value),
  }));
}

/** Two batches, of three images and of one, with the scores that `score(index)` gives. */
function maps(classes: number, width: number, score: (index: number) => number): Maps[] {
  return [3, 1].map((images, batch) => ({
    images,
    classes,
    width,
    values: Float32Array.from({ length: images * classes * width }, (_, index) => score(index + batch * 1_000_003)),
  }));
}

const random = new Random(11, "order statistics");
const width = 1733;
const adversaries: Readonly<Record<string, Maps[]>> = {
  "scores that are all equal": maps(5, width, () => 0.2),
  "scores that are all 1": maps(3, width, () => 1),
  "scores that are all 0": maps(3, width, () => 0),
  "a class that is never predicted": maps(
    4,
    width,
    (index) => Math.trunc(index / width) % 4 === 2 ? 0 : random.uniform(index),
  ),
  "denormals": maps(3, width, (index) => random.integer(1 << 23, index) * 2 ** -149),
  "neighbouring floats": maps(3, width, (index) => 0.5 + random.integer(7, index) * 2 ** -24),
  "every exponent": maps(6, width, (index) => random.uniform(index) * 2 ** -random.integer(140, index, 1)),
  // The largest score of a pixel is not below 0: class 0 sees to that.
  "negative zeros, and negative scores beside others": maps(
    3,
    width,
    (index) =>
      Math.trunc(index % 1_000_003 / width) % 3 === 0
        ? [-0, 0, 0.5][random.integer(3, index)] ?? 0
        : [-0, -0.25, 0, 0.25][random.integer(4, index)] ?? 0,
  ),
  "a single pixel": maps(2, 1, (index) => random.uniform(index)),
};

/**
 * Four cases: all pixels are the sample; the sample tells something; it tells nothing; there is too little room for the
 * keys between the bounds.
 */
const limits: readonly SelectionLimits[] = [
  { samples: 2 ** 20, candidates: 2 ** 20 },
  { samples: 1000, candidates: 2 ** 20 },
  { samples: 1, candidates: 2 ** 20 },
  { samples: 1000, candidates: 1 },
];

for (const [name, given] of Object.entries(adversaries)) {
  Deno.test(`the thresholds of ${name} are those of a sort, to the bit`, async () => {
    const batches = await asComputedWith(given);
    for (const portion of [0.2, 0.999, 1]) {
      for (const [stride, policy] of [[1, "cbst"], [3, "cbst"], [4, "st"]] as const) {
        const settings = { policy, rule: "crst", portion, stride } as const;
        const expected = sortedThresholds(batches, settings);
        for (const limit of stride === 1 ? limits : limits.slice(0, 2)) {
          const { bits } = await gpuThresholds(batches, settings, limit);
          assertEquals(
            bits,
            expected,
            `portion ${portion}, stride ${stride}, ${policy}, ${JSON.stringify(limit)}`,
          );
        }
      }
    }
  });
}

Deno.test("keys on a bound take no room among the candidates, also where both bounds are the same", async () => {
  // Those of class 0 are all 1; a tenth of class 1 is 1, and a bound, the others are 0.25 or, the other bound, 0.5.
  const scores = [1, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
  const batches = maps(2, 5500, (index) => {
    const [id, pixel] = [Math.trunc(index % 1_000_003 / 5500) % 2, index % 1_000_003 % 5500];
    return pixel % 2 === id ? scores[id === 0 ? 0 : random.integer(scores.length, pixel)] ?? 0 : 0;
  });
  const settings = { policy: "cbst", rule: "crst", portion: 0.1, stride: 1 } as const;
  const { bits, passes } = await gpuThresholds(batches, settings, { samples: 4000, candidates: 1 });
  assertEquals(bits, sortedThresholds(batches, settings));
  assertEquals(passes, 2);
});

Deno.test("a sample makes two passes do, also for images of several sizes, and tells of no key twice", async () => {
  const gpu = await testGpu();
  const classes = 4;
  const sizes = [[96, 128], [64, 40], [131, 77]] as const;
  // Regions of a class with scores that change slowly, as a network's do, and no two alike.
  const images = sizes.map(([height, width], image) => ({
    height,
    width,
    values: Float32Array.from({ length: classes * height * width }, (_, index) => {
      const [id, row, column] = [
        Math.trunc(index / (height * width)),
        Math.trunc(index / width) % height,
        index % width,
      ];
      return 0.5 + 0.2 * Math.sin((row + 3 * image) / (7 + id)) * Math.cos(column / (5 + id)) +
        0.1 * random.uniform(index);
    }),
  }));
  let passes = 0;
  const source: ScoreBatches = {
    images: images.length,
    async *batches() {
      passes++;
      for (const { height, width, values } of images) {
        const packed = pack(values, [1, classes, height, width], "activation");
        const buffer = gpu.createBuffer(packed.byteLength, "map");
        gpu.write(buffer, packed);
        const views = [{ offset: 0, height, width, mirror: false }];
        yield { images: 1, height, width, views, logits: { buffer, offset: 0, size: buffer.size } };
        await gpu.wait();
        gpu.destroyBuffer(buffer);
      }
    },
  };
  const before = gpu.allocatedBytes;
  const flat = images.map(({ height, width, values }): Maps => ({ images: 1, classes, width: height * width, values }));
  for (const rule of ["crst", "mxnet"] as const) {
    for (const policy of ["cbst", "st"] as const) {
      passes = 0;
      const settings = { policy, rule, portion: 0.2, stride: 1 };
      const scores = { classes, isProbability: true };
      const report = await selectThresholds(gpu, source, scores, settings, { samples: 3000, candidates: 2 ** 20 });
      assertEquals(passes, 2, `${rule} ${policy}`);
      assertEquals(report.n_pixels.reduce((sum, count) => sum + count, 0), 96 * 128 + 64 * 40 + 131 * 77);
      const expected = sortedThresholds(flat, settings);
      if (rule === "crst") assertEquals(Array.from(report.lambda, hexBits), expected, policy);
      else assertEquals((await selectThresholds(gpu, source, scores, settings)).lambda, report.lambda, policy);
    }
  }
  assertEquals(gpu.allocatedBytes, before);
});

Deno.test("a sample makes two passes do where scores depend on the place in the image, as the sky's do", async () => {
  const [images, rows, columns] = [20, 240, 10];
  const width = rows * columns;
  const batches = Array.from({ length: 20 }, (_, batch): Maps => ({
    ...{ images, classes: 2, rows, width },
    values: Float32Array.from({ length: images * 2 * width }, (_, index) => {
      const row = Math.trunc(index % width / columns);
      return Math.trunc(index / width) % 2 === 1 ? 0.1 : 0.9 - 0.5 * row / rows + 0.001 * random.uniform(index, batch);
    }),
  }));
  const settings = { policy: "cbst", rule: "crst", portion: 0.2, stride: 1 } as const;
  const { bits, passes } = await gpuThresholds(batches, settings, { samples: 12_500, candidates: 2 ** 20 });
  assertEquals(bits, sortedThresholds(batches, settings));
  assertEquals(passes, 2);
});

Deno.test("the thresholds of ten million scores are those of a sort, to the bit", async () => {
  // Four batches; most scores crowd at 1, as those of a trained network do.
  const count = 2_500_000;
  const batches = [0, 1, 2, 3].map((batch): Maps => {
    const values = new Float32Array(2 * count);
    let state = 12345 + batch;
    for (let pixel = 0; pixel < count; pixel++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const score = 1 - (state / 2 ** 32) ** 8;
      values[(state >>> 31) * count + pixel] = Math.fround(score);
    }
    return { images: 1, classes: 2, width: count, values };
  });
  const settings = { policy: "cbst", rule: "crst", portion: 0.2, stride: 1 } as const;
  const { report, bits } = await gpuThresholds(batches, settings);
  assertEquals(bits, sortedThresholds(batches, settings));
  assertEquals(report.n_pixels.reduce((sum, pixels) => sum + pixels, 0), 4 * count);
});

Deno.test("a label is the arg max of quotients rounded to float32, the first on ties, also where rounding makes the tie", async () => {
  // Scores a few units in the last place around multiples of the thresholds, so that many rounded quotients coincide.
  const classes = 6;
  const batches = maps(classes, 997, (index) => {
    const base = [0.7, 0.35, 0.175, 0.6999999, 0.1, 0.3][Math.trunc(index / 997) % classes] ?? 0;
    return Math.fround(base) * (1 + (random.integer(9, index) - 4) * 2 ** -24);
  });
  const { label } = await gpuThresholds(batches, { policy: "cbst", rule: "crst", portion: 0.5, stride: 1 });
  const lambda = [0.7, 0.35, 0.175, 0.7, 0.1, 0.3].map((value, id) => Math.fround(value * (1 - id * 2 ** -25)));
  let batch = 0;
  let ties = 0;
  for await (const { labels: found } of label(Float32Array.from(lambda))) {
    const { images, width, values } = batches[batch++] ?? { images: 0, width: 0, values: new Float32Array() };
    const expected = new Uint8Array(images * width).fill(255);
    for (let image = 0; image < images; image++) {
      for (let pixel = 0; pixel < width; pixel++) {
        const ratios = lambda.map((value, id) =>
          Math.fround((values[(image * classes + id) * width + pixel] ?? 0) / value)
        );
        const best = Math.max(...ratios);
        if (ratios.filter((ratio) => ratio === best).length > 1) ties++;
        if (best >= 1) expected[image * width + pixel] = ratios.indexOf(best);
      }
    }
    assertEquals(found, expected);
  }
  assertEquals(batch, 2);
  assertEquals(ties > 500, true, `only ${ties} ties`);
});

for (const classes of [255]) {
  Deno.test(`thresholds, labels and soft labels of ${classes} classes are those of their definitions`, async () => {
    const pixels = 61;
    const draw = new Random(7, "many classes");
    // Probabilities of which some are equal.
    const batches = maps(classes, pixels, (index) => draw.integer(1 << 12, index) / 2 ** 12);
    const { bits, label, softLabel } = await gpuThresholds(batches, {
      ...{ policy: "cbst", rule: "crst", portion: 0.5, stride: 1 },
    });
    assertEquals(bits, sortedThresholds(batches, { policy: "cbst", rule: "crst", portion: 0.5, stride: 1 }));
    const lambda = Float32Array.from({ length: classes }, (_, id) => 0.9 + draw.integer(100, id, 1) / 1000);
    const expected = batches.map(({ images, values }) =>
      Array.from({ length: images * pixels }, (_, at) => {
        const [image, pixel] = [Math.floor(at / pixels), at % pixels];
        return Array.from(lambda, (value, id) => (values[(image * classes + id) * pixels + pixel] ?? 0) / value);
      })
    );
    const hard = expected.map((ratios) =>
      ratios.map((all) => {
        const rounded = all.map(Math.fround);
        const best = Math.max(...rounded);
        return best >= 1 ? rounded.indexOf(best) : 255;
      })
    );
    assertEquals(new Set(hard.flat()).size > 20, true);
    let batch = 0;
    for await (const { labels } of label(lambda)) assertEquals([...labels], hard[batch++]);
    assertEquals(batch, 2);
    batch = 0;
    for await (const { soft } of softLabel(lambda, 0.5)) {
      for (const [at, ratios] of (expected[batch] ?? []).entries()) {
        const [image, pixel] = [Math.floor(at / pixels), at % pixels];
        const sum = ratios.reduce((total, ratio) => total + ratio ** 2, 0);
        const found = ratios.map((_, id) => soft[(image * classes + id) * pixels + pixel] ?? NaN);
        const worst = Math.max(...ratios.map((ratio, id) => Math.abs(ratio ** 2 / sum - (found[id] ?? NaN))));
        assertEquals(worst <= 4e-6, true, `pixel ${at} of batch ${batch}: error ${worst}`);
      }
      batch++;
    }
    assertEquals(batch, 2);
  });
}
