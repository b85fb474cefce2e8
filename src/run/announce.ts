/**
 * What a run says before it starts: what it will do, how long that takes on this adapter, and how much memory it needs.
 *
 * @module
 */

import { formatSize } from "../data/size.ts";
import { viewPixels } from "../selftraining/views.ts";
import { type AdaptationData, adaptationSettings } from "./adaptation.ts";
import { type Settings, viewOptions } from "../settings/settings.ts";
import { bytesText, timeText } from "../report/units.ts";
import { peakOf } from "./memory_plan.ts";
import { memoryStages } from "./memory_report.ts";
import type { RunContext, TrainingRun } from "./training_run.ts";

/** Says what the run will do, and measures how long that takes. */
export async function announce(
  context: RunContext,
  data: AdaptationData,
  training: TrainingRun,
  options: { readonly trainSource: boolean; readonly adapts: boolean },
): Promise<void> {
  const { gpu, network, settings, size, crop, progress, folder } = context;
  const batch = settings.get("batch");
  const { rounds, roundSteps, labelled } = options.adapts
    ? adaptationWork(settings, data)
    : { rounds: 0, roundSteps: 0, labelled: 0 };
  const sourceSteps = options.trainSource ? settings.get("source-steps") : 0;
  const scored = (data.evaluationSplit?.items.length ?? 0) * (options.adapts ? rounds + 1 : 1);
  const batchTime = await batchSeconds(context, training);
  // Training takes three forwards; a forward of a whole image costs in proportion to its pixels.
  const imageSeconds = batchTime / 3 / batch * (size.height * size.width) / (crop.height * crop.width) *
    viewPixels(viewOptions(settings));
  const seconds = (sourceSteps + roundSteps) * settings.get("accumulate") * batchTime +
    (labelled + scored) * imageSeconds;
  const { bytes } = peakOf(memoryStages(context, data, options.adapts));
  const stages = [
    ...(sourceSteps > 0 ? [`${sourceSteps} steps of source training`] : []),
    ...(options.adapts ? [`${rounds} round${rounds === 1 ? "" : "s"} of self-training (${roundSteps} steps)`] : []),
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
    `about ${timeText(seconds)} here, up to ${bytesText(bytes)} of GPU memory; results go to ${folder.path}`,
  );
}

/** Rounds, their training steps together, and the images labelled in them. */
function adaptationWork(settings: Settings, data: AdaptationData) {
  const { rounds, epochs, batch, control, targetImages, sourcePortion } = adaptationSettings(settings);
  const target = data.targetSplit.items.length;
  const source = "images" in sourcePortion
    ? sourcePortion.images
    : data.sourceSplit.items.length * sourcePortion.initial;
  const images = source + (control ? 0 : targetImages ?? target);
  const steps = Math.max(1, Math.floor(images * epochs / batch));
  return { rounds, roundSteps: rounds * steps, labelled: control ? 0 : rounds * target };
}

/** Seconds of a micro-batch, by running the compiled program on black images. */
async function batchSeconds({ gpu }: RunContext, { trainer: { program } }: TrainingRun): Promise<number> {
  program.run();
  await gpu.wait();
  const start = performance.now();
  program.run();
  await gpu.wait();
  return (performance.now() - start) / 1000;
}
