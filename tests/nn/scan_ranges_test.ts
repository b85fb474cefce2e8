/** What networks for scans take, and what they refuse. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  encodeBatch,
  floatChannels,
  imagenetPhotographs,
  kittiSensor,
  type PixelImage,
  scanRanges,
} from "../../mod.ts";

const kind = scanRanges({ channels: 6, scaling: "scaled" });

/** A scan of two points. */
const scan: PixelImage = {
  ...{ height: 2, width: 1, sensor: kittiSensor },
  pixels: Float32Array.of(1, 2, 3, 0.5, 4, 5, 6, 0.25),
};

Deno.test("scans lie on the GPU as the rows of their files, each from the start of its place", () => {
  const bytes = encodeBatch(kind, [scan, scan], ["a", "b"], 3, { height: 4, width: 1 });
  assertEquals(bytes.length, 3 * 4 * 20);
  assertEquals([...new Float32Array(bytes.buffer, 0, 9)], [1, 2, 3, 0.5, 4, 5, 6, 0.25, 0]);
  assertEquals([...new Float32Array(bytes.buffer, 80, 9)], [1, 2, 3, 0.5, 4, 5, 6, 0.25, 0]);
});

Deno.test("networks for scans refuse photographs, and other networks refuse scans, by name", () => {
  const photograph: PixelImage = { height: 1, width: 2, pixels: new Uint8Array(8) };
  assertThrows(
    () => kind.encode(photograph, "a.png"),
    Error,
    "a.png: the network takes LiDAR scans; the image has 8 bytes",
  );
  const taken = [imagenetPhotographs("rgb"), floatChannels(4)];
  for (const other of taken) assertThrows(() => other.encode(scan, "a.bin"), Error, "has the 2 points of a LiDAR scan");
  assertThrows(() => encodeBatch(kind, [scan], ["a.bin"], 1, { height: 1, width: 1 }), Error, "a.bin: it has 2");
});
