/**
 * Which tensor of a weight file is which parameter of a network. A file that does not say what it holds is recognised by
 * the names of its tensors.
 *
 * @module
 */

import { ReasonedError } from "../errors.ts";
import { reshaped, type StoredTensor } from "../formats/stored_tensor.ts";
import type { Model } from "./model.ts";
import { findModel, modelFamilies } from "./models/mod.ts";
import { declaredParameters, headGroups, maxClasses } from "./network.ts";
import type { OriginalNames, OriginalTensor } from "./original_names.ts";
import { withSeparateStatistics } from "./running_statistics.ts";
import type { ModelVariant } from "./variant.ts";

/** A parameter, and its place in a file. */
export interface WantedTensor {
  /** Our name of the parameter. */
  readonly name: string;
  /** Its name in the file; `null` if files of the family do not hold it. */
  readonly original: string | null;
  /** Our shape of it. */
  readonly shape: readonly number[];
  /** Whether it belongs to the head. */
  readonly inHead: boolean;
}

/** A parameter that the file holds. */
export interface MatchedTensor extends WantedTensor {
  /** Its name in the file. */
  readonly original: string;
  /** Its values, in our shape. */
  readonly tensor: StoredTensor;
}

/** A parameter whose tensor in the file has another shape than it should have there. */
export interface MisshapedTensor extends WantedTensor {
  /** The shape that it should have in the file. */
  readonly wanted: readonly number[];
  /** The shape that it has. */
  readonly found: readonly number[];
}

/** What of a file is what of a network. */
export interface WeightMatch {
  /** The network. */
  readonly model: Model;
  /** The family of the file's names; `null` if they are ours. */
  readonly names: OriginalNames | null;
  /** Number of classes that the head in the file has; `null` if it has none that fits. */
  readonly classes: number | null;
  /** Parameters that the file holds. */
  readonly matched: readonly MatchedTensor[];
  /** Parameters that it does not hold. */
  readonly missing: readonly WantedTensor[];
  /** Parameters that it holds in a wrong shape. */
  readonly misshaped: readonly MisshapedTensor[];
  /** Tensors of the file that the network does not have. */
  readonly unexpected: readonly string[];
  /** Tensors of the file that no network needs. */
  readonly ignored: readonly string[];
  /** Tensors of the file that never change in our network and are others in the file. */
  readonly changed: readonly string[];
}

/** Tensors of a file by name. */
export type FileTensors = ReadonlyMap<string, StoredTensor>;

/** What is known of a file besides its tensors. */
export interface MatchOptions {
  /** Name of the network. Default: it is found by the names of the tensors. */
  readonly model?: string | undefined;
  /** Properties of its variant. They go before those that the names tell. */
  readonly variant?: ModelVariant;
  /** Number of classes, where the file may not tell it. Default: what the shape of the head says. */
  readonly classes?: number | undefined;
  /** The beginnings that all names had in the file, and that were taken away. Default: none. */
  readonly prefixes?: readonly string[];
}

/**
 * The network, and the family of names, that fit a file best: those that leave the fewest tensors over on both sides.
 * Where two fit as well, the one whose prefix all names had, then the one whose files hold no more than this one, such
 * as those of a backbone, and then the first that a model lists.
 *
 * @returns `null` if no network has half of its backbone in the file. Of a named network any part will do.
 * @throws {ReasonedError} if the named network has no such variant.
 */
export function recognised(tensors: FileTensors, options: MatchOptions = {}): WeightMatch | null {
  let best: WeightMatch | null = null;
  for (const { model, names } of candidates(options)) {
    const match = matchTensors(model, names, tensors, options.classes);
    if (isEnough(match, options.model !== undefined) && (best === null || isBetter(match, best))) best = match;
  }
  return best;
}

/** Whether so much of a network is in the file that the file may be one of it. */
function isEnough({ matched, missing, misshaped }: WeightMatch, isNamed: boolean): boolean {
  if (isNamed) return matched.length + misshaped.length > 0;
  const inBackbone = (parameters: readonly WantedTensor[]) => parameters.filter(({ inHead }) => !inHead).length;
  const found = inBackbone(matched) + inBackbone(misshaped);
  return found > 0 && found >= inBackbone(missing);
}

/** Whether a match fits better than the best of those before it. */
function isBetter(match: WeightMatch, best: WeightMatch): boolean {
  const lacking = ({ missing }: WeightMatch) => missing.filter(({ original }) => original !== null).length;
  if (fit(match) !== fit(best)) return fit(match) < fit(best);
  return match.names?.prefix === best.names?.prefix && lacking(match) < lacking(best);
}

/** How many tensors are left over on both sides. */
function fit({ missing, misshaped, unexpected }: WeightMatch): number {
  return missing.length + misshaped.length + unexpected.length;
}

/** The networks that may be in a file, with the families of names. Those that the prefix speaks for come first. */
function candidates(
  { model: wanted, variant = {}, prefixes = [] }: MatchOptions,
): { readonly model: Model; readonly names: OriginalNames | null }[] {
  const named = wanted === undefined ? modelFamilies.map(({ name }) => name) : [findModel(wanted).name];
  // Of batch norms files hold a mean and a variance, whatever of them is trained.
  const { batchNorm: _, ...given } = variant;
  const found = named.flatMap((name) => {
    const plain = variantOf(name, given, wanted !== undefined);
    if (plain === null) return [];
    const families = (plain.originalNames ?? []).flatMap((names) => {
      const model = names.variant === undefined ? plain : variantOf(name, { ...names.variant, ...given }, true);
      const fits = names.prefix === undefined || prefixes.includes(names.prefix);
      return model !== null && fits ? [{ model, names }] : [];
    });
    return [{ model: plain, names: null }, ...families];
  });
  const byPrefix = ({ names }: { readonly names: OriginalNames | null }) => names?.prefix === undefined ? 1 : 0;
  return found.sort((a, b) => byPrefix(a) - byPrefix(b));
}

/** The network, or `null` where it has no such variant and need not have it. */
function variantOf(name: string, variant: ModelVariant, mustExist: boolean): Model | null {
  try {
    return findModel(name, variant);
  } catch (error) {
    if (!mustExist && error instanceof ReasonedError && error.reason === "no such variant") return null;
    throw error;
  }
}

/** A number of classes with which a network is traced to learn its names, where that of the file is not known yet. */
const tracedClasses = 19;

/**
 * Compares the parameters of a network with the tensors of a file.
 *
 * @param names the family of the file's names; `null` if they are ours.
 * @param classes number of classes, where the file does not tell it.
 */
export function matchTensors(
  model: Model,
  names: OriginalNames | null,
  tensors: FileTensors,
  classes?: number,
): WeightMatch {
  const told = classesOf(model, names, tensors);
  const count = told ?? classes ?? tracedClasses;
  const heads = headGroups(model);
  const matched: MatchedTensor[] = [];
  const missing: WantedTensor[] = [];
  const misshaped: MisshapedTensor[] = [];
  const used = new Set<string>();
  const declared = declaredParameters(withStatisticsApart(model), count);
  const held = names === null ? withSeparateStatistics(tensors, new Set(declared.map(({ name }) => name))) : tensors;
  for (const { name, shape, group } of declared) {
    const place = placeOf(names, name, shape, count);
    const parameter = { name, shape, inHead: heads.has(group), original: place?.name ?? null };
    const found = place === null ? undefined : held.get(place.name);
    if (place === null || found === undefined) {
      missing.push(parameter);
      continue;
    }
    used.add(place.name);
    const wanted = place.shape ?? shape;
    if (found.shape.join() !== wanted.join()) misshaped.push({ ...parameter, wanted, found: found.shape });
    else matched.push({ ...parameter, original: place.name, tensor: reshaped(found, shape) });
  }
  const others = [...held.keys()].filter((name) => !used.has(name));
  const fixed = fixedAmong(others, tensors, names, count);
  const isIgnored = (name: string) => fixed.has(name) || names?.ignored?.(name) === true;
  return {
    ...{ model, names, classes: told, matched, missing, misshaped },
    unexpected: others.filter((name) => !isIgnored(name)),
    ignored: others.filter((name) => isIgnored(name) && fixed.get(name) !== false),
    changed: others.filter((name) => fixed.get(name) === false),
  };
}

/** Files hold a mean and a variance of each batch norm, whatever of it is trained. So do networks that train nothing of it. */
function withStatisticsApart({ name, variant }: Model): Model {
  return findModel(name, { ...variant, batchNorm: "frozen" });
}

/** What a parameter is called in the file, and its shape there. */
function placeOf(
  names: OriginalNames | null,
  name: string,
  shape: readonly number[],
  classes: number,
): OriginalTensor | null {
  return names === null ? { name } : names.original(name, { shape, classes });
}

/** The tensors that never change in our network, and whether those of the file are the same. */
function fixedAmong(
  others: readonly string[],
  tensors: FileTensors,
  names: OriginalNames | null,
  classes: number,
): ReadonlyMap<string, boolean> {
  const isOurs = new Map<string, boolean>();
  if (others.length === 0) return isOurs;
  const fixed = names?.fixed?.(classes);
  for (const name of others) {
    const [ours, theirs] = [fixed?.get(name), tensors.get(name)];
    if (ours === undefined || theirs === undefined) continue;
    const isSame = ours.shape.join() === theirs.shape.join() &&
      ours.values.every((value, index) => Math.abs(value - (theirs.values[index] ?? NaN)) <= 1e-6);
    isOurs.set(name, isSame);
  }
  return isOurs;
}

/** How many classes the head in a file has: the number for which its last layer has the right name and shape. */
function classesOf(model: Model, names: OriginalNames | null, tensors: FileTensors): number | null {
  const heads = headGroups(model);
  // Hidden channels are multiples of 4, which the traced number of classes is not.
  const last = declaredParameters(model, tracedClasses).filter(({ shape, group }) =>
    heads.has(group) && shape[0] === tracedClasses
  );
  for (const { name, shape: [, ...rest] } of last) {
    for (let classes = 1; classes <= maxClasses; classes++) {
      const place = placeOf(names, name, [classes, ...rest], classes);
      if (place !== null && tensors.get(place.name)?.shape[0] === classes) return classes;
    }
  }
  return null;
}
