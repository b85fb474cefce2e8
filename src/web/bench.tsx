/**
 * The benchmark as a page: the adapter's peaks, every kernel checked against its fixture and timed, and a table to
 * paste. The work is done in a Worker (`bench_worker.ts`).
 *
 * @module
 */

import { Fragment, type JSX, render } from "preact";
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { kernelTable, markdownTable } from "../../bench/markdown.ts";
import type { KernelRow } from "../../bench/kernels.ts";
import type { Peaks } from "../selftest/peaks.ts";
import type { KernelResult } from "../selftest/self_test.ts";
import { WhatToTry } from "./no_gpu.tsx";
import type { BenchCommand, BenchEvent } from "./bench_messages.ts";

/** What is known so far. */
interface View {
  readonly phase: "opening" | "ready" | "running" | "done" | "stopped" | "failed" | "unsupported";
  /** Why there is no adapter, or why it cannot go on. */
  readonly text: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly rows: readonly string[];
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly seconds: number;
  readonly peaks: Peaks | null;
  readonly checked: readonly KernelResult[];
  readonly timed: readonly KernelRow[];
}

const nothing = { stage: "", done: 0, total: 1, seconds: 0, text: "", peaks: null, checked: [], timed: [] } as const;
const empty: View = { ...nothing, phase: "opening", facts: [], rows: [] };

/** What a visitor does. */
type PageEvent = { readonly type: "start" } | { readonly type: "stop" };

function afterEvent(view: View, event: BenchEvent | PageEvent): View {
  switch (event.type) {
    case "ready":
      // A Worker that was started for another benchmark is ready while the results of the last are still shown.
      return { ...view, phase: view.phase === "opening" ? "ready" : view.phase, facts: event.facts, rows: event.rows };
    case "unsupported":
    case "failed":
      return { ...view, phase: event.type, text: event.text };
    case "start":
      return { ...view, ...nothing, phase: "running", stage: "Starting" };
    case "stop":
      return { ...view, phase: "stopped" };
    case "progress":
      return { ...view, stage: event.stage, done: event.done, total: event.total };
    case "peaks":
      return { ...view, peaks: event.peaks };
    case "checked":
      return { ...view, checked: [...view.checked, event.result] };
    case "timed":
      return { ...view, timed: [...view.timed, event.row] };
    case "done":
      return { ...view, phase: "done", seconds: event.seconds };
  }
}

/** The page. */
function Bench(): JSX.Element {
  const [view, tell] = useReducer(afterEvent, empty);
  const worker = useRef<Worker | null>(null);
  const open = () => {
    worker.current?.terminate();
    const own = worker.current = new Worker(new URL("./bench_worker.js", import.meta.url), { type: "module" });
    own.onmessage = ({ data }: MessageEvent<BenchEvent>) => tell(data);
    own.onerror = ({ message }) => tell({ type: "failed", text: `The Worker ended: ${message}. Load the page again` });
  };
  useEffect(() => {
    open();
    return () => worker.current?.terminate();
  }, []);
  const start = (command: BenchCommand) => {
    tell({ type: "start" });
    // A Worker does one benchmark: it gives its GPU back at the end.
    if (view.phase !== "ready") open();
    worker.current?.postMessage(command);
  };
  const stop = () => {
    worker.current?.terminate();
    tell({ type: "stop" });
  };
  if (view.phase === "unsupported") return <Unsupported text={view.text} />;
  return (
    <>
      <Form rows={view.rows} phase={view.phase} onStart={start} onStop={stop} />
      <State view={view} />
      <Results view={view} />
    </>
  );
}

function Unsupported({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      <div class="notice bad" role="alert">
        <p>
          <strong>Nothing can be measured here.</strong> {text}.
        </p>
      </div>
      <WhatToTry />
    </>
  );
}

function Form({ rows, phase, onStart, onStop }: {
  readonly rows: readonly string[];
  readonly phase: View["phase"];
  readonly onStart: (command: BenchCommand) => void;
  readonly onStop: () => void;
}): JSX.Element {
  const [check, setCheck] = useState(true);
  const [time, setTime] = useState("all");
  const isRunning = phase === "running";
  return (
    <section aria-labelledby="run">
      <h2 id="run">Run it</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onStart({ check, time });
        }}
      >
        <p class="bar">
          <label>
            <input type="checkbox" checked={check} onChange={({ currentTarget }) => setCheck(currentTarget.checked)} />
            {" "}
            Check every kernel
          </label>
          <label>
            Time{" "}
            <select value={time} onChange={({ currentTarget }) => setTime(currentTarget.value)}>
              <option value="all">all kernels</option>
              <option value="none">nothing</option>
              {rows.map((row) => <option key={row} value={row}>{row}</option>)}
            </select>
          </label>
        </p>
        <p class="bar">
          <button type="submit" class="primary" disabled={isRunning || phase === "opening"}>Start</button>
          <button type="button" disabled={!isRunning} onClick={onStop}>Stop</button>
        </p>
      </form>
    </section>
  );
}

function State({ view }: { readonly view: View }): JSX.Element {
  const { phase, stage, done, total } = view;
  return (
    <section aria-labelledby="state">
      <h2 id="state">State</h2>
      <p role="status">{stateText(view)}</p>
      {phase === "running" && <progress aria-label={stage} max={total} value={done} />}
      {phase === "failed" && (
        <div class="notice bad" role="alert">
          <p>
            <strong>It failed.</strong> {view.text}
          </p>
        </div>
      )}
      {view.facts.length > 0 && (
        <details>
          <summary>What it is measured on</summary>
          <dl class="facts">
            {view.facts.map(([name, value]) => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </Fragment>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function stateText({ phase, stage, done, total, seconds, checked, facts }: View): string {
  const wrong = checked.filter(({ ok }) => !ok).length;
  if (phase === "opening") return "Looking for a GPU.";
  if (phase === "ready") return `Ready, on ${facts[0]?.[1] ?? "this adapter"}.`;
  if (phase === "running") return `${stage}${total > 1 ? `, ${done} of ${total}` : ""}.`;
  if (phase === "stopped") return "Stopped.";
  if (phase === "failed") return "Ended early.";
  if (wrong > 0) return `Done. ${wrong} kernels are WRONG on this adapter; do not trust results from it.`;
  return `Done in ${seconds.toFixed(0)} s.${checked.length > 0 ? " Every kernel is right on this adapter." : ""}`;
}

function Results({ view }: { readonly view: View }): JSX.Element | null {
  const { phase, peaks, checked, timed } = view;
  if (peaks === null) return null;
  const isOver = phase === "done" || phase === "stopped" || phase === "failed";
  return (
    <>
      <section aria-labelledby="peaks">
        <h2 id="peaks">Peaks</h2>
        <p>
          {peaks.gflops.toFixed(1)} GFLOP/s multiply-add from registers, {peaks.gigabytesPerSecond.toFixed(1)}{" "}
          GB/s copied through memory.
        </p>
      </section>
      {checked.length > 0 && <Checks checked={checked} />}
      {timed.length > 0 && <Times timed={timed} />}
      {isOver && <Paste text={pasteText(view)} />}
    </>
  );
}

function Checks({ checked }: { readonly checked: readonly KernelResult[] }): JSX.Element {
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      <p>
        Each kernel computes cases whose results PyTorch or plain loops gave before. The error is relative to one plus
        the largest expected value.
      </p>
      <div class="scroll" role="region" aria-label="Table of checks" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">kernel</th>
              <th scope="col">result</th>
              <th scope="col" class="number">cases</th>
              <th scope="col" class="number">largest error</th>
            </tr>
          </thead>
          <tbody>
            {checked.map(({ name, ok, cases, error, problem }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <strong class={ok ? "good" : "bad"}>{ok ? "right" : "WRONG"}</strong>
                  {problem !== undefined && ` (${problem})`}
                </td>
                <td class="number">{cases}</td>
                <td class="number">{error === null ? "not a number" : error.toExponential(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Times({ timed }: { readonly timed: readonly KernelRow[] }): JSX.Element {
  const [[, ...columns] = [], ...rows] = kernelTable(timed);
  return (
    <section aria-labelledby="times">
      <h2 id="times">Times</h2>
      <p>
        Medians of one launch. A share is of the multiply-add peak for convolutions, of the copy peak for the others.
      </p>
      <div class="scroll" role="region" aria-label="Table of times" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">kernel, channels at height×width</th>
              {columns.map((name, index) => <th key={name} scope="col" class={index === 0 ? "" : "number"}>{name}</th>)}
            </tr>
          </thead>
          <tbody>
            {rows.map(([kernel, ...cells], at) => (
              <tr key={at}>
                <th scope="row">{kernel}</th>
                {cells.map((cell, index) => <td key={index} class={index === 0 ? "" : "number"}>{cell}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Everything that was found, as Markdown. */
function pasteText({ facts, peaks, checked, timed }: View): string {
  const wrong = checked.filter(({ ok }) => !ok).map(({ name, problem }) => `${name} (${problem ?? "wrong"})`);
  const cases = checked.reduce((sum, { cases }) => sum + cases, 0);
  return [
    "### Crosswalk, bench kernels in a browser",
    "",
    ...markdownTable([
      ["what", "value"],
      ...facts,
      ...peaks === null ? [] : [
        ["multiply-add peak", `${peaks.gflops.toFixed(1)} GFLOP/s`],
        ["copy peak", `${peaks.gigabytesPerSecond.toFixed(1)} GB/s`],
      ],
      ...checked.length === 0 ? [] : [
        ["checked", `${checked.length} kernels, ${cases} cases`],
        ["wrong", wrong.join(", ") || "none"],
      ],
    ]),
    ...timed.length === 0 ? [] : ["", ...markdownTable(kernelTable(timed))],
    "",
  ].join("\n");
}

function Paste({ text }: { readonly text: string }): JSX.Element {
  const [copied, setCopied] = useState("");
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied("Copied."),
      () => setCopied("The browser did not allow it: mark the text and copy it yourself."),
    );
  };
  return (
    <section aria-labelledby="paste">
      <h2 id="paste">A table to paste</h2>
      <p class="bar">
        <button type="button" onClick={copy}>Copy the table</button>
        <span role="status">{copied}</span>
      </p>
      <p>
        <label class="field" for="markdown">As Markdown</label>
      </p>
      <textarea id="markdown" class="markdown" readOnly rows={12} spellcheck={false} value={text} />
    </section>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<Bench />, root);
