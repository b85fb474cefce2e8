/**
 * From settings to a run that can start. This opens the data sets, the classes, the network with its first weights, the
 * working size and the run folder, and it handles Ctrl-C.
 *
 * @module
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset, openLoader, readClassMap } from "../data/folder.ts";
import { isFolder } from "../data/image_files.ts";
import type { LabelSet } from "../data/label_sets.ts";
import { UsageError } from "../errors.ts";
import { requestAdapter } from "../gpu/adapters.ts";
import { Gpu } from "../gpu/gpu.ts";
import { findModel } from "../nn/models/mod.ts";
import type { Model } from "../nn/model.ts";
import { Network, type NetworkMetadata } from "../nn/network.ts";
import type { ParameterStore } from "../nn/parameter_store.ts";
import { TerminalProgress } from "../report/progress.ts";
import { doneForm } from "../selftraining/kept.ts";
import type { Progress, StageProgress } from "../selftraining/progress.ts";
import { makeNewFolder } from "../disk/files.ts";
import { keptKind } from "../tuning/kept_kind.ts";
import { interruption } from "./interruption.ts";
import { type Address, readAddress } from "./live/address.ts";
import { Live } from "./live/live.ts";
import { openToLearn, openToScore, wantedLabelSet } from "./meeting.ts";
import { Profile } from "./profile.ts";
import { FolderStore } from "./folder_store.ts";
import { continuedWeights } from "./earlier_rounds.ts";
import { imagesOf, runFacts } from "./run_facts.ts";
import { listsOf, openSplits } from "./run_splits.ts";
import { modelVariant } from "../settings/model_variant.ts";
import type { Settings } from "../settings/settings.ts";
import { builtInFolders, writeBuiltIn } from "./built_in.ts";
import { adapterKey, loadTuning } from "../tuning/table.ts";
import type { RunContext, RunData } from "./context.ts";
import { openBackbone, openWeights } from "./weights.ts";
import { requireKind, requireRings, requireScanOptions, scanModel, scanSizes } from "./scan_runs.ts";
import { cropSize } from "../settings/working_sizes.ts";
import { sizesOf } from "./run_sizes.ts";

/** A run that can start. */
export interface OpenedRun {
  readonly context: RunContext;
  /** The images. Without a target, `target…` are those of the source. */
  readonly data: RunData;
  /** Its live page, where it has one. */
  readonly live: Live | null;
  /** Frees everything. */
  readonly close: () => void;
}

/** Opens a run of `adapt` or `train`. With `--plan` its folder is a temporary one, which is deleted afterwards. */
export async function openRun(settings: Settings, needsTarget: boolean): Promise<OpenedRun> {
  requireFittingOptions(settings, needsTarget);
  const address = liveAddress(settings);
  // Without an adapter nothing is begun: no folder is made, no town is drawn.
  await requestAdapter({ adapter: settings.get("adapter") });
  const live = address === null ? null : await Live.open(address);
  let folder: FolderStore | undefined;
  try {
    folder = openFolder(settings);
    return await openIn(folder, settings, { needsTarget, live });
  } catch (error) {
    live?.close();
    if (folder !== undefined) closeFolder(folder, settings);
    throw error;
  }
}

/** Where to serve the live page, if one is wanted. A plan has none, since it does nothing that could be watched. */
function liveAddress(settings: Settings): Address | null {
  const text = settings.get("serve");
  const address = text === undefined ? null : readAddress(text);
  return settings.get("plan") ? null : address;
}

/** Closes a run's folder. That of a plan is deleted. */
function closeFolder(folder: FolderStore, settings: Settings): void {
  folder.close();
  if (settings.get("plan")) rmSync(folder.path, { recursive: true });
}

async function openIn(
  folder: FolderStore,
  settings: Settings,
  { needsTarget, live }: { readonly needsTarget: boolean; readonly live: Live | null },
): Promise<OpenedRun> {
  const terminal = new TerminalProgress();
  const progress = live?.progress(terminal) ?? terminal;
  if (live !== null) {
    live.show(folder.path, needsTarget ? "adapt" : "train", settings.get("control-run"));
    folder.onLabels = (file) => live.labels([file]);
    live.onLost = (reason) => terminal.warn(`the live page has ended, the run goes on: ${reason}`);
    terminal.line(`live page: ${live.url}`);
  }
  const profile = new Profile();
  const folders = await dataFolders(settings, folder, progress);
  const mapPath = settings.get("class-map");
  const classMap = mapPath === undefined ? undefined : readClassMap(mapPath);
  const lists = listsOf(settings, needsTarget);
  const wanted = wantedLabelSet(settings);
  const asSource = { layout: lists.sourceLayout, list: lists.source };
  const learned = wanted ?? openDataset(folders.source, { ...asSource, classMap });
  const first = firstNetwork(settings, learned, progress);
  const { classes, palette = learned.palette } = first.metadata;
  const line = progress.line.bind(progress);
  const source = openToLearn(folders.source, { classes }, { ...asSource, classMap, wanted, say: line });
  const { dataset: target, merge } = openToScore(folders.target, { classes }, {
    ...{ classMap, wanted, classes: { classes, palette }, layout: lists.targetLayout, list: lists.target },
    // Without a target the source is scored on, of which all was said.
    say: needsTarget ? line : () => {},
  });
  const opened = { source, target, isFinished: first.isFinished };
  const data = await openSplits(settings, opened, lists, needsTarget, progress);
  const model = first.isTrained ? first.model : scanModel(settings, first.model, data.sourceSplit.items);
  // What a run can be refused for is found out before the GPU is opened.
  for (
    const { items } of [
      data.sourceSplit,
      data.targetSplit,
      ...data.evaluationSplit === null ? [] : [data.evaluationSplit],
    ]
  ) {
    requireKind(first.model, items);
  }
  if (needsTarget) requireRings(settings, first.model);
  if (first.model.takes.scans !== undefined) requireScanOptions(settings);
  let adapterName = "";
  const gpu = await Gpu.open({
    adapter: settings.get("adapter"),
    kind: keptKind,
    tuning: (adapter) => {
      adapterName = adapterKey(adapter);
      return folder.tuning(() => loadTuning(adapterName));
    },
  });
  folder.begin(runFacts(settings, adapterName, gpu, data, continuedWeights(settings)), imagesOf(data));
  if (settings.get("profile")) profile.timeKernels(gpu);
  const { metadata } = first;
  const sized = { model, recorded: metadata.size };
  const { shapes, room } = model.takes.scans === undefined
    ? sizesOf(settings, folder, sized, data, line)
    : scanSizes(settings, sized, data, line);
  const crop = model.takes.scans === undefined ? cropSize(settings, shapes.typical, model, line) : shapes.typical;
  const network = new Network(gpu, model, { ...metadata, size: shapes.typical });
  first.fill(network.store);
  const loader = openLoader({ maxPixels: settings.get("max-pixels") });
  const { signal, release } = interruption(terminal);
  return {
    context: { gpu, settings, folder, network, loader, progress, profile, shapes, room, crop, signal, merge },
    data,
    live,
    close: () => {
      live?.close();
      release();
      loader.close();
      closeFolder(folder, settings);
      gpu.close();
    },
  };
}

/** @throws {UsageError} if options contradict each other, or the built-in scans. */
function requireFittingOptions(settings: Settings, needsTarget: boolean): void {
  continuedWeights(settings);
  if (settings.get("built-in") !== "towns") requireScanOptions(settings);
  requireOneData(settings, needsTarget);
  if (settings.get("built-in") !== "towns" && (settings.has("source") || settings.has("data"))) {
    throw new UsageError("Give either --built-in or data of your own, --source and --target or --data");
  }
  if (settings.has("source-model") && settings.has("weights")) {
    throw new UsageError(
      "Give either --source-model, a finished source network, or --weights, which start the source training",
    );
  }
  if (settings.get("backbone-only") && !settings.has("weights")) {
    throw new UsageError("Give --backbone-only together with --weights, the file to take the backbone from");
  }
}

/** @throws {UsageError} where it is not clear which images a run is about. */
function requireOneData(settings: Settings, needsTarget: boolean): void {
  const [data, labelled] = [settings.has("data"), settings.has("labelled")];
  if (data && (settings.has("source") || settings.has("target"))) {
    throw new UsageError(
      `Give either --data, a data set of which a part counts as labelled, or ${
        needsTarget ? "--source and --target" : "--source"
      }`,
    );
  }
  const path = settings.get("data");
  if (path !== undefined && existsSync(path) && !isFolder(path)) {
    throw new UsageError(
      `--data is ${path}, which is a file: give the folder of the data set, and a list with --labelled`,
    );
  }
  if (data && settings.has("source-list")) {
    throw new UsageError(
      "Give --labelled instead of --source-list: with --data it says which images count as labelled",
    );
  }
  if (labelled && !data && (settings.has("source") || settings.get("built-in") !== "lidar")) {
    throw new UsageError("Give --labelled together with --data, the data set that it is about");
  }
  if (!needsTarget) return;
  if (data && !labelled) {
    throw new UsageError("Give --labelled together with --data: a share such as 0.1, or a list of the labelled images");
  }
  if (settings.has("source") !== settings.has("target")) {
    throw new UsageError("Give both --source and --target, or neither for the built-in towns");
  }
}

function openFolder(settings: Settings): FolderStore {
  if (settings.get("plan")) return FolderStore.open(mkdtempSync(join(tmpdir(), "crosswalk-plan-")), settings);
  const [resume, override] = [settings.get("resume"), settings.get("override")];
  if (override && !resume) throw new UsageError("Give --override together with --resume: it is for a run that goes on");
  return FolderStore.open(settings.get("out") ?? defaultFolder(settings, resume), settings, { resume, override });
}

function defaultFolder(settings: Settings, resume: boolean): string {
  if (resume) throw new UsageError("Give the folder of the run to go on with: --out");
  const time = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
  return makeNewFolder(join("runs", settings.has("source") || settings.has("data") ? time : `town-${time}`));
}

/**
 * The folders of both domains. Without `--source` these are the built-in towns, which are written into the run's
 * folder.
 */
async function dataFolders(settings: Settings, folder: FolderStore, progress: Progress) {
  const source = settings.get("data") ?? settings.get("source");
  if (source !== undefined) return { source, target: settings.get("target") ?? source };
  const towns = folder.file("towns");
  const isOfScans = settings.get("built-in") !== "towns";
  await folder.once("towns", doneForm, async () => {
    let bar: StageProgress | undefined;
    await writeBuiltIn(settings.get("built-in"), towns, {
      size: settings.get("town-size"),
      trainCount: settings.get("town-images"),
      seed: settings.get("seed"),
      onProgress: (done, total) => {
        bar ??= progress.stage(isOfScans ? "scanning the towns" : "drawing the towns", total, {
          ...{ unit: isOfScans ? "scans" : "images", perStep: 1 },
        });
        bar.update(done);
      },
    });
    bar?.end();
    return true as const;
  });
  const folders = builtInFolders(settings.get("built-in"), towns);
  return "data" in folders ? { source: folders.data, target: folders.data } : folders;
}

/** The network that a run starts with, before it is allocated on the GPU. */
interface FirstNetwork {
  readonly model: Model;
  readonly metadata: NetworkMetadata;
  /** Whether it has been trained on the source. */
  readonly isFinished: boolean;
  /** Whether its weights, or those of its backbone, come from a file: they were trained on images as it takes them. */
  readonly isTrained: boolean;
  /** Writes the first weights into the store. */
  readonly fill: (store: ParameterStore) => void;
}

function firstNetwork(
  settings: Settings,
  learned: Pick<LabelSet, "classes" | "palette">,
  progress: Progress,
): FirstNetwork {
  const [classes, palette] = [[...learned.classes], [...learned.palette]];
  const variant = modelVariant(settings);
  const finished = settings.get("source-model") ?? continuedWeights(settings);
  if (finished !== undefined) {
    const { model, metadata, tensors, notices } = openWeights(finished, {
      modelOtherwise: settings.get("model"),
      variant,
      labelSet: settings.get("label-set"),
      mergesClasses: true,
    });
    for (const notice of notices) progress.line(notice);
    return {
      model,
      metadata: { palette, ...metadata },
      isFinished: true,
      isTrained: true,
      fill: (store) => store.load(tensors, finished),
    };
  }
  const path = settings.get("weights");
  const takesPart = settings.get("backbone-only");
  const wanted = { model: settings.get("model"), variant };
  const backbone = path === undefined ? undefined : openBackbone(path, wanted, takesPart);
  for (const notice of backbone?.notices ?? []) progress.line(notice);
  return {
    model: backbone?.model ?? findModel(wanted.model, variant),
    metadata: { classes, palette, ...(backbone?.size === undefined ? {} : { size: backbone.size }) },
    isFinished: false,
    isTrained: backbone !== undefined,
    fill: (store) => {
      store.initialize(settings.get("seed"));
      if (backbone === undefined) return;
      if (takesPart) store.load(backbone.tensors, backbone.path, { mayMiss: () => true });
      else store.loadBackbone(backbone.tensors, backbone.path);
    },
  };
}
