/**
 * Concatenation along channels.
 *
 * @module
 */

import shader from "../../../shaders/arithmetic/concat.wgsl" with { type: "text" };
import unalignedShader from "../../../shaders/arithmetic/concat_unaligned.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { paddedChannels } from "../../graph/layout.ts";
import { inPixels, pixelRange } from "../../graph/slices.ts";
import { type KernelCall, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { sliceChannels } from "./slice_channels.ts";

/**
 * The channels of all parts one after the other: `[N, C₁, H, W]`, `[N, C₂, H, W]`, … → `[N, C₁ + C₂ + …, H, W]`.
 *
 * @throws {RangeError} if there is no part, or batch, height or width differ.
 */
export function concat(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  const [batch = 1, , height = 1, width = 1] = first?.shape ?? [];
  const fits = ({ shape, layout }: Tensor) =>
    layout === "activation" && shape[0] === batch && shape[2] === height && shape[3] === width;
  if (first === undefined || !parts.every(fits)) {
    refuse("concat", `${parts.join(", ") || "no parts"}; all parts need one batch, height and width`);
  }
  if (parts.length === 1) return first;
  const channels = parts.map(({ shape }) => shape[1] ?? 1);
  const starts = channels.map((_, index) => channels.slice(0, index).reduce((sum, count) => sum + count, 0));
  const total = channels.reduce((sum, count) => sum + count, 0);
  return new Tensor({
    op: "concat",
    shape: [batch, total, height, width],
    inputs: parts,
    gradient: (outputGradient) =>
      channels.map((count, index) => () => sliceChannels(outputGradient, { from: starts[index] ?? 0, count })),
    kernels: (output, device) =>
      inPixels(output, device, (range) => ({
        calls: parts.map((part, index) =>
          copyPart(pixelRange(part, range), starts[index] ?? 0, total, index === parts.length - 1)
        ),
      })),
  });
}

/** The launch that copies one part to the channels from `start`; the last one also writes the padding. */
export function copyPart(part: Tensor, start: number, total: number, isLast: boolean): KernelCall {
  const [batch = 1, channels = 1, height = 1, width = 1] = part.shape;
  const pixels = batch * height * width;
  const vectors = paddedChannels(channels) / 4;
  const common = { bindings: [part, "output" as const], iterations: 0 };
  if (start % 4 === 0 && (isLast || channels % 4 === 0)) {
    return {
      ...common,
      shader: { name: "arithmetic/concat", text: shader },
      constants: { PIXELS: pixels, VECTORS: vectors, OUTPUT_VECTORS: paddedChannels(total) / 4, TO: start / 4 },
      workgroups: grid(pixels * vectors, 64),
    };
  }
  const written = isLast ? paddedChannels(total) - start : channels;
  return {
    ...common,
    shader: { name: "arithmetic/concat_unaligned", text: unalignedShader },
    constants: {
      PIXELS: pixels,
      VECTORS: vectors,
      CHANNELS: channels,
      WRITTEN: written,
      OUTPUT_CHANNELS: paddedChannels(total),
      TO: start,
    },
    workgroups: grid(pixels * Math.ceil(written / 4), 64),
  };
}
