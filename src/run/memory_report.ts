/**
 * The memory that a run will take, as `--plan` prints it and `--memory-budget` bounds it.
 *
 * @module
 */

import { OutOfBudgetError } from "../errors.ts";
import { memoryPlan } from "../graph/program_plan.ts";
import { bytesText } from "../report/units.ts";
import { defaultKeptBytes } from "../selftraining/logits_source.ts";
import { ringCountOf } from "../selftraining/rings.ts";
import { agreementImages } from "../selftraining/mirror_agreement.ts";
import { type StepOptions, trainingStep } from "../selftraining/training_step.ts";
import { labelBatch, testViewOptions, viewOptions } from "../settings/settings.ts";
import type { RunContext, RunData } from "./context.ts";
import { peakOf, planStages, type StageMemory, type StageName } from "./memory_plan.ts";
import { pictureCount } from "./pictures.ts";
import { trainerOptions } from "../settings/method.ts";

/** Bytes of the training step, as `--plan --json` has them. */
export interface MemoryReport {
  readonly parameterBytes: number;
  readonly gradientBytes: number;
  readonly optimizerBytes: number;
  /** Activations and their gradients, without scratch. */
  readonly activationBytes: number;
  readonly scratchBytes: number;
  readonly inputBytes: number;
  /** The sum of all of the above. */
  readonly totalBytes: number;
  /** The least bytes that activations and scratch could take. */
  readonly lowerBoundBytes: number;
  readonly largestBindingBytes: number;
  /** The tensor that is computed by the launch with the largest binding. */
  readonly largestBinding: string;
  /** The most bytes that this adapter can bind at once. */
  readonly maxBindingBytes: number;
  /** Floating-point operations of a micro-batch, as far as the kernels state them. */
  readonly flops: number;
}

/** Bytes of the training step for one way to bring activations to the gradients. */
export interface MemoryAlternative {
  /** The options that choose this way, such as `--recompute`; empty if there are none. */
  readonly options: string;
  readonly totalBytes: number;
  readonly flops: number;
}

/** What `--plan --json` prints. */
export interface PlanReport extends MemoryReport {
  /** The training step with activations kept in other ways. */
  readonly alternatives: readonly MemoryAlternative[];
  /** The stages of the run in their order. */
  readonly stages: readonly StageMemory[];
  /** Bytes of the stage that takes most. */
  readonly peakBytes: number;
  /** The stage that takes most. */
  readonly peakStage: StageName;
}

/**
 * The report of a whole run, for `--plan`. Nothing is allocated.
 *
 * @param adapts whether the run adapts to the target, or only trains on the source.
 */
export function planReport(context: RunContext, data: RunData, adapts: boolean): PlanReport {
  const alternatives = [false, true].flatMap((recompute) =>
    [false, true].map((halfActivations): MemoryAlternative => {
      const { totalBytes, flops } = memoryReport(context, { recompute, halfActivations });
      const names = [...recompute ? ["--recompute"] : [], ...halfActivations ? ["--half-activations"] : []];
      return { options: names.join(" "), totalBytes, flops };
    })
  );
  const stages = memoryStages(context, data, adapts);
  const { stage, bytes } = peakOf(stages);
  return { ...memoryReport(context), alternatives, stages, peakBytes: bytes, peakStage: stage };
}

/** Plans the memory of the training step, with the options of the settings or others. */
function memoryReport(context: RunContext, others: Partial<StepOptions> = {}): MemoryReport {
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
export function planText(report: PlanReport): string {
  const least = Math.min(...report.alternatives.map(({ flops }) => flops));
  const rows: [string, string][] = [
    ["parameters", bytesText(report.parameterBytes)],
    ["gradients", bytesText(report.gradientBytes)],
    ["optimizer state", bytesText(report.optimizerBytes)],
    ["activations and their gradients", bytesText(report.activationBytes)],
    ["scratch", bytesText(report.scratchBytes)],
    ["inputs", bytesText(report.inputBytes)],
    ["the training step in all", bytesText(report.totalBytes)],
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
    ...report.stages.map(({ stage, bytes }): [string, string] => [`most during ${stage}`, bytesText(bytes)]),
    ["peak of the run", `${bytesText(report.peakBytes)}, during ${report.peakStage}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(42)}${value}`).join("\n");
}

/**
 * Makes sure that every stage of a run fits `--memory-budget`, before the memory of the stages is allocated.
 *
 * @throws {OutOfBudgetError} naming the stage that takes most, the bytes that it takes, and the bytes that are allowed.
 */
export function requireBudget(context: RunContext, data: RunData, adapts: boolean): void {
  const budget = context.settings.get("memory-budget");
  if (budget === undefined) return;
  const { stage, bytes } = peakOf(memoryStages(context, data, adapts));
  if (bytes <= budget) return;
  throw new OutOfBudgetError(
    `The run takes ${bytesText(bytes)} of GPU memory during ${stage}, --memory-budget allows ${bytesText(budget)}`,
    `memory of ${stage}`,
  );
}

/** The stages of a run and what each takes. */
export function memoryStages(context: RunContext, data: RunData, adapts: boolean): StageMemory[] {
  const { gpu, network, settings } = context;
  const target = data.targetSplit.items.length;
  const labels = data.inspected.evaluation?.labelSizes.flatMap((size) => size === null ? [] : [size]) ?? [];
  // Pixels of range images are scored, not points.
  const scored = network.model.takes.scans === undefined ? labels : [context.shapes.typical];
  return planStages(gpu, network, {
    step: trainerOptions(context),
    optimizer: {
      states: settings.get("optimizer") === "adamw" ? 2 : 1,
      clips: settings.get("clip-norm") !== undefined,
    },
    inference: {
      batch: labelBatch(settings, context.shapes),
      views: viewOptions(settings),
      testViews: testViewOptions(settings),
      shapes: context.shapes,
      merged: context.merge?.toClasses.length,
    },
    labelling: !adapts || settings.get("control") ? null : {
      images: target,
      hasPrior: settings.get("spatial-prior") || settings.has("prior"),
      keptBytes: defaultKeptBytes,
      policy: settings.get("policy"),
      stride: settings.get("stride"),
      ringCount: ringCountOf(settings.get("rings")),
    },
    scoring: labels.length === 0
      ? null
      : { images: labels.length, labelPixels: Math.max(...scored.map(({ height, width }) => height * width)) },
    agreement: adapts ? Math.min(agreementImages, target) : 0,
    pictures: adapts ? Math.min(pictureCount, target) : 0,
  });
}
