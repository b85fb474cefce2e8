import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { renderTown, townClasses, type TownName } from "../../src/town/town.ts";

const size = { height: 96, width: 192, seed: 1 };
const towns: readonly TownName[] = ["source", "target"];
const rendered = { source: pictures("source", 60), target: pictures("target", 60) };

function pictures(town: TownName, count: number) {
  return Array.from({ length: count }, (_, index) => renderTown(town, index, size));
}

/** Share of each class among the pixels that count. */
function frequencies(town: TownName): number[] {
  const counts = new Array<number>(256).fill(0);
  for (const { labels } of rendered[town]) for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const known = counts.slice(0, townClasses.length);
  const total = known.reduce((sum, count) => sum + count, 0);
  return known.map((count) => count / total);
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Deno.test("renderTown() draws the same bytes on every machine", async () => {
  const found: string[] = [];
  for (const town of towns) {
    for (const index of [0, 7]) {
      const { pixels, labels } = renderTown(town, index, size);
      found.push(`${town} ${index} ${await digest(pixels)} ${await digest(labels)}`);
    }
  }
  assertEquals(found, [
    "source 0 5d61837e0a1b13e9 dca747de7a7cdd9e",
    "source 7 c40ee00ac722a663 aa64cf18844bf1e7",
    "target 0 1eb81c39ec44bc70 2b5a44061bab5cbc",
    "target 7 31fd5c8efbc87773 49bb81db25057da1",
  ]);
});

Deno.test("renderTown() depends on town, index and seed, and not on what was drawn before", () => {
  const first = renderTown("source", 3, size);
  renderTown("target", 9, size);
  assertEquals(renderTown("source", 3, size), first);
  for (
    const other of [
      renderTown("source", 4, size),
      renderTown("target", 3, size),
      renderTown("source", 3, {
        ...size,
        seed: 2,
      }),
    ]
  ) {
    assertNotEquals(other.pixels, first.pixels);
    assertNotEquals(other.labels, first.labels);
  }
});

Deno.test("renderTown() gives opaque RGBA pixels and one label for each, at any size", () => {
  for (const [height, width] of [[96, 192], [40, 64], [7, 5], [1, 1]] as const) {
    const picture = renderTown("target", 0, { height, width, seed: 0 });
    assertEquals([picture.height, picture.width], [height, width]);
    assertEquals(picture.pixels.length, height * width * 4);
    assertEquals(picture.labels.length, height * width);
    assert(picture.pixels.every((value, index) => index % 4 !== 3 || value === 255));
  }
});

Deno.test("renderTown() refuses a size that is no size", () => {
  assertThrows(() => renderTown("source", 0, { height: 0, width: 8, seed: 0 }), RangeError, "0×8");
  assertThrows(() => renderTown("source", 0, { height: 8, width: 2.5, seed: 0 }), RangeError, "8×2.5");
});

for (const town of towns) {
  Deno.test(`every class occurs in the first 60 pictures of the ${town} town, and nothing but classes and 255`, () => {
    const seen = new Set(rendered[town].flatMap(({ labels }) => [...new Set(labels)]));
    seen.delete(255);
    assertEquals([...seen].sort((a, b) => a - b), townClasses.map((_, id) => id));
  });

  Deno.test(`the ${town} town is long-tailed as streets are`, () => {
    const shares = frequencies(town).sort((a, b) => b - a);
    assert((shares[0] ?? 0) > 0.2, `largest class ${shares[0]}`);
    assert((shares.at(-1) ?? 1) < 0.005, `smallest class ${shares.at(-1)}`);
    assert(shares.slice(0, 4).reduce((sum, share) => sum + share, 0) > 0.65, `first four ${shares}`);
  });

  Deno.test(`the sky is above and the road is ahead in the ${town} town`, () => {
    const { height, width } = size;
    for (const { labels } of rendered[town]) {
      const sky = townClasses.findIndex(({ name }) => name === "sky");
      assert(labels.subarray(Math.ceil(height * 0.56) * width).every((label) => label !== sky));
      const road = labels.subarray(height / 2 * width).filter((label) => label === 0).length;
      assert(road > height * width * 0.08, `${road} road pixels in the lower half`);
    }
  });
}

Deno.test("the towns differ in colour and in class frequencies", () => {
  const source = frequencies("source");
  const target = frequencies("target");
  const share = (of: number[], name: string) => of[townClasses.findIndex((entry) => entry.name === name)] ?? 0;
  for (const name of ["person", "bicycle", "pole"]) assert(share(target, name) > 1.5 * share(source, name), name);
  for (const name of ["vegetation", "terrain", "road"]) assert(share(target, name) < 0.9 * share(source, name), name);

  const saturation = (town: TownName) => {
    let sum = 0;
    for (const { pixels } of rendered[town]) {
      for (let at = 0; at < pixels.length; at += 4) {
        const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3);
        sum += Math.max(red, green, blue) - Math.min(red, green, blue);
      }
    }
    return sum;
  };
  assert(saturation("target") < 0.75 * saturation("source"));
});
