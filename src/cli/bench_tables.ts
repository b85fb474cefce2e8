/**
 * The rows that `crosswalk bench` prints.
 *
 * @module
 */

import type { KernelRow } from "../../bench/kernels.ts";
import { forwardFlops, stepFlops } from "../../bench/reference_data.ts";
import type { PeerReport, StepReport } from "../../bench/step_report.ts";
import { aligned } from "./result_table.ts";

/** An engine's times of the reference workload. */
type Times = Pick<PeerReport, "stepMs" | "forwardMs">;

/**
 * The engines side by side: their times, how many times as long as ours these are, throughput, share of the adapter's
 * multiply-add `peak` (in GFLOP/s), and whether the results are right.
 */
export function stepTable({ ours, peers, pytorch }: StepReport, peak: number): string {
  const row = (name: string, { stepMs, forwardMs }: Times, note: string) => [
    ...[name, ...cells(stepMs, ours.stepMs, stepFlops), ...cells(forwardMs, ours.forwardMs, forwardFlops), note],
  ];
  const cells = (ms: number | null, own: number, flops: number) => {
    if (ms === null) return ["–", "", "", ""];
    const gflops = flops / ms / 1e6;
    return [`${ms.toFixed(0)} ms`, factorText(ms / own), gflops.toFixed(1), `${(100 * gflops / peak).toFixed(0)} %`];
  };
  return aligned([
    ["", ...["step", "forward"].flatMap((kind) => [kind, "of ours", "GFLOP/s", "of peak"]), "results"],
    row("ours", ours, "right"),
    ...Object.entries(peers).map(([name, peer]) => row(name, peer, peer.error ?? verdict(peer))),
    ...(pytorch ? [row("PyTorch (CPU)", pytorch, `${pytorch.error ?? verdict(pytorch)}; in no ratio`)] : []),
  ]);
}

function verdict({ correct, stepMs, forwardMs }: PeerReport): string {
  return ([["step", stepMs], ["forward", forwardMs]] as const)
    .map(([kind, ms]) => ms === null ? `no ${kind}` : `${kind} ${correct[kind] ? "right" : "WRONG"}`).join(", ");
}

/** A ratio as text; a dash if there is none. */
export function factorText(factor: number | null): string {
  return factor === null ? "–" : `${factor.toFixed(2)}×`;
}

/** The line above the rows of `bench kernels`. */
export function rowHeader(hasPeers: boolean): string {
  return [
    "kernel, channels at height×width".padEnd(50),
    "computed".padEnd(16),
    "median".padStart(11),
    "speed".padStart(14),
    "of its peak".padStart(6),
    ...(hasPeers ? ["others, and how many times as long as ours"] : []),
  ].join("  ");
}

/** A row of `bench kernels`. */
export function rowText(row: KernelRow): string {
  const { kernel, direction, milliseconds, gflops, gigabytesPerSecond, shareOfPeak, peers, pytorch, ratio } = row;
  const speed = gflops === null ? `${gigabytesPerSecond.toFixed(1)} GB/s` : `${gflops.toFixed(1)} GFLOP/s`;
  const theirs = Object.entries({ ...peers, ...(pytorch === null ? {} : { pytorch }) }).map(([name, found]) => {
    const { ms, correct, error } = found;
    return error === undefined
      ? `${name} ${ms === null ? "–" : `${ms.toFixed(2)} ms`}${correct ? "" : " WRONG"}`
      : `${name}: ${error}`;
  });
  return [
    kernel.padEnd(50),
    direction.padEnd(16),
    `${milliseconds.toFixed(2)} ms`.padStart(11),
    speed.padStart(14),
    `${(shareOfPeak * 100).toFixed(0)} %`.padStart(6),
    ...(theirs.length === 0 ? [] : [factorText(ratio).padStart(8), theirs.join(", ")]),
  ].join("  ");
}
