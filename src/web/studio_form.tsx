/**
 * The form before a run: which pictures, from which weights, with which recipe.
 *
 * @module
 */

import type { JSX } from "preact";
import { useState } from "preact/hooks";

/** What the visitor chose. */
export interface StartChoice {
  /** Pictures of the visitor's own; `null` for the built-in town. */
  readonly photos: readonly File[] | null;
  /** A weight file to start from; `null` for the site's own network. */
  readonly weights: File | null;
  /** The recipe, as text. */
  readonly recipe: string;
}

/** How many pictures a run takes; with fewer, thresholds mean little. */
const fewest = 20;
const most = 200;

/** Asks for pictures, and for what else a run may start from. */
export function StartForm({ recipe: given, start, onStart }: {
  readonly recipe: string;
  /** What the network starts from if no file is given, such as `deeplab-nano, untrained`. */
  readonly start: string;
  readonly onStart: (choice: StartChoice) => void;
}): JSX.Element {
  const [photos, setPhotos] = useState<readonly File[]>([]);
  const [weights, setWeights] = useState<File | null>(null);
  const [recipe, setRecipe] = useState(given);
  const [over, setOver] = useState(false);
  const add = (files: Iterable<File>) => {
    const images = [...files].filter(({ type, name }) => type.startsWith("image/") || /\.(heic|heif)$/i.test(name));
    const known = new Set(photos.map(nameOf));
    setPhotos([...photos, ...images.filter((file) => !known.has(nameOf(file)))]);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    add(event.dataTransfer?.files ?? []);
  };
  const taken = photos.slice(0, most);
  return (
    <section aria-labelledby="pictures">
      <h2 id="pictures">Your pictures</h2>
      <div
        class={over ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>
          <label>
            Drop {fewest} to {most} photos of streets here, or choose them{" "}
            <input
              type="file"
              accept="image/*,.heic,.heif"
              multiple
              onChange={({ currentTarget }) => add(currentTarget.files ?? [])}
            />
          </label>
        </p>
        <p aria-live="polite">{said(photos.length)}</p>
        {photos.length > 0 && <button type="button" onClick={() => setPhotos([])}>Take them out again</button>}
      </div>
      <details>
        <summary>Weights and recipe</summary>
        <p>
          <label>
            Start from a weight file (safetensors, written by this page or the command line){" "}
            <input
              type="file"
              accept=".safetensors"
              onChange={({ currentTarget }) => setWeights(currentTarget.files?.[0] ?? null)}
            />
          </label>
        </p>
        <p>{weights === null ? `Without one the run starts from ${start}.` : `The run starts from ${weights.name}.`}</p>
        <p>
          <label for="recipe">The recipe has the keys of the command line's recipes.</label>
        </p>
        <textarea
          id="recipe"
          spellcheck={false}
          rows={12}
          value={recipe}
          onInput={({ currentTarget }) => setRecipe(currentTarget.value)}
        />
      </details>
      <p class="bar">
        <button
          type="button"
          class={photos.length > 0 ? "primary" : ""}
          disabled={photos.length === 0}
          onClick={() => onStart({ photos: taken, weights, recipe })}
        >
          Adapt to {photos.length === 0 ? "my photos" : `${taken.length} photos`}
        </button>
        <button
          type="button"
          class={photos.length > 0 ? "" : "primary"}
          onClick={() => onStart({ photos: null, weights, recipe })}
        >
          Adapt to the built-in town
        </button>
      </p>
    </section>
  );
}

/** Values of options as lines of a recipe. */
export function recipeText(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values).map(([key, value]) =>
    `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}\n`
  ).join("");
}

/** The values in lines of a recipe. The Worker checks them; a line without a colon is a key without a value. */
export function optionsOf(recipe: string): Record<string, unknown> {
  const lines = recipe.split("\n").map((line) => line.replace(/(^|\s)#.*$/, "").trim()).filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => {
    const [, key = line, text = ""] = /^([^:]*):(.*)$/.exec(line) ?? [];
    return [key.trim(), valueOf(text.trim())];
  }));
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A word or a size.
    return text;
  }
}

/** What tells two files apart. */
function nameOf({ name, size, lastModified }: File): string {
  return `${name} ${size} ${lastModified}`;
}

function said(count: number): string {
  if (count === 0) return "No photo is chosen.";
  if (count < fewest) return `${count} chosen. With fewer than ${fewest}, thresholds mean little.`;
  if (count > most) return `${count} chosen. The first ${most} are taken.`;
  return `${count} chosen.`;
}
