/**
 * The self-test of `crosswalk doctor`: checks every kernel on this adapter against PyTorch and against plain loops. The
 * tests run the same cases.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import { accumulationCase } from "./accumulation_case.ts";
import { errorOf, type SelfTestCase } from "./case.ts";
import { optimizerCases } from "./optimizer_cases.ts";
import { pytorchCases } from "./pytorch_cases.ts";
import { errorText } from "../errors.ts";

/** Result of all cases of one kernel. */
export interface KernelResult {
  /** The function under test. */
  readonly name: string;
  /** Whether every case is within its tolerance. */
  readonly ok: boolean;
  /**
   * Largest error of its cases, relative to one plus the largest expected value. `null` where no result was a number.
   */
  readonly error: number | null;
  /** How many cases were run. */
  readonly cases: number;
  /** What went wrong first, if anything. */
  readonly problem?: string;
}

/** Every case; reads the fixture files. */
export async function selfTestCases(): Promise<SelfTestCase[]> {
  return [...await pytorchCases(), ...await optimizerCases(), accumulationCase];
}

/** The cases that are named after one of these ops, or compute it. */
export async function casesOf(ops: ReadonlySet<string>): Promise<SelfTestCase[]> {
  return (await selfTestCases()).filter((own) => ops.has(own.kernel) || own.ops?.().intersection(ops).size);
}

/**
 * Runs cases, kernel by kernel.
 *
 * @param onResult is called with each kernel's result as it is ready.
 * @param cases default: all.
 */
export async function selfTest(
  gpu: Gpu,
  onResult: (result: KernelResult) => void,
  cases?: readonly SelfTestCase[],
): Promise<KernelResult[]> {
  const results: KernelResult[] = [];
  for (const [kernel, own] of Map.groupBy(cases ?? await selfTestCases(), ({ kernel }) => kernel)) {
    const result = await testKernel(gpu, kernel, own);
    onResult(result);
    results.push(result);
  }
  return results;
}

async function testKernel(gpu: Gpu, name: string, cases: readonly SelfTestCase[]): Promise<KernelResult> {
  let error = 0;
  let problem: string | undefined;
  for (const selfCase of cases) {
    try {
      for (const comparison of await selfCase.run(gpu)) {
        const found = errorOf(comparison);
        error = Math.max(error, found);
        if (found > comparison.tolerance) problem ??= `${selfCase.name}: ${comparison.what}`;
      }
    } catch (thrown) {
      error = Infinity;
      problem ??= `${selfCase.name}: ${errorText(thrown)}`;
    }
  }
  return {
    name,
    ok: problem === undefined,
    error: Number.isFinite(error) ? error : null,
    cases: cases.length,
    ...(problem === undefined ? {} : { problem }),
  };
}
