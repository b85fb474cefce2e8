/**
 * Soft pseudo-labels with entropy regularisation (LRENT; CRST, Zou et al., ICCV 2019), in closed form: `soft_c =
 * (p_c/λ_c)^{1/α} / Σ_j (p_j/λ_j)^{1/α}`. A pixel is used if the sum is above 1. The thresholds λ are those of
 * `selectThresholds`. As α goes to 0, the labels become the hard ones of `assignLabels`.
 *
 * @module
 */

import shader from "../../shaders/selftraining/assign_soft_labels.wgsl" with { type: "text" };
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { grid, wholeRange } from "../gpu/launch.ts";
import { OneBehind } from "../gpu/one_behind.ts";
import { storedBytes, unpack } from "../graph/layout.ts";
import { countsOf } from "./label_counts.ts";
import { type ScoreBatch, type ScoreBatches, scoreConstants, type ScoreOptions, viewsBuffer } from "./scores.ts";
import type { LabelledBatch } from "./selection.ts";

/** Soft and hard pseudo-labels of one batch. */
export interface SoftLabelledBatch extends LabelledBatch {
  /** `[N, C, H, W]`, given for every pixel, whether it is used or not. */
  readonly soft: Float32Array<ArrayBuffer>;
}

/**
 * Labels every image softly. A pixel's hard label is the class of its largest soft label if the pixel is used, else
 * 255. Soft labels are within 4e-6 of their exact values for α ≥ 0.1.
 *
 * @param lambda the threshold of each class, above 0.
 * @throws {RangeError} if `alpha` is not above 0.
 */
export async function* assignSoftLabels(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  lambda: Float32Array<ArrayBuffer>,
  alpha: number,
): AsyncGenerator<SoftLabelledBatch> {
  if (!(alpha > 0)) throw new RangeError(`Cannot soften labels with alpha ${alpha}: it must be above 0`);
  const { classes } = scores;
  using buffers = new BufferScope(gpu);
  const thresholds = buffers.create((classes + 1) * 16, "thresholds");
  gpu.write(thresholds, thresholdRows(lambda, alpha));
  const counts = buffers.create(classes * 4, "labelled");
  const finish = async (
    { images, height, width }: ScoreBatch,
    reading: Promise<Uint8Array<ArrayBuffer>[]>,
  ): Promise<SoftLabelledBatch> => {
    const [hard, found, softened] = await reading;
    if (hard === undefined || found === undefined || softened === undefined) {
      throw new Error("The soft labels could not be read");
    }
    const soft = unpack(new Float32Array(softened.buffer), [images, classes, height, width], "activation");
    return { images, height, width, labels: hard, soft, counts: countsOf(found, classes, hard.length) };
  };
  const waiting = new OneBehind<SoftLabelledBatch>();
  for await (const batch of batches.batches()) {
    const { images, height, width } = batch;
    const size = images * height * width;
    const views = viewsBuffer(gpu, batch, scores);
    const labels = gpu.createBuffer(size, "pseudo-labels");
    const soft = gpu.createBuffer(storedBytes([images, classes, height, width], "f32", "activation"), "soft labels");
    gpu.write(counts, new Uint8Array(counts.size));
    gpu.submit([
      await gpu.dispatch(
        { name: "selftraining/assign_soft_labels", text: shader },
        scoreConstants(batch, scores),
        [batch.logits, views, scores.prior ?? batch.logits, thresholds, labels, counts, soft],
        grid(Math.ceil(size / 4), 64),
      ),
    ]);
    const before = waiting.exchange(finish(batch, gpu.read({ ...wholeRange(labels), size }, counts, soft)));
    for (const buffer of [views, labels, soft]) gpu.destroyBuffer(buffer);
    const labelled = await before;
    if (labelled !== null) yield labelled;
  }
  const last = await waiting.take();
  if (last !== null) yield last;
}

/**
 * The thresholds as the kernel reads them: exponent and mantissa of each by themselves. The mantissa's logarithm is
 * computed here in float64.
 */
function thresholdRows(lambda: Float32Array<ArrayBuffer>, alpha: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array((lambda.length + 1) * 4);
  const asIntegers = new Uint32Array(rows.buffer);
  for (const [id, value] of lambda.entries()) {
    const exponent = exponentOf(value);
    rows[id * 4] = value;
    asIntegers[id * 4 + 1] = exponent + 127 + 32;
    rows[id * 4 + 2] = Math.log2(value / 2 ** exponent);
  }
  rows[lambda.length * 4] = 1 / alpha;
  return rows;
}

/**
 * The exponent e of a positive float32, such that value / 2^e lies in [1, 2). It is read from the bits of the value as
 * a float64.
 */
function exponentOf(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return ((view.getUint16(0) >> 4) & 0x7ff) - 1023;
}
