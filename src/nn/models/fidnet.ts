/**
 * FIDNet "ResNet34-point" (Zhao, Bai and Huang, 2021), a network of range images. Source: `network/ResNet.py` and
 * `network/Fully_conv_head.py` of placeforyiming/IROS21-FIDNet-SemanticKITTI, commit 7f90b45.
 *
 * The stem is four 1×1 convolutions: it sees each point by itself, at full resolution. Four stages of basic blocks
 * follow, of which the last three halve both sides. The decoder has no parameters: it enlarges the stages' maps to the
 * stem's size and joins all of them. The head is three 1×1 convolutions.
 *
 * @module
 */

import { block, layer, type Tensor } from "../../graph/tensor.ts";
import type { Activation } from "../../ops/activation/kind.ts";
import { conv2d } from "../../ops/conv/conv2d.ts";
import { weightInputs } from "../../ops/conv/weight_inputs.ts";
import { bilinearResize } from "../../ops/resize/bilinear_resize.ts";
import { floatChannels, type ImageKind } from "../image_kind.ts";
import { batchNormLayer, convBatchNorm, convBias } from "../layers.ts";
import type { ModelFamily, ModelOptions } from "../model.ts";
import type { ParameterScope } from "../parameters.ts";
import { scanRanges } from "../scan_ranges.ts";
import { hiddenChannels, type ModelVariant } from "../variant.ts";
import { fidnetNames } from "./fidnet_names.ts";

/** Added to the variances of batch norms. */
const epsilon = 1e-5;
const leaky: Activation = { leakyRelu: 0.01 };

/** What differs between networks of this form. */
interface Table {
  /** Channels of the stem's convolutions. The head's first convolution has as many as the last. */
  readonly stem: readonly number[];
  /** Channels of all blocks, and of the head's second convolution. */
  readonly channels: number;
  /** Basic blocks of each stage. */
  readonly blocks: readonly number[];
}

const resnet34: Table = { stem: [64, 128, 256, 512], channels: 128, blocks: [3, 4, 6, 3] };
const nano: Table = { stem: [8, 16, 32, 64], channels: 32, blocks: [1, 1, 1, 1] };

/** `fidnet`: 6,054,355 trained numbers with 6 channels and 19 classes. */
export const fidnetFamily: ModelFamily = family(
  "fidnet",
  "FIDNet of range images: stem 64 to 512, stages of 3, 4, 6 and 3 blocks of 128, decoder without parameters",
  resnet34,
);

/** `fidnet-nano`: the same network for two CPU cores. */
export const fidnetNanoFamily: ModelFamily = family(
  "fidnet-nano",
  "FIDNet of range images: stem 8 to 64, four stages of one block of 32, decoder without parameters",
  nano,
);

function family(name: string, description: string, table: Table): ModelFamily {
  return {
    name,
    description,
    plain: { width: 1, batchNorm: "trained", inputs: 6, scaling: "scaled" },
    build: ({ width, batchNorm, inputs, scaling }) => ({
      takes: imagesOf(inputs, scaling),
      sizeMultiple: 1,
      alignCorners: true,
      originalNames: fidnetNames,
      logits: (images, scope, options) => logits(images, scope, { ...options, ...ofWidth(table, width), batchNorm }),
    }),
  };
}

/** Scans have five or six channels. Other numbers are those of other people's networks: images of such floats. */
function imagesOf(inputs: number, scaling: Required<ModelVariant>["scaling"]): ImageKind {
  return inputs === 5 || inputs === 6 ? scanRanges({ channels: inputs, scaling }) : floatChannels(inputs);
}

function ofWidth({ stem, channels, blocks }: Table, width: number): Table {
  return { blocks, channels: hiddenChannels(channels, width), stem: stem.map((count) => hiddenChannels(count, width)) };
}

type Options = ModelOptions & Table & Required<Pick<ModelVariant, "batchNorm">>;

function logits(images: Tensor, scope: ParameterScope, options: Options): Tensor {
  const stem = (x: Tensor, index: number) => {
    const channels = options.stem[index] ?? 1;
    return convBatchNorm(x, scope, `backend.conv${index + 1}`, {
      ...{ ...common(options), channels, kernel: 1, activation: leaky },
      ...{ gain: byOutputs(x, channels), biasBound: 1 / Math.sqrt(x.shape[1] ?? 1) },
    });
  };
  // What one block computes again must fit at once, so the widest layers are one by themselves.
  const narrow = block("stem", () => stem(stem(images, 0), 1));
  const points = block("stem, wide", () => stem(stem(narrow, 2), 3));
  const maps = [points];
  for (const [stage, count] of options.blocks.entries()) {
    let x = maps.at(-1) ?? points;
    for (let index = 0; index < count; index++) {
      const name = `backend.layer${stage + 1}.${index}`;
      const from = x;
      x = block(name, () => basicBlock(from, scope, name, { ...options, isFirst: index === 0, stage }));
    }
    maps.push(x);
  }
  return head(maps, scope, options);
}

/** Two 3×3 convolutions. The first block of a stage projects its shortcut; all stages but the first halve the sides. */
function basicBlock(
  x: Tensor,
  scope: ParameterScope,
  name: string,
  options: Options & { readonly isFirst: boolean; readonly stage: number },
): Tensor {
  const { channels, isFirst, stage } = options;
  const stride = isFirst && stage > 0 ? 2 : 1;
  const own = { ...common(options), channels };
  const three = (x: Tensor, part: string, options: { stride?: number; residual?: Tensor }) =>
    convBatchNorm(x, scope, `${name}.${part}`, {
      ...{ ...own, ...options, kernel: 3, padding: 1, activation: leaky, gain: byOutputs(x, channels) },
    });
  const hidden = three(x, "conv1", { stride });
  const shortcut = isFirst
    ? convBatchNorm(x, scope, `${name}.downsample`, {
      ...{ ...own, kernel: 1, stride, activation: "none", gain: byOutputs(x, channels) },
    })
    : x;
  return three(hidden, "conv2", { residual: shortcut });
}

/** The classes of the joined maps. The head starts evenly spread, as PyTorch's convolutions do. */
function head(maps: readonly Tensor[], scope: ParameterScope, options: Options): Tensor {
  const { classes, channels } = options;
  const evenly = (fanIn: number) => ({ spread: "uniform", biasBound: 1 / Math.sqrt(fanIn), group: "head" }) as const;
  // The sum is kept: computing it again would take more time than all else in the head.
  const joined = block(
    "semantic_head.join",
    () => joinedConvolution(maps, scope, "semantic_head.conv_1", options.stem.at(-1) ?? 1),
  );
  return block("semantic_head", () => {
    const first = batchNormLayer(joined, scope, "semantic_head.conv_1", {
      ...{ ...common(options), activation: leaky, gammaGroup: "head" },
    });
    const hidden = first.shape[1] ?? 1;
    const second = convBatchNorm(first, scope, "semantic_head.conv_2", {
      ...{ ...common(options), ...evenly(hidden), channels, kernel: 1, activation: leaky, gain: Math.sqrt(1 / 6) },
    });
    return convBias(second, scope, "semantic_head.semantic_output", {
      ...{ ...evenly(channels), channels: classes, kernel: 1, deviation: 1 / Math.sqrt(3 * channels) },
    });
  });
}

/**
 * The 1×1 convolution with bias of the joined maps, all enlarged to the size of the first. It is linear, so each map
 * goes through its own part of the weight, and before it is enlarged: less work, and the joined maps are never stored.
 */
function joinedConvolution(maps: readonly Tensor[], scope: ParameterScope, name: string, channels: number): Tensor {
  return layer(`${name}.join`, () => {
    const fanIn = maps.reduce((sum, { shape }) => sum + (shape[1] ?? 1), 0);
    const bound = 1 / Math.sqrt(fanIn);
    const own = { initial: { bound }, group: "head" };
    const weight = scope.parameter(`${name}.weight`, [channels, fanIn, 1, 1], { layout: "convolution", ...own });
    const bias = scope.parameter(`${name}.bias`, [channels], { layout: "channels", ...own });
    const [, , height = 1, width = 1] = maps[0]?.shape ?? [];
    let [sum, from]: [Tensor | undefined, number] = [undefined, 0];
    // The stem's map comes first: then its gradient, the largest, is the last to be computed.
    for (const map of maps) {
      const [, count = 1, rows = 1, columns = 1] = map.shape;
      const part = weightInputs(weight, { from, count });
      const residual: Tensor | undefined = sum;
      sum = rows === height && columns === width
        ? conv2d(map, part, { epilogue: { residual, bias: from === 0 ? bias : undefined } })
        : bilinearResize(conv2d(map, part), { height, width, alignCorners: true, residual });
      from += count;
    }
    if (sum === undefined) throw new RangeError("There are no maps to join");
    return sum;
  });
}

/** The factor from √(2 / inputs of a value) to √(2 / outputs of a value), by which the backbone starts. */
function byOutputs(x: Tensor, channels: number): number {
  return Math.sqrt((x.shape[1] ?? 1) / channels);
}

/** What all batch norms share. */
function common({ inference, batchNorm }: Options) {
  const statistics = batchNorm === "trained" ? "batch" : "frozen";
  return { epsilon, inference, trained: batchNorm !== "frozen", statistics } as const;
}
