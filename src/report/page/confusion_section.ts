/**
 * The confusion matrix as a table whose cells are shaded by their share.
 *
 * @module
 */

import { type Markup, markup } from "../markup.ts";
import type { ReportClass, ReportScores } from "./data.ts";
import { missing, named, percent, type ShownRun, swatch } from "./shown_runs.ts";

/** How many confusions are named in words. */
const worstCount = 5;

/** Matrices before and after, of several runs those after. `undefined` where no run kept one. */
export function confusionSection(runs: readonly ShownRun[]): Markup | undefined {
  const names = runs.length === 1 ? ["after", "before", "control"] : ["after"];
  const matrices = runs.flatMap((run) =>
    names.flatMap((name) => {
      const scores = run.data.scores.find((scores) => scores.name === name);
      return scores === undefined || scores.confusion === null ? [] : [{ run, scores, confusion: scores.confusion }];
    })
  );
  if (matrices.length === 0) return undefined;
  return markup`<h2>Confusion</h2><p>A row is the truth, a column what was predicted, a cell the share of the row's pixels in percent.
A cell below one half of a percent is empty.</p>${
    matrices.map(({ run, scores, confusion }, index) => {
      const title = runs.length === 1 ? titles[scores.name] ?? scores.name : named(run.name);
      const label = runs.length === 1 ? `Confusion ${scores.name}` : `Confusion of ${run.name}`;
      return markup`<details${index === 0 && markup` open`}><summary><h3>${title}</h3></summary>${
        worstConfusions(confusion, run.data.classes)
      }${matrixTable(label, confusion, run.data.classes)}</details>`;
    })
  }`;
}

const titles: Partial<Record<ReportScores["name"], string>> = {
  before: "Before",
  after: "After",
  control: "Control run",
};

function worstConfusions(
  confusion: readonly (readonly number[])[],
  classes: readonly ReportClass[],
): Markup | undefined {
  const wrong = confusion.flatMap((row, truth) => {
    const all = sum(row);
    return row.flatMap((pixels, predicted) =>
      predicted === truth || all === 0 ? [] : [{ truth, predicted, share: pixels / all }]
    );
  }).sort((a, b) => b.share - a.share).filter(({ share }) => share >= 0.005).slice(0, worstCount);
  if (wrong.length === 0) return undefined;
  const name = (id: number) => named(classes[id]?.name ?? `class ${id}`);
  return markup`<p>Most often confused:</p><ul>${
    wrong.map(({ truth, predicted, share }) =>
      markup`<li>${percent(share)} % of ${name(truth)} is taken for ${name(predicted)}.</li>`
    )
  }</ul>`;
}

function matrixTable(
  label: string,
  confusion: readonly (readonly number[])[],
  classes: readonly ReportClass[],
): Markup {
  return markup`<div class="scroll" role="group" tabindex="0" aria-label="${label}"><table class="matrix"><thead><tr><td></td>${
    classes.map(({ name, color }) => markup`<th scope="col"><span>${swatch(color)} ${named(name)}</span></th>`)
  }<th scope="col"><span>pixels</span></th></tr></thead><tbody>${
    classes.map(({ name, color }, truth) => {
      const row = confusion[truth] ?? [];
      const all = sum(row);
      return markup`<tr><th scope="row">${swatch(color)} ${named(name)}</th>${
        classes.map((_, predicted) => matrixCell(row[predicted] ?? 0, all, truth === predicted))
      }<td class="number" data-value="${all}">${shortCount(all)}</td></tr>`;
    })
  }</tbody></table></div>`;
}

/** A cell: right ones and wrong ones have colours of their own, the more the stronger. */
function matrixCell(pixels: number, all: number, isRight: boolean): Markup {
  if (all === 0) return markup`<td data-value="0">${isRight && missing}</td>`;
  const hundredths = Math.round(pixels / all * 100);
  // A share that rounds to nothing is left white and empty, so that the rest stands out.
  if (hundredths === 0) return markup`<td data-value="${pixels}">${isRight && "0"}</td>`;
  return markup`<td${
    isRight && markup` class="right"`
  } data-value="${pixels}" style="--p:${hundredths}%">${hundredths}</td>`;
}

function shortCount(pixels: number): string {
  return pixels.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });
}

function sum(row: readonly number[]): number {
  return row.reduce((all, pixels) => all + pixels, 0);
}
