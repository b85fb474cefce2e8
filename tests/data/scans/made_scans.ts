/**
 * Small scans and label files for the tests, in the forms of SemanticKITTI and nuScenes.
 *
 * @module
 */

import { dirname, join } from "node:path";

/** The bytes of a scan of `points`, each of 4 or 5 numbers. */
export function scanBytes(points: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Float32Array(points.flat()).buffer);
}

/** The bytes of a `.label` file: the class in the low 16 bits, an instance in the high ones. */
export function labelBytes(ids: readonly number[], instance = 7): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array(ids.map((id) => instance * 65536 + id)).buffer);
}

/** Points around a sensor, `count` of them, that differ from seed to seed. */
export function ringPoints(count: number, seed = 0): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const angle = (index + 0.5) / count * 2 * Math.PI;
    const range = 5 + (index * 7 + seed * 3) % 11;
    return [range * Math.cos(angle), range * Math.sin(angle), (index + seed) % 3 - 1.5, (index % 10) / 10];
  });
}

/** Writes a file, and the folders that it needs. */
export function writeAt(path: string, bytes: Uint8Array | string): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  if (typeof bytes === "string") Deno.writeTextFileSync(path, bytes);
  else Deno.writeFileSync(path, bytes);
}

/**
 * Writes nuScenes' tables of keyframes, and their scans.
 *
 * @param keyframes the token of each, its sample's, its scene, and its file's name.
 * @param scan gives the bytes of the scan of a number. Default: eight points.
 */
export function writeNuscenes(
  folder: string,
  version: string,
  keyframes: readonly (readonly string[])[],
  scan: (index: number) => Uint8Array = () => scanBytes(ringPoints(8).map((point, ring) => [...point, ring])),
): void {
  const tables = keyframes.map(([token = "", sample = "", scene = "", name = ""], index) => {
    const filename = `samples/LIDAR_TOP/${name}.pcd.bin`;
    writeAt(join(folder, filename), scan(index));
    const data = [
      { token, sample_token: sample, filename, is_key_frame: true, note: 'a } in "a\\\\ text {' },
      { token: `${token}0`, sample_token: sample, filename: `sweeps/LIDAR_TOP/${name}.pcd.bin`, is_key_frame: false },
      { token: `${token}1`, sample_token: sample, filename: `samples/CAM_FRONT/${name}.jpg`, is_key_frame: true },
    ];
    return { data, sample: { token: sample, scene_token: `token of ${scene}` }, scene };
  });
  const scenes = [...new Set(tables.map(({ scene }) => scene))];
  const write = (name: string, rows: unknown) =>
    writeAt(join(folder, version, `${name}.json`), JSON.stringify(rows, null, 1));
  write("sample_data", tables.flatMap(({ data }) => data));
  write("sample", tables.map(({ sample }) => sample));
  write("scene", scenes.map((name) => ({ token: `token of ${name}`, name })));
}
