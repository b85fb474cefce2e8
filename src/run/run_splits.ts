/**
 * The images of a run: those to learn from, those to adapt to and those to score on. Their files are looked at here.
 *
 * @module
 */

import { type Dataset, labelledPart, type Split } from "../data/dataset.ts";
import { type ImageList, listedPart, openList } from "../data/image_list.ts";
import type { LayoutName } from "../data/layouts/names.ts";
import type { Progress } from "../selftraining/progress.ts";
import type { Settings } from "../settings/settings.ts";
import { scribbles } from "../settings/shares.ts";
import type { RunData } from "./context.ts";
import { type InspectedSplit, inspectItems, requireUsable } from "./inspection.ts";
import { checkLabels, warnOfPalettes } from "./label_check.ts";
import { countedAsLabelled } from "./labelled_part.ts";

/** The layouts that are asked for, and the lists that select images to learn from and to adapt to. */
export interface ListsOfRun {
  readonly sourceLayout: LayoutName | undefined;
  readonly targetLayout: LayoutName | undefined;
  readonly source: ImageList | undefined;
  readonly target: ImageList | undefined;
}

/** Where there is a single data set, `--layout` and `--list` are about it. */
export function listsOf(settings: Settings, needsTarget: boolean): ListsOfRun {
  const target = openList(settings.get("list"));
  const targetLayout = settings.get("layout");
  if (!needsTarget || settings.has("data")) {
    return { sourceLayout: targetLayout, targetLayout, source: target, target };
  }
  const source = openList(settings.get("source-list"));
  return { sourceLayout: settings.get("source-layout"), targetLayout, source, target };
}

/**
 * Opens the splits of a run, looks at all of their files, and says what is odd.
 *
 * @throws {Error} where a split is empty, or files that are needed cannot be used.
 */
export async function openSplits(
  settings: Settings,
  opened: Pick<RunData, "source" | "target" | "isFinished">,
  lists: ListsOfRun,
  needsTarget: boolean,
  progress: Progress,
): Promise<RunData> {
  const { source, target } = opened;
  const { sourceSplit, targetSplit } = splitsToLearn(settings, opened, lists, needsTarget);
  const evaluationSplit = scoredSplit(target, settings.get("eval-split"), progress);
  const notices = [sourceSplit, targetSplit, ...(evaluationSplit === null ? [] : [evaluationSplit])]
    .flatMap((split) => split.notices);
  for (const notice of new Set(notices)) progress.line(notice);
  const inspected = await inspectSplits({ sourceSplit, targetSplit, evaluationSplit }, settings, progress);
  checkLabels(sourceSplit, source, inspected.source, progress);
  warnOfPalettes(source, inspected.source, progress);
  if (inspected.evaluation !== null) warnOfPalettes(target, inspected.evaluation, progress);
  return {
    ...opened,
    sourceSplit: { ...sourceSplit, items: inspected.source.items },
    targetSplit: { ...targetSplit, items: inspected.target.items },
    evaluationSplit: evaluationSplit && inspected.evaluation &&
      { ...evaluationSplit, items: inspected.evaluation.items },
    inspected,
  };
}

/** The images to learn from, and those to adapt to. Without a target these are the same. */
function splitsToLearn(
  settings: Settings,
  { source, target }: Pick<RunData, "source" | "target">,
  lists: ListsOfRun,
  needsTarget: boolean,
): Pick<RunData, "sourceSplit" | "targetSplit"> {
  const all = listedPart(source.split(settings.get("source-split")), source, lists.source);
  const counted = settings.get("labelled");
  const sourceSplit = counted === undefined || counted === scribbles
    ? labelledPart(all, source)
    : countedAsLabelled(all, source, counted, settings.get("seed"));
  if (!needsTarget) return { sourceSplit, targetSplit: sourceSplit };
  const targetSplit = listedPart(target.split(settings.get("target-split")), target, lists.target);
  // Where all images are labelled in part, they are adapted to as well, those without any label as a whole.
  if (counted === undefined || counted === scribbles) return { sourceSplit, targetSplit };
  const labelled = new Set(sourceSplit.items.map(({ imagePath }) => imagePath));
  const items = targetSplit.items.filter(({ imagePath }) => !labelled.has(imagePath));
  if (items.length > 0) return { sourceSplit, targetSplit: { ...targetSplit, items } };
  throw new Error(
    `All ${all.items.length} images of the split "${all.name}" of ${source.path} count as labelled, so that none is left ` +
      "to adapt to. Let fewer count, or train on all of them",
  );
}

/** Looks at the files of all splits, at those of the same images once. */
async function inspectSplits(
  splits: Pick<RunData, "sourceSplit" | "targetSplit" | "evaluationSplit">,
  settings: Settings,
  progress: Progress,
): Promise<RunData["inspected"]> {
  const { sourceSplit, targetSplit, evaluationSplit } = splits;
  const inspect = ({ items }: Split, name: string) =>
    inspectItems(items, { name, progress, maxPixels: settings.get("max-pixels") });
  const source = await inspect(sourceSplit, "source images");
  const target = targetSplit === sourceSplit ? source : await inspect(targetSplit, "target images");
  const evaluation = evaluationSplit && await inspect(evaluationSplit, "images to score on");
  const found: InspectedSplit[] = [source, target, ...(evaluation === null ? [] : [evaluation])];
  requireUsable(found, { skipsBroken: settings.get("skip-broken"), progress });
  return { source, target, evaluation };
}

/** The images of a split that have labels; `null` if none has, which it says. */
function scoredSplit(dataset: Dataset, name: string, progress: Progress): Split | null {
  const splits = dataset.splitNames();
  const [only = name] = splits;
  if (splits.length === 1 && dataset.split(only).items.every(({ labelPath }) => labelPath === null)) {
    progress.line(`${dataset.path} has no labels: there will be no scores`);
    return null;
  }
  if (!splits.includes(name)) {
    progress.line(`${dataset.path} has no split "${name}", only ${splits.join(", ")}: there will be no scores`);
    return null;
  }
  const split = dataset.split(name);
  if (split.items.every(({ labelPath }) => labelPath === null)) {
    progress.line(`The split "${name}" of ${dataset.path} has no labels: there will be no scores`);
    return null;
  }
  return labelledPart(split, dataset);
}
