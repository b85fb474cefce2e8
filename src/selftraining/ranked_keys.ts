/**
 * The keys that the selection of thresholds ranks, batch by batch, on the GPU. A pixel's key is the bit pattern of its
 * largest class score. Scores are not negative, so the bit patterns, read as integers, have the order of the scores.
 *
 * @module
 */

import countsShader from "../../shaders/selftraining/class_counts.wgsl" with { type: "text" };
import startsShader from "../../shaders/selftraining/class_starts.wgsl" with { type: "text" };
import nthShader from "../../shaders/selftraining/every_nth.wgsl" with { type: "text" };
import topShader from "../../shaders/selftraining/top_score.wgsl" with { type: "text" };
import { BufferScope } from "../gpu/buffer_scope.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type BufferRange, type Dispatch, grid, wholeRange } from "../gpu/launch.ts";
import {
  pixelsPerInvocation,
  type ScoreBatch,
  type ScoreBatches,
  scoreConstants,
  scoreIncludes,
  type ScoreOptions,
  viewsBuffer,
} from "./scores.ts";
import { listCountOf, unrankedMark, zoneParts } from "./zones.ts";

/** The keys of some pixels. */
export interface KeyBatch {
  /** Number of pixels. */
  readonly count: number;
  /** The bits of each pixel's largest score, a float32 read as u32. */
  readonly keys: BufferRange;
  /**
   * The list of each pixel, u32: the class of its largest score; with rings, ring · C + class. 256 is added if the pixel
   * is not ranked, or 65536 where there are more than 255 lists.
   */
  readonly classes: BufferRange;
  /** Whether pixels may be empty. Their list is the last number before twice what is added to those not ranked. */
  readonly hasEmpty: boolean;
}

/** Which pixels are looked at. */
export interface KeyOptions {
  /** Of the pixels of a class in an image, only every `stride`-th is ranked. Default 1: all are. */
  readonly stride?: number;
  /**
   * For a batch, the step between the rows and between the columns that are looked at; other pixels get no key. The
   * rows and columns are spread over the image. Default 1: all pixels are looked at.
   */
  readonly step?: (batch: ScoreBatch) => number;
}

/** Pixels that one invocation of the `stride` kernels counts, one after the other. */
const blockPixels = 256;

/**
 * The keys of all batches. A batch overwrites the buffers of the one before, so each must be used before the next is
 * asked for.
 */
export async function* rankedKeys(
  gpu: Gpu,
  batches: ScoreBatches,
  scores: ScoreOptions,
  { stride = 1, step = () => 1 }: KeyOptions = {},
): AsyncGenerator<KeyBatch> {
  using buffers = new BufferScope(gpu);
  let keys = buffers.create(16, "keys");
  let classes = buffers.create(16, "classes");
  for await (const batch of batches.batches()) {
    const every = step(batch);
    const pixels = Math.ceil(batch.height / every) * Math.ceil(batch.width / every);
    const count = batch.images * pixels;
    const bytes = Math.ceil(count / 4) * 16;
    if (keys.size < bytes) {
      for (const buffer of [keys, classes]) buffers.free(buffer);
      keys = buffers.create(bytes, "keys");
      classes = buffers.create(bytes, "classes");
    }
    const views = viewsBuffer(gpu, batch, scores);
    const run = pixelsPerInvocation(batch, scores, { scorings: 1, perClass: 0 });
    const zones = zoneParts(batch, scores, 5);
    const launches: Dispatch[] = [
      await gpu.dispatch(
        { name: "selftraining/top_score", text: topShader, includes: { ...scoreIncludes(scores), ...zones.includes } },
        { ...scoreConstants(batch, scores), ...zones.constants, STEP: every, RUN: run },
        [batch.logits, views, scores.prior ?? batch.logits, keys, classes, ...zones.bindings],
        grid(Math.ceil(count / run), 64),
      ),
    ];
    const nth = stride > 1 ? await everyNth(gpu, batch.images, pixels, listCountOf(scores), stride, classes) : null;
    if (nth !== null) launches.push(...nth.dispatches);
    gpu.submit(launches);
    gpu.destroyBuffer(views);
    if (nth !== null) gpu.destroyBuffer(nth.counts);
    const hasEmpty = zones.bindings.length > 0;
    yield { count, keys: wholeRange(keys), classes: wholeRange(classes), hasEmpty };
  }
}

/** The launches that mark all pixels as not ranked except every `stride`-th of each list and image. */
async function everyNth(
  gpu: Gpu,
  images: number,
  pixels: number,
  lists: number,
  stride: number,
  ids: GPUBuffer,
) {
  const blocks = Math.ceil(pixels / blockPixels);
  const shared = { BATCH: images, LISTS: lists };
  const sizes = { ...shared, PIXELS_PER_IMAGE: pixels, BLOCK: blockPixels };
  const counts = gpu.createBuffer(images * blocks * lists * 4, "class counts");
  const workgroups = grid(images * blocks * lists, 64);
  const dispatches = [
    await gpu.dispatch({ name: "selftraining/class_counts", text: countsShader }, sizes, [ids, counts], workgroups),
    await gpu.dispatch(
      { name: "selftraining/class_starts", text: startsShader },
      { ...shared, BLOCKS: blocks },
      [counts],
      grid(images * lists, 64),
    ),
    await gpu.dispatch(
      { name: "selftraining/every_nth", text: nthShader },
      { ...sizes, STRIDE: stride, UNRANKED: unrankedMark(lists) },
      [counts, ids],
      workgroups,
    ),
  ];
  return { dispatches, counts };
}
