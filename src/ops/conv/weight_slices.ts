/**
 * Convolutions whose weights are more than one binding can see, such as the first fully connected layer of VGG16.
 *
 * A forward slice takes some output channels, and a gradient's slice some input channels. So every sum lies in one
 * slice and is computed as in the whole. A slice's weights are copied into scratch memory, one next to the other. Its
 * result is then copied to its channels of the whole result.
 *
 * @module
 */

import { paddedChannels } from "../../graph/layout.ts";
import { fittingRanges, joined, part, type Range, renumbered, scratchTensor, withOutput } from "../../graph/slices.ts";
import { type DeviceTraits, type KernelCall, type KernelPlan, Tensor } from "../../graph/tensor.ts";
import { copyPart } from "../arithmetic/concat.ts";
import { sliceCall } from "../arithmetic/slice_channels.ts";
import { channelTensor, type Epilogue, withTensors } from "./epilogue.ts";
import { reordered } from "./weight_order.ts";

/**
 * Numbers of a slice's scratch memory: its weights, its result, its numbers per channel (bias, scale and shift), its
 * residual, and from `ownScratch` on the scratch memory of its own launches.
 */
const [weightScratch, resultScratch, channelScratch, residualScratch, ownScratch] = [0, 1, 2, 3, 4];
/** A multiple of this many rows of weights begins at an offset that can be bound, in any slice. */
const alignedRows = 16;

/** A slice of the weights, and the tensors that go with it. */
export interface WeightSlice {
  /** The weights `[O, I, R, S]` of the slice, in scratch memory. */
  readonly weight: Tensor;
  /** The result of the slice, in scratch memory: a convolution's output, or an input gradient. */
  readonly result: Tensor;
  readonly epilogue: Epilogue | undefined;
}

/**
 * The launches of a convolution. If the weights cannot be bound, they are cut by output channels.
 *
 * @param result the region of the output that is computed.
 * @param plan gives the launches with the slice's weights; their `"output"` is the slice's result.
 */
export function byOutputChannels(
  weight: Tensor,
  result: Tensor,
  epilogue: Epilogue | undefined,
  device: DeviceTraits,
  whole: () => KernelPlan,
  plan: (slice: WeightSlice) => KernelPlan,
): KernelPlan {
  if (weight.bytes <= (device.maxBindingBytes ?? Infinity)) return whole();
  const [outputs = 1, inputs = 1, ...kernel] = weight.shape;
  const [batch = 1, , height = 1, width = 1] = result.shape;
  const rowFloats = paddedChannels(outputs);
  const rows = weight.bytes / 4 / rowFloats;
  const sliceOf = ({ first, count }: Range): KernelPlan => {
    const [start, channels] = [4 * first, Math.min(4 * count, outputs - 4 * first)];
    const slice = scratchTensor(weightScratch, [channels, inputs, ...kernel], "convolution");
    const own = scratchTensor(resultScratch, [batch, channels, height, width], "activation");
    const most = Math.floor((device.maxBindingBytes ?? Infinity) / (rowFloats * 4) / alignedRows) * alignedRows;
    const copies = runs(rows, Math.max(alignedRows, most)).map(({ first: row, count: length }) =>
      block(
        part(weight, [length * rowFloats], row * rowFloats * 4, "plain"),
        { rows: length, rowFloats, start, count: 4 * count },
        part(slice, [length * 4 * count], row * 4 * count * 4, "plain"),
      )
    );
    const ends = epilogueSlice(epilogue, result, { start, channels });
    const inner = plan({ weight: slice, result: own, epilogue: ends.epilogue });
    const placed = copyPart(own, start, outputs, start + channels === outputs);
    return slicePlan([...copies, ...ends.calls], inner, own, [placed]);
  };
  return inChannels(outputs, whole(), result, device, sliceOf);
}

/** The launches of an input gradient `result`. If the weights cannot be bound, they are cut by input channels. */
export function byInputChannels(
  weight: Tensor,
  result: Tensor,
  device: DeviceTraits,
  whole: () => KernelPlan,
  plan: (slice: WeightSlice) => KernelPlan,
): KernelPlan {
  if (weight.bytes <= (device.maxBindingBytes ?? Infinity)) return whole();
  const [outputs = 1, inputs = 1, ...kernel] = weight.shape;
  const [batch = 1, , height = 1, width = 1] = result.shape;
  const sliceOf = ({ first, count }: Range): KernelPlan => {
    const [start, channels] = [4 * first, Math.min(4 * count, inputs - 4 * first)];
    const slice = scratchTensor(weightScratch, [outputs, channels, ...kernel], "convolution");
    const own = scratchTensor(resultScratch, [batch, channels, height, width], "activation");
    const copies = tapBlocks(weight, slice, start).map(({ all, some }) => copied(all, some));
    const inner = plan({ weight: slice, result: own, epilogue: undefined });
    return slicePlan(copies, inner, own, [copyPart(own, start, inputs, start + channels === inputs)]);
  };
  return inChannels(inputs, whole(), result, device, sliceOf);
}

/**
 * The launches of a weight gradient `result`. If it cannot be bound, it is cut by input channels.
 *
 * @param plan gives the launches that compute the gradient at a slice of the weights, their `"output"`, from some
 * channels of the input.
 */
export function gradientByInputChannels(
  result: Tensor,
  device: DeviceTraits,
  whole: () => KernelPlan,
  plan: (weight: Tensor, channels: Range) => KernelPlan,
): KernelPlan {
  if (result.bytes <= (device.maxBindingBytes ?? Infinity)) return whole();
  const [outputs = 1, inputs = 1, ...kernel] = result.shape;
  const sliceOf = ({ first, count }: Range): KernelPlan => {
    const [start, channels] = [4 * first, Math.min(4 * count, inputs - 4 * first)];
    const slice = scratchTensor(weightScratch, [outputs, channels, ...kernel], "convolution");
    const inner = plan(slice, { first: start, count: channels });
    return slicePlan([], inner, slice, tapCopies(result, slice, start));
  };
  return inChannels(inputs, whole(), result, device, sliceOf);
}

/**
 * The channels of an input that a slice of a weight gradient reads, copied into scratch memory, and the launch that
 * copies them.
 */
export function inputChannels(
  x: Tensor,
  { first, count }: Range,
): { readonly input: Tensor; readonly call: KernelCall } {
  const [batch = 1, , height = 1, width = 1] = x.shape;
  const input = scratchTensor(resultScratch, [batch, count, height, width], "activation");
  return { input, call: sliceCall(x, { from: first, count }, input) };
}

function inChannels(
  channels: number,
  whole: KernelPlan,
  output: Tensor,
  device: DeviceTraits,
  plan: (vectors: Range) => KernelPlan,
): KernelPlan {
  const ranges = fittingRanges({ count: Math.ceil(channels / 4), multiple: 1 }, whole, output, device, plan);
  return ranges === null ? whole : joined(ranges.map(plan));
}

/**
 * The launches of a slice: first `before`, then those that compute `result`, then `after`, which copy it to its place.
 */
export function slicePlan(
  before: readonly KernelCall[],
  inner: KernelPlan,
  result: Tensor,
  after: readonly KernelCall[],
): KernelPlan {
  const moved = withOutput(renumbered(inner, ownScratch), result);
  const calls = [...before, ...moved.calls, ...after];
  const scratchBytes = [...moved.scratchBytes ?? []];
  for (const binding of calls.flatMap(({ bindings }) => bindings)) {
    const tensor = typeof binding === "object" && "texture" in binding ? binding.texture : binding;
    const leaf = tensor instanceof Tensor ? tensor.definition.leaf : undefined;
    const whole = leaf?.kind === "part" ? leaf.of : tensor;
    if (!(whole instanceof Tensor) || whole.definition.leaf?.kind !== "scratch") continue;
    const { scratch } = whole.definition.leaf;
    scratchBytes[scratch] = Math.max(scratchBytes[scratch] ?? 0, whole.bytes);
  }
  return { calls, scratchBytes };
}

/**
 * The launches that copy the weights of some input channels to their place among all weights. The first of these
 * channels is `start`.
 */
export function tapCopies(all: Tensor, some: Tensor, start: number): KernelCall[] {
  return tapBlocks(all, some, start).map((block) => copied(block.some, block.all));
}

/**
 * For each tap, where the weights of some input channels lie among all weights, and where they lie in their slice. Both
 * are consecutive in memory.
 */
function tapBlocks(all: Tensor, some: Tensor, start: number): { readonly all: Tensor; readonly some: Tensor }[] {
  const [outputs = 1, inputs = 1, kernelHeight = 1, kernelWidth = 1] = all.shape;
  const rowFloats = paddedChannels(outputs);
  const [inputRows, rows] = [paddedChannels(inputs), paddedChannels(some.shape[1] ?? 1)];
  return Array.from({ length: kernelHeight * kernelWidth }, (_, tap) => ({
    all: part(all, [rows * rowFloats], (tap * inputRows + start) * rowFloats * 4, "plain"),
    some: part(some, [rows * rowFloats], tap * rows * rowFloats * 4, "plain"),
  }));
}

/** The epilogue of some channels, whose tensors are copied into scratch memory, and the launches that copy them. */
function epilogueSlice(
  epilogue: Epilogue | undefined,
  result: Tensor,
  { start, channels }: { readonly start: number; readonly channels: number },
): { epilogue: Epilogue | undefined; calls: KernelCall[] } {
  if (epilogue === undefined) return { epilogue, calls: [] };
  const calls: KernelCall[] = [];
  const all = channelTensor(epilogue);
  let [some, residual]: (Tensor | undefined)[] = [];
  if (all !== undefined) {
    const isPair = all.shape.length === 2;
    some = scratchTensor(channelScratch, isPair ? [2, channels] : [channels], "channels");
    const rowFloats = paddedChannels(result.shape[1] ?? 1);
    calls.push(block(all, { rows: isPair ? 2 : 1, rowFloats, start, count: paddedChannels(channels) }, some));
  }
  if (epilogue.residual !== undefined) {
    const [batch = 1, , height = 1, width = 1] = result.shape;
    residual = scratchTensor(residualScratch, [batch, channels, height, width], "activation");
    calls.push(sliceCall(epilogue.residual, { from: start, count: channels }, residual));
  }
  return { epilogue: withTensors(epilogue, some, residual), calls };
}

/** The launch that copies `count` floats of each row, from `start` on. */
function block(
  from: Tensor,
  { rows, rowFloats, start, count }: Readonly<Record<"rows" | "rowFloats" | "start" | "count", number>>,
  to: Tensor,
): KernelCall {
  const one = { length: 1, step: 0 };
  return reordered(from, [one, { length: rows, step: rowFloats }, { length: count, step: 1 }], to, start);
}

function copied(from: Tensor, to: Tensor): KernelCall {
  const floats = from.bytes / 4;
  return block(from, { rows: 1, rowFloats: floats, start: 0, count: floats }, to);
}

function runs(count: number, most: number): Range[] {
  return Array.from({ length: Math.ceil(count / most) }, (_, index) => ({
    first: index * most,
    count: Math.min(most, count - index * most),
  }));
}
