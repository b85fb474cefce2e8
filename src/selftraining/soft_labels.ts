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
import { softLabelWords } from "../data/soft_label_map.ts";
import { paddedChannels, unpack } from "../graph/layout.ts";
import { offsetAlignment, type Range } from "../graph/slices.ts";
import { countsOf } from "./label_counts.ts";
import {
  type ScoreBatch,
  type ScoreBatches,
  scoreConstants,
  scoreIncludes,
  type ScoreOptions,
  viewsBuffer,
} from "./scores.ts";
import type { LabelledBatch } from "./selection.ts";

/** Soft and hard pseudo-labels of one batch. */
export interface SoftLabelledBatch extends LabelledBatch {
  /** `[N, C, H, W]`, given for every pixel, whether it is used or not. */
  readonly soft: Float32Array<ArrayBuffer>;
}

/** Hard pseudo-labels of one batch, and soft ones in the compact form of a `SoftLabelMap`. */
export interface ShareLabelledBatch extends LabelledBatch {
  /** `[N, H, W, 3]`: the four largest shares of each pixel that is used. */
  readonly shares: Uint32Array<ArrayBuffer>;
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
  const { classes } = scores;
  const form = { file: "lib/every_share.wgsl", pixelBytes: paddedChannels(classes) * 4 };
  for await (const { bytes, ...batch } of assignShares(gpu, batches, scores, lambda, alpha, form)) {
    const { images, height, width } = batch;
    yield { ...batch, soft: unpack(new Float32Array(bytes.buffer), [images, classes, height, width], "activation") };
  }
}

/**
 * As `assignSoftLabels`, in 12 bytes a pixel. Of a pixel that is not used all shares are 0.
 *
 * @throws {RangeError} if `alpha` is not above 0.
 */
export async function* assignShareLabels(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  lambda: Float32Array<ArrayBuffer>,
  alpha: number,
): AsyncGenerator<ShareLabelledBatch> {
  const form = { file: "lib/largest_shares.wgsl", pixelBytes: softLabelWords * 4 };
  for await (const { bytes, ...batch } of assignShares(gpu, batches, scores, lambda, alpha, form)) {
    yield { ...batch, shares: new Uint32Array(bytes.buffer, 0, batch.labels.length * softLabelWords) };
  }
}

/** How the kernel writes soft labels: the file that it includes for that, and the bytes of a pixel. */
interface SoftForm {
  readonly file: string;
  readonly pixelBytes: number;
}

async function* assignShares(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  lambda: Float32Array<ArrayBuffer>,
  alpha: number,
  form: SoftForm,
): AsyncGenerator<LabelledBatch & { readonly bytes: Uint8Array<ArrayBuffer> }> {
  if (!(alpha > 0)) throw new RangeError(`Cannot soften labels with alpha ${alpha}: it must be above 0`);
  const { classes } = scores;
  using buffers = new BufferScope(gpu);
  const thresholds = buffers.create((classes + 1) * 16, "thresholds");
  const counts = buffers.create(classes * 4, "labelled");
  const finish = async ({ images, height, width }: ScoreBatch, reading: Promise<Uint8Array<ArrayBuffer>[]>) => {
    const [labels, found, bytes] = await reading;
    if (labels === undefined || found === undefined || bytes === undefined) {
      throw new Error("The soft labels could not be read");
    }
    return { images, height, width, labels, bytes, counts: countsOf(found, classes, labels.length) };
  };
  const waiting = new OneBehind<LabelledBatch & { readonly bytes: Uint8Array<ArrayBuffer> }>();
  for await (const batch of batches.batches()) {
    const size = batch.images * batch.height * batch.width;
    const views = viewsBuffer(gpu, batch, scores);
    const labels = gpu.createBuffer(Math.ceil(size / 4) * 4, "pseudo-labels");
    const soft = gpu.createBuffer(size * form.pixelBytes, "soft labels");
    gpu.write(counts, new Uint8Array(counts.size));
    for (const { first, count } of pieces(size, form, gpu.maxBindingBytes)) {
      const words = { first: first / 4, end: Math.ceil((first + count) / 4) };
      gpu.write(thresholds, thresholdRows(lambda, alpha, words));
      gpu.submit([
        await gpu.dispatch(
          {
            name: "selftraining/assign_soft_labels",
            text: shader,
            includes: { ...scoreIncludes(scores, { ASSIGN: "assign_soft_labels" }), SHARES: form.file },
          },
          scoreConstants(batch, scores),
          [
            ...[batch.logits, views, scores.prior ?? batch.logits, thresholds, labels, counts],
            { buffer: soft, offset: first * form.pixelBytes, size: count * form.pixelBytes },
          ],
          grid(words.end - words.first, 64),
        ),
      ]);
    }
    const before = waiting.exchange(finish(batch, gpu.read({ ...wholeRange(labels), size }, counts, soft)));
    for (const buffer of [views, labels, soft]) gpu.destroyBuffer(buffer);
    const labelled = await before;
    if (labelled !== null) yield labelled;
  }
  const last = await waiting.take();
  if (last !== null) yield last;
}

/** The soft labels of so many pixels, or a multiple of it, end where a binding can begin. */
const alignedPixels = offsetAlignment / 4;

/** Pixels of a batch in pieces whose soft labels one binding sees. Each begins where a binding can. */
function pieces(pixels: number, { pixelBytes }: SoftForm, maxBindingBytes: number): Range[] {
  const most = Math.max(1, Math.floor(maxBindingBytes / pixelBytes / alignedPixels)) * alignedPixels;
  return Array.from({ length: Math.ceil(pixels / most) }, (_, index) => {
    return { first: index * most, count: Math.min(most, pixels - index * most) };
  });
}

/**
 * The thresholds as the kernel reads them: exponent and mantissa of each by themselves. The mantissa's logarithm is
 * computed here in float64. The last row says which words of labels the launch writes.
 */
function thresholdRows(
  lambda: Float32Array<ArrayBuffer>,
  alpha: number,
  words: { readonly first: number; readonly end: number },
): Float32Array<ArrayBuffer> {
  const rows = new Float32Array((lambda.length + 1) * 4);
  const asIntegers = new Uint32Array(rows.buffer);
  for (const [id, value] of lambda.entries()) {
    const exponent = exponentOf(value);
    rows[id * 4] = value;
    asIntegers[id * 4 + 1] = exponent + 127 + 32;
    rows[id * 4 + 2] = Math.log2(value / 2 ** exponent);
  }
  rows[lambda.length * 4] = 1 / alpha;
  asIntegers[lambda.length * 4 + 1] = words.first;
  asIntegers[lambda.length * 4 + 2] = words.end;
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
