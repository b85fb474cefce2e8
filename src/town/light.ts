/**
 * Light of the built-in towns. Every sample of the raster gets its colour and its class. The colour has sun and sky
 * light, fog, and the mirror of wet ground.
 *
 * @module
 */

import { fractalNoise } from "./noise.ts";
import { Ground, Sky } from "./ground.ts";
import { CONTACT_SHADOW, type Paint, SUN_SHADOW } from "./raster.ts";
import { Label, type Scene } from "./scene.ts";
import type { Zone } from "./street.ts";

/** Samples of one picture: linear light `[height, width, 3]` and class ids `[height, width]`. */
export interface Light {
  readonly colours: Float32Array;
  readonly labels: Uint8Array;
}

const ZONE_LABEL: Record<Zone, number> = {
  road: Label.road,
  sidewalk: Label.sidewalk,
  paved: Label.sidewalk,
  verge: Label.terrain,
  garden: Label.terrain,
};

/** Lights a finished scene. */
export function lightScene(scene: Scene): Light {
  const { raster, style, dice, street } = scene;
  const { width, height, camera } = raster;
  const colours = new Float32Array(width * height * 3);
  const labels = new Uint8Array(width * height);
  const ground = new Ground(style, street, dice);
  const sky = new Sky(style, dice);
  const fog = dice.within(style.light.fog);
  const [sunRed, sunGreen, sunBlue] = style.light.sun;
  const [skyRed, skyGreen, skyBlue] = style.light.ambient;
  const [hazeRed, hazeGreen, hazeBlue] = style.light.haze;
  const hasSun = sunRed > 0;
  const paint: Paint = { red: 0, green: 0, blue: 0, glow: 0, sun: 1 };

  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      paint.glow = 0;
      paint.sun = 1;
      const id = raster.surface[at] ?? 0;
      let depth = 0;
      let ambient = 1;
      let sun = 0;
      if (id > 0) {
        const surface = raster.surfaces[id];
        if (surface === undefined) continue;
        surface.paint(raster.u[at] ?? 0, raster.v[at] ?? 0, paint);
        labels[at] = surface.label;
        depth = 1 / (raster.nearness[at] ?? 1);
        ambient = surface.ambient;
        sun = surface.sun * paint.sun;
      } else if (row + 0.5 > camera.horizon + 0.25) {
        const place = raster.ground(column, row);
        const across = place[0] - street.middle(place[1]);
        const zone = street.zone(across, place[1]);
        ground.paint(zone, across, place[1], place[2], paint);
        labels[at] = ZONE_LABEL[zone];
        depth = place[2];
        const shadow = raster.shadows[at] ?? 0;
        ambient = (shadow & CONTACT_SHADOW) !== 0 ? 0.55 : 1;
        const shaded = (shadow & SUN_SHADOW) !== 0;
        sun = hasSun && !shaded && scene.sunReaches(across, 0, place[1]) ? scene.sun[1] : 0;
      } else {
        sky.paint((column + 0.5 - width / 2) / camera.focal, (camera.horizon - row - 0.5) / camera.focal, paint);
        labels[at] = Label.sky;
        colours[at * 3] = paint.red;
        colours[at * 3 + 1] = paint.green;
        colours[at * 3 + 2] = paint.blue;
        continue;
      }
      const clear = Math.exp(-fog * depth);
      const glow = paint.glow;
      const share = glow > 0 ? 0 : 1;
      const red = paint.red * (glow + share * (ambient * skyRed + sun * sunRed));
      const green = paint.green * (glow + share * (ambient * skyGreen + sun * sunGreen));
      const blue = paint.blue * (glow + share * (ambient * skyBlue + sun * sunBlue));
      colours[at * 3] = hazeRed + (red - hazeRed) * clear;
      colours[at * 3 + 1] = hazeGreen + (green - hazeGreen) * clear;
      colours[at * 3 + 2] = hazeBlue + (blue - hazeBlue) * clear;
    }
  }
  if (style.light.wet > 0) mirror(scene, colours, dice.integer(0, 1e9));
  return { colours, labels };
}

/**
 * Mirrors what stands on the ground in the wet parts of road and pavement. A point below the foot of a thing shows the
 * point that lies as far above it. For upright things this is exact.
 */
function mirror({ raster, style, street }: Scene, colours: Float32Array, seed: number): void {
  const { width, height, camera } = raster;
  for (let column = 0; column < width; column++) {
    let foot = Math.floor(camera.horizon);
    for (let row = Math.max(0, foot); row < height; row++) {
      const at = row * width + column;
      if ((raster.surface[at] ?? 0) > 0 || row + 0.5 <= camera.horizon + 0.25) {
        foot = row;
        continue;
      }
      const [x, z, depth] = raster.ground(column, row);
      const across = x - street.middle(z);
      const zone = street.zone(across, z);
      if (zone === "verge" || zone === "garden") continue;
      const film = fractalNoise(across * 0.55, z * 0.22, seed) + (zone === "road" ? 0.08 : -0.08);
      const wet = style.light.wet * Math.max(0.15, Math.min(1, (film - 0.36) * 5));
      // The flatter the view, the more light is mirrored (Schlick's approximation, softened).
      const grazing = 1 - camera.height / Math.hypot(camera.height, depth);
      const share = wet * (0.12 + 0.88 * grazing * grazing * grazing);
      const ripple = Math.floor((fractalNoise(across * 3, z * 1.2, seed + 9) - 0.5) * 5);
      const source = Math.max(0, Math.min(height - 1, 2 * foot - row + 1 + ripple));
      const from = (source * width + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const own = colours[at * 3 + channel] ?? 0;
        colours[at * 3 + channel] = own + ((colours[from + channel] ?? 0) - own) * share;
      }
    }
  }
}
