/**
 * What the kernels of convolutions do with their sums before they write them (`shaders/lib/epilogue.wgsl`).
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import { imageRows, type Region } from "../../graph/slices.ts";
import type { InputGradient, StoredBinding, Tensor } from "../../graph/tensor.ts";
import { refuse } from "../refuse.ts";
import { outputTellsSide } from "../activation/activation.ts";
import { activationGrad } from "../activation/activation_grad.ts";
import { type Activation, activationConstants } from "../activation/kind.ts";
import { channelSum } from "../reduce/channel_sum.ts";
import { epilogueGrad } from "./epilogue_grad.ts";

/** What a convolution does with its sums. */
export type Epilogue = BiasEpilogue | BatchNormEpilogue;

/** Computes f(v + bias + residual) from each sum v. */
export interface BiasEpilogue {
  /** `[O]` in the layout `"channels"`. Default: none. */
  readonly bias?: Tensor | undefined;
  /** Applied last. Default `"none"`. */
  readonly activation?: Activation;
  /** Added to the result; it has the result's shape. Default: none. */
  readonly residual?: Tensor | undefined;
}

/**
 * Computes f(scale · v + shift + residual) from each sum v: a frozen batch norm (`foldBatchNorm`), the shortcut and the
 * activation. Scale and shift are constants: they have no gradients.
 */
export interface BatchNormEpilogue {
  /** `[2, O]` in the layout `"channels"`. */
  readonly scaleAndShift: Tensor;
  /** Applied last. */
  readonly activation: Activation;
  /** Added to the result; it has the result's shape. Default: none. */
  readonly residual?: Tensor | undefined;
}

/**
 * The tensors that an epilogue reads, which the convolution then depends on too.
 *
 * @throws {RangeError} if the bias, or scale and shift, are not one number each per channel of the result, or the
 * residual does not have its shape.
 */
export function epilogueInputs(epilogue: Epilogue | undefined, op: string, shape: readonly number[]): Tensor[] {
  if (epilogue === undefined) return [];
  const channels = shape[1] ?? 1;
  const { residual } = epilogue;
  const perChannel = channelTensor(epilogue);
  const [what, own] = isScaled(epilogue) ? ["scale and shift", [2, channels]] as const : ["bias", [channels]] as const;
  return [
    ...perChannel === undefined ? [] : [checked(what, perChannel, { op, shape: own, layout: "channels" })],
    ...residual === undefined ? [] : [checked("residual", residual, { op, shape, layout: "activation" })],
  ];
}

/** Whether the epilogue scales the sums. */
function isScaled(epilogue: Epilogue): epilogue is BatchNormEpilogue {
  return "scaleAndShift" in epilogue;
}

/** What an epilogue reads per channel: its scale and shift `[2, O]`, or its bias `[O]`. */
export function channelTensor(epilogue: Epilogue): Tensor | undefined {
  return isScaled(epilogue) ? epilogue.scaleAndShift : epilogue.bias;
}

/** The same epilogue with other tensors: per channel, and as the residual, where it has them. */
export function withTensors(
  epilogue: Epilogue,
  perChannel: Tensor | undefined,
  residual: Tensor | undefined,
): Epilogue {
  if (!isScaled(epilogue)) return { ...epilogue, bias: perChannel, residual };
  return { ...epilogue, scaleAndShift: perChannel ?? epilogue.scaleAndShift, residual };
}

function checked(
  what: string,
  tensor: Tensor,
  { op, shape, layout }: {
    readonly op: string;
    readonly shape: readonly number[];
    readonly layout: "channels" | "activation";
  },
): Tensor {
  if (tensor.shape.join() !== shape.join() || tensor.layout !== layout) {
    const kind = layout === "channels" ? "channels" : "activations";
    refuse(op, `the ${what} ${tensor} is not [${shape.join(", ")}] of ${kind}`);
  }
  return tensor;
}

/**
 * The epilogue of a slice of the result. What is given per channel stays the same; of the residual it takes the rows of
 * the slice.
 */
export function epilogueRows(epilogue: Epilogue | undefined, region: Region): Epilogue | undefined {
  if (epilogue?.residual === undefined) return epilogue;
  return { ...epilogue, residual: imageRows(epilogue.residual, region) };
}

/** Whether a convolution with this epilogue has gradients: the result must tell how the activation's input lay. */
export function isDifferentiable(epilogue: Epilogue | undefined): boolean {
  return outputTellsSide(epilogue?.activation ?? "none");
}

/** Gradients of an epilogue. */
export interface EpilogueGradients {
  /** The gradient at the convolution's sums, made when it is first wanted. */
  readonly atSums: () => Tensor;
  /** Those at `epilogueInputs`. */
  readonly atInputs: readonly InputGradient[];
}

/** The gradients of an epilogue, from the result y and the gradient there. */
export function epilogueGradients(
  epilogue: Epilogue | undefined,
  y: Tensor,
  outputGradient: Tensor,
): EpilogueGradients {
  if (epilogue === undefined) return { atSums: () => outputGradient, atInputs: [] };
  const { residual, activation = "none" } = epilogue;
  // The gradient at the activation's input is also that of the residual. It is computed once and kept.
  const ofResidual = once(() => activation === "none" ? outputGradient : activationGrad(outputGradient, y, activation));
  if (!isScaled(epilogue)) {
    return {
      atSums: ofResidual,
      atInputs: [
        ...epilogue.bias === undefined ? [] : [() => channelSum(ofResidual())],
        ...residual === undefined ? [] : [ofResidual],
      ],
    };
  }
  const { scaleAndShift } = epilogue;
  if (residual === undefined) {
    return { atSums: once(() => epilogueGrad(outputGradient, y, scaleAndShift, activation)), atInputs: [null] };
  }
  return {
    atSums: once(() => epilogueGrad(ofResidual(), y, scaleAndShift, "none")),
    atInputs: [null, ofResidual],
  };
}

function once(build: () => Tensor): () => Tensor {
  let built: Tensor | undefined;
  return () => built ??= build();
}

/** The constants of a kernel with an optional epilogue. */
export function epilogueConstants(epilogue: Epilogue | undefined): ShaderConstants {
  return {
    HAS_SCALE: epilogue !== undefined && isScaled(epilogue),
    HAS_SHIFT: epilogue !== undefined && channelTensor(epilogue) !== undefined,
    HAS_RESIDUAL: epilogue?.residual !== undefined,
    ...activationConstants(epilogue?.activation ?? "none"),
  };
}

/**
 * The bindings `epilogue` and `residual` of a kernel. A binding that is not needed is bound to `unread`, which the
 * kernel may bind elsewhere too.
 */
export function epilogueBindings(epilogue: Epilogue | undefined, unread: StoredBinding): StoredBinding[] {
  if (epilogue === undefined) return [unread, unread];
  return [channelTensor(epilogue) ?? unread, epilogue.residual ?? unread];
}
