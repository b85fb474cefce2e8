/**
 * The layers of the residual DeepLab as data, free of any engine. `residual_deeplab.ts` traces them, and the benchmark
 * builds the same network from them in other engines.
 *
 * @module
 */

/** The dilations of the head's four convolutions, whose results are summed. */
export const headRates: readonly number[] = [1, 6, 12, 18];
/** Pixels of the image per pixel of the logits, along each axis. */
export const outputStride = 8;
/** Added to the variances of batch norms. */
export const epsilon = 1e-5;

/** A convolution without bias, with batch norm. Padding is `dilation` for 3×3 and 0 for 1×1. */
export interface ReferenceLayer {
  /** Prefix of its parameters: `.weight`, `.bn.gamma`, `.bn.beta`, `.bn.running`. */
  readonly name: string;
  /** Channels it reads. */
  readonly inputs: number;
  /** Channels it writes. */
  readonly channels: number;
  /** 3 or 1. */
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** A residual block: relu(second(relu(first(x))) + projection(x)), or + x where there is no projection. */
export interface ReferenceBlock {
  readonly first: ReferenceLayer;
  readonly second: ReferenceLayer;
  readonly projection?: ReferenceLayer;
}

/** The two layers of the stem, each followed by ReLU. */
export const stem: readonly ReferenceLayer[] = [
  { name: "stem1", inputs: 3, channels: 32, kernel: 3, stride: 2, dilation: 1 },
  { name: "stem2", inputs: 32, channels: 64, kernel: 3, stride: 2, dilation: 1 },
];

/** Residual blocks with the same number of channels. */
export interface ReferenceStage {
  /** First part of the names of its layers. */
  readonly name: string;
  readonly blocks: readonly ReferenceBlock[];
}

/** The three stages, in the order in which they run. */
export const stages: readonly ReferenceStage[] = [
  stage("stage1", { count: 4, inputs: 64, channels: 64, stride: 1, dilation: 1 }),
  stage("stage2", { count: 4, inputs: 64, channels: 128, stride: 2, dilation: 1 }),
  stage("stage3", { count: 2, inputs: 128, channels: 256, stride: 1, dilation: 2 }),
];

/** The ten residual blocks of all stages. */
export const blocks: readonly ReferenceBlock[] = stages.flatMap(({ blocks }) => blocks);

function stage(
  name: string,
  { count, inputs, channels, stride, dilation }: {
    readonly count: number;
    readonly inputs: number;
    readonly channels: number;
    readonly stride: number;
    readonly dilation: number;
  },
): ReferenceStage {
  const blocks = Array.from({ length: count }, (_, index) => {
    const block = `${name}.block${index + 1}`;
    const from = index === 0 ? inputs : channels;
    const step = index === 0 ? stride : 1;
    const shared = { channels, dilation };
    return {
      first: { ...shared, name: `${block}.conv1`, inputs: from, kernel: 3, stride: step },
      second: { ...shared, name: `${block}.conv2`, inputs: channels, kernel: 3, stride: 1 },
      ...(from === channels && step === 1 ? {} : {
        projection: { name: `${block}.projection`, inputs: from, channels, kernel: 1, stride: step, dilation: 1 },
      }),
    };
  });
  return { name, blocks };
}

/** Every layer with batch norm, in the order in which they run. */
export const layers: readonly ReferenceLayer[] = [
  ...stem,
  ...blocks.flatMap(({ first, second, projection }) => [first, second, ...(projection ? [projection] : [])]),
];

/** Channels that the head reads. */
export const headInputs = 256;
