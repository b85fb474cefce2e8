/**
 * Dropout in plain loops.
 *
 * @module
 */

import { paddedChannels } from "../../src/graph/layout.ts";
import { philox } from "../../src/random.ts";

/**
 * x / (1 − p) where the element, or its channel, stays, else 0, for `[N, C, H, W]` and the key (seed, stage, step,
 * layer).
 */
export function dropout(
  x: ArrayLike<number>,
  shape: readonly number[],
  options: { readonly probability: number; readonly key: readonly number[]; readonly of?: "elements" | "channels" },
): Float64Array {
  const [, channels = 1, height = 1, width = 1] = shape;
  const [seed = 0, stage = 0, step = 0, layer = 0] = options.key;
  return Float64Array.from(x, (value, index) => {
    const pixel = index % (height * width);
    const channel = Math.floor(index / (height * width)) % channels;
    const image = Math.floor(index / (height * width * channels));
    const row = options.of === "channels" ? image : image * height * width + pixel;
    const stored = row * paddedChannels(channels) + channel;
    const bits = philox([seed, layer], [Math.floor(stored / 4), stage, step, 2])[stored % 4] ?? 0;
    return bits / 2 ** 32 >= options.probability ? value / (1 - options.probability) : 0;
  });
}
