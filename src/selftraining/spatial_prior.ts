/**
 * The spatial prior of CBST-SP (Zou et al. 2018, section 4.3): how often each class stands at each place of the source
 * images, smoothed by a Gaussian.
 *
 * @module
 */

import countsShader from "../../shaders/selftraining/prior_counts.wgsl" with { type: "text" };
import smoothShader from "../../shaders/selftraining/smooth_axis.wgsl" with { type: "text" };
import { resizeFloats } from "../data/resize.ts";
import type { SampleSource } from "../data/sample.ts";
import type { Size } from "../data/size.ts";
import { writeNpy } from "../formats/npy.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { type Dispatch, grid } from "../gpu/launch.ts";
import { pack, paddedChannels, unpack } from "../graph/layout.ts";

/** How the counts are smoothed and scaled. */
export interface SpatialPriorOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Size of the label maps. */
  readonly size: Size;
  /**
   * Side of the Gaussian kernel in pixels. Its centre is at (kernel − 1)/2, and its tap ⌊(kernel − 1)/2⌋ lies on the
   * pixel. Default 70.
   */
  readonly kernel?: number;
  /** The same along the columns of pixels, from row to row. Default: `kernel`. */
  readonly kernelRows?: number;
  /** Whether the last column is beside the first, as in the range images of a LiDAR. Default `false`. */
  readonly isRing?: boolean;
  /** Standard deviation of the Gaussian in pixels. Default: a quarter of the side of the kernel. */
  readonly sigma?: number;
  /**
   * What sums to 1. `"pixel"` (default): each class map, over the pixels. `"class"`: each pixel, over the classes.
   * `"none"`: nothing is scaled.
   */
  readonly normalization?: "pixel" | "class" | "none";
}

/** Label maps `[N, H, W]` of some images, 255 = ignored. */
export interface LabelBatch {
  /** How many images. */
  readonly images: number;
  /** Class ids, `[N, H, W]`. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Images whose labels are counted in one launch. */
const batchSize = 16;

/**
 * The prior from the labels of source images, which are resized to the size of the options. The caller frees the
 * buffer.
 */
export function spatialPrior<Item>(
  gpu: Gpu,
  samples: SampleSource<Item>,
  items: readonly Item[],
  options: SpatialPriorOptions,
): Promise<GPUBuffer> {
  return accumulatePrior(gpu, labelBatches(samples, items, options.size), options);
}

async function* labelBatches<Item>(
  samples: SampleSource<Item>,
  items: readonly Item[],
  size: Size,
): AsyncGenerator<LabelBatch> {
  const pixels = size.height * size.width;
  let labels = new Uint8Array(batchSize * pixels);
  let images = 0;
  for await (const sample of samples.load(items, { size, labels: "only" })) {
    if (sample.labels === null) throw new Error(`Cannot make a spatial prior of ${sample.name}: it has no labels`);
    labels.set(sample.labels, images * pixels);
    if (++images < batchSize) continue;
    yield { images, labels };
    labels = new Uint8Array(batchSize * pixels);
    images = 0;
  }
  if (images > 0) yield { images, labels };
}

/** The prior `[H, W, C₄]`. The caller frees the buffer. The map of a class without a pixel stays zero. */
export async function accumulatePrior(
  gpu: Gpu,
  batches: AsyncIterable<LabelBatch>,
  options: SpatialPriorOptions,
): Promise<GPUBuffer> {
  const { classes, size: { height, width }, kernel = 70, normalization = "pixel" } = options;
  const vectors = paddedChannels(classes) / 4;
  const bytes = height * width * vectors * 16;
  const counts = gpu.createBuffer(bytes, "class counts");
  for await (const { images, labels } of batches) {
    const buffer = gpu.createBuffer(labels.length, "labels");
    gpu.write(buffer, labels);
    const constants = { IMAGES: images, PIXELS: height * width, CLASSES: classes, CLASS_VECTORS: vectors };
    const source = { name: "selftraining/prior_counts", text: countsShader };
    gpu.submit([await gpu.dispatch(source, constants, [buffer, counts], grid(height * width, 64))]);
    gpu.destroyBuffer(buffer);
  }
  const half = gpu.createBuffer(bytes, "half smoothed");
  const smoothing = [
    await smoothAlong(gpu, [counts, half], options, { taps: kernel, alongRows: false }),
    await smoothAlong(gpu, [half, counts], options, { taps: options.kernelRows ?? kernel, alongRows: true }),
  ];
  gpu.submit(smoothing.map(({ dispatch }) => dispatch));
  const [smoothed] = await gpu.read({ buffer: counts, offset: 0, size: bytes });
  if (smoothed !== undefined) {
    gpu.write(counts, normalize(new Float32Array(smoothed.buffer), vectors * 4, normalization));
  }
  for (const buffer of [half, ...smoothing.map(({ weights }) => weights)]) gpu.destroyBuffer(buffer);
  return counts;
}

/** The launch that smooths maps along one axis, and the buffer of its Gaussian. */
async function smoothAlong(
  gpu: Gpu,
  [from, to]: readonly [GPUBuffer, GPUBuffer],
  { classes, size: { height, width }, sigma, isRing = false }: SpatialPriorOptions,
  { taps, alongRows }: { readonly taps: number; readonly alongRows: boolean },
): Promise<{ readonly dispatch: Dispatch; readonly weights: GPUBuffer }> {
  const vectors = paddedChannels(classes) / 4;
  const weights = gpu.createBuffer(taps * 4, "Gaussian");
  gpu.write(weights, gaussian(taps, sigma ?? taps / 4));
  const dispatch = await gpu.dispatch(
    { name: "selftraining/smooth_axis", text: smoothShader },
    {
      ...{ HEIGHT: height, WIDTH: width, CLASS_VECTORS: vectors, ALONG_ROWS: alongRows },
      ...{ TAPS: taps, ORIGIN: Math.floor((taps - 1) / 2), IS_RING: isRing && !alongRows },
    },
    [from, weights, to],
    grid(height * width * vectors, 64),
  );
  return { dispatch, weights };
}

/** A spatial prior that comes from elsewhere. */
export interface PriorMaps extends Size {
  /** How likely each class is at each place, `[C, height, width]`; 0 or more, at any scale. */
  readonly values: Float32Array;
}

/**
 * A given prior at the size of the options (bilinear), as the kernels read it: `[H, W, C₄]`. The caller frees the
 * buffer.
 *
 * @throws {RangeError} where it has not the classes of the options.
 */
export function givenPrior(
  gpu: Gpu,
  prior: PriorMaps,
  options: Pick<SpatialPriorOptions, "classes" | "size">,
): GPUBuffer {
  const packed = resampledPrior(prior, options);
  const buffer = gpu.createBuffer(packed.byteLength, "spatial prior");
  gpu.write(buffer, packed);
  return buffer;
}

/**
 * What {@link givenPrior} puts into its buffer.
 *
 * @throws {RangeError} where the prior has not the classes of the options.
 */
export function resampledPrior(
  { values, height, width }: PriorMaps,
  { classes, size }: Pick<SpatialPriorOptions, "classes" | "size">,
): Float32Array<ArrayBuffer> {
  if (values.length !== classes * height * width) {
    throw new RangeError(
      `The spatial prior has ${values.length / (height * width)} maps of ${height} x ${width}, the network ` +
        `${classes} classes`,
    );
  }
  const resized = height === size.height && width === size.width
    ? Float32Array.from(values)
    : resizeFloats(values, { height, width }, size);
  return pack(resized, [1, classes, size.height, size.width], "activation");
}

/** A prior on the GPU as a .npy file of float32 `[C, H, W]`. */
export async function priorFile(
  gpu: Gpu,
  prior: GPUBuffer,
  { classes, size: { height, width } }: Pick<SpatialPriorOptions, "classes" | "size">,
): Promise<Uint8Array<ArrayBuffer>> {
  const [bytes] = await gpu.read({ buffer: prior, offset: 0, size: prior.size });
  const packed = new Float32Array(bytes?.buffer ?? new ArrayBuffer(0));
  return writeNpy([classes, height, width], unpack(packed, [1, classes, height, width], "activation"));
}

/** A Gaussian of `taps` weights around their centre, summing to 1. */
function gaussian(taps: number, sigma: number): Float32Array<ArrayBuffer> {
  const values = Float64Array.from(
    { length: taps },
    (_, tap) => Math.exp(-((tap - (taps - 1) / 2) ** 2) / (2 * sigma * sigma)),
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return Float32Array.from(values, (value) => value / sum);
}

function normalize(values: Float32Array<ArrayBuffer>, channels: number, normalization: "pixel" | "class" | "none") {
  if (normalization === "none") return values;
  const groupOf = (index: number) => normalization === "pixel" ? index % channels : Math.floor(index / channels);
  const sums = new Float64Array(normalization === "pixel" ? channels : values.length / channels);
  values.forEach((value, index) => sums[groupOf(index)] = (sums[groupOf(index)] ?? 0) + value);
  return values.map((value, index) => {
    const sum = sums[groupOf(index)] ?? 0;
    return sum > 0 ? value / sum : 0;
  });
}
