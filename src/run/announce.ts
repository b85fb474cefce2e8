/**
 * What a run says before it starts: what it will do, how long that takes on this adapter, and how much memory it needs.
 *
 * @module
 */

import { formatSize } from "../data/size.ts";
import { OutOfBudgetError } from "../errors.ts";
import { memoryPlan } from "../graph/program_plan.ts";
import { planRounds, type RoundSettings } from "../selftraining/rounds.ts";
import type { Trainer, TrainerOptions } from "../selftraining/trainer.ts";
import { trainingStep } from "../selftraining/training_step.ts";
import { viewPixels } from "../selftraining/views.ts";
import { type Settings, viewOptions } from "../settings/settings.ts";
import type { RunContext, RunData } from "./context.ts";
import { trainerOptions } from "./method_settings.ts";

/** Bytes of the training step, as `--plan --json` has them. */
export interface MemoryReport {
  readonly parameterBytes: number;
  readonly gradientBytes: number;
  readonly optimizerBytes: number;
  /** Activations and their gradients, without scratch. */
  readonly activationBytes: number;
  readonly scratchBytes: number;
  readonly inputBytes: number;
  /** All of the above together. */
  readonly totalBytes: number;
  /** Least possible for activations and scratch. */
  readonly lowerBoundBytes: number;
  readonly largestBindingBytes: number;
  /** What the largest binding holds. */
  readonly largestBinding: string;
  /** The adapter's limit of a binding. */
  readonly maxBindingBytes: number;
  /** Floating-point operations of a micro-batch, as far as the kernels state them. */
  readonly flops: number;
}

/** The same for each way to get activations to the gradients. */
export interface MemoryAlternative {
  /** The options, such as `--recompute`; empty for none. */
  readonly options: string;
  readonly totalBytes: number;
  readonly flops: number;
}

/** The report with all alternatives, for `--plan`. */
export function planReport(
  context: RunContext,
): MemoryReport & { readonly alternatives: readonly MemoryAlternative[] } {
  const alternatives = [false, true].flatMap((recompute) =>
    [false, true].map((halfActivations): MemoryAlternative => {
      const { totalBytes, flops } = memoryReport(context, { recompute, halfActivations });
      const names = [...recompute ? ["--recompute"] : [], ...halfActivations ? ["--half-activations"] : []];
      return { options: names.join(" "), totalBytes, flops };
    })
  );
  return { ...memoryReport(context), alternatives };
}

/** Plans the memory of the training step, with the options of the settings or others; allocates nothing. */
export function memoryReport(context: RunContext, others: Partial<TrainerOptions> = {}): MemoryReport {
  const { gpu, network, settings } = context;
  const plan = memoryPlan(gpu, trainingStep(network, { ...trainerOptions(context), ...others }).definition);
  const parameterBytes = network.store.segmentBytes.reduce((sum, bytes) => sum + bytes, 0);
  const gradientBytes = parameterBytes * (settings.get("accumulate") > 1 ? 2 : 1);
  const optimizerBytes = parameterBytes * (settings.get("optimizer") === "adamw" ? 2 : 1);
  return {
    parameterBytes,
    gradientBytes,
    optimizerBytes,
    activationBytes: plan.activationBytes - plan.scratchBytes,
    scratchBytes: plan.scratchBytes,
    inputBytes: plan.inputBytes,
    totalBytes: parameterBytes + gradientBytes + optimizerBytes + plan.activationBytes + plan.inputBytes,
    lowerBoundBytes: plan.lowerBoundBytes,
    largestBindingBytes: plan.largestBindingBytes,
    largestBinding: plan.largestBinding,
    maxBindingBytes: gpu.maxBindingBytes,
    flops: plan.flops,
  };
}

/** The memory plan as `--plan` prints it. */
export function planText(report: ReturnType<typeof planReport>): string {
  const least = Math.min(...report.alternatives.map(({ flops }) => flops));
  const rows: [string, string][] = [
    ["parameters", bytesText(report.parameterBytes)],
    ["gradients", bytesText(report.gradientBytes)],
    ["optimizer state", bytesText(report.optimizerBytes)],
    ["activations and their gradients", bytesText(report.activationBytes)],
    ["scratch", bytesText(report.scratchBytes)],
    ["inputs", bytesText(report.inputBytes)],
    ["in all", bytesText(report.totalBytes)],
    ["least possible for activations", bytesText(report.lowerBoundBytes)],
    [
      "largest binding",
      `${bytesText(report.largestBindingBytes)} of ${bytesText(report.maxBindingBytes)} (${report.largestBinding})`,
    ],
    ["operations of a micro-batch", `${(report.flops / 1e9).toFixed(1)} GFLOP`],
    ...report.alternatives.map(({ options, totalBytes, flops }): [string, string] => [
      options === "" ? "in all, activations kept as they are" : `in all, ${options}`,
      bytesText(totalBytes) + (flops > least ? `, ${(100 * (flops / least - 1)).toFixed(0)} % more operations` : ""),
    ]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(42)}${value}`).join("\n");
}

/**
 * Makes sure that the training step fits `--memory-budget`, before its memory is allocated.
 *
 * @throws {OutOfBudgetError} with what it takes and what is allowed.
 */
export function requireBudget({ totalBytes }: MemoryReport, settings: Settings): void {
  const budget = settings.get("memory-budget");
  if (budget === undefined || totalBytes <= budget) return;
  throw new OutOfBudgetError(
    `Training takes ${bytesText(totalBytes)} of GPU memory, --memory-budget allows ${bytesText(budget)}`,
    "memory budget",
  );
}

/** What a run will do. */
export interface PlannedWork {
  /** Steps of the source training. */
  readonly sourceSteps: number;
  /** The rounds that follow; `null` where the run only trains on the source. */
  readonly rounds: RoundSettings | null;
}

/** Says what the run will do, and measures how long that takes. */
export async function announce(
  context: RunContext,
  data: RunData,
  trainer: Trainer,
  work: PlannedWork,
): Promise<void> {
  const { gpu, network, settings, size, crop, progress, folder } = context;
  const { sourceSteps } = work;
  const { rounds, roundSteps, labelled, scored } = countRounds(work.rounds, data, trainer);
  const batchTime = await batchSeconds(trainer);
  // Training takes three forwards; a forward of a whole image costs in proportion to its pixels.
  const imageSeconds = batchTime / 3 / trainer.options.batch * (size.height * size.width) / (crop.height * crop.width) *
    viewPixels(viewOptions(settings));
  const seconds = (sourceSteps + roundSteps) * trainer.accumulate * batchTime + (labelled + scored) * imageSeconds;
  const { totalBytes } = memoryReport(context);
  const stages = [
    ...(sourceSteps > 0 ? [`${sourceSteps} steps of source training`] : []),
    ...(rounds > 0 ? [`${rounds} round${rounds === 1 ? "" : "s"} of self-training (${roundSteps} steps)`] : []),
  ];
  progress.line(
    `${network.model.name} with ${network.classCount} classes at ${formatSize(size)} on ${
      gpu.info.description || gpu.info.vendor
    }`,
  );
  progress.line(
    `${data.sourceSplit.items.length} source and ${data.targetSplit.items.length} target images: ${
      stages.join(", then ")
    }`,
  );
  progress.line(
    `about ${timeText(seconds)} here, ${bytesText(totalBytes)} of GPU memory; results go to ${folder.path}`,
  );
}

/** Rounds, their training steps together, and the images that are labelled in them and scored before and after. */
function countRounds(settings: RoundSettings | null, data: RunData, trainer: Trainer) {
  const images = { source: data.sourceSplit.items.length, target: data.targetSplit.items.length };
  const plans = settings === null ? [] : planRounds(settings, images, trainer.crops);
  return {
    rounds: plans.length,
    roundSteps: plans.reduce((sum, { steps }) => sum + steps, 0),
    labelled: settings?.control === true ? 0 : plans.length * images.target,
    scored: (data.evaluationSplit?.items.length ?? 0) * (plans.length + 1),
  };
}

/** Seconds of a micro-batch, by running the compiled program on black images. */
async function batchSeconds({ gpu, program }: Trainer): Promise<number> {
  program.run();
  await gpu.wait();
  const start = performance.now();
  program.run();
  await gpu.wait();
  return (performance.now() - start) / 1000;
}

/** Bytes as people read them. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const unit = Math.min(3, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${(bytes / 2 ** (10 * unit)).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** Seconds as people read them. */
export function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
