import { assert, assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { GrowthReport } from "../../bench/growth.ts";
import { growthSvg, growthTables } from "../../bench/growth_plot.ts";
import { rooflineSvg } from "../../bench/plot.ts";
import { marks, readElements } from "./svg.ts";

const peaks = { gflops: 80, gigabytesPerSecond: 5 };

/** A row that does a GFLOP per 10 ms. */
function row(kernel: string, direction: string, intensity: number) {
  return { kernel, direction, milliseconds: 10, flops: 1e9, bytes: 1e9 / intensity };
}

Deno.test("the roofline has one mark per row, coloured by direction, and is well-formed", () => {
  const rows = [row("conv <3>", "forward", 100), row("conv <3>", "dx", 100), row('add "a & b"', "forward", 0.1)];
  const svg = rooflineSvg(peaks, rows, "an <adapter> & more");
  const found = marks(readElements(svg));
  assertEquals(found.length, 3);
  // Those of one direction stand together.
  const [first, second, third] = found.map(({ attributes }) => attributes);
  assertEquals(first?.class, second?.class);
  assertNotEquals(first?.class, third?.class);
  // All have the same speed; more operations per byte lie further to the right.
  assertEquals(first?.cy, second?.cy);
  assert(Number(first?.cx) > Number(second?.cx));
  assertEquals(first?.cx, third?.cx);
  assertStringIncludes(svg, "conv &lt;3&gt;, forward: 10.00 ms, 100.00 GFLOP/s, 100.00 flop per byte");
  assertStringIncludes(svg, "an &lt;adapter&gt; &amp; more");
});

Deno.test("a kernel as fast as the roof lies on it, whether memory or arithmetic bounds it", () => {
  const rows = [
    { ...row("by memory", "forward", 2), milliseconds: 100 },
    { ...row("by arithmetic", "forward", 200), milliseconds: 12.5 },
  ];
  const elements = readElements(rooflineSvg(peaks, rows, "adapter"));
  const roof = elements.findIndex(({ attributes }) => attributes.class === "roof");
  const line = elements[roof + 1]?.attributes.d ?? "";
  const [[x0 = 0, y0 = 0] = [], [x1 = 0, y1 = 0] = []] = line.slice(1).split("L").map((pair) =>
    pair.split(",").map(Number)
  );
  const [memory, arithmetic] = marks(elements).map(({ attributes: { cx, cy } }) => [Number(cx), Number(cy)] as const);
  assert(memory !== undefined && arithmetic !== undefined);
  assert(memory[0] > x0 && memory[0] < x1);
  const onRoof = y0 + (y1 - y0) * (memory[0] - x0) / (x1 - x0);
  assert(Math.abs(memory[1] - onRoof) < 0.1, `${memory[1]} and ${onRoof}`);
  assert(Math.abs(arithmetic[1] - y1) < 0.1);
});

Deno.test("no two numbers of the roofline lie over each other where points crowd", () => {
  const rows = Array.from({ length: 18 }, (_, index) => row(`kernel ${index}`, "forward", 50 + index / 4));
  const svg = rooflineSvg(peaks, rows, "adapter");
  const [, group = ""] = /<g [^>]*class="series1"[^>]*>(<text.*?)<\/g>/.exec(svg) ?? [];
  const labels = [...group.matchAll(/<text transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>\d+</g)]
    .map(([, x, y]) => [Number(x), Number(y)] as const);
  assertEquals(labels.length, 18);
  for (const [index, [x, y]] of labels.entries()) {
    for (const [otherX, otherY] of labels.slice(index + 1)) {
      assert(Math.abs(x - otherX) >= 7 || Math.abs(y - otherY) >= 10, `${x},${y} and ${otherX},${otherY}`);
    }
  }
});

Deno.test("a roofline of no kernels, or of one without operations, is refused", () => {
  assertThrows(() => rooflineSvg(peaks, [], "adapter"), RangeError, "without kernels");
  const idle = { ...row("copy", "forward", 1), flops: 0 };
  assertThrows(() => rooflineSvg(peaks, [idle], "adapter"), RangeError, "Cannot draw copy (forward)");
});

const point = {
  batch: 1,
  height: 64,
  width: 128,
  classes: 19,
  stepMs: 4,
  forwardMs: 1,
  stepBytes: 4e6,
  forwardBytes: 1e6,
};
const growth: GrowthReport = {
  sweeps: [
    { variable: "pixels", points: [point, { ...point, height: 128, stepMs: 8 }] },
    { variable: "batch", points: [point, { ...point, batch: 2 }, { ...point, batch: 4 }] },
    { variable: "classes", points: [point] },
  ],
  labelling: [
    { images: 2, keptMs: 1, anewMs: 2, keptBytes: 10, anewBytes: 9 },
    { images: 4, keptMs: 2, anewMs: 4, keptBytes: 12, anewBytes: 9 },
  ],
};

Deno.test("the growth plot has four marks per row of the tables and is well-formed", () => {
  const tables = growthTables(growth);
  const rows = tables.flatMap(([, ...rows]) => rows);
  assertEquals(tables.map(({ length }) => length), [7, 3]);
  assert(tables.every(([header, ...rows]) => rows.every(({ length }) => length === header?.length)));
  const svg = growthSvg(growth, "adapter");
  assertEquals(marks(readElements(svg)).length, 4 * rows.length);
  assertStringIncludes(svg, "training step: 8.0 ms at 0.016384 megapixels of an image");
});
