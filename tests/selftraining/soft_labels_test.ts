import { assert, assertEquals, assertRejects } from "@std/assert";
import { readFileSync } from "node:fs";
import { Gpu } from "../../src/gpu/gpu.ts";
import { pack } from "../../src/graph/layout.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { addCounts, noLabels } from "../../src/selftraining/label_counts.ts";
import type { ScoreBatches } from "../../src/selftraining/scores.ts";
import { selectThresholds } from "../../src/selftraining/selection.ts";
import { assignShareLabels, assignSoftLabels } from "../../src/selftraining/soft_labels.ts";
import { hexBits, type ThresholdsReport } from "../../src/selftraining/thresholds.ts";
import { randomValues, testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

interface SoftCase extends ThresholdsReport {
  readonly alpha: number;
  readonly soft_row: number;
}

for (const name of ["a", "b"]) {
  testWithShared(`soft labels are those of vectors/${name} to 4e-6`, [`vectors/${name}`], async (folder) => {
    const gpu = await testGpu();
    const read = (file: string) => readNpy(new Uint8Array(readFileSync(`${folder}/${file}.npy`)), file);
    const upload = (file: string, shape: readonly number[]) => {
      const packed = pack(Float32Array.from(read(file).data as ArrayLike<number>), shape, "activation");
      const buffer = gpu.createBuffer(packed.byteLength, file);
      gpu.write(buffer, packed);
      return buffer;
    };
    const { shape } = read("prob");
    const [images = 1, classes = 1, height = 1, width = 1] = shape;
    const maps = upload("prob", shape);
    const prior = upload("prior", [1, classes, height, width]);
    const [softs, hards, edges] = ["soft", "soft_labels", "soft_edge"].map((file) =>
      read(file).data as ArrayLike<number>
    );
    const views = [{ offset: 0, height, width, mirror: false }];
    const batches: ScoreBatches = {
      images,
      async *batches() {
        await Promise.resolve();
        yield { images, height, width, views, logits: { buffer: maps, offset: 0, size: maps.size } };
      },
    };
    const { cases } = JSON.parse(readFileSync(`${folder}/thresholds.json`, "utf8")) as { cases: SoftCase[] };
    const soft = cases.filter(({ policy }) => policy === "lrent");
    assertEquals(soft.length, 14);
    for (const wanted of soft) {
      const what = `alpha ${wanted.alpha} portion ${wanted.portion} stride ${wanted.stride} prior ${wanted.prior}`;
      const scores = { classes, isProbability: true, ...(wanted.prior ? { prior } : {}) };
      const { lambda } = await selectThresholds(gpu, batches, scores, wanted);
      assertEquals(Array.from(lambda, hexBits), wanted.lambda_hex, what);
      const pixels = images * height * width;
      let total = noLabels(classes);
      for await (const found of assignSoftLabels(gpu, batches, scores, lambda, wanted.alpha)) {
        const first = wanted.soft_row * pixels;
        let worst = 0;
        found.soft.forEach((value, index) => {
          const error = Math.abs(value - (softs?.[first * classes + index] ?? NaN));
          worst = error <= worst ? worst : error;
        });
        assert(worst <= 4e-6, `${what}: error ${worst}`);
        const wrong = found.labels.findIndex((label, index) =>
          edges?.[first + index] === 0 && label !== hards?.[first + index]
        );
        assertEquals(wrong, -1, `${what}: label of pixel ${wrong}`);
        const { labelled, ignored } = found.counts;
        assertEquals(ignored, found.labels.filter((label) => label === 255).length, what);
        assertEquals(labelled.reduce((sum, count) => sum + count, 0), found.labels.length - ignored, what);
        total = addCounts(total, found.counts);
      }
      const edgePixels = Array.from({ length: pixels }, (_, index) => edges?.[wanted.soft_row * pixels + index] ?? 0)
        .reduce((sum, edge) => sum + edge, 0);
      assert(Math.abs(total.ignored - wanted.ignored) <= edgePixels, `${what}: ignored`);
    }
    for (const buffer of [maps, prior]) gpu.destroyBuffer(buffer);
  });
}

for (const classes of [6, 70]) {
  Deno.test(`compact soft labels hold the four largest shares of ${classes} classes, also in pieces`, async () => {
    const [images, height, width] = [6, 12, 16];
    const shape = [images, classes, 6, 8];
    const values = randomValues(images * classes * 48, "logits");
    const packed = pack(values.map((value) => 2 * value), shape, "activation");
    const stored = packed.byteLength / images;
    // One binding sees the logits of a batch, but not its soft labels.
    using gpu = await Gpu.open({ maxBindingBytes: 3 * stored + 512 });
    const buffer = gpu.createBuffer(packed.byteLength, "logits");
    gpu.write(buffer, packed);
    const views = [{ offset: 0, height: 6, width: 8, mirror: false }];
    const batches: ScoreBatches = {
      images,
      async *batches() {
        await Promise.resolve();
        for (const first of [0, 3]) {
          const logits = { buffer, offset: first * stored, size: 3 * stored };
          yield { images: 3, height, width, views, logits };
        }
      },
    };
    const lambda = Float32Array.from(
      { length: classes },
      (_, id) => (1 + 0.2 * (id % 4)) * (classes === 6 ? 0.5 : 0.15),
    );
    const dense: number[][] = [];
    const labels: number[] = [];
    for await (const batch of assignSoftLabels(gpu, batches, { classes }, lambda, 0.5)) {
      labels.push(...batch.labels);
      const area = height * width;
      for (let place = 0; place < 3 * area; place++) {
        const start = Math.floor(place / area) * classes * area + place % area;
        dense.push(Array.from({ length: classes }, (_, id) => batch.soft[start + id * area] ?? NaN));
      }
    }
    assert(labels.includes(255) && labels.some((label) => label < 255));
    let pixel = 0;
    for await (const batch of assignShareLabels(gpu, batches, { classes }, lambda, 0.5)) {
      assertEquals([...batch.labels], labels.slice(pixel, pixel + batch.labels.length));
      for (let at = 0; at < batch.labels.length; at++, pixel++) {
        const [ids = 0, low = 0, high = 0] = batch.shares.subarray(3 * at, 3 * at + 3);
        const order = [...dense[pixel]?.entries() ?? []].sort(([a, x], [b, y]) => y - x || a - b).slice(0, 4);
        const isUsed = labels[pixel] !== 255;
        assertEquals([ids & 255, ids >> 8 & 255, ids >> 16 & 255, ids >>> 24], order.map(([id]) => isUsed ? id : 0));
        const parts = [low & 65535, low >>> 16, high & 65535, high >>> 16];
        for (const [slot, [, share]] of order.entries()) {
          const wanted = isUsed ? share * 65535 : 0;
          assert(Math.abs((parts[slot] ?? NaN) - wanted) <= 0.51, `pixel ${pixel}: ${parts}, ${order}`);
        }
      }
    }
  });
}

for (const classes of [6, 70]) {
  Deno.test(`a pixel whose ${classes} scores are no numbers has no label and no shares`, async () => {
    const gpu = await testGpu();
    const [height, width] = [3, 4];
    const shape = [1, classes, height, width];
    const area = height * width;
    const values = Float32Array.from({ length: classes * area }, (_, index) => index % area === 5 ? NaN : 0.5);
    const packed = pack(values, shape, "activation");
    const buffer = gpu.createBuffer(packed.byteLength, "scores");
    gpu.write(buffer, packed);
    // The scores are taken as they are: the NaN keeps its sign, which is positive.
    assertEquals(new Uint32Array(packed.buffer).filter((bits) => bits === 0x7fc00000).length, classes);
    const views = [{ offset: 0, height, width, mirror: false }];
    const batches: ScoreBatches = {
      images: 1,
      async *batches() {
        await Promise.resolve();
        yield { images: 1, height, width, views, logits: { buffer, offset: 0, size: buffer.size } };
      },
    };
    const lambda = new Float32Array(classes).fill(0.25);
    for await (const batch of assignSoftLabels(gpu, batches, { classes, isProbability: true }, lambda, 0.5)) {
      assertEquals([...batch.labels], Array.from({ length: area }, (_, pixel) => pixel === 5 ? 255 : 0));
      const shares = Array.from({ length: classes }, (_, id) => batch.soft[id * area + 5]);
      assertEquals(shares, new Array<number>(classes).fill(0));
      assertEquals([batch.counts.labelled[0], batch.counts.ignored], [area - 1, 1]);
    }
    gpu.destroyBuffer(buffer);
  });
}

Deno.test("an alpha that is not above 0 is refused", async () => {
  const nothing = { images: 0, async *batches() {} };
  const labels = assignSoftLabels(await testGpu(), nothing, { classes: 1 }, Float32Array.of(1), 0);
  await assertRejects(() => labels.next(), RangeError, "alpha 0");
});
