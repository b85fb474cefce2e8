/**
 * What the kernels of convolutions do with their sums before they write them (`shaders/lib/epilogue.wgsl`).
 *
 * @module
 */

import type { ShaderConstants } from "../../gpu/shader.ts";
import { currentPath, type StoredBinding, type Tensor } from "../../graph/tensor.ts";
import { type Activation, activationConstants } from "../activation/kind.ts";

/** f(scale · v + shift + residual): an inference's batch norm (`foldBatchNorm`), shortcut and activation. */
export interface Epilogue {
  /** `[2, O]` in the layout `"channels"`. */
  readonly scaleAndShift: Tensor;
  /** Applied last. */
  readonly activation: Activation;
  /** Of the result's shape. Default: none. */
  readonly residual?: Tensor | undefined;
}

/**
 * The tensors that an epilogue adds to those a convolution is computed from.
 *
 * @throws {RangeError} if the residual does not have the result's shape.
 */
export function epilogueInputs(epilogue: Epilogue | undefined, op: string, shape: readonly number[]): Tensor[] {
  if (epilogue === undefined) return [];
  const { scaleAndShift, residual } = epilogue;
  if (residual === undefined) return [scaleAndShift];
  if (residual.shape.join() !== shape.join() || residual.layout !== "activation") {
    throw new RangeError(
      `Cannot add "${currentPath()}" (${op}): the residual ${residual} is not [${shape.join(", ")}] of activations`,
    );
  }
  return [scaleAndShift, residual];
}

/** The constants of a kernel with an optional epilogue. */
export function epilogueConstants(epilogue: Epilogue | undefined): ShaderConstants {
  return {
    HAS_EPILOGUE: epilogue !== undefined,
    HAS_RESIDUAL: epilogue?.residual !== undefined,
    ...activationConstants(epilogue?.activation ?? "none"),
  };
}

/** Its bindings, `epilogue` and `residual`; what is absent is bound to `unread`, which the kernel may read elsewhere. */
export function epilogueBindings(epilogue: Epilogue | undefined, unread: StoredBinding): StoredBinding[] {
  return [epilogue?.scaleAndShift ?? unread, epilogue?.residual ?? unread];
}
