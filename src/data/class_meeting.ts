/**
 * How the classes of a data set and those of a network come together: the labels of the data set become the network's
 * classes, or the network's classes are merged into those of the data set, where these tell fewer things apart.
 *
 * @module
 */

import { type ClassMap, IGNORE_LABEL, sameClasses } from "./class_map.ts";
import { type ClassNames, isOneToOne, mapBetween, reachesAll, recognised } from "./label_sets.ts";

/** How a data set is scored with a network. */
export interface ClassMeeting {
  /** What the classes of the data set become; absent where they stay. */
  readonly labels?: ClassMap | undefined;
  /** What the classes of the network are merged into; absent where they stay. */
  readonly merge?: ClassMap | undefined;
  /** Sentences on maps that nobody gave. */
  readonly notices: readonly string[];
}

/** What was asked for. */
export interface MeetingOptions {
  /** A map that was given. It is used where it starts from the classes of the data set, or of the network. */
  readonly classMap?: ClassMap | undefined;
  /** The classes to score in. Default: those of the network or of the data set, the coarser ones. */
  readonly wanted?: ClassNames | undefined;
}

/**
 * How a data set is scored with a network. A given map comes first. Between label sets that are known, maps are found by
 * what their classes hold: the labels become the network's classes where they are as fine or finer, else the network's
 * classes are merged. Where nothing leads from one to the other, there are no maps, and the classes stay different.
 */
export function meetClasses(
  data: ClassNames & { readonly path?: string },
  network: ClassNames,
  { classMap, wanted }: MeetingOptions = {},
): ClassMeeting {
  const given = classMap !== undefined && sameClasses(data.classes, classMap.fromClasses) ? classMap : undefined;
  const labelled: ClassNames = given === undefined ? data : { classes: given.toClasses };
  const merges = (to: readonly string[]) =>
    classMap !== undefined && sameClasses(network.classes, classMap.fromClasses) && sameClasses(to, classMap.toClasses);
  const target = wanted ?? scoredClasses(labelled, network, merges(labelled.classes));
  if (target === null) return { ...(given === undefined ? {} : { labels: given }), notices: [] };
  const found = between(labelled, target);
  const labels = given === undefined || found === undefined ? given ?? found : chained(given, found);
  const merge = merges(target.classes) ? classMap : between(network, target);
  const from = data.path ?? data.name ?? "the data set";
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(merge === undefined ? {} : { merge }),
    notices: [
      ...(found === undefined ? [] : [`The labels of ${from} are translated by their names, ${mapText(found)}`]),
      ...(merge === undefined || merge === classMap
        ? []
        : [`The network's classes are merged for scoring on ${from}, ${mapText(merge)}`]),
    ],
  };
}

/**
 * What the labels of a data set become, so that a network of these classes can be trained on them. There is no map where
 * they are the same, or where nothing leads there.
 *
 * @param options `isAsked`: the network's classes were asked for, so that classes of equal names are taken as the same
 * where nothing more is known of them.
 */
export function labelsFor(
  data: ClassNames & { readonly path?: string },
  network: ClassNames,
  { classMap, isAsked = false }: Pick<MeetingOptions, "classMap"> & { readonly isAsked?: boolean } = {},
): Pick<ClassMeeting, "labels" | "notices"> {
  const given = classMap !== undefined && sameClasses(data.classes, classMap.fromClasses) ? classMap : undefined;
  const labelled: ClassNames = given === undefined ? data : { classes: given.toClasses };
  const { labels, notices } = meetClasses(data, network, {
    classMap: given,
    ...(isAsked || areKnown(labelled, network) ? { wanted: network } : {}),
  });
  return { labels, notices };
}

/** The classes in which a network is scored on labels of other classes; `null` where none are known. */
function scoredClasses(labelled: ClassNames, network: ClassNames, isGiven: boolean): ClassNames | null {
  if (sameClasses(labelled.classes, network.classes)) return network;
  if (isGiven) return labelled;
  if (!areKnown(labelled, network)) return null;
  const toNetwork = mapBetween(labelled, network);
  if (isOneToOne(toNetwork)) return network;
  if (reachesAll(mapBetween(network, labelled))) return labelled;
  return toNetwork.toId.some((id) => id !== IGNORE_LABEL) ? network : null;
}

function areKnown(...sets: readonly ClassNames[]): boolean {
  return sets.every(({ classes, parts }) => (parts ?? recognised(classes)?.parts ?? null) !== null);
}

/** The map from one list of classes to another; `undefined` where they are the same, or nothing leads there. */
export function between(from: ClassNames, to: ClassNames): ClassMap | undefined {
  if (sameClasses(from.classes, to.classes)) return undefined;
  const map = mapBetween(from, to);
  return map.toId.some((id) => id !== IGNORE_LABEL) ? map : undefined;
}

/** One map after the other. */
function chained(first: ClassMap, second: ClassMap): ClassMap {
  return {
    name: `${first.name}, ${second.name}`,
    fromClasses: first.fromClasses,
    toClasses: second.toClasses,
    toId: first.toId.map((id) => second.toId[id] ?? IGNORE_LABEL),
  };
}

/** A map in words: its name, and the classes that become none. */
function mapText({ name, fromClasses, toId }: ClassMap): string {
  const lost = fromClasses.filter((_, id) => toId[id] === IGNORE_LABEL);
  return lost.length === 0
    ? name
    : `${name}; ${lost.join(", ")} become${lost.length === 1 ? "s" : ""} none and ${
      lost.length === 1 ? "is" : "are"
    } ignored`;
}
