import { assertAlmostEquals, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { foldedLayers, interpolationMatrix, labelShares, referenceNetwork } from "../../bench/peers/network.ts";
import { batch, classes, height, labels, layers, width } from "../../bench/reference_data.ts";

Deno.test("the peers' network has the layers of the reference, in its order, and counts its second uses", () => {
  const seen: string[] = [];
  let second = 0;
  const depth = referenceNetwork<number>(3, {
    layer(x, layer) {
      assertEquals(x, layer.inputs, layer.name);
      seen.push(layer.name);
      return layer.channels;
    },
    head(x, layer) {
      assertEquals(x, 256, layer.name);
      return layer.channels;
    },
    add: (a, b) => (assertEquals(a, b), a),
    relu: (x) => x,
  }, (x) => (second++, x));
  assertEquals(depth, classes);
  assertEquals(seen.sort(), layers.map(({ name }) => name).sort());
  assertEquals(second, 10 + 3);
});

Deno.test("every folded layer has its weights and one bias per channel", () => {
  for (const { name, weight, bias, channels, inputs, kernel } of foldedLayers().values()) {
    assertEquals([weight.length, bias.length], [channels * inputs * kernel ** 2, channels], name);
    assertEquals([weight, bias].every((values) => values.every(Number.isFinite)), true, name);
  }
});

Deno.test("the peers' interpolation keeps a ramp between the first and the last centre", () => {
  const inputs = 5;
  const matrix = interpolationMatrix(inputs);
  for (let output = 0; output < inputs * 8; output++) {
    const weights = matrix.subarray(output * inputs, (output + 1) * inputs);
    const value = weights.reduce((sum, weight, input) => sum + weight * input, 0);
    assertAlmostEquals(value, Math.min(inputs - 1, Math.max(0, (output + 0.5) / 8 - 0.5)), 1e-6);
  }
});

Deno.test("the label shares sum to one, and lie in the plane of their class", () => {
  const shares = labelShares();
  assertEquals(shares.length, batch * height * width * classes);
  assertAlmostEquals(shares.reduce((sum, share) => sum + share, 0), 1, 1e-4);
  const plane = height * width;
  const wrong = labels().findIndex((id, pixel) => {
    const index = (Math.floor(pixel / plane) * classes + id) * plane + pixel % plane;
    return id < classes && !((shares[index] ?? 0) > 0);
  });
  assertEquals(wrong, -1);
});

Deno.test("a peer's packages are named in docs/dependencies.md", () => {
  const read = (path: string) => Deno.readTextFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)));
  const { imports } = JSON.parse(read("bench/peers/deno.json"));
  const missing = Object.keys(imports).filter((name) => !read("docs/dependencies.md").includes(`\`${name}\``));
  assertEquals(missing, []);
});
