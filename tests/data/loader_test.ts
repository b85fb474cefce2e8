import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { openDataset, openLoader } from "../../src/data/folder.ts";
import { encodeLabelPng } from "../../src/data/encode.ts";
import { Loader } from "../../src/data/loader.ts";
import type { Sample, SampleOptions } from "../../src/data/sample.ts";
import { testWithShared } from "../shared.ts";
import { deepPng, plainPng, withFolder, write, writeSmallDataset } from "./pictures.ts";

const AS_STORED: SampleOptions = { size: null };

async function collect(samples: AsyncIterable<Sample>): Promise<Sample[]> {
  const list: Sample[] = [];
  for await (const sample of samples) list.push(sample);
  return list;
}

Deno.test("load() hands out samples in the order of the items, with repetitions, whatever the read-ahead", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 7);
    const { items } = openDataset(folder).split("train");
    const order = [3, 0, 6, 6, 1, 5, 2, 4, 3].map((index) => items[index] ?? items[0]).filter((item) =>
      item !== undefined
    );
    for (const [workers, readAhead, cacheBytes] of [[1, 0, 0], [2, 3, 0], [2, 100, 2 ** 20]] as const) {
      using loader = openLoader({ workers, readAhead, cacheBytes });
      const samples = await collect(loader.load(order, AS_STORED));
      assertEquals(samples.map((sample) => sample.name), ["3", "0", "6", "6", "1", "5", "2", "4", "3"]);
      for (const sample of samples) {
        const index = Number(sample.name);
        assertEquals(Array.from(sample.image.pixels.subarray(0, 4)), [index, 10 * index, 200, 255]);
        assertEquals(sample.labels, new Uint8Array(48).fill(index % 3));
        assertEquals(sample.labelSize, { height: 6, width: 8 });
      }
    }
  }));

Deno.test("a sample has the wanted size, or its own shape; labels follow, keep their size, or are left out", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 1);
    const [item] = openDataset(folder).split("train").items;
    assert(item !== undefined);
    using loader = openLoader();
    const sizes = async (options: SampleOptions) => {
      const { image, labels, labelSize, originalSize } = await loader.loadOne(item, options);
      assertEquals(image.pixels.length, image.height * image.width * 4);
      assertEquals(originalSize, { height: 6, width: 8 });
      assertEquals(labels?.length ?? null, labelSize === null ? null : labelSize.height * labelSize.width);
      return [image.height, image.width, labelSize?.height, labelSize?.width];
    };
    assertEquals(await sizes({ size: { height: 9, width: 16 } }), [9, 16, 9, 16]);
    assertEquals(await sizes({ size: { height: 8, width: 16 }, labels: "original" }), [8, 16, 6, 8]);
    assertEquals(await sizes({ size: null, labels: "none" }), [6, 8, undefined, undefined]);
    assertEquals(await sizes({ size: { shortSide: 12 } }), [12, 16, 12, 16]);
    assertEquals(await sizes({ size: { shortSide: 4 } }), [4, 5, 4, 5]);
  }));

Deno.test("labels alone are those of the whole sample, without a look at the image file", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 1);
    const [item] = openDataset(folder).split("train").items;
    assert(item !== undefined);
    const colours = Uint8Array.from({ length: 48 }, (_, pixel) => pixel % 3);
    write(item.labelPath ?? "", encodeLabelPng(colours, 6, 8));
    using loader = openLoader();
    const size = { height: 4, width: 12 };
    const whole = await loader.loadOne(item, { size });
    const alone = await loader.loadOne({ ...item, imagePath: join(folder, "missing.png") }, { size, labels: "only" });
    assertEquals({ ...alone, image: whole.image }, whole);
    assertEquals(alone.image, { ...size, pixels: new Uint8Array(0) });
    await assertRejects(
      () => loader.loadOne({ ...item, labelPath: null }, { size, labels: "only" }),
      Error,
      `Cannot load labels of ${item.name}: it has none`,
    );
  }));

Deno.test("load() does not read further ahead than it is told", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 3);
    const { items } = openDataset(folder).split("train");
    let taken = 0;
    function* counted() {
      for (let index = 0; index < 30; index++) {
        taken++;
        const item = items[index % 3];
        if (item !== undefined) yield item;
      }
    }
    using loader = openLoader({ readAhead: 4 });
    let seen = 0;
    for await (const _ of loader.load(counted(), AS_STORED)) {
      assert(taken <= ++seen + 4, `${taken} items taken at sample ${seen}`);
      if (seen === 10) break;
    }
  }));

Deno.test("samples are kept up to the budget and then handed out without reading the files again", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 4);
    const { items } = openDataset(folder).split("train");
    const sampleBytes = 6 * 8 * 5;
    using loader = openLoader({ cacheBytes: 2 * sampleBytes + 1, workers: 1 });
    const first = await collect(loader.load(items, AS_STORED));
    assertEquals(loader.cachedBytes, 2 * sampleBytes);
    write(join(folder, "train/images/0.png"), "no longer an image");
    const second = await collect(loader.load(items, AS_STORED));
    assert(first[0] === second[0] && first[1] === second[1]);
    assert(first[2] !== second[2]);
    assertEquals(first, second);
    loader.clear();
    await assertRejects(() => collect(loader.load(items, AS_STORED)), Error, "no image file that is known here");
  }));

Deno.test("a bad file throws its sentence at its turn, and the loader goes on working", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 5);
    const cases: [string, Uint8Array | string, string[]][] = [
      ["labels/2.png", deepPng(6, 8, 1), ["train/labels/2.png: id 257 at row 0, column 1 is larger than 255"]],
      ["images/2.png", plainPng(6, 9, [0, 0, 0]), ["images/2.png is 6×9", "labels/2.png are 6×8", "same size"]],
      ["labels/2.png", encodeLabelPng(new Uint8Array(48).fill(3), 6, 8), ["labels/2.png: id 3 at row 0, column 0"]],
      ["labels/2.png", readFileSync(join(folder, "train/labels/1.png")).subarray(0, 60), ["labels/2.png", "cut short"]],
    ];
    const { items } = openDataset(folder).split("train");
    using loader = openLoader({ cacheBytes: 0 });
    for (const [name, content, parts] of cases) {
      const path = join(folder, "train", name);
      const good = readFileSync(path);
      write(path, content);
      const seen: string[] = [];
      const error = await assertRejects(async () => {
        for await (const sample of loader.load(items, AS_STORED)) seen.push(sample.name);
      }, Error);
      for (const part of parts) assert(error.message.includes(part), `"${error.message}" lacks "${part}"`);
      assertEquals(seen, ["0", "1"]);
      write(path, good);
    }
    assertEquals((await collect(loader.load(items, AS_STORED))).length, 5);
    const gone = {
      ...items[0],
      name: "x",
      imagePath: join(folder, "x.png"),
      labelPath: null,
      labelTable: new Int16Array(256),
    };
    await assertRejects(() => loader.loadOne(gone, AS_STORED), Error, "x.png: there is no such file");
  }));

Deno.test("a closed loader refuses, also what was under way", () =>
  withFolder(async (folder) => {
    writeSmallDataset(folder, 1);
    const [item] = openDataset(folder).split("train").items;
    assert(item !== undefined);
    const loader = openLoader();
    const pending = loader.loadOne(item, AS_STORED);
    loader.close();
    await assertRejects(() => pending, Error, "the loader was closed");
    await assertRejects(() => loader.loadOne(item, AS_STORED), Error, "the loader is closed");
  }));

testWithShared("JPEGs are decoded in Workers", ["data/idd-lite"], async (idd) => {
  const { items } = openDataset(idd ?? "").split("val");
  using loader = openLoader();
  const samples = await collect(loader.load(items.slice(0, 3), { size: { height: 240, width: 320 } }));
  assertEquals(samples.map((sample) => sample.labels?.length), [76800, 76800, 76800]);
  assertEquals(samples[0]?.originalSize, { height: 227, width: 320 });
});

Deno.test("files are fetched by URLs: names that need escaping are read, and a server's refusal is said", () =>
  withFolder(async (folder) => {
    const path = join(folder, "100% #1? ä.png");
    write(path, plainPng(2, 3, [7, 8, 9]));
    const item = { name: "odd", imagePath: path, labelPath: null, labelTable: new Int16Array(256) };
    using files = openLoader();
    const { image } = await files.loadOne(item, AS_STORED);
    assertEquals(Array.from(image.pixels.subarray(0, 4)), [7, 8, 9, 255]);

    const bytes = readFileSync(path);
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) =>
        new URL(request.url).pathname === "/there.png" ? new Response(bytes) : new Response(null, { status: 404 }),
    );
    using urls = new Loader();
    const at = (name: string) => ({ ...item, imagePath: `http://127.0.0.1:${server.addr.port}/${name}` });
    assertEquals((await urls.loadOne(at("there.png"), AS_STORED)).image, image);
    await assertRejects(() => urls.loadOne(at("gone.png"), AS_STORED), Error, "/gone.png: the server answers 404");
  }));
