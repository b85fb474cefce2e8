/**
 * What the benchmark's page and its Worker tell each other. The Worker is `bench_worker.ts`.
 *
 * @module
 */

import type { KernelRow } from "../../bench/kernels.ts";
import type { Peaks } from "../selftest/peaks.ts";
import type { KernelResult } from "../selftest/self_test.ts";

/** What the page asks for, once for a Worker, when this is `ready`. */
export interface BenchCommand {
  /** Whether every kernel is compared with its fixture. */
  readonly check: boolean;
  /** What is timed: `"all"`, `"none"`, or one row of those in `ready`. */
  readonly time: string;
}

/** What the Worker tells. */
export type BenchEvent =
  /** The adapter is open; `facts` are names and values of what was measured on, `rows` what can be timed. */
  | {
    readonly type: "ready";
    readonly facts: readonly (readonly [name: string, value: string])[];
    readonly rows: readonly string[];
  }
  /** There is no WebGPU here, or no adapter: why, as a sentence. */
  | { readonly type: "unsupported"; readonly text: string }
  /** What is done now, and how much of it. */
  | { readonly type: "progress"; readonly stage: string; readonly done: number; readonly total: number }
  | { readonly type: "peaks"; readonly peaks: Peaks }
  | { readonly type: "checked"; readonly result: KernelResult }
  | { readonly type: "timed"; readonly row: KernelRow }
  | { readonly type: "done"; readonly seconds: number }
  /** It cannot go on: why, as a sentence. */
  | { readonly type: "failed"; readonly text: string };
