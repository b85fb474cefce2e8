/**
 * What went wrong in a run, in words, with the likely cause and the option to try.
 *
 * @module
 */

import type { ReportClass, ReportFinding, ReportRound, ReportScores } from "../../report/page/data.ts";
import { collapseText, collapseWarnings } from "../../selftraining/collapse.ts";
import type { SavedSettings } from "../run_config.ts";
import { collapseRemedies, listed } from "./remedies.ts";

/** A class that loses more than this is told of, and so is a mean that loses anything. */
const toldLoss = 0.02;
/** A threshold below this many times the chance of a class is no choice any more. */
const chanceFactor = 1.5;
/** Pseudo-labels of which fewer are right are told of. */
const poorPrecision = 0.5;
/** A class of which so small a share of the pixels is labelled or predicted is as good as gone. */
const goneShare = 1e-5;

/** What findings are made from. */
export interface FindingParts {
  readonly kind: "adapt" | "train" | "evaluate";
  readonly isFinished: boolean;
  readonly settings: SavedSettings;
  readonly classes: readonly ReportClass[];
  readonly labelClasses: readonly ReportClass[];
  readonly scores: readonly ReportScores[];
  readonly rounds: readonly ReportRound[];
  /** Why the rounds ended early; `null` where they did not. */
  readonly stopped: string | null;
  /** The best round without a label, and its weights; `null` where that is not known. */
  readonly best: { readonly round: number; readonly weights: string } | null;
}

/** The findings, the worst first. */
export function findingsOf(parts: FindingParts): ReportFinding[] {
  const found = parts.kind === "adapt"
    ? [...harm(parts), ...collapses(parts), ...lostClasses(parts), ...thresholds(parts), ...poorLabels(parts)]
    : [];
  const all = [...found, ...unpredicted(parts, found)];
  if (parts.stopped !== null) {
    const text = `The rounds ended early: ${parts.stopped}.`;
    all.push({ level: "warning", text, advice: "The network after that round is the result" });
  }
  all.push(...wellDone(parts, all.length === 0));
  const order = ["bad", "warning", "good"];
  return all.map((finding, index) => ({ finding, index }))
    .sort((a, b) => order.indexOf(a.finding.level) - order.indexOf(b.finding.level) || a.index - b.index)
    .map(({ finding }) => finding);
}

function scoresNamed({ scores }: FindingParts, name: ReportScores["name"]): ReportScores | undefined {
  return scores.find((one) => one.name === name);
}

/** The newest scores after a round. */
function newest({ scores }: FindingParts): ReportScores | undefined {
  return scores.filter(({ name }) => name === "after" || name.startsWith("round ")).at(-1);
}

/** Whether self-training made the network worse, or no better than training on was. */
function harm(parts: FindingParts): ReportFinding[] {
  const [before, after, control] = [scoresNamed(parts, "before"), newest(parts), scoresNamed(parts, "control")];
  if (before?.miou == null || after?.miou == null) return [];
  const found: ReportFinding[] = [];
  const isControl = parts.settings.control === true;
  if (after.miou < before.miou) {
    const best = bestRound(parts);
    const what = isControl ? "Training on without pseudo-labels" : "Self-training";
    found.push({
      level: "bad",
      text: `${what} did harm: the mean IoU fell from ${percent(before.miou)} to ${percent(after.miou)}.${best}`,
      advice: isControl ? null : `Try ${listed(remediesOf(parts, ["--stop-early"]))}`,
    });
  }
  if (control?.miou != null && after.miou <= control.miou && after.miou >= before.miou) {
    found.push({
      level: "warning",
      text:
        `The pseudo-labels gained nothing: the control run, which was trained on source images only, has a mean IoU of ${
          percent(control.miou)
        }, this one ${percent(after.miou)}.`,
      advice: `Try ${listed(remediesOf(parts))}`,
    });
  }
  return found;
}

/** Which round has the best network, where it is not the last. */
function bestRound({ rounds, scores, best }: FindingParts): string {
  const scored = rounds.filter(({ miou }) => miou !== null);
  const top = scored.reduce<ReportRound | null>(
    (most, one) => most === null || (one.miou ?? 0) > (most.miou ?? 0) ? one : most,
    null,
  );
  const before = scores.find(({ name }) => name === "before")?.miou ?? null;
  const known = best === null || best.round === rounds.at(-1)?.round
    ? ""
    : ` Without labels, mirror agreement chooses round ${best.round}: ${best.weights}.`;
  if (top === null || top === scored.at(-1) || (before !== null && (top.miou ?? 0) <= before)) return known;
  return ` Round ${top.round} had ${percent(top.miou ?? 0)}.${known}`;
}

/** Classes that ran away or died, by the pixels that are predicted. */
function collapses({ rounds, labelClasses, settings }: FindingParts): ReportFinding[] {
  const counted = rounds.filter(({ predicted }) => predicted.length > 0);
  const names = labelClasses.map(({ name }) => name);
  const warnings = collapseWarnings(counted.map(({ predicted }) => predicted), names, counted[0]?.round ?? 1);
  return warnings.map((warning) => ({
    level: "bad",
    text: `${collapseText(warning)}. ${
      warning.kind === "dies"
        ? "Its pseudo-labels became few, so that the network is taught to call its pixels something else."
        : "Wrong labels of other classes' pixels taught the network to call more and more of them so."
    }`,
    advice: `Try ${listed(collapseRemedies(warning.kind, settings))}`,
  }));
}

/** Classes that lost more than two points, with where their pixels went. */
function lostClasses(parts: FindingParts): ReportFinding[] {
  const [before, after] = [scoresNamed(parts, "before"), newest(parts)];
  if (before === undefined || after === undefined || before === after) return [];
  return parts.classes.flatMap(({ name }, id) => {
    const [first, last] = [before.iou[id] ?? null, after.iou[id] ?? null];
    if (first === null || last === null || first - last <= toldLoss) return [];
    const isGone = last < 0.01 && first >= 0.05;
    const text = `The class "${name}" ${isGone ? "died" : "lost"}: its IoU fell from ${percent(first)} to ${
      percent(last)
    }.${cause(parts, before, after, id)}`;
    return [{ level: isGone ? "bad" as const : "warning" as const, text, advice: `Try ${listed(remediesOf(parts))}` }];
  });
}

/** The likely cause of a class's loss: which class took its pixels, or whose pixels it took. */
function cause({ classes }: FindingParts, before: ReportScores, after: ReportScores, id: number): string {
  const [first, last] = [before.confusion, after.confusion];
  if (first === null || last === null) return "";
  const ids = classes.map((_, other) => other).filter((other) => other !== id);
  const largest = (change: (other: number) => number) =>
    ids.reduce((most, other) => change(other) > change(most) ? other : most, ids[0] ?? id);
  const lostTo = (other: number) => (last[id]?.[other] ?? 0) - (first[id]?.[other] ?? 0);
  const tookFrom = (other: number) => (last[other]?.[id] ?? 0) - (first[other]?.[id] ?? 0);
  const [taker, giver] = [largest(lostTo), largest(tookFrom)];
  const name = (other: number) => `"${classes[other]?.name ?? ""}"`;
  if (lostTo(taker) <= 0 && tookFrom(giver) <= 0) return "";
  return lostTo(taker) >= tookFrom(giver)
    ? ` More of its pixels are now taken for ${name(taker)}.`
    : ` It is now found where there is ${name(giver)}.`;
}

/** Classes whose threshold tells right from wrong no more, or that got no label at all. */
function thresholds({ rounds, labelClasses, settings }: FindingParts): ReportFinding[] {
  const last = rounds.findLast(({ labelled }) => labelled.length > 0);
  if (last === undefined) return [];
  const predicted = sum(last.predicted);
  const remedies = ["a lower --target-portion", ...settings.mining === "off" ? ["--mining reference"] : []];
  const unlabelled = labelClasses.filter((_, id) => {
    const share = (last.predicted[id] ?? 0) / Math.max(1, predicted);
    return share > goneShare && (last.labelled[id] ?? 0) === 0;
  });
  const found: ReportFinding[] = unlabelled.map(({ name }) => ({
    level: "warning",
    text:
      `The class "${name}" got no pseudo-label in round ${last.round}, though it is predicted: nothing teaches the ` +
      "network what it looks like in the target.",
    advice: "Try a higher --target-portion or --mining reference",
  }));
  // With a spatial prior, scores are products and no probabilities.
  if (settings["spatial-prior"] === true || settings.policy === "st") return found;
  const floor = chanceFactor / Math.max(1, labelClasses.length);
  const low = labelClasses.filter((_, id) => {
    const lambda = last.lambda[id] ?? null;
    return lambda !== null && lambda < floor && (last.labelled[id] ?? 0) > 0;
  });
  if (low.length > 0) {
    found.push({
      level: "warning",
      text: `The threshold of ${names(low)} collapsed: in round ${last.round} it is below ${
        percent(floor)
      }, hardly more than chance, so that guesses become labels.`,
      advice: `Try ${listed(remedies)}`,
    });
  }
  return found;
}

/** Classes of whose pseudo-labels most are wrong. */
function poorLabels({ rounds, classes }: FindingParts): ReportFinding[] {
  const last = rounds.findLast(({ precision }) => precision.some((share) => share !== null));
  if (last === undefined) return [];
  const poor = classes.filter((_, id) => (last.precision[id] ?? 1) < poorPrecision);
  if (poor.length === 0) return [];
  const shares = poor.map((one) => `${one.name} (${percent(last.precision[classes.indexOf(one)] ?? 0)} right)`);
  return [{
    level: "warning",
    text: `Most pseudo-labels of round ${last.round} are wrong for ${listed(shares, "and")}.`,
    advice: "Try a lower --target-portion or more --source-images",
  }];
}

/** Classes that the images have and the network never predicts. */
function unpredicted(parts: FindingParts, found: readonly ReportFinding[]): ReportFinding[] {
  const scores = newest(parts) ?? scoresNamed(parts, "before");
  const { confusion } = scores ?? {};
  if (confusion === null || confusion === undefined) return [];
  const all = sum(confusion.map(sum));
  const gone = parts.classes.filter((_, id) => {
    const predicted = sum(confusion.map((row) => row[id] ?? 0));
    return sum(confusion[id] ?? []) > 0 && predicted <= goneShare * all;
  }).filter(({ name }) => !found.some(({ text }) => text.includes(`"${name}"`)));
  if (gone.length === 0) return [];
  const text = `The network does not find ${names(gone)}: the images that are scored have ${
    gone.length === 1 ? "it" : "them"
  }, and as good as no pixel is predicted so.`;
  const advice = parts.kind === "evaluate" ? null : `Try ${
    listed([
      "more --source-steps",
      ...parts.settings.mining === "off" ? ["--mining reference"] : [],
      "--class-weights balanced",
    ])
  }`;
  return [{ level: "warning", text, advice }];
}

/** What went well: the gain, and that nothing went wrong where nothing did. */
function wellDone(parts: FindingParts, isSound: boolean): ReportFinding[] {
  const { kind, isFinished, rounds } = parts;
  const [before, after] = [scoresNamed(parts, "before"), newest(parts)];
  if (kind !== "adapt" || rounds.length === 0) return [];
  const isScored = before?.miou != null && after?.miou != null;
  const gain = isScored && (after.miou ?? 0) >= (before.miou ?? 0)
    ? `The mean IoU rose from ${percent(before.miou ?? 0)} to ${percent(after.miou ?? 0)}.`
    : "";
  const judged = isScored ? ", and none lost more than two points" : "";
  const sound = isSound ? `${isFinished ? "No class" : "So far no class"} died or ran away${judged}.` : "";
  const text = [gain, sound].filter((sentence) => sentence !== "").join(" ");
  return text === "" ? [] : [{ level: "good", text, advice: null }];
}

function remediesOf({ settings }: FindingParts, first: readonly string[] = []): string[] {
  const wanted = first.filter((option) => settings[option.slice(2)] !== true);
  return [...wanted, ...collapseRemedies("runs away", settings)];
}

function names(classes: readonly ReportClass[]): string {
  return listed(classes.map(({ name }) => `"${name}"`), "and");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
