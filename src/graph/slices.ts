/**
 * Tensors that are larger than one binding can see.
 *
 * A buffer may be larger than a binding. A launch then binds only a part of it, and the tensor is computed in slices,
 * one after the other. A slice is some images of the batch. If one image is still too large, a slice is some of its
 * rows. If an op computes every pixel by itself, a slice is a run of pixels.
 *
 * An op says how it computes a slice: it passes a function from a range to launches. The function is first called with
 * the whole range. If all of those launches can be bound, they are used, and there are no slices.
 *
 * @module
 */

import { type Layout, paddedChannels } from "./layout.ts";
import {
  type DeviceTraits,
  type KernelBinding,
  type KernelCall,
  type KernelPlan,
  type StoredBinding,
  Tensor,
} from "./tensor.ts";

/** `count` consecutive things; `first` is the number of the first one. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** Some rows of some images of a batch. If there are several images, all their rows. */
export interface Region {
  readonly images: Range;
  readonly rows: Range;
}

/** The offset of a binding must be a multiple of this many bytes; 256 is allowed by every adapter. */
export const offsetAlignment = 256;
/** Pixels, or vec4f: a multiple of this number of them always begins at such an offset. */
const alignedVectors = offsetAlignment / 16;
/**
 * The most bytes that a texture of operands holds: 8192 rows, WebGPU's default limit, of 1024 vec4f
 * (`Gpu.createTexture`).
 */
const mostTextureBytes = 2 ** 27;

/**
 * The launches of an op whose output is `[N, C, H, W]`, in slices of regions.
 *
 * @param plan gives the launches that compute a region; their `"output"` is that region alone.
 * @param rowMultiple slices begin at multiples of this many rows.
 */
export function inRegions(
  output: Tensor,
  device: DeviceTraits,
  plan: (region: Region) => KernelPlan,
  rowMultiple = 1,
): KernelPlan {
  const [batch = 1, , height = 1] = output.shape;
  const placed = (region: Region) => withOutput(plan(region), imageRows(output, region));
  return regionPlans({ batch, height, rowMultiple }, output, device, plan, placed, joined);
}

/**
 * The launches of a sum over all rows of a batch, in slices of regions.
 *
 * @param plan gives the launches that sum over a region; their `"output"` is that sum.
 * @param sum joins the launches of all regions.
 */
export function sumInRegions(
  rows: { readonly batch: number; readonly height: number; readonly rowMultiple?: number },
  output: Tensor,
  device: DeviceTraits,
  plan: (region: Region) => KernelPlan,
  sum: (plans: readonly KernelPlan[]) => KernelPlan,
): KernelPlan {
  return regionPlans({ rowMultiple: 1, ...rows }, output, device, plan, plan, sum);
}

/**
 * The launches of an op that computes each pixel of `[N, C, H, W]` by itself, in slices of pixels. Pixels are numbered
 * through the whole batch.
 */
export function inPixels(output: Tensor, device: DeviceTraits, plan: (pixels: Range) => KernelPlan): KernelPlan {
  const [batch = 1, , height = 1, width = 1] = output.shape;
  return inRanges(
    { count: batch * height * width, multiple: alignedVectors },
    output,
    device,
    plan,
    (range) => pixelRange(output, range),
  );
}

/** The launches of an op that computes each vec4f by itself, in slices of vec4f. The output has any layout. */
export function inVectors(output: Tensor, device: DeviceTraits, plan: (vectors: Range) => KernelPlan): KernelPlan {
  return inRanges(
    { count: Math.ceil(output.bytes / 16), multiple: alignedVectors },
    output,
    device,
    plan,
    (range) => vectorRange(output, range),
  );
}

/**
 * The launches of an op that computes `count` things, in slices. A slice begins at a multiple of `multiple`, and `view`
 * gives the part of the output that it computes.
 */
export function inRanges(
  { count, multiple }: { readonly count: number; readonly multiple: number },
  output: Tensor,
  device: DeviceTraits,
  plan: (range: Range) => KernelPlan,
  view: (range: Range) => Tensor,
): KernelPlan {
  const whole = plan({ first: 0, count });
  const placed = (range: Range) => withOutput(plan(range), view(range));
  const units = { count, multiple };
  const ranges = fittingRanges(units, whole, output, device, placed);
  if (ranges !== null) return joined(ranges.map(placed));
  return isBindable(whole, output, device) ? whole : placed(smallestRange(units));
}

/** A region of `[N, C, H, W]`, or of a plain `[N, H, W]`, as a tensor of its own. */
export function imageRows(tensor: Tensor, { images, rows }: Region): Tensor {
  const isImage = tensor.layout === "activation";
  const [batch = 1, channels = 1] = tensor.shape;
  const [height = 1, width = 1] = tensor.shape.slice(-2);
  if (images.count === batch && rows.count === height) return tensor;
  const start = (images.first * height + rows.first) * width;
  const shape = [images.count, ...isImage ? [channels] : [], rows.count, width];
  return part(tensor, shape, start * (isImage ? paddedChannels(channels) : 1) * 4);
}

/** Pixels of `[N, C, H, W]`, numbered through the batch, as `[1, C, 1, count]`. */
export function pixelRange(tensor: Tensor, { first, count }: Range): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = tensor.shape;
  if (count === batch * height * width) return tensor;
  return part(tensor, [1, channels, 1, count], first * paddedChannels(channels) * 4);
}

/** The pixels of `[N, C, H, W]`, numbered through the whole batch, cut into ranges that can each be bound. */
export function bindablePixels({ shape, bytes }: Tensor, limit: number): Range[] {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const count = batch * height * width;
  if (bytes <= limit) return [{ first: 0, count }];
  const most = Math.floor(limit / (4 * paddedChannels(channels)) / alignedVectors) * alignedVectors;
  return rangesOf(count, Math.max(alignedVectors, most));
}

/** Some vec4f of a tensor of any layout, as a plain tensor. */
export function vectorRange(tensor: Tensor, { first, count }: Range): Tensor {
  if (count * 16 >= tensor.bytes) return tensor;
  return part(tensor, [4 * count], first * 16, "plain");
}

/**
 * A part of `tensor`, from byte `offset` on, as a tensor of the given shape. Only launches can bind it. `tensor` may be
 * a part itself.
 */
export function part(
  tensor: Tensor,
  shape: readonly number[],
  offset: number,
  layout: Layout = tensor.layout,
): Tensor {
  const { leaf } = tensor.definition;
  const whole = leaf?.kind === "part" ? leaf : { of: tensor, offset: 0 };
  const place = { kind: "part", name: "part", of: whole.of, offset: whole.offset + offset } as const;
  return new Tensor({ op: "part", shape, dtype: tensor.dtype, layout, leaf: place });
}

/** Scratch memory as a tensor of the given shape. Only launches can bind it. */
export function scratchTensor(scratch: number, shape: readonly number[], layout: Layout): Tensor {
  return new Tensor({ op: "scratch", shape, layout, leaf: { kind: "scratch", name: "scratch", scratch } });
}

/**
 * The same launches with their own scratch memory numbered from `first` on. The scratch memory of a `scratchTensor`
 * keeps its number.
 */
export function renumbered(plan: KernelPlan, first: number): KernelPlan {
  const stored = (binding: StoredBinding): StoredBinding =>
    binding instanceof Tensor ? binding : { ...binding, scratch: first + binding.scratch };
  const moved = (binding: KernelBinding): KernelBinding => {
    if (binding === "output" || "uniform" in binding) return binding;
    return "texture" in binding ? { texture: stored(binding.texture) } : stored(binding);
  };
  return {
    calls: plan.calls.map((call) => ({ ...call, bindings: call.bindings.map(moved) })),
    scratchBytes: [...Array.from({ length: first }, () => 0), ...plan.scratchBytes ?? []],
  };
}

/**
 * Bytes of the largest binding of a plan. A texture has another limit, so its bytes are scaled to that of a binding.
 */
export function largestBinding(plan: KernelPlan, output: Tensor, limit: number): number {
  const bytes = (binding: KernelBinding) => {
    if (binding === "output") return output.bytes;
    if ("uniform" in binding) return 0;
    if (!("texture" in binding)) return storedBindingBytes(binding, plan);
    return storedBindingBytes(binding.texture, plan) * Math.max(1, limit / mostTextureBytes);
  };
  return Math.max(0, ...plan.calls.flatMap(({ bindings }) => bindings.map(bytes)));
}

/** Bytes of a tensor, of scratch memory, or of a part of either. */
export function storedBindingBytes(binding: StoredBinding, { scratchBytes = [] }: KernelPlan): number {
  if (binding instanceof Tensor) return binding.bytes;
  return binding.part?.bytes ?? scratchBytes[binding.scratch] ?? 0;
}

/** The same launches, which write to `output` instead. */
export function withOutput(plan: KernelPlan, output: StoredBinding): KernelPlan {
  return {
    ...plan,
    calls: plan.calls.map((call) => ({
      ...call,
      bindings: call.bindings.map((binding) => binding === "output" ? output : binding),
    })),
  };
}

/** The launches of several plans, one after the other. The plans share their scratch memory. */
export function joined(plans: readonly KernelPlan[]): KernelPlan {
  const scratchBytes: number[] = [];
  for (const plan of plans) {
    for (const [index, bytes] of (plan.scratchBytes ?? []).entries()) {
      scratchBytes[index] = Math.max(scratchBytes[index] ?? 0, bytes);
    }
  }
  return { calls: plans.flatMap((plan) => withOwnScratch(plan).calls), scratchBytes };
}

/** The same launches. Each binds only as many bytes of scratch memory as it asks for, even if there are more. */
function withOwnScratch(plan: KernelPlan): KernelPlan {
  const own = (binding: StoredBinding): StoredBinding =>
    binding instanceof Tensor ? binding : { part: { offset: 0, bytes: storedBindingBytes(binding, plan) }, ...binding };
  const bindings = (call: KernelCall): KernelBinding[] =>
    call.bindings.map((binding) => {
      if (binding === "output" || "uniform" in binding) return binding;
      return "texture" in binding ? { texture: own(binding.texture) } : own(binding);
    });
  return { ...plan, calls: plan.calls.map((call) => ({ ...call, bindings: bindings(call) })) };
}

function isBindable(plan: KernelPlan, output: Tensor, { maxBindingBytes }: DeviceTraits): boolean {
  return maxBindingBytes === undefined || largestBinding(plan, output, maxBindingBytes) <= maxBindingBytes;
}

/**
 * The smallest slice, taken from the middle. If even that cannot be bound, its launches stand for all; the program is
 * then refused before anything is allocated.
 */
function smallestRange({ count, multiple }: { readonly count: number; readonly multiple: number }): Range {
  const first = Math.floor(count / 2 / multiple) * multiple;
  return { first, count: Math.min(multiple, count - first) };
}

/**
 * The largest ranges whose launches can all be bound. `null` if the launches of everything can be bound, or if no range
 * is small enough.
 */
export function fittingRanges(
  { count, multiple }: { readonly count: number; readonly multiple: number },
  whole: KernelPlan,
  output: Tensor,
  device: DeviceTraits,
  plan: (range: Range) => KernelPlan,
): Range[] | null {
  const { maxBindingBytes: limit } = device;
  if (limit === undefined) return null;
  let largest = largestBinding(whole, output, limit);
  if (largest <= limit) return null;
  let size = Math.ceil(count / multiple) * multiple;
  while (size > multiple) {
    const wanted = Math.floor(size * limit / largest / multiple) * multiple;
    size = Math.max(multiple, Math.min(size - multiple, wanted));
    const ranges = rangesOf(count, size);
    largest = Math.max(...ranges.map((range) => largestBinding(plan(range), output, limit)));
    if (largest <= limit) return ranges;
  }
  return null;
}

function rangesOf(count: number, size: number): Range[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
    first: index * size,
    count: Math.min(size, count - index * size),
  }));
}

function regionPlans(
  { batch, height, rowMultiple }: { readonly batch: number; readonly height: number; readonly rowMultiple: number },
  output: Tensor,
  device: DeviceTraits,
  plan: (region: Region) => KernelPlan,
  placed: (region: Region) => KernelPlan,
  join: (plans: readonly KernelPlan[]) => KernelPlan,
): KernelPlan {
  const rows = { first: 0, count: height };
  const whole = plan({ images: { first: 0, count: batch }, rows });
  const byImages = fittingRanges(
    { count: batch, multiple: 1 },
    whole,
    output,
    device,
    (images) => placed({ images, rows }),
  );
  if (byImages !== null) return join(byImages.map((images) => placed({ images, rows })));
  const byRows = fittingRanges({ count: height, multiple: rowMultiple }, whole, output, device, (rows) =>
    // All images are cut in the same way.
    placed({ images: { first: 0, count: 1 }, rows }));
  if (byRows === null) {
    if (isBindable(whole, output, device)) return whole;
    return placed({ images: { first: 0, count: 1 }, rows: smallestRange({ count: height, multiple: rowMultiple }) });
  }
  const images = rangesOf(batch, 1);
  return join(images.flatMap((images) => byRows.map((rows) => placed({ images, rows }))));
}

/** In words, what would have to be smaller than it is, and how small, where the smallest slice of a tensor binds `bytes`. */
export function fittingSize(tensor: Tensor, bytes: number, limit: number): string {
  const image = [tensor, ...tensor.inputs].find(({ layout }) => layout === "activation");
  if (image === undefined || tensor.layout !== "activation" && tensor.bytes > limit) {
    return `at most ${Math.floor(limit / 4)} numbers would fit`;
  }
  const width = image.shape[3] ?? 1;
  const columns = Math.floor(width * limit / bytes);
  if (columns < 1) return `an adapter that binds ${bytes} bytes would do`;
  return `images of at most ${columns} columns here, instead of ${width}, would fit`;
}
