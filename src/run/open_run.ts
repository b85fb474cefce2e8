/**
 * From settings to a run that can start: data sets, classes, the network with its first weights, the working size, the run
 * folder, and Ctrl-C.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import type { ClassMap } from "../data/class_map.ts";
import { type Dataset, openDataset, readClassMap, requireClasses, requireLabels, type Split } from "../data/dataset.ts";
import { imageSize } from "../data/decode.ts";
import { Loader } from "../data/loader.ts";
import { formatSize, roundSize, type Size } from "../data/size.ts";
import { InterruptedError, UsageError } from "../errors.ts";
import { Gpu } from "../gpu/gpu.ts";
import { findModel } from "../nn/models/mod.ts";
import { Network, readWeights } from "../nn/network.ts";
import { readSafetensors } from "../nn/safetensors.ts";
import { Progress } from "../report/progress.ts";
import type { AdaptationData } from "./adaptation.ts";
import { readFile } from "./files.ts";
import { RunFolder } from "./run_folder.ts";
import type { Settings } from "./settings.ts";
import { writeTowns } from "./synth.ts";
import type { RunContext } from "./training_run.ts";

/** A run that can start. */
export interface OpenedRun {
  readonly context: RunContext;
  /** The images; `target…` are those of the source when there is no target. */
  readonly data: AdaptationData;
  /** Whether the source network must be trained first. */
  readonly trainSource: boolean;
  /** Frees everything. */
  readonly close: () => void;
}

/** Opens a run of `adapt` or `train`. */
export async function openRun(settings: Settings, needsTarget: boolean): Promise<OpenedRun> {
  const progress = new Progress();
  const resume = settings.flag("resume");
  const out = settings.optionalText("out") ?? defaultFolder(settings, resume);
  const folder = RunFolder.open(out, settings, resume);
  const folders = await dataFolders(settings, folder, progress, needsTarget);
  const gpu = await Gpu.open();
  const { network, classMap, source, trainSource } = openSourceAndNetwork(gpu, settings, folders.source);
  const target = openDataset(folders.target, { classMap });
  requireClasses(target, network.metadata.classes, classMap);
  const data = openSplits(settings, source, target, needsTarget);
  const size = workingSize(settings, network, data.sourceSplit, progress);
  const placed = new Network(gpu, network.model, {
    ...network.metadata,
    size,
    palette: network.metadata.palette ?? source.palette,
  });
  await moveParameters(network, placed);
  const loader = new Loader();
  const { signal, release } = interruption();
  const context: RunContext = { gpu, settings, folder, network: placed, loader, progress, size, signal };
  return {
    context,
    data,
    trainSource,
    close: () => {
      release();
      loader.close();
      folder.close();
      gpu.close();
    },
  };
}

function defaultFolder(settings: Settings, resume: boolean): string {
  if (resume) throw new UsageError("Give the folder of the run to go on with: --out");
  const time = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
  return join("runs", settings.has("source") ? time : `town-${time}`);
}

/** The folders of both domains; without `--source` the built-in towns, written into the run's folder. */
async function dataFolders(settings: Settings, folder: RunFolder, progress: Progress, needsTarget: boolean) {
  const source = settings.optionalText("source");
  const target = settings.optionalText("target");
  if (source !== undefined && (target !== undefined || !needsTarget)) return { source, target: target ?? source };
  if (source !== undefined || target !== undefined) {
    throw new UsageError("Give both --source and --target, or neither for the built-in towns");
  }
  const towns = folder.file("towns");
  await folder.once("towns", async () => {
    progress.line("drawing the built-in towns");
    await writeTowns(towns, {
      ...settings.size("town-size") ?? {},
      trainCount: settings.number("town-images"),
      seed: settings.number("seed"),
    });
    return true;
  });
  return { source: join(towns, "source"), target: join(towns, "target") };
}

interface SourceAndNetwork {
  readonly network: Network;
  readonly classMap: ClassMap | undefined;
  readonly source: Dataset;
  readonly trainSource: boolean;
}

function openSourceAndNetwork(gpu: Gpu, settings: Settings, path: string): SourceAndNetwork {
  const mapPath = settings.optionalText("class-map");
  const classMap = mapPath === undefined ? undefined : readClassMap(mapPath);
  const source = openDataset(path, { classMap });
  const finished = settings.optionalText("source-model");
  if (finished !== undefined) {
    const file = readWeights(readFile(finished), finished);
    const network = new Network(gpu, findModel(file.model), file.metadata);
    network.store.load(file.tensors, finished);
    requireClasses(source, file.metadata.classes, classMap);
    return { network, classMap, source, trainSource: false };
  }
  const network = new Network(gpu, findModel(settings.text("model")), {
    classes: source.classes,
    palette: source.palette,
  });
  network.store.initialize(settings.number("seed"));
  const backbone = settings.optionalText("weights");
  if (backbone !== undefined) {
    const { tensors } = readSafetensors(readFile(backbone), backbone);
    network.store.load(tensors, backbone, { mayMiss: (name) => name.startsWith("head.") });
  }
  return { network, classMap, source, trainSource: true };
}

function openSplits(settings: Settings, source: Dataset, target: Dataset, needsTarget: boolean): AdaptationData {
  const sourceSplit = source.split(settings.text("source-split"));
  requireLabels(sourceSplit, source);
  const scored = settings.text("eval-split");
  const hasScored = target.splitNames().includes(scored);
  const evaluationSplit = hasScored ? target.split(scored) : null;
  return {
    source,
    sourceSplit,
    target,
    targetSplit: needsTarget ? target.split(settings.text("target-split")) : sourceSplit,
    evaluationSplit: evaluationSplit?.items.every(({ labelPath }) => labelPath !== null) ? evaluationSplit : null,
  };
}

/** `--size` or the recipe's, else that of the weights, else that of the first source image; rounded to the stride, said once. */
function workingSize(settings: Settings, network: Network, split: Split, progress: Progress): Size {
  const first = split.items[0];
  if (first === undefined) throw new Error(`The split ${split.name} has no image`);
  const wanted = settings.size("size") ?? network.metadata.size ??
    imageSize(readFile(first.imagePath), first.imagePath);
  const rounded = roundSize(wanted, network.model.outputStride);
  if (formatSize(rounded) !== formatSize(wanted)) {
    progress.line(
      `The size ${
        formatSize(wanted)
      } is no multiple of the network's stride ${network.model.outputStride}: working at ${formatSize(rounded)}`,
    );
  }
  return rounded;
}

/** A network's metadata is fixed when it is made, and the size is known only after the data are open. */
async function moveParameters(from: Network, to: Network): Promise<void> {
  to.store.load(await from.store.save(), "the first weights");
  from.dispose();
}

/** A signal that Ctrl-C and SIGTERM give once; a second one ends the program at once. */
function interruption(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new InterruptedError("Stopped. Go on with --resume"));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
