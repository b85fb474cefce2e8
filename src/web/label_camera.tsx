/**
 * The camera: one frame after the other is labelled, as fast as the GPU goes.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "../errors.ts";
import { type Drawing, drawPicture } from "./label_drawing.ts";
import type { LabelledPicture } from "./label_messages.ts";

/** Labels a frame. */
export type LabelFrame = (frame: ImageBitmap) => Promise<LabelledPicture>;

/** The camera's picture with its labels. It ends with the component. */
export function Camera({ drawing, label, onEnd }: {
  readonly drawing: Drawing;
  readonly label: LabelFrame;
  readonly onEnd: () => void;
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [state, setState] = useState("Waiting for the camera.");
  const [failure, setFailure] = useState("");
  // The loop outlives a rendering and looks at what is wanted now.
  const now = useRef({ drawing, label });
  now.current = { drawing, label };
  useEffect(() => {
    const ending = new AbortController();
    let frames = 0;
    const show = async (frame: ImageBitmap) => {
      const start = performance.now();
      const labelled = await now.current.label(await createImageBitmap(frame));
      if (ending.signal.aborted || canvas.current === null) return;
      drawPicture(canvas.current, frame, labelled, now.current.drawing);
      setState(`Frame ${++frames} took ${(performance.now() - start).toFixed(0)} ms.`);
    };
    runCamera(show, ending.signal).catch((error) => {
      if (!ending.signal.aborted) setFailure(cameraText(error));
    });
    return () => ending.abort();
  }, []);
  return (
    <section aria-labelledby="camera">
      <h2 id="camera">Camera</h2>
      {failure === ""
        ? (
          <>
            <canvas ref={canvas} class="camera" role="img" aria-label="The camera's picture with its labels" />
            <p class="soft">{state}</p>
          </>
        )
        : (
          <div class="notice bad">
            <p>
              <strong>No camera.</strong> {failure}
            </p>
          </div>
        )}
      <p>
        <button type="button" onClick={onEnd}>Stop the camera</button>
      </p>
    </section>
  );
}

/** Opens the camera and shows one frame after the other until the signal comes. */
async function runCamera(show: (frame: ImageBitmap) => Promise<void>, signal: AbortSignal): Promise<void> {
  const wanted = { facingMode: "environment", width: { ideal: 640 }, height: { ideal: 480 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  try {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const frame = await createImageBitmap(video);
      await show(frame);
      frame.close();
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

function cameraText(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError") {
    return "The camera may not be used. Allow it for this page in the browser's settings.";
  }
  if (name === "NotFoundError") return "This computer has no camera that the browser can see.";
  if (navigator.mediaDevices === undefined) return "A browser gives its camera only to pages of https or localhost.";
  return `${errorText(error)}.`;
}
