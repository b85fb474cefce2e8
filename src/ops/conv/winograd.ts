/**
 * 3×3 convolutions by Winograd's minimal filtering (Lavin & Gray, CVPR 2016). F(4×4, 3×3) takes 36 multiplications for
 * 16 outputs, where the direct form takes 144; F(2×2, 3×3) takes 16 for 4, where the direct form takes 36. Three steps:
 * transform the tiles of the input and the weights, multiply them as 36 or 16 matrix products, transform the products
 * back. The input gradient is the same with flipped, transposed weights. The weight gradient has transforms of its own.
 *
 * @module
 */

import inputShader from "../../../shaders/winograd/winograd_input.wgsl" with { type: "text" };
import outputShader from "../../../shaders/winograd/winograd_output.wgsl" with { type: "text" };
import outputGradShader from "../../../shaders/winograd/winograd_output_grad.wgsl" with { type: "text" };
import weightShader from "../../../shaders/winograd/winograd_weight.wgsl" with { type: "text" };
import weightGradShader from "../../../shaders/winograd/winograd_weight_grad.wgsl" with { type: "text" };
import { grid } from "../../gpu/launch.ts";
import { nestedIterations } from "../../graph/iterations.ts";
import { paddedChannels } from "../../graph/layout.ts";
import type { DeviceTraits, KernelBinding, KernelCall, KernelPlan, StoredBinding, Tensor } from "../../graph/tensor.ts";
import { type Epilogue, epilogueBindings, epilogueConstants } from "./epilogue.ts";
import { type ConvolutionGeometry, geometryConstants } from "./geometry.ts";
import { operands } from "./operands.ts";
import { productCall, transposedLeftProductCall } from "./product.ts";
import { wholeProduct, wholeWeight } from "./slices.ts";
import { weightsByOutput } from "./weight_order.ts";
import { mostScratchBytes, placeCount, tileCount, weightSplits, type WinogradTile } from "./winograd_tile.ts";
import { usesWorkgroups, workgroupProductCall, workgroupSplits } from "./workgroup_product.ts";

/**
 * The launches of a convolution. With `transposed` they are those of its input gradient, and `geometry` is the
 * gradient's.
 */
export function winogradKernels(
  input: Tensor,
  weight: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
  options: {
    readonly tile: WinogradTile;
    readonly epilogue?: Epilogue | undefined;
    readonly transposed?: boolean;
  },
): KernelPlan {
  const { tile, epilogue, transposed = false } = options;
  const [outputs = 1, inputs = 1] = weight.shape;
  const inputVectors = paddedChannels(transposed ? outputs : inputs) / 4;
  const outputVectors = paddedChannels(transposed ? inputs : outputs) / 4;
  const [tiles, places] = [tileCount(geometry, tile), placeCount(tile)];
  const [v, u, m] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const pairs = paddedChannels(inputs) * paddedChannels(outputs) / 4;
  const whole = wholeProduct(
    geometry,
    (geometry) => tileCount(geometry, tile),
    (outputVectors, inputVectors) => transposed ? inputVectors : outputVectors,
  );
  const sizes = { batches: places, rows: tiles, inner: inputVectors, columns: outputVectors, whole };
  // Products through workgroup memory transpose the weights on the way. Others take transposed weights, made where m
  // comes to lie later.
  const inWorkgroups = usesWorkgroups(sizes, device);
  const byOutput = transposed && !inWorkgroups ? m : undefined;
  const product = inWorkgroups
    ? workgroupProductCall({ left: v, right: u, sizes, transposed }, 1, m, device)
    : productCall({ left: v, right: u, sizes }, m, device);
  return {
    calls: [
      tileTransform("winograd/winograd_input", inputShader, input, v, {
        geometry,
        tile,
        vectors: inputVectors,
        device,
      }),
      ...byOutput === undefined ? [] : [weightsByOutput(weight, byOutput)],
      {
        shader: { name: "winograd/winograd_weight", text: weightShader, includes: transforms(tile) },
        constants: { FLIPPED: transposed },
        bindings: [byOutput ?? weight, { uniform: [pairs] }, u],
        workgroups: grid(pairs, 64),
        iterations: 0,
      },
      { ...product, flops: directFlops(geometry, inputs, outputs) },
      outputTransform(m, { geometry, tile, vectors: outputVectors, device }, epilogue, weight),
    ],
    scratchBytes: [
      places * tiles * inputVectors * 16,
      places * pairs * 16,
      Math.max(places * tiles * outputVectors * 16, byOutput === undefined ? 0 : weight.bytes),
    ],
  };
}

/** The launches of a weight gradient. */
export function winogradWeightGradKernels(
  input: Tensor,
  outputGradient: Tensor,
  weightGradient: Tensor,
  geometry: ConvolutionGeometry,
  device: DeviceTraits,
  tile: WinogradTile,
): KernelPlan {
  const [outputs = 1, inputs = 1] = weightGradient.shape;
  const inputVectors = paddedChannels(inputs) / 4;
  const outputVectors = paddedChannels(outputs) / 4;
  const [tiles, places] = [tileCount(geometry, tile), placeCount(tile)];
  const [v, e, sums] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  const [allOutputs = 1, allInputs = 1] = wholeWeight(geometry, weightGradient).shape;
  const whole = { inner: paddedChannels(allInputs) / 4, columns: paddedChannels(allOutputs) / 4 };
  const sizes = { batches: places, rows: tiles, inner: inputVectors, columns: outputVectors, whole };
  const pairs = inputVectors * 4 * outputVectors;
  const mostSplits = Math.floor(mostScratchBytes / (places * whole.inner * 4 * whole.columns * 16));
  const splits = usesWorkgroups(sizes, device)
    ? Math.min(workgroupSplits(sizes, device), mostSplits)
    : weightSplits(tiles);
  return {
    calls: [
      tileTransform("winograd/winograd_input", inputShader, input, v, {
        geometry,
        tile,
        vectors: inputVectors,
        device,
      }),
      tileTransform("winograd/winograd_output_grad", outputGradShader, outputGradient, e, {
        geometry,
        tile,
        vectors: outputVectors,
        device,
      }),
      {
        ...transposedLeftProductCall({ left: v, right: e, sizes }, splits, sums, device),
        flops: directFlops(geometry, inputs, outputs),
      },
      {
        shader: { name: "winograd/winograd_weight_grad", text: weightGradShader, includes: transforms(tile) },
        constants: {},
        bindings: [sums, { uniform: [pairs] }, "output"],
        workgroups: grid(pairs, 64),
        iterations: nestedIterations(splits),
      },
    ],
    scratchBytes: [
      places * tiles * inputVectors * 16,
      places * tiles * outputVectors * 16,
      splits * places * pairs * 16,
    ],
  };
}

/** The include that declares the transforms of a tile. */
function transforms(tile: WinogradTile): Readonly<Record<string, string>> {
  return { TRANSFORMS: `lib/winograd_${tile}x${tile}.wgsl` };
}

/**
 * Operations that the direct form would take. They are stated as the work done, although the method takes fewer
 * multiplications.
 */
function directFlops({ batch, outputHeight, outputWidth }: ConvolutionGeometry, inputs: number, outputs: number) {
  return 2 * batch * outputHeight * outputWidth * inputs * outputs * 9;
}

/** What is transformed, and how. */
interface Transform {
  readonly geometry: ConvolutionGeometry;
  readonly tile: WinogradTile;
  /** vec4f of channels. */
  readonly vectors: number;
  readonly device: DeviceTraits;
}

function tileTransform(
  name: string,
  text: string,
  from: Tensor,
  to: KernelBinding,
  { geometry, tile, vectors, device }: Transform,
): KernelCall {
  const { includes, bindings } = operands(device, from);
  return {
    shader: { name, text, includes: { ...includes, ...transforms(tile) } },
    constants: { ...geometryConstants(geometry), VECTORS: vectors },
    bindings: [...bindings, to],
    workgroups: grid(tileCount(geometry, tile) * vectors, 64),
    iterations: 0,
  };
}

function outputTransform(
  from: StoredBinding,
  { geometry, tile, vectors, device }: Transform,
  epilogue: Epilogue | undefined,
  unread: Tensor,
): KernelCall {
  const { includes, bindings } = operands(device, from);
  return {
    shader: { name: "winograd/winograd_output", text: outputShader, includes: { ...includes, ...transforms(tile) } },
    constants: { ...geometryConstants(geometry), VECTORS: vectors, ...epilogueConstants(epilogue) },
    bindings: [...bindings, ...epilogueBindings(epilogue, unread), "output"],
    workgroups: grid(tileCount(geometry, tile) * vectors, 64),
    iterations: 0,
  };
}
