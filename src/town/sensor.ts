/**
 * The camera of the built-in towns: samples become pixels, lights get halos, and the sensor adds its blur, vignette,
 * tint and noise. Labels are never blended: a pixel takes the class that most of its samples have.
 *
 * @module
 */

import { hash } from "./noise.ts";
import type { Light } from "./light.ts";
import { Label, type Scene } from "./scene.ts";

/** Samples per pixel along each axis. The votes for a pixel's class rely on there being four samples. */
export const SAMPLES = 2;

/** A finished picture: `pixels` are RGBA `[height, width, 4]`, `labels` class ids `[height, width]`. */
export interface Picture {
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** Red, green, blue, 255 of each pixel. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** The class of each pixel. */
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Takes the picture of a lit scene. */
export function takePicture(scene: Scene, light: Light): Picture {
  const height = scene.raster.height / SAMPLES;
  const width = scene.raster.width / SAMPLES;
  const exposed = gather(light.colours, height, width);
  const labels = vote(scene, light.labels, height, width);
  for (const glow of scene.glows) addGlow(scene, exposed, height, width, glow);
  if (scene.style.camera.bonnet) addBonnet(exposed, labels, height, width);
  const blurred = blur(exposed, height, width, scene.style.sensor.blur);
  return { height, width, pixels: develop(scene, blurred, height, width), labels };
}

/** The mean of the samples of each pixel. */
function gather(colours: Float32Array, height: number, width: number): Float32Array {
  const mean = new Float32Array(height * width * 3);
  for (let row = 0; row < height * SAMPLES; row++) {
    for (let column = 0; column < width * SAMPLES; column++) {
      const from = (row * width * SAMPLES + column) * 3;
      const to = (Math.floor(row / SAMPLES) * width + Math.floor(column / SAMPLES)) * 3;
      for (let channel = 0; channel < 3; channel++) {
        // Samples saturate before they are averaged, as overexposed edges do in a render.
        mean[to + channel] = (mean[to + channel] ?? 0) + Math.min(1.5, colours[from + channel] ?? 0) / SAMPLES ** 2;
      }
    }
  }
  return mean;
}

/** The class of most samples of each pixel; the nearer one on a tie. */
function vote(scene: Scene, samples: Uint8Array, height: number, width: number): Uint8Array<ArrayBuffer> {
  const labels = new Uint8Array(height * width);
  const { nearness } = scene.raster;
  const wide = width * SAMPLES;
  for (let at = 0; at < labels.length; at++) {
    const corner = Math.floor(at / width) * SAMPLES * wide + (at % width) * SAMPLES;
    const first = samples[corner] ?? 0;
    labels[at] = first;
    if (samples[corner + 1] === first && samples[corner + wide] === first && samples[corner + wide + 1] === first) {
      continue;
    }
    let best = -1;
    for (const sample of [corner, corner + 1, corner + wide, corner + wide + 1]) {
      const label = samples[sample] ?? 0;
      let votes = 0;
      for (const other of [corner, corner + 1, corner + wide, corner + wide + 1]) {
        if (samples[other] === label) votes += 1;
      }
      const score = votes + Math.min(0.5, nearness[sample] ?? 0);
      if (score > best) {
        best = score;
        labels[at] = label;
      }
    }
  }
  return labels;
}

function addGlow(
  { raster }: Scene,
  exposed: Float32Array,
  height: number,
  width: number,
  glow: Scene["glows"][number],
): void {
  const place = raster.locate(glow.x, glow.y, glow.z);
  if (place === null) return;
  const [x, y, near] = place;
  const behind = raster.nearness[Math.floor(y) * raster.width + Math.floor(x)] ?? 0;
  if (x < 0 || x >= raster.width || y < 0 || y >= raster.height || behind > near * 1.04) return;
  const radius = Math.max(0.8, glow.size * raster.camera.focal * near / SAMPLES);
  const [column, row] = [x / SAMPLES - 0.5, y / SAMPLES - 0.5];
  const reach = radius * 2.2;
  for (let r = Math.max(0, Math.ceil(row - reach)); r <= Math.min(height - 1, row + reach); r++) {
    for (let c = Math.max(0, Math.ceil(column - reach)); c <= Math.min(width - 1, column + reach); c++) {
      const distance = ((r - row) ** 2 + (c - column) ** 2) / (radius * radius);
      const strength = Math.exp(-distance * 1.6) * 0.6;
      for (let channel = 0; channel < 3; channel++) {
        const at = (r * width + c) * 3 + channel;
        exposed[at] = (exposed[at] ?? 0) + strength * (glow.colour[channel] ?? 0);
      }
    }
  }
}

/** The bonnet of the car that carries the camera: part of the image, ignored in the labels. */
function addBonnet(exposed: Float32Array, labels: Uint8Array, height: number, width: number): void {
  for (let column = 0; column < width; column++) {
    const place = (column + 0.5) / width * 2 - 1;
    const top = Math.round(height * (0.945 + 0.05 * place * place * place * place));
    for (let row = top; row < height; row++) {
      const at = row * width + column;
      const shine = Math.max(0, 1 - (row - top) / (0.05 * height));
      labels[at] = Label.ignored;
      exposed[at * 3] = 0.03 + 0.13 * shine;
      exposed[at * 3 + 1] = 0.032 + 0.135 * shine;
      exposed[at * 3 + 2] = 0.04 + 0.15 * shine;
    }
  }
}

/** Spreads the share `amount` of each pixel to its neighbours, along rows and then along columns. */
function blur(image: Float32Array, height: number, width: number, amount: number): Float32Array {
  if (amount === 0) return image;
  const pass = (from: Float32Array, step: number, limit: (pixel: number) => [boolean, boolean]) => {
    const to = new Float32Array(from.length);
    for (let pixel = 0; pixel < height * width; pixel++) {
      const [first, last] = limit(pixel);
      for (let channel = 0; channel < 3; channel++) {
        const at = pixel * 3 + channel;
        const own = from[at] ?? 0;
        const before = first ? own : from[at - step * 3] ?? 0;
        const after = last ? own : from[at + step * 3] ?? 0;
        to[at] = own * (1 - 2 * amount) + (before + after) * amount;
      }
    }
    return to;
  };
  const rows = pass(image, 1, (pixel) => [pixel % width === 0, pixel % width === width - 1]);
  return pass(rows, width, (pixel) => [pixel < width, pixel >= (height - 1) * width]);
}

/** Exposure, vignette, tint, saturation, shot noise and gamma; to 8 bits. */
function develop(scene: Scene, image: Float32Array, height: number, width: number): Uint8Array<ArrayBuffer> {
  const { sensor } = scene.style;
  const exposure = scene.dice.within(sensor.exposure);
  const saturation = scene.dice.within(sensor.saturation);
  const warmth = 1 + scene.dice.between(-sensor.balance, sensor.balance);
  const tint = [sensor.tint[0] * warmth, sensor.tint[1], sensor.tint[2] / warmth];
  const deviation = scene.dice.within(sensor.noise);
  const seed = scene.dice.integer(0, 1e9);
  const pixels = new Uint8Array(height * width * 4);
  const value: [number, number, number] = [0, 0, 0];
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const dx = (column + 0.5) / width - 0.5;
      const dy = (row + 0.5) / height - 0.5;
      const gain = exposure * (1 - sensor.vignette * 2 * (dx * dx + dy * dy));
      for (let channel = 0; channel < 3; channel++) {
        value[channel] = (image[at * 3 + channel] ?? 0) * gain * (tint[channel] ?? 1);
      }
      const grey = 0.3 * value[0] + 0.59 * value[1] + 0.11 * value[2];
      for (let channel = 0; channel < 3; channel++) {
        const linear = Math.max(0, grey + ((value[channel] ?? 0) - grey) * saturation);
        // Shot noise grows with the square root of the light. The picture is stored as a square root too, so the noise
        // is even there. The sum of two random bytes makes it bell-shaped.
        const bits = hash(at, channel, seed);
        const noise = ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255)) / 382.5 - 1;
        const shown = Math.sqrt(linear) + noise * 1.73 * deviation;
        pixels[at * 4 + channel] = Math.max(0, Math.min(255, Math.round(shown * 255)));
      }
      pixels[at * 4 + 3] = 255;
    }
  }
  return pixels;
}
