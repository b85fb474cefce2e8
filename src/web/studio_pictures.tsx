/**
 * Pictures with labels: the newest pseudo-labels, and the network before and after beside each other.
 *
 * @module
 */

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { LabelledPicture } from "./adapt_messages.ts";
import type { RunView } from "./studio_run.ts";

/** A class as a page shows it. */
export interface PageClass {
  readonly name: string;
  readonly color: readonly number[];
}

/** A picture as both networks label it. */
export interface ComparedPicture extends LabelledPicture {
  /** The labels of the network before adaptation; `labels` are those after it. */
  readonly before: Uint8Array;
}

interface Painting {
  readonly classes: readonly PageClass[];
  /** How much of a class's colour lies over the picture, from 0 to 1. */
  readonly opacity?: number;
  /** Share of the width, from the left, that shows the labels before. */
  readonly cut?: number;
  /** Classes that are not shown. */
  readonly hidden?: ReadonlySet<number>;
}

/** A picture with its labels laid over it. Pixels without a label are dim. */
function LabelCanvas(
  { picture, label, classes, opacity = 0.7, cut = 0, hidden }: Painting & {
    readonly picture: LabelledPicture | ComparedPicture;
    readonly label: string;
  },
): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  // Before the browser paints, so that the picture is never behind what is said about it.
  useLayoutEffect(() => {
    const image = paint(picture, { classes, opacity, cut, ...(hidden === undefined ? {} : { hidden }) });
    canvas.current?.getContext("2d")?.putImageData(image, 0, 0);
  }, [picture, classes, opacity, cut, hidden]);
  return <canvas ref={canvas} width={picture.width} height={picture.height} role="img" aria-label={label} />;
}

function paint(picture: LabelledPicture | ComparedPicture, { classes, opacity = 1, cut = 0, hidden }: Painting) {
  const { height, width, pixels, labels } = picture;
  const before = "before" in picture ? picture.before : labels;
  const image = new ImageData(width, height);
  const edge = Math.round(cut * width);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const column = pixel % width;
    const id = (column < edge ? before : labels)[pixel] ?? 255;
    const color = hidden?.has(id) === true ? undefined : classes[id]?.color;
    const isEdge = edge > 0 && edge < width && column === edge;
    for (let channel = 0; channel < 3; channel++) {
      const own = pixels[pixel * 4 + channel] ?? 0;
      const shown = color === undefined ? own * (id === 255 ? 0.4 : 1) : own + ((color[channel] ?? 0) - own) * opacity;
      image.data[pixel * 4 + channel] = isEdge ? 255 : shown;
    }
    image.data[pixel * 4 + 3] = 255;
  }
  return image;
}

/** The newest pseudo-labels. */
export function PictureGrid(
  { pictures, classes }: Pick<RunView, "pictures"> & { readonly classes: readonly PageClass[] },
): JSX.Element | null {
  if (pictures.length === 0) return null;
  return (
    <ul class="grid pseudo-labels">
      {pictures.map((picture) => (
        <li key={picture.index}>
          <figure>
            <LabelCanvas {...{ picture, classes }} label={`Pseudo-labels of ${picture.name}`} />
            <figcaption>
              <bdi>{picture.name}</bdi>: {percentLabelled(picture)} % labelled
            </figcaption>
          </figure>
        </li>
      ))}
    </ul>
  );
}

function percentLabelled({ labels }: LabelledPicture): number {
  return Math.round(100 * labels.reduce((sum, id) => sum + (id === 255 ? 0 : 1), 0) / Math.max(1, labels.length));
}

/**
 * Both networks' labels of a picture, with a slider between them.
 *
 * @param onChoose asks for the labels of another picture.
 */
export function Comparison({ names, chosen, picture, classes, onChoose }: {
  readonly names: readonly string[];
  readonly chosen: number;
  readonly picture: ComparedPicture | null;
  readonly classes: readonly PageClass[];
  readonly onChoose: (index: number) => void;
}): JSX.Element {
  const [cut, setCut] = useState(50);
  const [opacity, setOpacity] = useState(70);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const turn = (id: number) => {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    setHidden(next);
  };
  return (
    <>
      <p class="bar">
        <label>
          Picture{" "}
          <select value={chosen} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
            {names.map((name, index) => <option key={index} value={index}>{name}</option>)}
          </select>
        </label>
      </p>
      {picture === null ? <p>Both networks label the picture …</p> : (
        <figure class="comparison">
          <LabelCanvas
            {...{ picture, classes, hidden }}
            opacity={opacity / 100}
            cut={cut / 100}
            label={`${picture.name}, labelled before adaptation on the left and after it on the right`}
          />
          <figcaption>Left of the line: before adaptation. Right of it: after.</figcaption>
        </figure>
      )}
      <Slider id="cut" label="Line between before and after" value={cut} onInput={setCut} />
      <Slider id="opacity" label="Strength of the colours" value={opacity} onInput={setOpacity} />
      <ul class="legend" aria-label="Classes that are shown">
        {classes.map(({ name, color }, id) => (
          <li key={id}>
            <button type="button" aria-pressed={!hidden.has(id)} onClick={() => turn(id)}>
              <Swatch color={color} />
              <bdi>{name}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Slider({ id, label, value, onInput }: {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly onInput: (value: number) => void;
}): JSX.Element {
  return (
    <p>
      <label for={id}>{label}</label>
      <input
        {...{ id, value }}
        type="range"
        min="0"
        max="100"
        onInput={({ currentTarget }) => onInput(Number(currentTarget.value))}
      />
    </p>
  );
}

/** A patch of a class's colour. */
export function Swatch({ color }: Pick<PageClass, "color">): JSX.Element {
  return <span class="swatch" aria-hidden="true" style={{ "--color": `rgb(${color.join(" ")})` }} />;
}
