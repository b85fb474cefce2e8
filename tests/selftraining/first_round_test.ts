import { assert } from "@std/assert";
import { readFileSync } from "node:fs";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { pack, storedElements } from "../../src/graph/layout.ts";
import { loadNetwork } from "../../src/nn/network.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { equalBatches, InferencePrograms } from "../../src/selftraining/inference.ts";
import type { ScoreBatch, ScoreBatches, ScoreOptions } from "../../src/selftraining/scores.ts";
import { addCounts, noLabels } from "../../src/selftraining/label_counts.ts";
import { assignLabels, selectThresholds } from "../../src/selftraining/selection.ts";
import { testGpu } from "../ops/harness.ts";
import { testWithShared } from "../shared.ts";

interface Expected {
  readonly lambda: readonly number[];
  readonly predicted_pixels: readonly number[];
  readonly kept_pixels: readonly number[];
}

testWithShared(
  "the first labelling round of the reference network on CamVid val has the thresholds and counts of an independent one",
  ["data/weights/reference_source.safetensors", "data/parity"],
  async (weights, parity) => {
    const gpu = await testGpu();
    const network = loadNetwork(gpu, new Uint8Array(readFileSync(weights)), weights);
    const classes = network.classCount;
    const size = { height: 240, width: 320 };
    const kept = await logitsOf(`${parity}/val`, network, size);
    const images = kept.reduce((sum, batch) => sum + batch.images, 0);
    const batches: ScoreBatches = {
      images,
      async *batches() {
        yield* kept;
      },
    };
    const map = readNpy(new Uint8Array(readFileSync(`${parity}/prior_240x320.npy`)), "prior_240x320.npy");
    const packed = pack(Float32Array.from(map.data as ArrayLike<number>), [1, ...map.shape], "activation");
    const prior = gpu.createBuffer(packed.byteLength, "prior");
    gpu.write(prior, packed);
    const rounds = JSON.parse(readFileSync(`${parity}/labels_round1.json`, "utf8")).camvid_val_101;
    const cases = [
      ["cbst_exact", "cbst", 1],
      ["cbst_stride4", "cbst", 4],
      ["st_exact", "st", 1],
      ["st_stride4", "st", 4],
      ["cbst_sp_exact", "cbst", 1],
    ] as const;
    for (const [name, policy, stride] of cases) {
      const expected = rounds[name] as Expected;
      const withPrior = name.startsWith("cbst_sp");
      const scores: ScoreOptions = {
        classes,
        alignCorners: network.model.alignCorners,
        ...(withPrior ? { prior } : {}),
      };
      const report = await selectThresholds(gpu, batches, scores, { policy, rule: "crst", portion: 0.2, stride });
      let total = noLabels(classes);
      for await (const { counts } of assignLabels(gpu, batches, scores, report.lambda)) {
        total = addCounts(total, counts);
      }
      for (let id = 0; id < classes; id++) {
        const lambda = expected.lambda[id] ?? NaN;
        const error = Math.abs((report.lambda[id] ?? NaN) - lambda);
        assert(
          error <= (withPrior ? 1e-4 * lambda : 2e-5),
          `${name}: λ of class ${id} is ${report.lambda[id]}, expected ${lambda}`,
        );
        assertCount(report.n_pixels[id], expected.predicted_pixels[id], `${name}: predicted pixels of class ${id}`);
        assertCount(total.labelled[id], expected.kept_pixels[id], `${name}: kept pixels of class ${id}`);
      }
    }
    for (const { logits } of kept) gpu.destroyBuffer(logits.buffer);
    gpu.destroyBuffer(prior);
  },
);

/** Equal within 50 pixels or 1e-4, whichever is larger. */
function assertCount(found: number | undefined, wanted: number | undefined, what: string): void {
  const allowed = Math.max(50, 1e-4 * (wanted ?? NaN));
  assert(Math.abs((found ?? NaN) - (wanted ?? NaN)) <= allowed, `${what}: ${found}, expected ${wanted}`);
}

/** The logits of all images of the val split, on the GPU. */
async function logitsOf(
  folder: string,
  network: ReturnType<typeof loadNetwork>,
  size: { height: number; width: number },
): Promise<ScoreBatch[]> {
  const gpu = await testGpu();
  const programs = new InferencePrograms(gpu, network, 4);
  using loader = openLoader({ cacheBytes: 0 });
  const { items } = openDataset(folder).split("val");
  const kept: ScoreBatch[] = [];
  const samples = loader.load(items, { size, labels: "none" });
  for await (const group of equalBatches(samples, { batch: 4, shapes: { size }, multiple: 8 })) {
    const program = await programs.run(group);
    const [, , height = 1, width = 1] = program.outputTensor("logits").shape;
    const images = group.samples.length;
    const bytes = storedElements([images, network.classCount, height, width], "activation") * 4;
    const buffer = gpu.createBuffer(bytes, "logits");
    gpu.submit([], [{ from: { ...program.output("logits"), size: bytes }, to: buffer, toOffset: 0 }]);
    const views = [{ offset: 0, height, width, mirror: false }];
    kept.push({ images, ...size, views, logits: { buffer, offset: 0, size: bytes } });
  }
  await gpu.wait();
  await programs.dispose();
  return kept;
}
