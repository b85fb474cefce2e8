/**
 * Interpolation, softmax and cross-entropy in plain loops: the definition that the kernels are tested against.
 *
 * @module
 */

import { between, interpolate } from "./interpolation.ts";

/** Sizes and options. `labels` are `[N, H, W]`, or soft `[N, C, H, W]`. */
export interface TwinCrossEntropy {
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly alignCorners?: boolean;
  readonly ignoreLabel?: number;
  readonly averageOver?: "labelled" | "all";
}

/** A regulariser: its name, its weight, and how much each image is regularised. */
export interface TwinRegularizer {
  readonly kind: "mrkld" | "mrent" | "mrl2";
  readonly weight: number;
  readonly images?: ArrayLike<number>;
}

const regularizers = {
  mrkld: (p: number[]) => p.reduce((sum, share) => sum - Math.log(share) / p.length, 0),
  mrent: (p: number[]) => p.reduce((sum, share) => sum + share * Math.log(share), 0),
  mrl2: (p: number[]) => p.reduce((sum, share) => sum + share * share, 0),
} as const;

/**
 * Σ u·Σ_c a_c·(−log p_c) / Σ u·(Σ_c a_c / Σ_c s_c), where a_c = class weight · s_c. For hard labels s is one-hot. The
 * result is 0 if no pixel counts. A regulariser r adds weight · Σ s·u·r / Σ u over the pixels whose image has a share s
 * above 0.
 */
export function interpolatedCrossEntropy(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  sizes: TwinCrossEntropy,
  weights: { classes?: ArrayLike<number>; pixels?: ArrayLike<number> } = {},
  regularizer?: TwinRegularizer,
): [number] {
  const [batch = 1, classes = 1, h = 1, w = 1] = sizes.logits;
  const [height = 1, width = 1] = sizes.labels.slice(-2);
  const { alignCorners = false, ignoreLabel = 255 } = sizes;
  const soft = sizes.labels.length === 4;
  let loss = 0;
  let weight = 0;
  let regular = 0;
  let regularWeight = 0;
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const values = Array.from({ length: classes }, (_, c) =>
          interpolate(
            logits,
            (n * classes + c) * h * w,
            [h, w],
            between(i, h, height, alignCorners),
            between(j, w, width, alignCorners),
          ));
        const largest = Math.max(...values);
        const logSum = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
        const pixel = (n * height + i) * width + j;
        const target = values.map((_, c) => {
          if (soft) return labels[((n * classes + c) * height + i) * width + j] ?? NaN;
          return labels[pixel] === c && c !== ignoreLabel ? 1 : 0;
        });
        const labelSum = target.reduce((sum, share) => sum + share, 0);
        if (labelSum === 0) continue;
        const pixelWeight = weights.pixels?.[pixel] ?? 1;
        for (const [c, share] of target.entries()) {
          const goal = pixelWeight * (weights.classes?.[c] ?? 1) * share;
          loss += goal * (logSum - (values[c] ?? NaN));
          weight += goal / labelSum;
        }
        const imageShare = regularizer?.images?.[n] ?? 1;
        if (regularizer !== undefined && imageShare > 0) {
          const p = values.map((value) => Math.exp(value - logSum));
          regular += imageShare * pixelWeight * regularizers[regularizer.kind](p);
          regularWeight += pixelWeight;
        }
      }
    }
  }
  const added = regularizer === undefined || regularWeight === 0 ? 0 : regularizer.weight * regular / regularWeight;
  if (sizes.averageOver === "all") return [loss / (batch * height * width) + added];
  return [(weight > 0 ? loss / weight : 0) + added];
}
