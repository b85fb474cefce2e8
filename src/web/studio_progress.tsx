/**
 * Where a run is, what can be done with it, and what the browser keeps of it.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Phase, RunView } from "./studio_run.ts";

/** The stage in progress, with a button that pauses the run or lets it go on. */
export function Progress({ view, onPause, onResume }: {
  readonly view: RunView;
  readonly onPause: () => void;
  readonly onResume: () => void;
}): JSX.Element {
  const { phase, stage, adapter, run, planned } = view;
  const left = stage?.secondsLeft;
  return (
    <section aria-labelledby="progress">
      <h2 id="progress">Progress</h2>
      <p>
        <strong role="status">{headline(view)}</strong>
        {stage !== null && ` – ${stage.done} of ${stage.total}`}
        {typeof left === "number" && `, ${timeText(left)} left in this stage`}
      </p>
      {stage !== null && <progress aria-label="This stage" max={stage.total} value={stage.done} />}
      <ul>
        {planned.map(({ round, portion, source, target, steps }) => (
          <li key={round} aria-current={stage?.name.startsWith(`round ${round}:`) === true ? "step" : undefined}>
            Round {round}: the surest {Math.round(portion * 100)} % of each class become labels; {target}{" "}
            target pictures are mixed with {source} of the source for {steps} steps
          </li>
        ))}
      </ul>
      <p class="bar">
        {phase === "paused"
          ? <button type="button" class="primary" onClick={onResume}>Go on</button>
          : <button type="button" disabled={phase !== "running"} onClick={onPause}>Pause</button>}
        {adapter !== null && <small>{run?.images.length} pictures of the target, on {adapter}</small>}
      </p>
      <p class="soft">You may close this page at any time: the run goes on from its last checkpoint.</p>
    </section>
  );
}

const phaseTexts: Readonly<Partial<Record<Phase, string>>> = {
  pausing: "The run pauses after its next checkpoint",
  paused: "The run is paused",
  finished: "The run is finished",
  failed: "The run stopped",
};

function headline({ phase, stage }: RunView): string {
  return phaseTexts[phase] ?? stage?.name ?? "The run starts";
}

/** Seconds in words, roughly. */
function timeText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** How much the browser keeps for this site, and a button that deletes it. */
export function Storage({ view: { phase, run }, onDelete }: {
  readonly view: RunView;
  readonly onDelete: () => void;
}): JSX.Element {
  const [bytes, setBytes] = useState<number | null>(null);
  useEffect(() => {
    navigator.storage.estimate().then(({ usage }) => setBytes(usage ?? null), () => setBytes(null));
  }, [phase, run]);
  const remove = () => {
    if (confirm("Delete the run, its pictures and its weights from this computer?")) onDelete();
  };
  return (
    <section aria-labelledby="storage">
      <h2 id="storage">On this computer</h2>
      <p>
        {bytes === null ? "The browser does not say how much" : `${(bytes / 1e6).toFixed(1)} MB`}{" "}
        is kept by the browser for this site: the run, copies of its pictures, and weights. Nobody else can read it.
      </p>
      {run !== null && <button type="button" onClick={remove}>Delete the run</button>}
    </section>
  );
}

/** A sentence that matters. */
export function Notice({ kind, children }: {
  readonly kind: "good" | "warning" | "bad";
  readonly children: ComponentChildren;
}): JSX.Element {
  return <div class={`notice ${kind}`} role={kind === "bad" ? "alert" : "status"}>{children}</div>;
}
