/**
 * Draws labels and confidence over a picture.
 *
 * @module
 */

import type { LabelledPicture } from "./label_messages.ts";

/** What is drawn over a picture: the colours of its labels, or its confidence. */
export type OverlayKind = "labels" | "confidence";

/** How a picture is shown. */
export interface Drawing {
  /** What is drawn over it. */
  readonly kind: OverlayKind;
  /** From 0, the picture alone, to 1, the overlay alone. */
  readonly opacity: number;
  /** A colour for each class. */
  readonly palette: readonly (readonly [number, number, number])[];
  /** Ids of the classes whose pixels are left as the picture has them. */
  readonly hidden: ReadonlySet<number>;
}

/** Draws a picture with what is known of it over it. The canvas takes the size of the picture. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap,
  labelled: LabelledPicture | undefined,
  drawing: Drawing,
): void {
  const { width, height } = picture;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.globalAlpha = 1;
  context.drawImage(picture, 0, 0);
  const colours = labelled === undefined ? null : overlayOf(labelled, drawing);
  if (labelled === undefined || colours === null) return;
  const overlay = new OffscreenCanvas(labelled.width, labelled.height);
  overlay.getContext("2d")?.putImageData(new ImageData(colours, labelled.width, labelled.height), 0, 0);
  context.globalAlpha = drawing.opacity;
  context.imageSmoothingEnabled = false;
  context.drawImage(overlay, 0, 0, width, height);
}

/** RGBA of each pixel; `null` where the confidence is not known yet. */
function overlayOf(
  { labels, confidence }: LabelledPicture,
  { kind, palette, hidden }: Drawing,
): Uint8ClampedArray<ArrayBuffer> | null {
  const values = kind === "labels" ? labels : confidence;
  if (values === null) return null;
  const isShown = Array.from({ length: 256 }, (_, id) => !hidden.has(id));
  const colours = Uint32Array.from({ length: 256 }, (_, value) => {
    const [red, green, blue] = kind === "labels" ? palette[value] ?? [0, 0, 0] : confidenceColour(value / 255);
    return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
  });
  const result = new Uint32Array(labels.length);
  for (const [pixel, id] of labels.entries()) {
    if (isShown[id]) result[pixel] = colours[values[pixel] ?? 0] ?? 0;
  }
  return new Uint8ClampedArray(result.buffer);
}

/** Points of a scale from dark blue over green to yellow, which also those see who do not see all colours (viridis). */
const scale = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]] as const;

/** The colour of a confidence from 0 to 1. */
export function confidenceColour(share: number): [number, number, number] {
  const place = Math.min(Math.max(share, 0), 1) * (scale.length - 1);
  const below = scale[Math.floor(place)] ?? scale[0];
  const above = scale[Math.ceil(place)] ?? below;
  const mixed = (channel: 0 | 1 | 2) => Math.round(below[channel] + (above[channel] - below[channel]) * (place % 1));
  return [mixed(0), mixed(1), mixed(2)];
}
