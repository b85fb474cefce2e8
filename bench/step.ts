/**
 * The reference step and inference of our engine and of others. They take turns: each round runs every engine once, so
 * that anything else the machine does slows all of them alike. The first round is a warm-up. The losses of the first
 * three steps and the logits are compared with PyTorch's.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import { paddedChannels } from "../src/graph/layout.ts";
import { Peers } from "./peer.ts";
import { inferenceOnly, messageOf, type PeerName } from "./peer_answer.ts";
import { ReferenceRun } from "./reference.ts";
import reference from "./reference.json" with { type: "json" };
import { classes, height, stepFlops, width } from "./reference_data.ts";
import { type EngineRuns, lossesAreRight, samplesAreRight, type StepReport, stepReport } from "./step_report.ts";

type Kind = "step" | "forward";

/** An engine's runs as they come in. */
class Runs implements EngineRuns {
  readonly stepTimes: number[] = [];
  readonly losses: number[] = [];
  readonly forwardTimes: number[] = [];
  samples: readonly number[] | null = null;
  /** Why the engine did not start, or what it last stopped with. */
  error?: string;
  /** What the engine is not asked for again, because it failed. */
  readonly failed = new Set<Kind>();

  add(kind: Kind, milliseconds: number, { loss, values }: { loss?: number; values?: readonly number[] }): void {
    (kind === "step" ? this.stepTimes : this.forwardTimes).push(milliseconds);
    if (loss !== undefined) this.losses.push(loss);
    if (values !== undefined) this.samples ??= values;
  }

  count(kind: Kind): number {
    return (kind === "step" ? this.stepTimes : this.forwardTimes).length;
  }

  /** Whether a result was wrong. Wrong results are not timed again. */
  isKnownWrong(kind: Kind): boolean {
    if (this.count(kind) === 0) return false;
    return kind === "step" ? !lossesAreRight(this.losses, reference) : !samplesAreRight(this.samples, reference);
  }
}

/**
 * Times the workload.
 *
 * @param options `runs` after the warm-up; the `peers`; `say` is called with each result as it is ready.
 * @throws {Error} if our own results are wrong.
 */
export async function benchStep(
  gpu: Gpu,
  { runs, peers, say }: {
    readonly runs: number;
    readonly peers: readonly PeerName[];
    readonly say: (text: string) => void;
  },
): Promise<StepReport> {
  using own = await ReferenceRun.open(gpu);
  const ours = new Runs();
  const theirs = new Map(peers.map((name) => [name, new Runs()]));
  const started = await Peers.start(peers);
  try {
    for (const [name, error] of started.errors) {
      say(`${name} does not start: ${error}`);
      const found = theirs.get(name);
      if (found !== undefined) found.error = error;
    }
    // At least three steps, because so many losses are compared.
    for (let round = 0; round <= Math.max(runs, reference.losses.length - 1); round++) {
      for (const kind of ["forward", "step"] as const) {
        const milliseconds = await runOurs(own, ours, kind);
        say(`ours  ${kind}  ${milliseconds.toFixed(0)} ms${round === 0 ? " (warm-up)" : ""}`);
        for (const name of started.running) {
          const found = theirs.get(name);
          if (found === undefined || found.failed.has(kind) || found.isKnownWrong(kind)) continue;
          if (kind === "step" && inferenceOnly.has(name)) continue;
          const last = (kind === "step" ? found.stepTimes : found.forwardTimes).at(-1) ?? 0;
          try {
            const answer = await started.ask(name, kind, last / 1000);
            if (answer === null) continue;
            found.add(kind, answer.milliseconds, answer);
            say(`${name}  ${kind}  ${answer.milliseconds.toFixed(0)} ms${round === 0 ? " (warm-up)" : ""}`);
          } catch (error) {
            found.error = `${kind}: ${messageOf(error)}`;
            found.failed.add(kind);
            say(`${name} stopped in its ${found.error}`);
          }
        }
      }
    }
  } finally {
    await started.stop();
  }
  return stepReport(ours, theirs, reference, stepFlops);
}

/** Runs once and returns the time until the result is in the CPU's hands, as for the peers. */
async function runOurs(run: ReferenceRun, runs: Runs, kind: Kind): Promise<number> {
  const start = performance.now();
  if (kind === "step") {
    run.submitStep();
    const loss = await run.loss();
    runs.add(kind, performance.now() - start, { loss });
  } else {
    run.submitForward();
    const logits = await run.logits();
    runs.add(kind, performance.now() - start, {
      values: reference.forward.index.map((index) => sample(logits, index)),
    });
  }
  return performance.now() - start;
}

/** The element of `[N, C, H, W]` in `[N, H, W, C₄]`. */
function sample(logits: Float32Array, index: number): number {
  const plane = height * width;
  const image = Math.floor(index / (plane * classes));
  const channel = Math.floor(index / plane) % classes;
  return logits[(image * plane + index % plane) * paddedChannels(classes) + channel] ?? NaN;
}
