/**
 * The sections of a report, each on its own.
 *
 * @module
 */

import { type Markup, markup } from "../markup.ts";
import { confusionSection } from "./confusion_section.ts";
import type { ReportData } from "./data.ts";
import { factSection, findingSection } from "./fact_sections.ts";
import { pseudoLabelSection, thresholdSection } from "./label_sections.ts";
import { lossSection } from "./loss_section.ts";
import { imageSection, priorSection } from "./picture_sections.ts";
import { roundSection, scoreSection } from "./score_sections.ts";
import { type ShownRun, shownRuns } from "./shown_runs.ts";

/** The ids of the sections, in the order of the page. */
export const sectionIds = [
  ...["findings", "scores", "images", "rounds", "thresholds", "pseudo-labels"] as const,
  ...["confusion", "loss", "priors", "facts"] as const,
] as const;

/** The id of a section. */
export type SectionId = typeof sectionIds[number];

/** What the link to a section says. */
export const sectionTitles: Readonly<Record<SectionId, string>> = {
  findings: "Findings",
  scores: "Scores",
  images: "Images",
  rounds: "Rounds",
  thresholds: "Thresholds",
  "pseudo-labels": "Pseudo-labels",
  confusion: "Confusion",
  loss: "Loss",
  priors: "Spatial prior",
  facts: "The run",
};

const makers: Readonly<Record<SectionId, (runs: readonly ShownRun[]) => Markup | undefined>> = {
  findings: findingSection,
  scores: scoreSection,
  images: imageSection,
  rounds: roundSection,
  thresholds: thresholdSection,
  "pseudo-labels": pseudoLabelSection,
  confusion: confusionSection,
  loss: lossSection,
  priors: priorSection,
  facts: factSection,
};

/**
 * Each section as HTML, `<section id=…>` with all that is in it. One that has nothing to show yet is `hidden`, so that
 * a live page can put another in its place later.
 */
export function reportSections(runs: readonly ReportData[]): Record<SectionId, string> {
  const shown = shownRuns(runs);
  const section = (id: SectionId) => {
    const inner = makers[id](shown);
    return inner === undefined
      ? markup`<section id="${id}" hidden></section>`.text
      : markup`<section id="${id}" aria-label="${sectionTitles[id]}">${inner}</section>`.text;
  };
  return {
    findings: section("findings"),
    scores: section("scores"),
    images: section("images"),
    rounds: section("rounds"),
    thresholds: section("thresholds"),
    "pseudo-labels": section("pseudo-labels"),
    confusion: section("confusion"),
    loss: section("loss"),
    priors: section("priors"),
    facts: section("facts"),
  };
}
