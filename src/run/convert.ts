/**
 * From one weight file to another: with our names, or with those of the code that the network comes from. Types of
 * numbers are kept as far as we read them; other types become float32 numbers.
 *
 * @module
 */

import { readLabelSet } from "../data/folder.ts";
import { ReasonedError } from "../errors.ts";
import { writeStoredSafetensors } from "../formats/safetensors.ts";
import { isRounded, reshaped, type StoredTensor, storedTensor } from "../formats/stored_tensor.ts";
import { findModel } from "../nn/models/mod.ts";
import { type NetworkMetadata, weightMetadata } from "../nn/network.ts";
import type { OriginalNames } from "../nn/original_names.ts";
import { type MatchedTensor, matchTensors, type WeightMatch } from "../nn/weight_match.ts";
import {
  isKnown,
  matchSource,
  readWeightSource,
  requireClassNames,
  requireWhole,
  trainedAs,
  type WeightOptions,
  type WeightSource,
} from "./weights.ts";

/** How a file is converted. */
export interface ConvertOptions extends WeightOptions {
  /** Names to write. */
  readonly names: "ours" | "original";
  /** Whether the head is left out. */
  readonly backboneOnly: boolean;
}

/** A file that is compared with a network and can be written anew. */
export interface Conversion {
  readonly source: WeightSource;
  /** What of the file is what of the network. */
  readonly match: WeightMatch;
  /** Parameters whose numbers are rounded, since float32 numbers cannot hold them. */
  readonly rounded: readonly string[];
  /**
   * The bytes of the new file.
   *
   * @throws {Error} if something is missing or unknown that it needs.
   */
  readonly write: () => Uint8Array<ArrayBuffer>;
}

/**
 * Compares a weight file with its network.
 *
 * @throws {Error} naming the file, and what is wrong with it or not to be found out.
 */
export function openConversion(path: string, options: ConvertOptions): Conversion {
  const source = readWeightSource(path);
  const match = ownMatch(source, options) ?? matchSource(source, { ...options, classes: classCount(options) });
  const written = match.matched.filter(({ inHead }) => !(options.backboneOnly && inHead));
  return {
    ...{ source, match },
    rounded: written.filter(({ tensor }) => isRounded(tensor.dtype)).map(({ name }) => name),
    write: () => newFile(source, match, written, options),
  };
}

/** The match of a file that names its network; `null` if it does not. Its batch norms are taken apart. */
function ownMatch({ path, own, file }: WeightSource, { variant: given = {} }: ConvertOptions): WeightMatch | null {
  if (own === null || !isKnown(own.model)) return null;
  const { batchNorm: _, ...variant } = { ...own.variant, ...given };
  return matchTensors(findModel(own.model, variant, path), null, file.tensors, own.metadata.classes.length);
}

function classCount({ labelSet }: ConvertOptions): number | undefined {
  return labelSet === undefined ? undefined : readLabelSet(labelSet).classes.length;
}

function newFile(
  source: WeightSource,
  match: WeightMatch,
  written: readonly MatchedTensor[],
  options: ConvertOptions,
): Uint8Array<ArrayBuffer> {
  const { path } = source;
  const hasHead = !options.backboneOnly && match.classes !== null;
  requireWhole(path, hasHead ? match : withoutHead(match));
  const tensors = written.map((one): readonly [string, StoredTensor] => [one.name, keptType(one.tensor)]);
  if (options.names === "original") {
    const original = originalTensors(path, match, new Map(tensors));
    return writeStoredSafetensors(original, {});
  }
  const metadata = hasHead ? ownMetadata(source) ?? labelled(path, match, options) : {};
  // What of batch norms is trained is not in the tensors, so the match does not tell it.
  const model = trainedAs(match.model, { ...source.own?.variant, ...options.variant });
  return writeStoredSafetensors(new Map(tensors), weightMetadata(model, metadata));
}

function ownMetadata({ own }: WeightSource): NetworkMetadata | null {
  return own !== null && isKnown(own.model) ? own.metadata : null;
}

function withoutHead(match: WeightMatch): WeightMatch {
  const inBackbone = ({ inHead }: { readonly inHead: boolean }) => !inHead;
  return { ...match, missing: match.missing.filter(inBackbone), misshaped: match.misshaped.filter(inBackbone) };
}

function labelled(path: string, match: WeightMatch, { labelSet }: ConvertOptions): NetworkMetadata {
  const { classes, palette } = requireClassNames(
    path,
    match,
    labelSet === undefined ? undefined : readLabelSet(labelSet),
  );
  return { classes, palette };
}

/** A tensor in a type that files of ours keep. */
function keptType(tensor: StoredTensor): StoredTensor {
  if (["f16", "bf16", "f32"].includes(tensor.dtype)) return tensor;
  const bytes = () => {
    const { values } = tensor;
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  };
  return storedTensor({ shape: tensor.shape, dtype: "f32", bytes, where: "Cannot convert a tensor" });
}

/** The tensors by the names of the network's family, with what never changes there. */
function originalTensors(
  path: string,
  match: WeightMatch,
  tensors: ReadonlyMap<string, StoredTensor>,
): Map<string, StoredTensor> {
  const family = writtenFamily(path, match);
  const classes = match.classes ?? 1;
  const renamed = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const place = family.original(name, { shape: tensor.shape, classes });
    if (place === null) throw new Error(`Cannot write ${name} of ${path}: files of ${family.family} do not hold it`);
    renamed.set(place.name, reshaped(tensor, place.shape ?? tensor.shape));
  }
  if (match.classes === null) return renamed;
  for (const [name, { shape, values }] of family.fixed?.(classes) ?? []) {
    const bytes = () => new Uint8Array(Float32Array.from(values).buffer);
    renamed.set(name, storedTensor({ shape, dtype: "f32", bytes, where: "Cannot write a tensor" }));
  }
  return renamed;
}

/**
 * The family whose names are written: that of the file, else the first that holds this variant of the network.
 *
 * @throws {ReasonedError} if the network has none.
 */
function writtenFamily(path: string, { model, names }: WeightMatch): OriginalNames {
  if (names !== null) return names;
  const { originalNames = [], variant = {} } = model;
  const properties = new Map<string, unknown>(Object.entries(variant));
  const holds = ({ variant: wanted = {} }: OriginalNames) =>
    Object.entries(wanted).every(([property, value]) => properties.get(property) === value);
  const family = [...originalNames].filter(holds).sort((a, b) => weight(b) - weight(a))[0];
  if (family === undefined) {
    throw new ReasonedError(
      `Cannot write ${path} with other people's names: ${model.name} is a network of this program`,
      "no original names",
    );
  }
  return family;
}

/** Families that hold a variant come before those of the plain network. */
function weight({ variant = {} }: OriginalNames): number {
  return Object.keys(variant).length;
}
