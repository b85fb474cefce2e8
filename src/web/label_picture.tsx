/**
 * One picture of the page that labels: the picture with its labels over it, the share of each class, times, downloads.
 *
 * @module
 */

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Drawing, drawPicture } from "./label_drawing.ts";
import type { LabelledPicture, LabelStage } from "./label_messages.ts";

/** A picture, and how far it is. */
export interface PictureView {
  /** Its number on the page. */
  readonly key: number;
  /** Its name; of a file the file's. */
  readonly name: string;
  /** The picture as it is shown. */
  readonly bitmap: ImageBitmap;
  /** Its labels by the network that is looked at; absent as long as there are none. */
  readonly labelled: LabelledPicture | undefined;
  /** What is done with it now, or why it cannot be labelled; empty if nothing is. */
  readonly state: string;
  /** Whether `state` says why it cannot be labelled. */
  readonly hasFailed: boolean;
}

/** A picture in a canvas, drawn anew when something about it changes. */
function PictureCanvas({ bitmap, labelled, drawing, text }: {
  readonly bitmap: ImageBitmap;
  readonly labelled: LabelledPicture | undefined;
  readonly drawing: Drawing;
  readonly text: string;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { kind, opacity, hidden } = drawing;
  // Before the browser paints: a canvas that gets another size is empty, and would be shown so for a moment.
  useLayoutEffect(() => {
    if (canvas.current !== null) drawPicture(canvas.current, bitmap, labelled, drawing);
  }, [bitmap, labelled, kind, opacity, hidden]);
  return <canvas ref={canvas} role="img" aria-label={text} />;
}

/** A picture with everything about it. */
export function PictureCard({ view, drawing, classes, onSave, onRemove }: {
  readonly view: PictureView;
  readonly drawing: Drawing;
  readonly classes: readonly string[];
  readonly onSave: () => void;
  readonly onRemove: () => void;
}): JSX.Element {
  const { name, bitmap, labelled, state, hasFailed } = view;
  const heading = `picture-${view.key}`;
  return (
    <article class="card" aria-labelledby={heading}>
      <h3 id={heading}>
        <bdi>{name}</bdi>
      </h3>
      <PictureCanvas {...{ bitmap, labelled, drawing }} text={pictureText(view, classes)} />
      <p role="status" class={hasFailed ? "notice bad" : "soft"}>{state}</p>
      {labelled !== undefined && <Shares {...{ labelled, classes, drawing }} />}
      <p class="bar">
        <button type="button" disabled={labelled === undefined} onClick={onSave}>
          Download labels<span class="unseen">of {name}</span>
        </button>
        <button type="button" onClick={onRemove}>
          Remove<span class="unseen">{name}</span>
        </button>
      </p>
      {labelled !== undefined && <Times labelled={labelled} />}
    </article>
  );
}

/** What a picture shows, for those who do not see it. */
function pictureText({ name, labelled }: PictureView, classes: readonly string[]): string {
  if (labelled === undefined) return `${name}, not labelled yet`;
  const most = sharesOf(labelled).slice(0, 3).map(({ id, share }) => `${classes[id] ?? id} ${percent(share)}`);
  return `${name} with labels: ${most.join(", ")}`;
}

/** The classes that a picture has, the largest first. */
function sharesOf({ counts, labels }: LabelledPicture): { readonly id: number; readonly share: number }[] {
  return counts.map((count, id) => ({ id, share: count / Math.max(1, labels.length) }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 1)} %`;
}

/** The share of each class. */
function Shares({ labelled, classes, drawing: { palette } }: {
  readonly labelled: LabelledPicture;
  readonly classes: readonly string[];
  readonly drawing: Drawing;
}): JSX.Element {
  return (
    <ul class="shares" aria-label="Share of each class">
      {sharesOf(labelled).map(({ id, share }) => (
        <li key={id}>
          <Swatch color={palette[id]} />
          <bdi>{classes[id]}</bdi>
          <span class="number">{percent(share)}</span>
        </li>
      ))}
    </ul>
  );
}

/** A small field of a class's colour. */
export function Swatch({ color = [0, 0, 0] }: {
  readonly color: readonly [number, number, number] | undefined;
}): JSX.Element {
  return <span class="swatch" style={{ "--color": `rgb(${color.join(" ")})` }} aria-hidden="true" />;
}

const stageTexts: Readonly<Record<LabelStage, string>> = {
  decode: "decode the picture",
  resize: "resize it",
  compile: "compile the network for this size, once",
  network: "run the network, label each pixel",
  confidence: "confidence of each pixel",
};

/** Where the time went. */
function Times({ labelled: { times, seen, height, width } }: { readonly labelled: LabelledPicture }): JSX.Element {
  const total = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return (
    <details>
      <summary>{inWords(total)} in all</summary>
      <table>
        <caption>The network saw {seen} pixels, the labels are {height}×{width}.</caption>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col" class="number">Time</th>
          </tr>
        </thead>
        <tbody>
          {times.map(({ stage, milliseconds }) => (
            <tr key={stage}>
              <th scope="row">{stageTexts[stage]}</th>
              <td class="number" data-stage={stage} data-value={milliseconds}>{inWords(milliseconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function inWords(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
