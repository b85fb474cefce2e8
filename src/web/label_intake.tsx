/**
 * How pictures come to the page that labels: dropped, chosen, pasted, or the example.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { renderTown } from "../town/town.ts";

/** A place to drop, choose and paste pictures. */
export function Intake({ onFiles, onExample, children }: {
  readonly onFiles: (files: readonly File[]) => void;
  readonly onExample: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  const [isOver, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const take = (list: FileList | null | undefined) => {
    const files = [...list ?? []];
    if (files.length > 0) onFiles(files);
  };
  useEffect(() => {
    const pasted = ({ clipboardData }: ClipboardEvent) => take(clipboardData?.files);
    document.addEventListener("paste", pasted);
    return () => document.removeEventListener("paste", pasted);
  });
  const over = (isIt: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(isIt);
  };
  return (
    <section aria-labelledby="intake">
      <h2 id="intake">Pictures</h2>
      <div
        class={isOver ? "drop over" : "drop"}
        onDragOver={over(true)}
        onDragLeave={over(false)}
        onDrop={(event) => {
          over(false)(event);
          take(event.dataTransfer?.files);
        }}
      >
        <p id="how">Drop pictures here, paste one, or choose where they come from.</p>
        <p class="bar middle">
          <button type="button" class="primary" aria-describedby="how" onClick={() => chooser.current?.click()}>
            Choose pictures
          </button>
          <button type="button" onClick={onExample}>Example picture</button>
          {children}
        </p>
        <input
          ref={chooser}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label="Pictures to label"
          onChange={(event) => {
            take(event.currentTarget.files);
            // So that the same file can be chosen again.
            event.currentTarget.value = "";
          }}
        />
        <p class="soft">Nothing leaves this computer: the network runs here, on its GPU.</p>
      </div>
    </section>
  );
}

/** A street of the built-in target town as a PNG file. */
export async function examplePicture(index: number): Promise<File> {
  const { pixels, height, width } = renderTown("target", index, { height: 240, width: 320, seed: 0 });
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], `town-${index + 1}.png`, { type: "image/png" });
}
