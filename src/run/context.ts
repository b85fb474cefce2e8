/**
 * What the parts of a run share: the opened network and folder, the settings, and the images.
 *
 * @module
 */

import type { ClassMap } from "../data/class_map.ts";
import type { Dataset, Split } from "../data/dataset.ts";
import type { FileItem } from "../data/file_item.ts";
import type { Loader } from "../data/loader.ts";
import type { RunShapes } from "../data/shapes.ts";
import type { Size } from "../data/size.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Network } from "../nn/network.ts";
import type { AdaptationImages } from "../selftraining/adaptation.ts";
import type { Progress } from "../selftraining/progress.ts";
import type { Trainer } from "../selftraining/trainer.ts";
import type { RunParts } from "../selftraining/training.ts";
import type { Settings } from "../settings/settings.ts";
import type { FolderStore } from "./folder_store.ts";
import type { InspectedSplit } from "./inspection.ts";
import type { Profile } from "./profile.ts";

/** A run that is open. */
export interface RunContext {
  readonly gpu: Gpu;
  readonly settings: Settings;
  readonly folder: FolderStore;
  readonly network: Network;
  readonly loader: Loader;
  readonly progress: Progress;
  readonly profile: Profile;
  /** At which sizes images are worked on. */
  readonly shapes: RunShapes;
  /** Size of the largest image of which crops are cut. */
  readonly room: Size;
  /** Size of a crop in training. */
  readonly crop: Size;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** What the network's classes are merged into when it is scored: those of the target. Absent where they are the same. */
  readonly merge?: ClassMap | undefined;
}

/** The images of a run. */
export interface RunData {
  readonly source: Dataset;
  readonly sourceSplit: Split;
  readonly target: Dataset;
  readonly targetSplit: Split;
  /** Labelled target images to score on; `null` where there are none. */
  readonly evaluationSplit: Split | null;
  /** What was found out about the files of the splits. The items are those of the splits. */
  readonly inspected: {
    readonly source: InspectedSplit;
    readonly target: InspectedSplit;
    readonly evaluation: InspectedSplit | null;
  };
  /** Whether the network has been trained on the source already, so that self-training starts at once. */
  readonly isFinished: boolean;
}

/** The parts of a run that the method takes. */
export function runParts(context: RunContext, trainer: Trainer): RunParts<FileItem> {
  const { shapes, loader, folder, progress, profile, signal } = context;
  const onActivity = profile.enter.bind(profile);
  return { trainer, shapes, samples: loader, store: folder, progress, onActivity, signal };
}

/** The images in the form that the method takes. */
export function runImages({ sourceSplit, targetSplit, evaluationSplit }: RunData): AdaptationImages<FileItem> {
  return { source: sourceSplit.items, target: targetSplit.items, evaluation: evaluationSplit?.items ?? null };
}
