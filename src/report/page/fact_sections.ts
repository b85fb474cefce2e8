/**
 * What was run and with what, and what went wrong.
 *
 * @module
 */

import { type Markup, markup } from "../markup.ts";
import { columnHead, missing, named, rowHead, type ShownRun, table } from "./shown_runs.ts";

/** Words that stand before a finding, since colour alone says it to few. */
const levels = { bad: "Problem", warning: "Warning", good: "Good" } as const;

/** What went wrong, the worst first. */
export function findingSection(runs: readonly ShownRun[]): Markup {
  return markup`<h2>Findings</h2>${
    runs.map(({ data, name }) =>
      markup`${runs.length > 1 && markup`<h3>${named(name)}</h3>`}${
        data.findings.length === 0
          ? markup`<p>Nothing stands out in ${
            data.state.name === "finished" ? "this run" : "what has been run so far"
          }.</p>`
          : data.findings.map(({ level, text, advice }) =>
            markup`<div class="notice ${level}"><p><strong>${
              levels[level]
            }:</strong> <span dir="auto">${text}</span></p>${
              advice !== null && markup`<p class="advice" dir="auto">${advice}</p>`
            }</div>`
          )
      }`
    )
  }`;
}

/** Network, adapter, program and so on, with the command that repeats the run. Of several runs, what differs is marked. */
export function factSection(runs: readonly ShownRun[]): Markup {
  return markup`<h2>The run</h2>${
    runs.map(({ data, name }) =>
      markup`${runs.length > 1 && markup`<h3>${named(name)}</h3>`}${
        data.command !== "" && markup`<p>The command to repeat it:</p><pre dir="ltr"><code>${data.command}</code></pre>`
      }`
    )
  }${factTable(runs)}`;
}

function factTable(runs: readonly ShownRun[]): Markup | undefined {
  const labels = [...new Set(runs.flatMap(({ data }) => data.facts.map(({ label }) => label)))];
  if (labels.length === 0) return undefined;
  const rows = labels.map((label) => {
    const values = runs.map(({ data }) => data.facts.find((fact) => fact.label === label)?.value ?? missing);
    const differs = new Set(values).size > 1;
    return markup`<tr>${rowHead(label)}${
      values.map((value) =>
        markup`<td class="fact" dir="auto">${differs ? markup`<strong>${value}</strong>` : value}</td>`
      )
    }</tr>`;
  });
  const head = runs.length === 1
    ? markup`<tr>${columnHead("what")}${columnHead("value")}</tr>`
    : markup`<tr><td></td>${runs.map(({ name }) => columnHead(named(name)))}</tr>`;
  return table("Facts of the run", head, rows, runs.length > 1 ? "What differs is bold." : undefined);
}
