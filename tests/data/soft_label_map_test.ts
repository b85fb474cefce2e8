import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeSoftLabels,
  encodeSoftLabels,
  resizeSoftLabels,
  type SoftLabelMap,
  wordsOfHardLabels,
} from "../../src/data/soft_label_map.ts";

const map: SoftLabelMap = {
  height: 2,
  width: 3,
  words: Uint32Array.from({ length: 18 }, (_, index) => index * 12_345_678 >>> 0),
};

Deno.test("soft labels are read back from their file as they were", () => {
  assertEquals(decodeSoftLabels(encodeSoftLabels(map), "a.soft"), map);
});

Deno.test("a damaged file of soft labels is refused by a sentence", () => {
  const bytes = encodeSoftLabels(map);
  const damaged = bytes.slice();
  damaged.set([255, 255, 255], 18);
  const huge = bytes.slice();
  huge.set([255, 255, 255, 127], 8);
  for (
    const [file, why] of [
      [bytes.slice(0, 9), "no file of soft labels"],
      [new Uint8Array(40), "no file of soft labels"],
      [bytes.slice(0, -9), "is damaged"],
      [damaged, "is damaged"],
      [huge, "cut short"],
    ] as const
  ) {
    assertThrows(() => decodeSoftLabels(file, "a.soft"), Error, `Cannot read the soft labels a.soft: `);
    assertThrows(() => decodeSoftLabels(file, "a.soft"), Error, why);
  }
  assertThrows(() => decodeSoftLabels(bytes, "a.soft", { maxPixels: 5 }), Error, "claims 2×3 pixels");
});

Deno.test("hard labels have the whole share, and ids that are no class none; resizing takes the nearest pixel", () => {
  const words = wordsOfHardLabels(Uint8Array.of(2, 255, 0, 3), 3);
  assertEquals([...words], [2, 65535, 0, 0, 0, 0, 0, 65535, 0, 0, 0, 0]);
  const resized = resizeSoftLabels({ height: 1, width: 4, words }, { height: 2, width: 2 });
  assertEquals([...resized.words], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const larger = resizeSoftLabels({ height: 1, width: 1, words: Uint32Array.of(7, 8, 9) }, { height: 1, width: 2 });
  assertEquals([...larger.words], [7, 8, 9, 7, 8, 9]);
});
