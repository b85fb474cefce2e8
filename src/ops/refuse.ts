/**
 * How an op says that it cannot be added to the graph.
 *
 * @module
 */

import { currentPath } from "../graph/tensor.ts";

/**
 * Refuses to add an op to the layer that is being traced: `Cannot add "path" (op): problem`.
 *
 * @throws {RangeError} always.
 */
export function refuse(op: string, problem: string): never {
  throw new RangeError(`Cannot add "${currentPath()}" (${op}): ${problem}`);
}
