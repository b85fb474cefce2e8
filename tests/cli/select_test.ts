import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decode } from "fast-png";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resizeFloats } from "../../src/data/resize.ts";
import { FortranPlaces, readNpy, writeNpy } from "../../src/formats/npy.ts";
import { pack } from "../../src/graph/layout.ts";
import type { ScoreBatches } from "../../src/selftraining/scores.ts";
import { assignLabels, type LabelledBatch, selectThresholds } from "../../src/selftraining/selection.ts";
import { assignSoftLabels } from "../../src/selftraining/soft_labels.ts";
import { type SelectionSettings, thresholdsReport } from "../../src/selftraining/thresholds.ts";
import type { MapKind } from "../../src/run/probability_maps.ts";
import { select as selectMaps } from "../../src/run/select.ts";
import { randomValues, size as sizeOf, testGpu } from "../ops/harness.ts";
import { softmax } from "../twins/softmax.ts";
import { townClasses } from "../../src/town/town.ts";
import { networkFile, street } from "./fixture.ts";
import { testWithShared } from "../shared.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

const select = (...args: string[]) => crosswalk("select", ...args);

function npy(path: string) {
  return readNpy(new Uint8Array(readFileSync(path)), path);
}

/** Probability maps of random logits. */
function randomMaps(shape: readonly number[], name: string): Float32Array<ArrayBuffer> {
  return Float32Array.from(softmax(randomValues(sizeOf(shape), name), shape));
}

interface Expected extends SelectionSettings {
  readonly maps: Float32Array<ArrayBuffer>;
  readonly shape: readonly [number, number, number, number];
  readonly prior?: Float32Array<ArrayBuffer>;
  /** With it, soft labels are selected. */
  readonly alpha?: number;
}

/** What the library selects from maps in memory, which `tests/selftraining` holds to reference vectors. */
async function selected({ maps, shape, prior, alpha, ...settings }: Expected) {
  const gpu = await testGpu();
  const [images, classes, height, width] = shape;
  const upload = (values: Float32Array<ArrayBuffer>, count: number) => {
    const packed = pack(values, [count, classes, height, width], "activation");
    const buffer = gpu.createBuffer(packed.byteLength, "maps");
    gpu.write(buffer, packed);
    return buffer;
  };
  const buffer = upload(maps, images);
  const priorBuffer = prior === undefined ? undefined : upload(prior, 1);
  const views = [{ offset: 0, height, width, mirror: false }];
  const batches: ScoreBatches = {
    images,
    async *batches() {
      await Promise.resolve();
      yield { images, height, width, views, logits: { buffer, offset: 0, size: buffer.size } };
    },
  };
  const scores = { classes, isProbability: true, ...(priorBuffer === undefined ? {} : { prior: priorBuffer }) };
  const thresholds = await selectThresholds(gpu, batches, scores, settings);
  const labelled = alpha === undefined
    ? assignLabels(gpu, batches, scores, thresholds.lambda)
    : assignSoftLabels(gpu, batches, scores, thresholds.lambda, alpha);
  const [batch] = await Array.fromAsync<LabelledBatch & { readonly soft?: Float32Array }>(labelled);
  assert(batch !== undefined);
  for (const owned of [buffer, priorBuffer]) if (owned !== undefined) gpu.destroyBuffer(owned);
  return { report: thresholdsReport(thresholds, batch.counts), labels: batch.labels, soft: batch.soft };
}

Deno.test("select writes a label PNG per image and the thresholds, with a spatial prior", () =>
  inTemporaryFolder(async (folder) => {
    const shape = [3, 5, 9, 14] as const;
    const maps = randomMaps(shape, "maps");
    const prior = Float32Array.from(randomValues(5 * 9 * 14, "prior"), Math.abs);
    const [mapsPath, priorPath] = [join(folder, "prob.npy"), join(folder, "prior.npy")];
    writeFileSync(mapsPath, writeNpy(shape, maps));
    writeFileSync(priorPath, writeNpy(shape.slice(1), prior));
    const out = join(folder, "labels");
    const { code, stdout, stderr } = await select(
      ...["--probabilities", mapsPath, "--prior", priorPath, "--portion", "0.5", "--policy", "st", "--rule", "mxnet"],
      ...["--out", out, "--json"],
    );
    assertEquals(code, 0, stderr);
    // The stride is 4 where nothing is said.
    const settings = { policy: "st", rule: "mxnet", portion: 0.5, stride: 4 } as const;
    const { report, labels } = await selected({ ...{ shape, maps, prior }, ...settings });
    assertEquals(JSON.parse(readFileSync(join(out, "thresholds.json"), "utf8")), report);
    assertEquals(JSON.parse(stdout), report);
    const size = 9 * 14;
    for (let image = 0; image < 3; image++) {
      const png = decode(readFileSync(join(out, `prob_${image}.png`)));
      assertEquals([png.height, png.width, png.channels, png.depth], [9, 14, 1, 8]);
      assertEquals(Uint8Array.from(png.data), labels.slice(image * size, (image + 1) * size));
    }
  }));

Deno.test("select writes labels.npy for several files, single maps among them", () =>
  inTemporaryFolder(async (folder) => {
    const shape = [3, 4, 7, 8] as const;
    const maps = randomMaps(shape, "maps");
    const size = 4 * 7 * 8;
    mkdirSync(join(folder, "maps"));
    const [first, rest] = [join(folder, "maps", "first.npy"), join(folder, "maps", "rest.npy")];
    writeFileSync(first, writeNpy(shape.slice(1), maps.slice(0, size)));
    writeFileSync(rest, writeNpy([2, ...shape.slice(1)], maps.slice(size)));
    const out = join(folder, "out");
    const options = ["--stride", "1", "--out", out];
    const npyRun = await select("--probabilities", first, rest, "--format", "npy", ...options);
    assertEquals(npyRun.code, 0, npyRun.stderr);
    const settings = { policy: "cbst", rule: "crst", portion: 0.2, stride: 1 } as const;
    const wanted = await selected({ shape, maps, ...settings });
    assertEquals(JSON.parse(readFileSync(join(out, "thresholds.json"), "utf8")), wanted.report);
    const labels = npy(join(out, "labels.npy"));
    assertEquals([labels.shape, labels.data], [[3, 7, 8], wanted.labels]);
    assertEquals(existsSync(join(out, "soft.npy")), false);
    const pngRun = await select("--probabilities", first, "--probabilities", rest, ...options);
    assertEquals(pngRun.code, 0, pngRun.stderr);
    for (const name of ["first", "rest_0", "rest_1"]) assert(existsSync(join(out, `${name}.png`)), name);
  }));

Deno.test("select --policy lrent writes soft labels of every pixel", () =>
  inTemporaryFolder(async (out) => {
    const shape = [2, 5, 6, 10] as const;
    const maps = randomMaps(shape, "maps");
    const path = join(out, "prob.npy");
    writeFileSync(path, writeNpy(shape, maps));
    const { code, stderr } = await select(
      ...["--probabilities", path, "--policy", "lrent", "--alpha", "0.1", "--portion", "0.5"],
      ...["--stride", "1", "--format", "npy", "--out", out],
    );
    assertEquals(code, 0, stderr);
    const settings = { policy: "lrent", rule: "crst", portion: 0.5, stride: 1 } as const;
    const { report: { mine: _, ...report }, soft } = await selected({ ...{ shape, maps, alpha: 0.1 }, ...settings });
    assertEquals(JSON.parse(readFileSync(join(out, "thresholds.json"), "utf8")), { ...report, alpha: 0.1 });
    const found = npy(join(out, "soft.npy"));
    assertEquals([found.shape, found.data], [[...shape], soft]);
  }));

testWithShared(
  "maps that do not sum to 1 everywhere are refused",
  ["vectors/b/prob.npy"],
  (path) =>
    inTemporaryFolder(async (out) => {
      const refused = "at row 16, column 22 of image 1 the classes sum to 0.950000, expected 1";
      await assertRejects(() => selectHere(out, [path], "probabilities"), Error, refused);
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
    const logits = writeNpy([2, 1, 2], Float32Array.of(0.5, 0.25, 0.5, -3));
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
      [["--probabilities", file("int.npy", writeNpy([1, 1, 1], new Int32Array(1)))], 1, "expected f4, f8, f2"],
      [
        ["--probabilities", good, file("other.npy", writeNpy([1, 1, 2], Float32Array.of(1, 1)))],
        1,
        "its maps are of 1 classes, those of",
      ],
      [
        ["--probabilities", good, file("tall.npy", writeNpy([2, 1, 1], Float32Array.of(0, 1))), "--format", "npy"],
        2,
        "good.npy are 1×2, those of",
      ],
      [
        ["--probabilities", file("p_0.npy", map), file("p.npy", writeNpy([2, 2, 1, 1], Float32Array.of(0, 1, 1, 0)))],
        2,
        "p_0.png",
      ],
      [["--probabilities", good, "--prior", file("prior.npy", writeNpy([1, 1, 2], new Float32Array(2)))], 1, "prior"],
      [["--probabilities", good, "--logits", good], 2, "either --probabilities or --logits"],
      [["--probabilities", file("logits.npy", logits)], 1, "at row 0, column 1 class 1 has -3, expected 0 to 1"],
    ];
    const runs = await Promise.all(cases.map(([args]) => select(...args, "--out", join(folder, "out"))));
    for (const [index, [args, code, message]] of cases.entries()) {
      assertEquals(runs[index]?.code, code, args.join(" "));
      assertStringIncludes(runs[index]?.stderr ?? "", message);
    }
    assertEquals(existsSync(join(folder, "out")), false);
  });
});

/** Selects in this process, into a folder. */
async function selectHere(folder: string, maps: readonly string[], kind: MapKind, prior?: string) {
  const gpu = await testGpu();
  const report = await selectMaps(gpu, {
    ...{ maps, kind, out: join(folder, "out"), format: "npy", policy: "cbst", rule: "crst", portion: 0.5, stride: 1 },
    ...(prior === undefined ? {} : { prior }),
    alpha: 1,
  });
  return { report, labels: npy(join(folder, "out", "labels.npy")).data };
}

Deno.test("values that are no probabilities are refused, with the pixel", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "map.npy");
    const cases: readonly (readonly [number[], string | null])[] = [
      [[0.5, 0.2, 0.3, 1, 0.5, 0.8, 0.7, 0], null],
      // Within the tolerance, a negative zero among them.
      [[0.5004, 0.2, 0.3, 1.0005, 0.5, 0.8, 0.7, -0.0004], null],
      [[1, 1, 1, 1, -0, -0, 0, -0], null],
      [[0.5, 0.2, 0.3, 1, 0.5, 0.81, 0.7, 0], "at row 0, column 1 the classes sum to 1.01000"],
      [[0.5, 0.2, 0.3, 1, 0.5, 0.8, 0.69, 0], "at row 1, column 0 the classes sum to 0.990000"],
      [[0.5, 0.2, -0.3, 1, 0.5, 0.8, 1.3, 0], "at row 1, column 0 class 0 has -0.3"],
      [[0.5, 0.2, 0.3, 2, 0.5, 0.8, 0.7, -1], "at row 1, column 1 class 0 has 2"],
      [[0.5, NaN, 0.3, 1, 0.5, 0.8, 0.7, 0], "at row 0, column 1 class 0 has NaN"],
      [[0.5, 0.2, 0.3, 1, 0.5, 0.8, 0.7, Infinity], "at row 1, column 1 class 1 has Infinity"],
    ];
    for (const [values, message] of cases) {
      writeFileSync(path, writeNpy([2, 2, 2], Float32Array.from(values)));
      const run = selectHere(folder, [path], "probabilities");
      if (message === null) await run;
      else {
        const error = await assertRejects(() => run, Error, message);
        assertStringIncludes(error.message, `${path} as probabilities`);
      }
    }
    // A small negative number counts as 0. By its bits it would be the largest score.
    writeFileSync(path, writeNpy([2, 1, 1], Float32Array.of(-0.0004, 1)));
    assertEquals((await selectHere(folder, [path], "probabilities")).labels, Uint8Array.of(1));
    writeFileSync(path, writeNpy([2, 2, 1, 1], Float32Array.of(0.5, 0.5, 0.5, 0.6)));
    await assertRejects(() => selectHere(folder, [path], "probabilities"), Error, "column 0 of image 1 the classes");
    const prior = join(folder, "prior.npy");
    writeFileSync(path, writeNpy([2, 1, 1], Float32Array.of(0, 1)));
    writeFileSync(prior, writeNpy([2, 1, 1], Float32Array.of(1, -1)));
    await assertRejects(() => selectHere(folder, [path], "probabilities", prior), Error, "prior.npy: value 1 is -1");
  }));

Deno.test("select of logits gives what it gives of their softmax, whatever the type and order of the file", () =>
  inTemporaryFolder(async (folder) => {
    const shape = [3, 8, 6];
    const logits = randomValues(3 * 8 * 6, "logits");
    const path = join(folder, "maps.npy");
    const logitsPath = join(folder, "logits.npy");
    writeFileSync(path, writeNpy(shape, Float32Array.from(softmax(logits, [1, ...shape]))));
    writeFileSync(logitsPath, writeNpy(shape, logits));
    const wanted = await selectHere(folder, [path], "probabilities");
    assert(wanted.report.ignored > 0 && wanted.report.ignored < 48);
    const found = await selectHere(folder, [logitsPath], "logits");
    assertEquals(found.labels, wanted.labels);
    assertEquals(found.report.labelled, wanted.report.labelled);

    // The same as doubles in Fortran order.
    const doubles = new Float64Array(logits.length);
    const places = new FortranPlaces(shape);
    for (let index = 0; index < doubles.length; index++) doubles[index] = logits[places.next()] ?? 0;
    const text = new TextDecoder("latin1").decode(writeNpy(shape, doubles).subarray(0, 128));
    const header = text.replace("False, 'shape': (3, 8, 6), }", "True, 'shape': (3, 8, 6), } ");
    const bytes = writeNpy(shape, doubles);
    bytes.set(new TextEncoder().encode(header.slice(10)), 10);
    writeFileSync(logitsPath, bytes);
    assertEquals((await selectHere(folder, [logitsPath], "logits")).report, found.report);

    writeFileSync(logitsPath, writeNpy([1, 1, 1], Float32Array.of(Infinity)));
    await assertRejects(
      () => selectHere(folder, [logitsPath], "logits"),
      Error,
      "element 0 of what was read is Infinity",
    );
  }));

/** What the twin of the selection makes of images of several sizes: each pixel is an image of its own. */
async function selectedPixels(
  maps: readonly { readonly values: Float32Array<ArrayBuffer>; readonly prior?: Float32Array<ArrayBuffer> }[],
  classes: number,
) {
  const pixels = maps.flatMap(({ values, prior }) => {
    const count = values.length / classes;
    return Array.from({ length: count }, (_, pixel) =>
      Array.from({ length: classes }, (_, id) => {
        const place = id * count + pixel;
        return (values[place] ?? 0) * (prior?.[place] ?? 1);
      }));
  });
  const shape = [pixels.length, classes, 1, 1] as const;
  const prior = maps.some(({ prior }) => prior !== undefined) ? new Float32Array(classes).fill(1) : undefined;
  return await selected({
    ...{ shape, maps: Float32Array.from(pixels.flat()), ...plain },
    ...(prior === undefined ? {} : { prior }),
  });
}

const plain = { policy: "cbst", rule: "crst", portion: 0.5, stride: 1 } as const;

Deno.test("select takes maps of several sizes, whose pixels share the thresholds, and keeps folders of equal names", () =>
  inTemporaryFolder(async (folder) => {
    const shapes = [[4, 7, 9], [4, 5, 12], [4, 7, 9]] as const;
    const maps = shapes.map((shape, index) => randomMaps([1, ...shape], `map ${index}`));
    const paths = ["a/p.npy", "b/p.npy", "b/q.npy"].map((name) => join(folder, name));
    for (const [index, shape] of shapes.entries()) {
      mkdirSync(join(paths[index] ?? "", ".."), { recursive: true });
      writeFileSync(paths[index] ?? "", writeNpy(shape, maps[index] ?? new Float32Array()));
    }
    const gpu = await testGpu();
    const out = join(folder, "out");
    // A file that is given twice counts once.
    const options = { maps: [...paths, join(folder, "b/../a/p.npy")], out, format: "png", alpha: 0.1 } as const;
    const report = await selectMaps(gpu, { ...options, kind: "probabilities", ...plain });
    const wanted = await selectedPixels(maps.map((values) => ({ values })), 4);
    assertEquals(report, wanted.report);
    const found = ["a/p", "b/p", "q"].map((name, index) => {
      const { height, width, data } = decode(readFileSync(join(out, `${name}.png`)));
      assertEquals([height, width], shapes[index]?.slice(1));
      return [...data];
    });
    assertEquals(Uint8Array.from(found.flat()), wanted.labels);
    assertEquals(existsSync(join(out, "p.png")), false);

    await selectMaps(gpu, { ...options, kind: "probabilities", ...plain, policy: "lrent" });
    assertEquals(
      ["a/p", "b/p", "q"].map((name) => npy(join(out, `${name}.soft.npy`)).shape),
      shapes.map((one) => [...one]),
    );
    assertEquals(existsSync(join(out, "soft.npy")), false);
  }));

Deno.test("select brings a prior of any resolution to the size of each map", () =>
  inTemporaryFolder(async (folder) => {
    const shapes = [[3, 6, 8], [3, 5, 4]] as const;
    const maps = shapes.map((shape, index) => randomMaps([1, ...shape], `map ${index}`));
    const paths = shapes.map((shape, index) => {
      const path = join(folder, `${index}.npy`);
      writeFileSync(path, writeNpy(shape, maps[index] ?? new Float32Array()));
      return path;
    });
    const prior = join(folder, "prior.npy");
    const values = Float32Array.from(randomValues(3 * 3 * 5, "prior"), Math.abs);
    writeFileSync(prior, writeNpy([3, 3, 5], values));
    const out = join(folder, "out");
    const options = { maps: paths, prior, out, format: "png", alpha: 1 } as const;
    const report = await selectMaps(await testGpu(), { ...options, kind: "probabilities", ...plain });
    const resized = shapes.map(([, height, width]) => resizeFloats(values, { height: 3, width: 5 }, { height, width }));
    const scored = maps.map((map, index) => {
      const at = resized[index] ?? new Float32Array();
      return { values: map, prior: Float32Array.from(at) };
    });
    const wanted = await selectedPixels(scored, 3);
    assertEquals(report, wanted.report);
    const found = paths.flatMap((_, index) => [...decode(readFileSync(join(out, `${index}.png`))).data]);
    assertEquals(Uint8Array.from(found), wanted.labels);
    writeFileSync(prior, writeNpy([2, 3, 5], new Float32Array(30)));
    const run = selectMaps(await testGpu(), { ...options, kind: "probabilities", ...plain });
    await assertRejects(() => run, Error, "it is [2, 3, 5], expected [3, height, width]");
  }));

Deno.test("predict --probabilities writes what select takes, at the size of the image", () =>
  inTemporaryFolder(async (folder) => {
    const weights = join(folder, "net.safetensors");
    const image = join(folder, "street.png");
    // Half of the image's size for the network, and a mirrored view.
    writeFileSync(weights, (await networkFile()).bytes);
    writeFileSync(image, street(0, { height: 64, width: 128 }).image);
    const out = join(folder, "out");
    const predicted = await crosswalk(
      ...["predict", "--weights", weights, "--images", image, "--size", "32x64", "--flip", "--out", out],
      ...["--probabilities", "--logits"],
    );
    assertEquals(predicted.code, 0, predicted.stderr);
    const path = join(out, "street.probabilities.npy");
    const { shape, dtype, data } = npy(path);
    assertEquals([shape, dtype], [[townClasses.length, 64, 128], "f4"]);
    assertEquals(npy(join(out, "street.npy")).shape[0], townClasses.length);
    // The most likely class is the label.
    const labels = decode(readFileSync(join(out, "street.png"))).data;
    const pixels = 64 * 128;
    const wrong = Array.from(labels).filter((label, pixel) =>
      townClasses.some((_, id) => Number(data[id * pixels + pixel]) > Number(data[label * pixels + pixel]) + 1e-6)
    );
    assertEquals(wrong, []);
    const { report } = await selectHere(folder, [path], "probabilities");
    assertEquals(report.n_pixels.reduce((sum, count) => sum + count, 0), pixels);
  }));
