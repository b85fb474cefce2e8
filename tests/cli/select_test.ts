import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { decode } from "fast-png";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { testWithShared } from "../shared.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

const select = (...args: string[]) => crosswalk("select", ...args);

function npy(path: string) {
  return readNpy(new Uint8Array(readFileSync(path)), path);
}

type VectorCase = Record<string, unknown> & { readonly labels_row: number; readonly soft_row: number };

/** The case of the vectors with these settings. */
function vectorCase(folder: string, settings: Record<string, unknown>): VectorCase {
  const { cases } = JSON.parse(readFileSync(join(folder, "thresholds.json"), "utf8")) as { cases: VectorCase[] };
  const found = cases.find((one) => Object.entries(settings).every(([key, value]) => one[key] === value));
  assert(found !== undefined);
  return found;
}

function assertReport(found: Record<string, unknown>, wanted: VectorCase, except: readonly string[] = []): void {
  const rows = ["labels_row", "soft_row"];
  assertEquals(Object.keys(found).sort(), Object.keys(wanted).filter((key) => !rows.includes(key)).sort());
  for (const [key, value] of Object.entries(found)) {
    if (key === "k") {
      const errors = (value as number[]).map((k, id) => Math.abs(k - ((wanted.k as number[])[id] ?? NaN)));
      assert(Math.max(...errors) < 1e-12);
    } else if (!except.includes(key)) assertEquals(value, wanted[key], key);
  }
}

testWithShared(
  "select writes a label PNG per image and the thresholds of the vectors",
  ["vectors/a"],
  (vectors) =>
    inTemporaryFolder(async (folder) => {
      const out = join(folder, "labels");
      const { code, stdout } = await select(
        ...["--probabilities", join(vectors, "prob.npy"), "--prior", join(vectors, "prior.npy")],
        ...["--portion", "0.5", "--policy", "st", "--rule", "mxnet", "--out", out, "--json"],
      );
      assertEquals(code, 0);
      // The stride is 4 where nothing is said.
      const wanted = vectorCase(vectors, { policy: "st", rule: "mxnet", portion: 0.5, stride: 4, prior: true });
      const written = JSON.parse(readFileSync(join(out, "thresholds.json"), "utf8"));
      assertReport(written, wanted);
      assertEquals(JSON.parse(stdout), written);
      const { shape, data } = npy(join(vectors, "labels.npy"));
      const [, images = 0, height = 0, width = 0] = shape;
      const size = height * width;
      for (let image = 0; image < images; image++) {
        const png = decode(readFileSync(join(out, `prob_${image}.png`)));
        const first = (wanted.labels_row * images + image) * size;
        assertEquals([png.height, png.width, png.channels, png.depth], [height, width, 1, 8]);
        assertEquals(Uint8Array.from(png.data), data.slice(first, first + size));
      }
    }),
);

testWithShared(
  "select writes labels.npy for several files, single maps among them",
  ["vectors/b"],
  (vectors) =>
    inTemporaryFolder(async (folder) => {
      const { shape, data } = npy(join(vectors, "prob.npy"));
      const [images = 0, ...sides] = shape;
      assert(data instanceof Float32Array);
      const size = data.length / images;
      mkdirSync(join(folder, "maps"));
      const first = join(folder, "maps", "first.npy");
      const rest = join(folder, "maps", "rest.npy");
      writeFileSync(first, writeNpy(sides, data.slice(0, size)));
      writeFileSync(rest, writeNpy([images - 1, ...sides], data.slice(size)));
      const out = join(folder, "out");
      const options = ["--stride", "1", "--out", out];
      const npyRun = await select("--probabilities", first, rest, "--format", "npy", ...options);
      assertEquals(npyRun.code, 0, npyRun.stderr);
      const wanted = vectorCase(vectors, { policy: "cbst", rule: "crst", portion: 0.2, stride: 1, prior: false });
      assertReport(JSON.parse(readFileSync(join(out, "thresholds.json"), "utf8")), wanted);
      const labels = npy(join(out, "labels.npy"));
      assertEquals(labels.shape, [images, ...sides.slice(1)]);
      const row = wanted.labels_row * labels.data.length;
      assertEquals(labels.data, npy(join(vectors, "labels.npy")).data.slice(row, row + labels.data.length));
      assertEquals(existsSync(join(out, "soft.npy")), false);
      const pngRun = await select("--probabilities", first, "--probabilities", rest, ...options);
      assertEquals(pngRun.code, 0, pngRun.stderr);
      for (const name of ["first", "rest_0", "rest_1"]) assert(existsSync(join(out, `${name}.png`)), name);
    }),
);

testWithShared(
  "select --policy lrent writes soft labels of every pixel",
  ["vectors/a"],
  (vectors) =>
    inTemporaryFolder(async (out) => {
      const settings = { policy: "lrent", portion: 0.5, stride: 1, prior: false, alpha: 0.1 };
      const { code, stderr } = await select(
        ...["--probabilities", join(vectors, "prob.npy"), "--policy", "lrent", "--alpha", "0.1", "--portion", "0.5"],
        ...["--stride", "1", "--format", "npy", "--out", out],
      );
      assertEquals(code, 0, stderr);
      const wanted = vectorCase(vectors, settings);
      // Pixels at the edge of being used may be counted either way.
      assertReport(JSON.parse(readFileSync(join(out, "thresholds.json"), "utf8")), wanted, ["labelled", "ignored"]);
      const soft = npy(join(out, "soft.npy"));
      const expected = npy(join(vectors, "soft.npy"));
      assertEquals(soft.shape, expected.shape.slice(1));
      const first = wanted.soft_row * soft.data.length;
      let worst = 0;
      soft.data.forEach((value, index) => {
        worst = Math.max(worst, Math.abs(Number(value) - Number(expected.data[first + index])));
      });
      assert(worst <= 4e-6, `error ${worst}`);
    }),
);

Deno.test("select says what is wrong with its input", async () => {
  await inTemporaryFolder(async (folder) => {
    const file = (name: string, bytes: Uint8Array) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const map = writeNpy([2, 1, 2], Float32Array.of(0.5, 0.25, 0.5, 0.75));
    const good = file("good.npy", map);
    const cases: readonly (readonly [string[], number, string])[] = [
      [[], 2, "--probabilities"],
      [["--probabilities", good, "--policy", "cbts"], 2, 'Did you mean "cbst"?'],
      [["--probabilities", join(folder, "none.npy")], 1, "none.npy"],
      [["--probabilities", file("short.npy", map.subarray(0, map.length - 1))], 1, "Was it cut off?"],
      [
        ["--probabilities", file("flat.npy", writeNpy([4], new Float32Array(4)))],
        1,
        "expected [N, C, H, W] or [C, H, W]",
      ],
      [["--probabilities", file("double.npy", writeNpy([1, 1, 1], new Float64Array(1)))], 1, "of f8"],
      [["--probabilities", file("nan.npy", writeNpy([1, 1, 1], Float32Array.of(NaN)))], 1, "NaN"],
      [["--probabilities", good, file("other.npy", writeNpy([2, 1, 1], new Float32Array(2)))], 1, "[2, 1, 1]"],
      [["--probabilities", good, good], 2, "good.png"],
      [["--probabilities", good, "--prior", file("prior.npy", writeNpy([1, 1, 2], new Float32Array(2)))], 1, "prior"],
    ];
    const runs = await Promise.all(cases.map(([args]) => select(...args, "--out", join(folder, "out"))));
    for (const [index, [args, code, message]] of cases.entries()) {
      assertEquals(runs[index]?.code, code, args.join(" "));
      assertStringIncludes(runs[index]?.stderr ?? "", message);
    }
    assertEquals(existsSync(join(folder, "out")), false);
  });
});
