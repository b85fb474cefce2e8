/**
 * How a driver that stops long loops counts iterations.
 *
 * @module
 */

/** The most loop iterations of one invocation that every known driver executes completely. */
export const maxIterations = 60_000;

/**
 * Iterations of one invocation in nested loops, given how often each loop runs, the outermost first. Each entry into a
 * loop counts as one iteration more than the loop runs, because the check that ends the loop is counted too. This was
 * measured on Mesa 22: a loop of 60,000 with an inner loop of 1 stops after 21,845 = 65,535 / 3.
 */
export function nestedIterations(...trips: readonly number[]): number {
  return trips.reduceRight((inner, count) => count * (1 + inner) + 1, 0);
}
