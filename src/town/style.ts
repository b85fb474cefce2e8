/**
 * How the two built-in towns differ. The source town is a crisp, saturated noon, as a game draws it; the target town a
 * wet, hazy dusk of brick terraces: other light, weather, materials, street layout, class frequencies and camera.
 *
 * Ranges are `[low, high]`; each picture draws its own value. Chances are probabilities in [0, 1].
 *
 * @module
 */

import type { Paint } from "./raster.ts";

/** Lowest and highest value that a picture may draw. */
export type Range = readonly [low: number, high: number];

/** A colour in linear light, red, green, blue. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A list with at least one colour. */
export type Colours = readonly [Colour, ...Colour[]];

/** Everything that makes a town what it is. */
export interface TownStyle {
  /** Number of the town in the random counters. */
  readonly number: number;
  /** Camera height in metres, focal length in picture widths, horizon in picture heights, yaw in radians. */
  readonly camera: { height: Range; focal: Range; horizon: Range; yaw: Range; bonnet: boolean };
  /** Widths in metres; `bend` is the curvature in 1/m. */
  readonly road: {
    halfWidth: Range;
    sidewalk: Range;
    verge: number;
    vergeWidth: Range;
    crossing: number;
    bend: Range;
    edgeLines: boolean;
    asphalt: Colour;
    marking: Colour;
    wear: number;
    paving: Colours;
    slab: number;
    soil: Colours;
  };
  /**
   * Chances of what stands on a lot. The remaining lots are yards behind walls. `setback` is the chance of front
   * gardens, `garden` their depth in metres.
   */
  readonly lots: { building: number; park: number; setback: number; garden: Range; length: Range };
  readonly facade: {
    floors: Range;
    floorHeight: Range;
    bay: Range;
    windowWidth: Range;
    windowHeight: Range;
    walls: Colours;
    trims: Colours;
    roofs: Colours;
    brick: number;
    gable: number;
    shop: number;
    lit: number;
  };
  /** Mean counts per 100 m of street, both sides together. */
  readonly things: {
    trees: number;
    bushes: number;
    people: number;
    parked: number;
    moving: number;
    bus: number;
    bicycles: number;
    lamps: number;
    poles: number;
    signs: number;
    lights: number;
  };
  readonly leaves: Colours;
  readonly cars: Colours;
  readonly clothes: Colours;
  readonly umbrellas: number;
  /** `fog` is the extinction in 1/m. */
  readonly light: {
    sun: Colour;
    elevation: Range;
    ambient: Colour;
    fog: Range;
    haze: Colour;
    zenith: Colour;
    horizon: Colour;
    cloud: Colour;
    clouds: Range;
    lamps: number;
    wet: number;
  };
  /**
   * `balance` is the largest error of the white balance; `noise` the deviation at white in [0, 1]; `blur` the share of
   * light that falls on each neighbouring pixel.
   */
  readonly sensor: {
    exposure: Range;
    saturation: Range;
    balance: number;
    noise: Range;
    blur: number;
    vignette: number;
    tint: Colour;
  };
}

/** A colour in linear light from its display value `0xRRGGBB`, with gamma 2. */
export function colour(display: number): Colour {
  const channel = (shift: number) => (((display >> shift) & 255) / 255) ** 2;
  return [channel(16), channel(8), channel(0)];
}

function colours(first: number, ...rest: number[]): Colours {
  return [colour(first), ...rest.map(colour)];
}

/** Sets a paint to a colour times a brightness. */
export function dip(paint: Paint, [red, green, blue]: Colour, brightness = 1): void {
  paint.red = red * brightness;
  paint.green = green * brightness;
  paint.blue = blue * brightness;
}

const source: TownStyle = {
  number: 1,
  camera: { height: [1.5, 1.9], focal: [0.6, 0.72], horizon: [0.42, 0.5], yaw: [-0.09, 0.09], bonnet: false },
  road: {
    halfWidth: [4.6, 7.2],
    sidewalk: [2.4, 4.2],
    verge: 0.45,
    vergeWidth: [1, 2.2],
    crossing: 0.45,
    bend: [-0.0022, 0.0022],
    edgeLines: true,
    asphalt: colour(0x6c6f74),
    marking: colour(0xf4f4ee),
    wear: 0.05,
    paving: colours(0xc9bfae, 0xbdb7ad, 0xcfc3a8),
    slab: 1.6,
    soil: colours(0x6fa33c, 0x7fae45, 0x8cab4c),
  },
  lots: { building: 0.7, park: 0.18, setback: 0.4, garden: [2, 4.5], length: [9, 20] },
  facade: {
    floors: [2, 6],
    floorHeight: [3, 3.6],
    bay: [2.4, 3.6],
    windowWidth: [0.42, 0.66],
    windowHeight: [0.45, 0.62],
    walls: colours(0xe6d3ae, 0xd9a066, 0xcf7f5c, 0xe9e2d0, 0x9fb7c4, 0xc9c7c0, 0xd8b7a0, 0xb4c29a, 0xefe6b8),
    trims: colours(0xf6f2e6, 0xffffff, 0xe6dccb),
    roofs: colours(0xb5533c, 0xa4492f, 0x7a5a50),
    brick: 0.05,
    gable: 0.4,
    shop: 0.3,
    lit: 0,
  },
  things: {
    trees: 9,
    bushes: 7,
    people: 9,
    parked: 6,
    moving: 3.2,
    bus: 0.35,
    bicycles: 1.6,
    lamps: 4,
    poles: 1,
    signs: 5,
    lights: 2.2,
  },
  leaves: colours(0x4f8a2a, 0x5f9a30, 0x3f7a2c, 0x6ea03a),
  cars: colours(0xc42a22, 0x2458b0, 0xf0f0f0, 0xe0b020, 0x30323a, 0xb8bec6, 0x1f8a5a, 0xd86a20),
  clothes: colours(0xd03030, 0x2a60c0, 0xf0e8d8, 0x30a060, 0xe0a020, 0x7a3090, 0x303040, 0x88b8e0),
  umbrellas: 0,
  light: {
    sun: [1.02, 0.96, 0.84],
    elevation: [0.6, 1.05],
    ambient: [0.38, 0.43, 0.52],
    fog: [0.0008, 0.002],
    haze: colour(0xc4dcf0),
    zenith: colour(0x3f86d8),
    horizon: colour(0xb6daf4),
    cloud: colour(0xfafcff),
    clouds: [0.1, 1.1],
    lamps: 0,
    wet: 0,
  },
  sensor: {
    exposure: [0.7, 1.15],
    saturation: [0.8, 1.2],
    balance: 0.1,
    noise: [0.006, 0.016],
    blur: 0,
    vignette: 0,
    tint: [1, 1, 1],
  },
};

const target: TownStyle = {
  number: 2,
  camera: { height: [1.2, 1.5], focal: [0.66, 0.8], horizon: [0.44, 0.53], yaw: [-0.06, 0.06], bonnet: true },
  road: {
    halfWidth: [3.4, 5],
    sidewalk: [1.7, 3],
    verge: 0.15,
    vergeWidth: [0.8, 1.4],
    crossing: 0.4,
    bend: [-0.0035, 0.0035],
    edgeLines: false,
    asphalt: colour(0x606166),
    marking: colour(0xcfcabb),
    wear: 0.5,
    paving: colours(0x9c948c, 0x8f8b88, 0xa6977f),
    slab: 0.7,
    soil: colours(0x64783a, 0x767440, 0x5a6c3a),
  },
  lots: { building: 0.8, park: 0.08, setback: 0.3, garden: [2, 4.5], length: [5.5, 10] },
  facade: {
    floors: [2, 4],
    floorHeight: [2.8, 3.3],
    bay: [1.9, 2.7],
    windowWidth: [0.36, 0.5],
    windowHeight: [0.5, 0.66],
    walls: colours(0x8e4f3c, 0x9a5f48, 0x7a4a40, 0xa8825f, 0x8d8378, 0xb09a86, 0x6e5850),
    trims: colours(0xc8bda8, 0xb8b2a8, 0x5a4a42),
    roofs: colours(0x4a4c54, 0x54484a, 0x3e4044),
    brick: 0.8,
    gable: 0.75,
    shop: 0.25,
    lit: 0.22,
  },
  things: {
    trees: 4.5,
    bushes: 3,
    people: 13,
    parked: 9,
    moving: 2.6,
    bus: 0.55,
    bicycles: 3,
    lamps: 5,
    poles: 4,
    signs: 4,
    lights: 1.6,
  },
  leaves: colours(0x54742e, 0x6e7a2e, 0x48703a, 0x86762e),
  cars: colours(0x2a2c30, 0x8a9096, 0xb8bcc0, 0x2c4678, 0x8a2a26, 0xdcdcd8, 0x40564c),
  clothes: colours(0x2a2a30, 0x3c3a44, 0x6a5440, 0x2c4270, 0x8a2c2c, 0x9a948a, 0xb8a824),
  umbrellas: 0.25,
  light: {
    sun: [0, 0, 0],
    elevation: [0.7, 1.1],
    ambient: [0.92, 0.93, 0.98],
    fog: [0.004, 0.009],
    haze: colour(0xbcbcc6),
    zenith: colour(0x9db0d4),
    horizon: colour(0xe2d6d0),
    cloud: colour(0xb0b4c4),
    clouds: [0.4, 0.8],
    lamps: 0.8,
    wet: 0.3,
  },
  sensor: {
    exposure: [0.95, 1.2],
    saturation: [0.8, 1],
    balance: 0.05,
    noise: [0.008, 0.017],
    blur: 0.06,
    vignette: 0.25,
    tint: [1.05, 1, 0.95],
  },
};

/** The styles of the two built-in towns. */
export const townStyles: { readonly source: TownStyle; readonly target: TownStyle } = { source, target };
