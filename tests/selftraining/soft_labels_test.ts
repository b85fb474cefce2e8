import { assert, assertEquals, assertRejects } from "@std/assert";
import { readFileSync } from "node:fs";
import { pack } from "../../src/graph/layout.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { addCounts, noLabels } from "../../src/selftraining/label_counts.ts";
import type { ScoreBatches } from "../../src/selftraining/scores.ts";
import { selectThresholds } from "../../src/selftraining/selection.ts";
import { assignSoftLabels } from "../../src/selftraining/soft_labels.ts";
import { hexBits, type ThresholdsReport } from "../../src/selftraining/thresholds.ts";
import { testGpu } from "../ops/harness.ts";
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

Deno.test("an alpha that is not above 0 is refused", async () => {
  const nothing = { images: 0, async *batches() {} };
  const labels = assignSoftLabels(await testGpu(), nothing, { classes: 1 }, Float32Array.of(1), 0);
  await assertRejects(() => labels.next(), RangeError, "alpha 0");
});
