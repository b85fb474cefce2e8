import { assert, assertEquals, assertThrows } from "@std/assert";
import { DOMParser } from "linkedom";
import type { ReportData, ReportScores } from "../../../src/report/page/data.ts";
import { reportPage } from "../../../src/report/page/page.ts";
import { reportSections, sectionIds } from "../../../src/report/page/sections.ts";
import { sampleRun } from "./sample_run.ts";

/** What tests read of an element. */
interface Element {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelector(selector: string): Element | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

function parsed(html: string): Element {
  return new DOMParser().parseFromString(html, "text/html").documentElement;
}

function find(from: Element, selector: string): Element {
  const found = from.querySelector(selector);
  assert(found !== null, `the page has no ${selector}`);
  return found;
}

/** The whole values of each row of a table, by the row's head; `null` where a value is not known. */
function rowsOf(table: Element): Map<string, (number | null)[]> {
  return new Map([...table.querySelectorAll("tbody tr")].map((row) => [
    row.querySelector("th")?.textContent.trim() ?? "",
    [...row.querySelectorAll("td.number")].map((cell) => {
      const value = cell.getAttribute("data-value");
      return value === null ? null : Number(value);
    }),
  ]));
}

function scoresOf(run: ReportData, name: ReportScores["name"]): ReportScores {
  const found = run.scores.find((scores) => scores.name === name);
  assert(found !== undefined);
  return found;
}

Deno.test("every number of the scores stands in the page with all its digits", () => {
  const run = sampleRun({ control: true });
  const page = parsed(reportPage([run]));
  const [before, after, control] = (["before", "after", "control"] as const).map((name) => scoresOf(run, name));
  assert(before !== undefined && after !== undefined && control !== undefined);
  const rows = rowsOf(find(page, "#scores table"));
  const row = (of: (scores: ReportScores) => number | null | undefined) => {
    const [start, end, beside] = [before, after, control].map((scores) => of(scores) ?? null);
    const difference = (from: number | null | undefined) =>
      typeof from === "number" && typeof end === "number" ? end - from : null;
    return [start, end, difference(start), beside, difference(beside)];
  };
  assertEquals(rows.get("mean IoU"), row(({ miou }) => miou));
  assertEquals(rows.get("pixel accuracy"), row(({ pixelAccuracy }) => pixelAccuracy));
  for (const [id, { name }] of run.classes.entries()) assertEquals(rows.get(name), row(({ iou }) => iou[id]));
  assertEquals(rows.get("images"), [101, 101, 101]);
});

Deno.test("every number of the rounds stands in the page with all its digits", () => {
  const run = sampleRun({ classes: 4, rounds: 2 });
  const page = parsed(reportPage([run]));
  const thresholds = rowsOf(find(page, "#thresholds details table"));
  const pseudo = rowsOf(find(page, "#pseudo-labels details table"));
  const iou = rowsOf(find(page, "#rounds details:last-of-type table"));
  for (const [id, { name }] of run.classes.entries()) {
    assertEquals(
      thresholds.get(name),
      run.rounds.flatMap(({ lambda, labelled, predicted, portion }) => {
        const [kept = NaN, all = NaN] = [labelled[id], predicted[id]];
        return [lambda[id] ?? null, kept, all, kept / all, portion];
      }),
    );
    assertEquals(
      pseudo.get(name),
      run.rounds.flatMap(({ precision, recall }) => [precision[id] ?? null, recall[id] ?? null]),
    );
    const names = ["before", "round 1", "round 2"] as const;
    assertEquals(iou.get(name), names.map((name) => scoresOf(run, name).iou[id] ?? null));
  }
  const counts = [...find(page, "#confusion table").querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll("td:not(.number)")].map((cell) => Number(cell.getAttribute("data-value")))
  );
  assertEquals(counts, scoresOf(run, "after").confusion?.map((row) => [...row]));
});

Deno.test("names of classes, images and runs are text, whatever they hold", () => {
  const names = [
    "</td><script>alert(1)</script>",
    `"x" onload='alert(1)' &amp;`,
    "שלום <b>עולם</b>",
    "`${1}` \\ </style>",
  ];
  const run = {
    ...sampleRun({ names, classes: 5 }),
    title: "<img src=x onerror=alert(1)>",
    command: "a </code><script>",
  };
  for (const html of [reportPage([run]), reportPage([run, sampleRun({ title: "</title><script>" })])]) {
    const page = parsed(html);
    assertEquals([...page.querySelectorAll("script")].length, 1);
    assertEquals([...page.querySelectorAll("img[onerror], [onload]")].length, 0);
    assertEquals([...page.querySelectorAll("#scores b")].length, 0);
    const heads = [...page.querySelectorAll("#scores tbody th bdi")].map(({ textContent }) => textContent);
    assertEquals(heads.slice(0, 4), names);
    // The charts carry the names, too.
    const titles = [...page.querySelectorAll("#thresholds svg > title")].map(({ textContent }) => textContent);
    for (const name of names) assert(titles.some((title) => title.endsWith(name)), name);
    const classes = find(page, ".strip").getAttribute("data-classes") ?? "";
    assertEquals(JSON.parse(classes).slice(0, 4).map(({ name }: { name: string }) => name), names);
  }
});

Deno.test("what a comparison offers is the pictures by their titles, to the letter", () => {
  // The text of an option loses spaces, its value does not.
  const page = parsed(reportPage([sampleRun({ title: "two  spaces " }), sampleRun({ title: " run" })]));
  const titles = [...page.querySelectorAll(".pane")].map((pane) => pane.getAttribute("data-title"));
  const values = [...page.querySelectorAll(".compare option")].map((option) => option.getAttribute("value"));
  assert(values.some((value) => value?.startsWith("two  spaces : ")));
  for (const value of values) assert(titles.includes(value), value ?? "no value");
});

Deno.test("a comparison of a run that went on from a round of another begins with that round's network", () => {
  const run = sampleRun({ rounds: 2 });
  const strips = run.strips.map((strip) => ({
    ...strip,
    layers: strip.layers.map((layer) => layer.title === "source only" ? { ...layer, title: "after round 1" } : layer),
  }));
  const page = parsed(reportPage([{ ...run, strips }]));
  const chosen = [...page.querySelectorAll(".compare option[selected]")].map((option) => option.textContent);
  assertEquals(chosen.slice(0, 2), ["after round 1", "adapted"]);
});

Deno.test("a run that has little shows that, and no empty section", () => {
  const nothing: ReportData = {
    ...{ ...sampleRun(), kind: "train", rounds: [], scores: [], priors: [], strips: [], loss: [], findings: [] },
    state: { name: "running", stage: "source", done: 3, total: 10, secondsLeft: null },
  };
  const page = parsed(reportPage([nothing]));
  assertEquals([...page.querySelectorAll("main > section")].map((section) => section.getAttribute("id")), [
    "findings",
    "facts",
  ]);
  assert(find(page, "header").textContent.includes("running in “source”"));
  const live = parsed(reportPage([nothing], { live: true, scripts: ["// </script> of a script"] }));
  assertEquals([...live.querySelectorAll("main > section")].map((section) => section.getAttribute("id")), [
    ...sectionIds,
  ]);
  assertEquals([...live.querySelectorAll("body > script")].length, 2);
  find(live, "#live");
  assertThrows(() => reportPage([]), RangeError, "needs a run");
});

Deno.test("a run of an earlier version, without confusion, recall and round scores, has all the rest", () => {
  const run = sampleRun();
  const old: ReportData = {
    ...run,
    scores: run.scores.filter(({ name }) => !name.startsWith("round")).map((scores) => ({
      ...scores,
      confusion: null,
    })),
    rounds: run.rounds.map((round) => ({ ...round, recall: [], portion: null, predicted: [] })),
  };
  const sections = reportSections([old]);
  assert(sections.confusion.includes("hidden"));
  const page = parsed(reportPage([old]));
  assertEquals(find(page, "#pseudo-labels").textContent.includes("Recall"), false);
  assertEquals(rowsOf(find(page, "#thresholds details table")).get("class 1")?.[0], run.rounds[0]?.lambda[1]);
});

Deno.test("several runs are told apart and compared by the names of their classes", () => {
  const first = sampleRun({ names: ["road", "sky"] });
  const second = sampleRun({ seed: 2, names: ["sky", "road"] });
  const page = parsed(reportPage([first, second]));
  const heads = [...page.querySelectorAll("#scores thead tr:first-child th bdi")].map(({ textContent }) => textContent);
  assertEquals(heads, ["seed0 (1)", "seed0 (2)"]);
  const values = [first, second].flatMap((run) => {
    const id = run.classes.findIndex(({ name }) => name === "road");
    const [before, after] = [scoresOf(run, "before").iou[id] ?? NaN, scoresOf(run, "after").iou[id] ?? NaN];
    return [before, after, after - before];
  });
  assertEquals(rowsOf(find(page, "#scores table")).get("road"), values);
  assertEquals([...page.querySelectorAll("article.image")].length, 2);
  assertEquals([...page.querySelectorAll("article.image .strip")].length, 4);
  assertEquals(find(page, "#facts tbody tr:last-child td strong").textContent, "1");
});

Deno.test("two pictures are compared at first: before and after, of several runs what each ends with", () => {
  const title = (run: ReportData, titles: string[]) => ({
    ...run,
    strips: run.strips.map((strip) => ({
      ...strip,
      layers: strip.layers.filter(({ kind }) => kind === "labels").slice(0, titles.length).map((layer, index) => ({
        ...layer,
        title: titles[index] ?? "",
      })),
    })),
  });
  const chosen = (runs: readonly ReportData[]) =>
    [...parsed(reportPage(runs)).querySelectorAll("article:first-of-type select")].map((select) =>
      find(select, "option[selected]").textContent
    );
  const rounds = title(sampleRun(), ["ground truth", "source only", "after round 1", "adapted"]);
  assertEquals(chosen([rounds]), ["source only", "adapted"]);
  assertEquals(chosen([title(sampleRun(), ["ground truth", "prediction"])]), ["ground truth", "prediction"]);
  assertEquals(chosen([rounds, { ...rounds, title: "b" }]), ["seed0: adapted", "b: adapted"]);
  // A run of an earlier version has one drawn strip of an image, and nothing to compare.
  assertEquals(chosen([title(sampleRun(), [])]), []);
});

Deno.test("forty classes and ten rounds stay below 5 MB, and the same run gives the same page", () => {
  const run = sampleRun({ classes: 40, rounds: 10, images: 4, height: 256, width: 512 });
  const html = reportPage([run]);
  assert(html.length < 5e6, `${html.length} characters`);
  assertEquals([...parsed(html).querySelectorAll("#thresholds .classcharts > li")].length, 80);
  assertEquals(reportSections([run]).thresholds, reportSections([run]).thresholds);
  // Nothing is loaded: no address but those of pictures in the page.
  const addresses = [...html.matchAll(/(?:src|href)="(?!data:image\/png;base64,|#)([^"]*)"/g)].map(([, address]) =>
    address
  );
  assertEquals(addresses, []);
  assertEquals(/url\(|@import/.test(html), false);
});
