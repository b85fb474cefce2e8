import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { pack } from "../../src/graph/layout.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { addCounts, type LabelCounts, noLabels } from "../../src/selftraining/label_counts.ts";
import type { ScoreBatches, ScoreOptions } from "../../src/selftraining/scores.ts";
import { assignLabels, selectThresholds } from "../../src/selftraining/selection.ts";
import { type ThresholdsReport, thresholdsReport } from "../../src/selftraining/thresholds.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

interface VectorCase extends ThresholdsReport {
  readonly labels_row?: number;
}

function npy(path: string) {
  return readNpy(new Uint8Array(readFileSync(path)), path);
}

/** The counts of a label map in plain loops. */
function countedOf(labels: Uint8Array, classes: number): LabelCounts {
  const count = (wanted: number) => labels.filter((label) => label === wanted).length;
  return { labelled: Array.from({ length: classes }, (_, id) => count(id)), ignored: count(255) };
}

for (const name of ["a", "b"]) {
  testWithShared(
    `thresholds and pseudo-labels equal vectors/${name} to the bit`,
    [`vectors/${name}`],
    async (folder) => {
      const gpu = await testGpu();
      const { shape, data } = npy(`${folder}/prob.npy`);
      const [images = 1, classes = 1, height = 1, width = 1] = shape;
      const prior = npy(`${folder}/prior.npy`);
      const priorBuffer = gpu.createBuffer(height * width * Math.ceil(classes / 4) * 16, "prior");
      gpu.write(
        priorBuffer,
        pack(Float32Array.from(prior.data as ArrayLike<number>), [1, classes, height, width], "activation"),
      );
      const packed = pack(Float32Array.from(data as ArrayLike<number>), shape, "activation");
      const buffer = gpu.createBuffer(packed.byteLength, "maps");
      gpu.write(buffer, packed);
      const bytesPerImage = packed.byteLength / images;
      // There are two batches, the second of one image, so that lists run over batches. Each batch has a buffer of its
      // own, because only by luck would ranges of one buffer start at multiples of 256.
      const last = gpu.createBuffer(bytesPerImage, "last map");
      gpu.write(last, packed.subarray(packed.length - bytesPerImage / 4));
      const views = [{ offset: 0, height, width, mirror: false }];
      const batches: ScoreBatches = {
        images,
        async *batches() {
          await Promise.resolve();
          yield { images: images - 1, height, width, views, logits: { buffer, offset: 0, size: buffer.size } };
          yield { images: 1, height, width, views, logits: { buffer: last, offset: 0, size: last.size } };
        },
      };
      const expectedLabels = npy(`${folder}/labels.npy`).data as Uint8Array;
      const { cases } = JSON.parse(readFileSync(`${folder}/thresholds.json`, "utf8")) as { cases: VectorCase[] };
      let checked = 0;
      for (const wanted of cases) {
        if (wanted.policy === "lrent") continue;
        const scores: ScoreOptions = { classes, isProbability: true, ...(wanted.prior ? { prior: priorBuffer } : {}) };
        const thresholds = await selectThresholds(gpu, batches, scores, wanted);
        const labels: number[] = [];
        let counts = noLabels(classes);
        for await (const batch of assignLabels(gpu, batches, scores, thresholds.lambda)) {
          labels.push(...batch.labels);
          assertEquals(batch.counts, countedOf(batch.labels, classes));
          counts = addCounts(counts, batch.counts);
        }
        const { k, ...rest } = thresholdsReport(thresholds, counts);
        const what =
          `${wanted.policy} ${wanted.rule} portion ${wanted.portion} stride ${wanted.stride} prior ${wanted.prior}`;
        for (const [key, value] of Object.entries(rest)) {
          assertEquals(value, wanted[key as keyof VectorCase], `${what}: ${key}`);
        }
        for (const [id, value] of k.entries()) {
          assert(Math.abs(value - (wanted.k[id] ?? NaN)) < 1e-12, `${what}: k`);
        }
        const row = wanted.labels_row ?? 0;
        const size = images * height * width;
        assertEquals(Uint8Array.from(labels), expectedLabels.slice(row * size, (row + 1) * size), `${what}: labels`);
        checked++;
      }
      assertEquals(checked, 48);
      for (const owned of [priorBuffer, buffer, last]) gpu.destroyBuffer(owned);
    },
  );
}
