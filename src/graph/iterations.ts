/**
 * How drivers that stop long loops count.
 *
 * @module
 */

/**
 * Iterations of one invocation in nested loops of these trip counts, outermost first. Each time that a loop is entered
 * counts once more than its trips, because the check that ends it is an iteration too: measured on Mesa 22, where
 * 60,000 × 1 nested trips stop after 21,845 = 65,535 / 3.
 */
export function nestedIterations(...trips: readonly number[]): number {
  return trips.reduceRight((inner, count) => count * (1 + inner) + 1, 0);
}
