/**
 * The controls of the page that labels: which network, what is drawn and how strongly, which classes, and what the
 * browser keeps.
 *
 * @module
 */

import type { JSX } from "preact";
import { confidenceColour, type Drawing, type OverlayKind } from "./label_drawing.ts";
import type { LabelEvent } from "./label_messages.ts";
import { Swatch } from "./label_picture.tsx";
import type { NetworkName, Site } from "./site.ts";

/** What is looked at. */
export interface Look extends Omit<Drawing, "palette"> {
  /** Whose labels. */
  readonly network: NetworkName;
}

/** The controls. */
export function Controls({ site, look, classes, palette, onLook }: {
  readonly site: Site;
  readonly look: Look;
  readonly classes: readonly string[];
  readonly palette: Drawing["palette"];
  readonly onLook: (change: Partial<Look>) => void;
}): JSX.Element {
  const { network, kind, opacity, hidden } = look;
  const toggle = (id: number) => {
    const others = new Set(hidden);
    if (!others.delete(id)) others.add(id);
    onLook({ hidden: others });
  };
  return (
    <section aria-labelledby="controls">
      <h2 id="controls">What is shown</h2>
      <div class="bar">
        {site.weights.source !== undefined && (
          <button
            type="button"
            role="switch"
            aria-checked={network === "adapted"}
            onClick={() => onLook({ network: network === "adapted" ? "source" : "adapted" })}
          >
            Adapted network: {network === "adapted" ? "on" : "off, the source network's labels are shown"}
          </button>
        )}
        <Kinds kind={kind} onKind={(kind) => onLook({ kind })} />
        <label class="opacity">
          Opacity {Math.round(100 * opacity)} %
          <input
            type="range"
            min="0"
            max="100"
            value={100 * opacity}
            onInput={(event) => onLook({ opacity: Number(event.currentTarget.value) / 100 })}
          />
        </label>
      </div>
      {kind === "confidence" && <Scale />}
      <ul class="legend" aria-label="Classes, each a switch">
        {classes.map((name, id) => (
          <li key={id}>
            <button type="button" aria-pressed={!hidden.has(id)} onClick={() => toggle(id)}>
              <Swatch color={palette[id]} />
              <bdi>{name}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const kinds: readonly (readonly [OverlayKind, string])[] = [["labels", "Labels"], ["confidence", "Confidence"]];

function Kinds({ kind, onKind }: {
  readonly kind: OverlayKind;
  readonly onKind: (kind: OverlayKind) => void;
}): JSX.Element {
  return (
    <fieldset class="bar">
      <legend class="unseen">Drawn over the picture</legend>
      {kinds.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name="kind" value={value} checked={kind === value} onChange={() => onKind(value)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

/** The colours of the confidence. */
function Scale(): JSX.Element {
  const colours = [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${confidenceColour(share).join(" ")})`);
  return (
    <p class="scale">
      0 %<span style={{ background: `linear-gradient(to right, ${colours.join(", ")})` }} aria-hidden="true" />100 %
      <span class="soft words">probability of the most probable class</span>
    </p>
  );
}

/** What the browser keeps of the weights, with a button to delete it. */
export function Kept({ bytes, onForget }: { readonly bytes: number; readonly onForget: () => void }): JSX.Element {
  return (
    <p class="bar">
      <span>The browser keeps {(bytes / 1e6).toFixed(1)} MB of weights, so that they load once.</span>
      <button type="button" disabled={bytes === 0} onClick={onForget}>Delete them</button>
    </p>
  );
}

/** How far weights are loaded; nothing once they are. */
export function Loading({ news }: {
  readonly news: Extract<LabelEvent, { readonly type: "loading" }> | null;
}): JSX.Element | null {
  if (news === null || news.done >= news.total) return null;
  const { network, done, total } = news;
  const text = `Loading the weights of the ${network} network: ${(done / 1e6).toFixed(1)} of ${
    (total / 1e6).toFixed(1)
  } MB`;
  return (
    <p>
      {text}
      <progress value={done} max={total} aria-label={text} />
    </p>
  );
}
