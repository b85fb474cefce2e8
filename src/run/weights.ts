/**
 * Weight files, as the commands read them. This is the one way by which a command comes to the weights of a network:
 * from our own files, and from those that others wrote.
 *
 * @module
 */

import { readLabelSet } from "../data/folder.ts";
import type { LabelSet } from "../data/label_sets.ts";
import { readFile } from "../disk/files.ts";
import { ReasonedError } from "../errors.ts";
import { readTensors } from "../formats/read_tensors.ts";
import type { ParameterValues } from "../formats/safetensors.ts";
import { withoutPrefixes } from "../formats/state_dict.ts";
import type { ForeignTensors } from "../formats/stored_tensor.ts";
import type { Model } from "../nn/model.ts";
import { findModel, modelFamilies } from "../nn/models/mod.ts";
import { modelName, type NetworkMetadata, readMetadata, recordedSize } from "../nn/network.ts";
import { type ModelVariant, readVariant, withoutAbsent } from "../nn/variant.ts";
import { type MisshapedTensor, recognised, type WantedTensor, type WeightMatch } from "../nn/weight_match.ts";
import { backboneNotices, counted, listed, matchNotices } from "./weight_texts.ts";

/** A file of tensors, and what it says of itself. */
export interface WeightSource {
  /** The file, for messages. */
  readonly path: string;
  /** Its tensors, without what all their names began with. */
  readonly file: ForeignTensors;
  /** What all names began with, such as `module.`. */
  readonly prefixes: readonly string[];
  /** What the file says of its network; `null` if it is not one of ours. */
  readonly own: OwnFile | null;
}

/** What our own files say. */
interface OwnFile {
  readonly model: string;
  readonly variant: ModelVariant;
  readonly metadata: NetworkMetadata;
}

/** Facts about a weight file that it may not say itself. */
export interface WeightOptions {
  /** Name of the network. Default: the file names it, or its tensors' names tell it. */
  readonly model?: string | undefined;
  /** The network that it is taken for where its tensors' names tell none. Default: such a file is refused. */
  readonly modelOtherwise?: string;
  /** Properties of its variant. They go before what the file says. Default: none. */
  readonly variant?: ModelVariant;
  /** Name or file of the label set that lists its classes. Default: the file says its classes. */
  readonly labelSet?: string | undefined;
  /** Whether the caller merges classes that a file says itself into those of the label set. Default `false`. */
  readonly mergesClasses?: boolean | undefined;
}

/** A network's weights, before the network is allocated on the GPU. */
export interface OpenedWeights {
  /** The file, for messages. */
  readonly path: string;
  /** The network. */
  readonly model: Model;
  /** Its classes, and what is known of their colours and of the working size. */
  readonly metadata: NetworkMetadata;
  /** Values by the network's parameter names. */
  readonly tensors: ReadonlyMap<string, ParameterValues>;
  /** What the file did not say and was found or taken for granted; empty for our own files. */
  readonly notices: readonly string[];
}

/**
 * Reads a weight file of any kind.
 *
 * @throws {Error} naming the file and what is wrong with it.
 */
export function readWeightSource(path: string): WeightSource {
  const file = readTensors(readFile(path), path);
  const own = readMetadata(file.metadata, path);
  if (own !== null) return { path, file, prefixes: [], own };
  const { tensors, prefixes } = withoutPrefixes(file.tensors);
  return { path, file: { ...file, tensors }, prefixes, own };
}

/**
 * Reads the weights of a whole network.
 *
 * @throws {Error} naming the file and what is wrong with it, or what it does not say.
 */
export function openWeights(path: string, options: WeightOptions = {}): OpenedWeights {
  const source = readWeightSource(path);
  const { own, file: { tensors } } = source;
  if (own === null || (options.model !== undefined && !isKnown(own.model))) return foreignWeights(source, options);
  const { model, variant, metadata } = own;
  const network = findModel(model, { ...variant, ...options.variant }, path);
  return { path, model: network, metadata, tensors, notices: contradictions(path, own, options) };
}

/** Whether a network has this name. */
export function isKnown(model: string): boolean {
  return modelFamilies.some(({ name }) => name === model);
}

/** What was said of a file that says something else of itself. The file holds. */
function contradictions(path: string, { model, metadata: { classes } }: OwnFile, options: WeightOptions): string[] {
  const notices: string[] = [];
  if (options.model !== undefined && options.model !== model) {
    notices.push(`${path} says that it holds ${model}; that it is ${options.model} is not taken into account`);
  }
  const isMerged = options.labelSet === undefined || options.mergesClasses === true;
  const given = isMerged ? undefined : readLabelSet(options.labelSet);
  if (given !== undefined && given.classes.join("|") !== classes.join("|")) {
    notices.push(
      `${path} says its ${counted(classes.length, "class", "classes")} itself: ${listed(classes, 4)}; the ` +
        `label set ${given.name} is not taken into account`,
    );
  }
  return notices;
}

function foreignWeights(source: WeightSource, options: WeightOptions): OpenedWeights {
  const { path } = source;
  const labelSet = options.labelSet === undefined ? undefined : readLabelSet(options.labelSet);
  const match = matchSource(source, { ...options, classes: labelSet?.classes.length });
  requireWhole(path, match);
  const { classes, palette } = requireClassNames(path, match, labelSet);
  return {
    ...{ path, model: trainedAs(match.model, options.variant), metadata: { classes, palette } },
    tensors: new Map(match.matched.map(({ name, tensor }) => [name, tensor])),
    notices: matchNotices(source, match),
  };
}

/** The network with what is wanted of its batch norms, which is nothing that files hold. */
export function trainedAs({ name, variant }: Model, { batchNorm }: ModelVariant = {}): Model {
  return findModel(name, { ...variant, ...(batchNorm === undefined ? {} : { batchNorm }) });
}

/**
 * Finds out which network a foreign file holds, as its tensors are named.
 *
 * @param options `classes`: number of classes, where the file has no head to tell it.
 * @throws {ReasonedError} if that is not to be found out.
 */
export function matchSource(
  { path, file, prefixes }: Omit<WeightSource, "own">,
  options: WeightOptions & { readonly classes?: number | undefined } = {},
): WeightMatch {
  const { model, modelOtherwise, variant = {}, classes } = options;
  const match = recognised(file.tensors, { model, variant, classes, prefixes });
  if (match !== null) return match;
  if (model === undefined && modelOtherwise !== undefined) {
    return matchSource({ path, file, prefixes }, { model: modelOtherwise, variant, classes });
  }
  const names = listed([...file.tensors.keys()].map((name) => `"${name}"`), 4);
  if (model === undefined) {
    throw new ReasonedError(
      `Cannot tell which network ${path} holds: no network that is known here has tensors with names such as ${names}`,
      "unknown network",
    );
  }
  throw new Error(`Cannot use ${path} as ${model}: it holds no tensor of that network. Its tensors are ${names}`);
}

/** @throws {Error} if a parameter is missing or has another shape, or something fixed is other than here. */
export function requireWhole(path: string, { model, missing, misshaped, changed }: WeightMatch): void {
  const [wrong] = misshaped;
  if (wrong !== undefined) {
    throw new ReasonedError(
      `Cannot use ${path} as ${model.name}: ${counted(misshaped.length, "tensor")} of it ` +
        `${misshaped.length === 1 ? "has" : "have"} another shape, such as "${wrong.original}": it is ` +
        `[${wrong.found.join(", ")}], the network takes [${wrong.wanted.join(", ")}]`,
      "unfit weights",
    );
  }
  if (missing.length > 0) {
    const names = listed(missing.map(({ name, original }) => `"${original ?? name}"`), 3);
    throw new ReasonedError(
      missing.every(({ inHead }) => inHead)
        ? `Cannot use ${path} as a network: it holds the backbone of ${model.name} without its head (${names})`
        : `Cannot use ${path} as ${model.name}: ${counted(missing.length, "tensor")} of it ` +
          `${missing.length === 1 ? "is" : "are"} missing (${names})`,
      "unfit weights",
    );
  }
  const [other] = changed;
  if (other !== undefined) {
    throw new Error(
      `Cannot use ${path} as ${model.name}: "${other}" was trained, and the network interpolates with a fixed kernel there`,
    );
  }
}

/** The names and colours of a foreign file's classes. */
export function requireClassNames(path: string, { model, classes }: WeightMatch, labelSet: LabelSet | undefined) {
  if (labelSet === undefined) {
    throw new ReasonedError(
      `${path} does not say what its ${classes ?? 0} classes are (it holds ${model.name})`,
      "no label set",
    );
  }
  if (labelSet.classes.length !== classes) {
    throw new Error(
      `Cannot use ${path} as a network of the classes of ${labelSet.name}: it has ${classes} classes, there are ` +
        `${labelSet.classes.length}`,
    );
  }
  return labelSet;
}

/** A backbone's weights for a network that is trained from them. */
export interface OpenedBackbone {
  /** The file, for messages. */
  readonly path: string;
  /** The network that is trained: as it was wanted, but seeing images as the file's did. */
  readonly model: Model;
  /** Working size of the file's network, if it is known. */
  readonly size: NetworkMetadata["size"];
  /** Values by the network's parameter names. */
  readonly tensors: ReadonlyMap<string, ParameterValues>;
  /** What was taken from the file and what was not. */
  readonly notices: readonly string[];
}

/** The variant that a file of ours says, as far as it concerns the backbone; empty where the file is none of ours. */
function ownVariant(metadata: Readonly<Record<string, string>>, model: string, path: string): ModelVariant {
  const { model: said = "", variant } = metadata;
  if (variant === undefined || modelName(said) !== model) return {};
  const { width, colors, strideIn, inputs, scaling } = readVariant(variant, path);
  return withoutAbsent({ width, colors, strideIn, inputs, scaling });
}

/** How the networks of a file see images and stride: what a network must do as they did to use their backbone. */
function seenAlike({ colors, strideIn, inputs, scaling }: ModelVariant = {}): ModelVariant {
  return withoutAbsent({ colors, strideIn, inputs, scaling });
}

/** @throws {ReasonedError} if the file lacks something of the backbone. */
function requireBackbone(path: string, left: readonly (WantedTensor | MisshapedTensor)[]): void {
  const [first] = left;
  if (first === undefined) return;
  const name = first.original ?? first.name;
  const more = left.length === 1
    ? ""
    : ` (${counted(left.length - 1, "other tensor")} of the backbone do not fit either)`;
  throw new ReasonedError(
    "found" in first
      ? `Cannot load ${path}: tensor "${name}" is [${first.found.join(", ")}], the network takes [${
        first.wanted.join(", ")
      }]${more}`
      : `Cannot load ${path}: tensor "${name}" [${first.shape.join(", ")}] is missing${more}`,
    "unfit backbone",
  );
}

/**
 * Reads the weights of a backbone: of a whole network, or of one that was trained to classify images.
 *
 * @param wanted the network that is to be trained, and properties of its variant that are asked for.
 * @param takesPart whether tensors of the backbone may be missing or have another shape. They are drawn anew then.
 * @throws {Error} naming the file and what is wrong with it, or what of the backbone it lacks.
 */
export function openBackbone(
  path: string,
  wanted: { readonly model: string; readonly variant?: ModelVariant },
  takesPart: boolean,
): OpenedBackbone {
  const source = readWeightSource(path);
  const { file } = source;
  const own = ownVariant(file.metadata, wanted.model, path);
  const variant = { ...own, ...wanted.variant };
  const match = matchSource(source, { model: wanted.model, variant });
  const left = [...match.misshaped, ...match.missing].filter(({ inHead }) => !inHead);
  if (!takesPart) requireBackbone(path, left);
  const taken = match.matched.filter(({ inHead }) => !inHead);
  const size = recordedSize(file.metadata.size);
  return {
    path,
    model: findModel(wanted.model, { ...seenAlike(match.model.variant), ...variant }),
    size,
    tensors: new Map(taken.map(({ name, tensor }) => [name, tensor])),
    notices: backboneNotices(source, match, left),
  };
}
