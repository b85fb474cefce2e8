/**
 * A run of class-balanced self-training in the browser: what it is started from is gathered in its store, then it is
 * opened from there, by the same settings and the same loop as on the command line.
 *
 * @module
 */

import * as v from "valibot";
import { errorText } from "../errors.ts";
import { validated } from "../formats/validation.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Model } from "../nn/model.ts";
import { findModel } from "../nn/models/mod.ts";
import { Network, type NetworkMetadata, readWeights, type WeightFile } from "../nn/network.ts";
import type { AdaptationImages, AdaptationSettings } from "../selftraining/adaptation.ts";
import { balancedWeights, classPixels } from "../selftraining/class_balance.ts";
import type { Progress } from "../selftraining/progress.ts";
import { jsonText } from "../selftraining/store.ts";
import { Trainer } from "../selftraining/trainer.ts";
import type { RunParts } from "../selftraining/training.ts";
import {
  adaptationSettings,
  objectiveWith,
  openOptimizer,
  sourceTraining,
  trainerOptions,
} from "../settings/method.ts";
import { modelVariant } from "../settings/model_variant.ts";
import { recipeOf, resolveSettings, type Settings } from "../settings/settings.ts";
import { cropSize, runSize, type RunSizes, runSizes } from "../settings/working_sizes.ts";
import type { AdaptCommand } from "./adapt_messages.ts";
import type { OpfsStore } from "./opfs_store.ts";
import {
  type Decode,
  drawTown,
  itemsOf,
  keepPhotos,
  keepSet,
  keptSet,
  photoItems,
  type SetName,
} from "./run_images.ts";
import { readSite, siteFile } from "./site.ts";
import type { StoredItem, StoredSamples } from "./stored_samples.ts";

/** What a run is started with. */
export type StartCommand = Extract<AdaptCommand, { readonly type: "start" }>;

const startName = "start.json";
const weightsName = "start.safetensors";

const photoSchema = v.object({ name: v.string(), height: v.number(), width: v.number() });
const startSchema = v.object({
  began: v.number(),
  /** Values of options, by key. */
  recipe: v.record(v.string(), v.unknown()),
  /** Names of the target's images. */
  images: v.array(v.string()),
  /** The visitor's photos; `null` for the built-in town. */
  photos: v.nullable(v.array(photoSchema)),
  /** The adapter, and whether its kernels were those of software adapters: others round differently. */
  adapter: v.string(),
  software: v.boolean(),
});

/** What a run was started with, as its store keeps it. */
export type RunStart = v.InferOutput<typeof startSchema>;

/** What a run was started with; `null` where nothing has been started. */
export async function keptStart(store: OpfsStore): Promise<RunStart | null> {
  const bytes = await store.read(startName);
  if (bytes === null) return null;
  return validated(startSchema, new TextDecoder().decode(bytes), store.describe(startName), "start of the run");
}

/** The settings that a recipe's values mean, as on the command line. */
function settingsOf(recipe: Readonly<Record<string, unknown>>): Settings {
  return resolveSettings("adapt", {}, recipeOf(recipe, "of this page").values);
}

/** The network that a run begins with. */
interface FirstNetwork {
  readonly model: Model;
  readonly metadata: NetworkMetadata;
  /** Its weights; `null` if they are drawn and trained on the source first. */
  readonly weights: WeightFile | null;
}

/** @throws {Error} if the network takes no photographs, or its weights cannot be read. */
function firstNetwork(
  settings: Settings,
  bytes: Uint8Array<ArrayBuffer> | null,
  name: string,
  { classes, palette }: Pick<NetworkMetadata, "classes" | "palette">,
): FirstNetwork {
  const variant = modelVariant(settings);
  const weights = bytes === null ? null : readWeights(bytes, name);
  const model = weights === null
    ? findModel(settings.get("model"), variant)
    : findModel(weights.model, { ...weights.variant, ...variant }, name);
  if (model.takes.scans !== undefined || model.takes.channels !== 3) {
    throw new Error(`Cannot adapt ${model.name} in a browser: it takes ${model.takes.name}, not photographs`);
  }
  const known = { classes, ...palette === undefined ? {} : { palette } };
  return { model, metadata: weights === null ? known : { ...known, ...weights.metadata }, weights };
}

/** A start that nothing speaks against so far. */
export interface CheckedStart extends Pick<StartCommand, "site" | "images"> {
  /** Values of options, by key. */
  readonly recipe: RunStart["recipe"];
  readonly settings: Settings;
  /** The packed source set beside the site; `undefined` for the built-in town. */
  readonly source: string | undefined;
  /** Bytes of the weight file to start from; `null` where there is none. */
  readonly weights: Uint8Array<ArrayBuffer> | null;
  /** Name of the weight file. */
  readonly name: string;
}

/**
 * Reads what a run is to start with. What is refused is refused here, before anything is drawn, kept or deleted.
 *
 * @throws {Error} if the recipe or the weights are not sound, or there is no photo.
 */
export async function checkedStart(
  { site: address, images, options, weights: given }: StartCommand,
): Promise<CheckedStart> {
  const site = readSite(new TextDecoder().decode(await fetched(address)), siteFile);
  const recipe = { ...site.studio?.recipe, ...options };
  const settings = settingsOf(recipe);
  const own = site.weights.source ?? site.weights.adapted;
  const weights = given !== undefined
    ? new Uint8Array(await given.arrayBuffer())
    : own === undefined
    ? null
    : await fetched(new URL(own.file, address).href);
  const name = given?.name ?? own?.file ?? "";
  firstNetwork(settings, weights, name, { classes: site.classes });
  if (images.kind === "photos" && images.files.length === 0) throw new Error("There is no photo to adapt to");
  return { site: address, images, recipe, settings, source: site.studio?.source, weights, name };
}

/** Gathers all that a run needs in its store. */
export async function prepareRun(
  store: OpfsStore,
  { site, images, recipe, settings, source: sourceFile, weights, name: weightsFile }: CheckedStart,
  tools: { readonly decode: Decode; readonly progress: Progress; readonly gpu: Gpu; readonly adapter: string },
): Promise<void> {
  const { decode, progress, gpu, adapter } = tools;
  const town = { ...settings.get("town-size"), seed: settings.get("seed") };
  const count = settings.get("town-images");
  if (sourceFile === undefined) {
    await drawTown(store, "source", { ...town, town: "source", count }, progress);
  } else await keepSet(store, "source", await fetched(new URL(sourceFile, site).href));
  const source = await requireSet(store, "source");
  const { model, metadata } = firstNetwork(settings, weights, weightsFile, source);
  itemsOf("source", source, metadata.classes);
  if (weights !== null) await store.write(weightsName, weights);
  let photos: RunStart["photos"] = null;
  if (images.kind === "town") {
    await drawTown(store, "target", { ...town, town: "target", count }, progress);
    await drawTown(store, "evaluation", { ...town, town: "target", count: scoredPictures }, progress);
  } else {
    const sized = { model, recorded: metadata.size };
    const size = runSize(settings, sized, { source: sizesOf(source), adapts: true }, progress.line);
    photos = await keepPhotos(store, images.files, { size, decode, progress });
  }
  const { software } = gpu.kind;
  const target = await targetItems(store, photos, metadata.classes);
  const names = target.map(({ name }) => name);
  const start: RunStart = { began: Date.now(), recipe, images: names, photos, adapter, software };
  store.begin(crypto.randomUUID());
  await store.write(startName, jsonText(start));
}

/** Town pictures to score on: as many as the command line has. */
const scoredPictures = 40;

async function fetched(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url).catch((error) => {
    throw new Error(`Cannot load ${url}: ${errorText(error)}`);
  });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new Error(`Cannot load ${url}: the server answers ${response.status}`);
}

async function requireSet(store: OpfsStore, set: SetName) {
  const found = await keptSet(store, set);
  if (found === null) throw new Error(`Cannot go on with the run: its ${set} images are missing. Discard the run`);
  return found;
}

function sizesOf({ count, size }: { readonly count: number; readonly size: { height: number; width: number } }) {
  return Array.from({ length: count }, () => size);
}

async function targetItems(
  store: OpfsStore,
  photos: RunStart["photos"],
  classes: readonly string[],
): Promise<StoredItem[]> {
  return photos === null ? itemsOf("target", await requireSet(store, "target"), classes) : photoItems(store, photos);
}

/** The target's images of a run. Labels of the town are in its own classes. */
export async function keptTarget(store: OpfsStore, { photos }: RunStart): Promise<StoredItem[]> {
  return await targetItems(store, photos, (await keptSet(store, "target"))?.classes ?? []);
}

/** What a store keeps of a run, before anything is on the GPU. */
export interface ReadRun {
  readonly settings: Settings;
  readonly first: FirstNetwork;
  readonly images: AdaptationImages<StoredItem>;
  readonly sizes: RunSizes;
}

/** Reads what a store keeps of a run. */
export async function readRun(
  store: OpfsStore,
  { recipe, photos }: RunStart,
  say: (text: string) => void,
): Promise<ReadRun> {
  const settings = settingsOf(recipe);
  const source = await requireSet(store, "source");
  const evaluation = await keptSet(store, "evaluation");
  const first = firstNetwork(settings, await store.read(weightsName), store.describe(weightsName), source);
  const { model, metadata: { classes, size: recorded } } = first;
  const own = {
    source: sizesOf(source),
    target: photos ?? sizesOf(await requireSet(store, "target")),
    evaluation: evaluation === null ? null : sizesOf(evaluation),
  };
  const size = runSize(settings, { model, recorded }, { source: own.source, adapts: true }, say);
  const images = {
    source: itemsOf("source", source, classes),
    target: await targetItems(store, photos, classes),
    evaluation: evaluation === null ? null : itemsOf("evaluation", evaluation, classes),
  };
  return { settings, first, images, sizes: runSizes(size, own, model, say) };
}

/** A run that can go on. */
export interface BrowserRun {
  readonly parts: Pick<RunParts<StoredItem>, "trainer" | "shapes" | "samples" | "store">;
  readonly images: AdaptationImages<StoredItem>;
  readonly settings: AdaptationSettings;
  /** Frees the GPU's memory, but for the device. */
  readonly close: () => void;
}

/** Opens the run that a store keeps: its network, its compiled step, its images. */
export async function openRun(
  store: OpfsStore,
  start: RunStart,
  { gpu, samples, progress }: { readonly gpu: Gpu; readonly samples: StoredSamples; readonly progress: Progress },
): Promise<BrowserRun> {
  const say = progress.line.bind(progress);
  const { settings, first: { model, metadata, weights }, images, sizes: { shapes, room } } = await readRun(
    ...[store, start, say] as const,
  );
  const network = new Network(gpu, model, { ...metadata, size: shapes.typical });
  if (weights === null) network.store.initialize(settings.get("seed"));
  else network.store.load(weights.tensors, store.describe(weightsName));
  const classWeights = settings.get("class-weights") === "balanced"
    ? balancedWeights(await classPixels(samples, images.source, network.classCount, shapes.size))
    : undefined;
  const optimizer = await openOptimizer(gpu, network.store, settings);
  const bar = progress.stage("compiling", 1, { unit: "networks", perStep: 1 });
  const crop = cropSize(settings, shapes.typical, model, say);
  const objective = objectiveWith(settings, classWeights);
  const options = { ...trainerOptions({ settings, room, crop }), objective };
  const trainer = await Trainer.open(gpu, network, optimizer, options);
  bar.update(1);
  bar.end();
  const context = { settings, network, shapes };
  return {
    parts: { trainer, shapes, samples, store },
    images,
    settings: adaptationSettings(context, weights === null ? sourceTraining(context) : null),
    close: () => {
      trainer.dispose();
      optimizer.dispose();
      network.dispose();
    },
  };
}
