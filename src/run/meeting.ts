/**
 * Data sets, opened so that their classes and those of a network come together.
 *
 * @module
 */

import { type ClassMap, sameClasses } from "../data/class_map.ts";
import { between, labelsFor, meetClasses } from "../data/class_meeting.ts";
import { type Dataset, requireClasses } from "../data/dataset.ts";
import { openDataset, type OpenOptions, readLabelSet } from "../data/folder.ts";
import type { ClassNames, LabelSet } from "../data/label_sets.ts";
import type { Settings } from "../settings/settings.ts";

/** How a data set is opened for a network. */
export interface MeetingOptions extends OpenOptions {
  /** The label set that was asked for: the classes to learn, or to score in, and those of a list that names none. */
  readonly wanted?: LabelSet | undefined;
  /** Takes sentences on maps that nobody gave. */
  readonly say: (text: string) => void;
}

/** The label set of the settings, if one is given. */
export function wantedLabelSet(settings: Settings): LabelSet | undefined {
  const name = settings.get("label-set");
  return name === undefined ? undefined : readLabelSet(name);
}

/**
 * Opens a data set to learn from: its labels become the classes of the network.
 *
 * @throws {Error} where the data set cannot be opened, or nothing leads to the network's classes.
 */
export function openToLearn(path: string, network: ClassNames, options: MeetingOptions): Dataset {
  const { wanted, say, classMap, ...others } = options;
  const open = { ...others, labelSet: wanted };
  const own = openDataset(path, open);
  // Classes that were asked for are also found by equal names, where nothing more is known of them. A label set from a
  // file knows what its classes hold, which their names alone do not say.
  const asked = wanted !== undefined && sameClasses(wanted.classes, network.classes) ? wanted : undefined;
  const { labels, notices } = labelsFor(own, asked ?? network, { classMap, isAsked: asked !== undefined });
  const dataset = labels === undefined ? own : openDataset(path, { ...open, classMap: labels });
  requireClasses(dataset, network.classes, classMap);
  notices.forEach(say);
  return dataset;
}

/**
 * Opens a data set to score on. Its labels become the classes of the network, or the network's classes are merged into
 * those of the data set.
 *
 * @throws {Error} where the data set cannot be opened, or nothing leads from the one to the other.
 */
export function openToScore(
  path: string,
  network: ClassNames,
  options: MeetingOptions,
): { readonly dataset: Dataset; readonly merge: ClassMap | undefined } {
  const { wanted, say, classMap, ...others } = options;
  const open = { ...others, labelSet: wanted };
  const own = openDataset(path, open);
  // Photographs and scans that say no classes have no labels to score on.
  if (own.layout === "photos" || own.layout === "scans") return { dataset: own, merge: undefined };
  const { labels, merge, notices } = meetClasses(own, network, { classMap, wanted });
  const dataset = labels === undefined ? own : openDataset(path, { ...open, classMap: labels });
  requireClasses(dataset, merge?.toClasses ?? network.classes, classMap);
  notices.forEach(say);
  return { dataset, merge };
}

/**
 * The map that merges a network's classes into those that were asked for; `undefined` where they are the same.
 *
 * @throws {Error} where nothing leads from the one to the other.
 */
export function mergedInto({ classes }: ClassNames, wanted: LabelSet): ClassMap | undefined {
  const merge = between({ classes }, wanted);
  if (merge !== undefined || sameClasses(classes, wanted.classes)) return merge;
  throw new Error(
    `Cannot merge the network's classes (${classes.join(", ")}) into those of ${wanted.name}: none becomes one of them`,
  );
}
