/**
 * Gradient accumulation over three micro-batches, twice, against plain sums.
 *
 * @module
 */

import { wholeRange } from "../gpu/launch.ts";
import { GradientAccumulation } from "../optim/accumulation.ts";
import { Random } from "../random.ts";
import type { Comparison, SelfTestCase } from "./case.ts";

/** Numbers in the two segments. */
const counts = [1000, 4];
const batches = 3;

/** The case. */
export const accumulationCase: SelfTestCase = {
  kernel: "accumulateGradients",
  name: "three micro-batches",
  run: async (gpu) => {
    const means = counts.map((count) => gpu.createBuffer(count * 4, "means"));
    const accumulation = await GradientAccumulation.open(gpu, means, batches);
    const comparisons: Comparison[] = [];
    for (const step of [0, 1]) {
      const gradients = (segment: number, batch: number) => {
        const random = new Random(step, `gradients ${segment} ${batch}`);
        return Float32Array.from({ length: counts[segment] ?? 0 }, (_, index) => random.normal(index));
      };
      for (let batch = 0; batch < batches; batch++) {
        for (const [segment, mean] of means.entries()) {
          gpu.write(accumulation.place(wholeRange(mean)).buffer, gradients(segment, batch));
        }
        gpu.submit(batch === 0 ? accumulation.first : accumulation.further);
      }
      const found = await gpu.read(...means);
      for (const [segment, bytes] of found.entries()) {
        comparisons.push({
          what: `segment ${segment} of step ${step}`,
          actual: new Float32Array(bytes.buffer),
          expected: meanOf(Array.from({ length: batches }, (_, batch) => gradients(segment, batch))),
          tolerance: 1e-6,
        });
      }
    }
    accumulation.dispose();
    for (const mean of means) gpu.destroyBuffer(mean);
    return comparisons;
  },
};

function meanOf(rows: readonly Float32Array[]): Float64Array {
  return Float64Array.from(
    rows[0] ?? [],
    (_, index) => rows.reduce((sum, row) => sum + (row[index] ?? NaN), 0) / rows.length,
  );
}
