import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join, resolve } from "node:path";
import type { Dataset } from "../../src/data/dataset.ts";
import { openDataset } from "../../src/data/folder.ts";
import { UsageError } from "../../src/errors.ts";
import { countedAsLabelled } from "../../src/run/labelled_part.ts";
import { openRun } from "../../src/run/open_run.ts";
import { savedForm, settingDifferences } from "../../src/run/run_config.ts";
import { readRecipe, readValue, resolveSettings, type Values } from "../../src/settings/settings.ts";
import { options } from "../../src/settings/options.ts";
import { street, writeStreets } from "../cli/fixture.ts";
import { withFolder, write, writeSmallDataset } from "../data/pictures.ts";
import { labelBytes, ringPoints, scanBytes, writeAt } from "../data/scans/made_scans.ts";
import { testWithShared } from "../shared.ts";

function counted(dataset: Dataset, labelled: string, seed = 0): { names: string[]; notices: string[] } {
  const { items, notices } = countedAsLabelled(dataset.split("train"), dataset, labelled, seed);
  return { names: items.map(({ name }) => name), notices };
}

Deno.test("a share draws ⌊N·share⌋ images, at least one, by the seed, and larger shares hold smaller ones", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 100);
    const dataset = openDataset(folder);
    const shares = ["0.001", "0.01", "0.1", "0.29", "0.999", "1", "1e-1"];
    const drawn = shares.map((share) => counted(dataset, share).names);
    assertEquals(drawn.map(({ length }) => length), [1, 1, 10, 29, 99, 100, 10]);
    drawn.slice(1, 6).forEach((names, index) => assert(drawn[index]?.every((name) => names.includes(name))));
    assertEquals(counted(dataset, "0.1").names, drawn[2]);
    assert(counted(dataset, "0.1", 1).names.join() !== drawn[2]?.join());
    assertStringIncludes(counted(dataset, "0.1").notices.at(-1) ?? "", "10 images of the 100 of the split");
    const [one] = counted(dataset, "0.001").notices;
    assert(/^1 image of the 100 .* counts as labelled/.test(one ?? ""), one);
    for (const share of ["0", "1.5", "-0.1"]) {
      assertThrows(() => counted(dataset, share), UsageError, `${Number(share)}`);
    }
  }));

Deno.test("only images with labels are drawn", () =>
  withFolder((folder) => {
    writeSmallDataset(folder, 10);
    for (let index = 0; index < 8; index++) Deno.removeSync(join(folder, `train/labels/${index}.png`));
    const dataset = openDataset(folder);
    assertEquals(counted(dataset, "0.5").names, ["8", "9"]);
    for (const index of [8, 9]) Deno.removeSync(join(folder, `train/labels/${index}.png`));
    assertThrows(() => counted(dataset, "0.5"), Error, "has labels");
  }));

Deno.test("a list counts its scans as labelled; lines without a scan are counted and named", () =>
  withFolder((folder) => {
    const list = join(folder, "list.txt");
    for (const sequence of ["00", "02", "08"]) {
      const root = join(folder, "data/sequences", sequence);
      writeAt(join(root, "velodyne/000001.bin"), scanBytes(ringPoints(4)));
      writeAt(join(root, "labels/000001.label"), labelBytes([10, 40, 0, 70]));
    }
    const dataset = openDataset(join(folder, "data"));
    writeAt(list, "02/000001\n05/000001\n08/000001\n03/000002\n04/000002\n");
    const { names, notices } = counted(dataset, list);
    assertEquals(names, ["02/000001"]);
    assertStringIncludes(notices[0] ?? "", "names 1 scan of the 2");
    assertStringIncludes(notices[1] ?? "", "4 lines");
    assertStringIncludes(notices[1] ?? "", '"05/000001", "08/000001", "03/000002" and 1 other');
    writeAt(list, "05/000001\n");
    assertThrows(() => counted(dataset, list), Error, "names no image of the split");
    assertThrows(() => counted(dataset, join(folder, "none.txt")), Error, "there is no such file");
  }));

testWithShared("of a published list those scans count as labelled that are there", [
  "data/lidar/semantickitti-mini",
  "data/lidar/lasermix-splits/semantickitti_50pct.txt",
], (folder, list) => {
  const dataset = openDataset(folder);
  const { names, notices } = counted(dataset, list);
  assert(names.length > 10 && names.length < 30);
  assertStringIncludes(notices.join("\n"), `${9565 - names.length} lines of the list`);
});

/** The images of an opened run, or the message with which it is refused. */
async function opened(values: Values, command: "adapt" | "train" = "adapt") {
  const settings = resolveSettings(command, { model: "deeplab-nano", ...values });
  try {
    const { data, close } = await openRun(settings, command === "adapt");
    close();
    const names = (split: typeof data.sourceSplit | null) => split?.items.map(({ name }) => name) ?? [];
    return [data.sourceSplit, data.targetSplit, data.evaluationSplit].map(names);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}

Deno.test("with --data, the labelled part is the source and the rest the target", () =>
  withFolder(async (folder) => {
    const data = join(folder, "streets");
    writeStreets(data);
    for (let index = 0; index < 4; index++) {
      const { image, labels } = street(index);
      write(join(data, "train/images", `${index}.png`), image);
      write(join(data, "train/labels", `${index}.png`), labels);
    }
    Deno.removeSync(join(data, "train/labels/3.png"));
    const list = join(folder, "list.txt");
    write(list, "1\nstreet\n");
    let runs = 0;
    const start = (values: Values, command?: "train") =>
      opened({ data, out: join(folder, `run ${runs++}`), ...values }, command);
    assertEquals(await start({ labelled: list }), [["1", "street"], ["0", "2", "3"], ["street"]]);
    assertEquals(await start({ labelled: list }, "train"), [["1", "street"], ["1", "street"], ["street"]]);
    assertEquals(await start({}, "train"), [["0", "1", "2", "street"], ["0", "1", "2", "street"], ["street"]]);
    const [source = [], target = []] = await start({ labelled: "0.4" });
    assertEquals([source.length, target.length], [2, 3]);
    const refused: [Values, string][] = [
      [{}, "Give --labelled together with --data"],
      [{ labelled: "0.1", source: data }, "Give either --data"],
      [{ labelled: "0.1", target: data }, "Give either --data"],
      [{ labelled: "0.1", "source-list": list }, "Give --labelled instead of --source-list"],
      [{ labelled: "2" }, "--labelled is 2"],
      [{ labelled: "0.1", data: list }, "which is a file: give the folder"],
    ];
    for (const [values, message] of refused) assertStringIncludes(String(await start(values)), message);
    assertStringIncludes(String(await opened({ labelled: "0.1", out: join(folder, "other") })), "together with --data");
    for (let index = 0; index < 4; index++) Deno.removeSync(join(data, `train/images/${index}.png`));
    assertStringIncludes(String(await start({ labelled: "1" })), "none is left to adapt to");
  }));

Deno.test("a run knows its share and its list again", () => {
  const option = options.find(({ key }) => key === "labelled");
  assert(option !== undefined);
  assertEquals([readValue(option, 0.1), readValue(option, "0.1")], ["0.1", "0.1"]);
  assertEquals(readRecipe("labelled: 0.1", "a recipe"), { labelled: "0.1" });
  assertEquals(readRecipe("labelled: scribbles", "a recipe"), { labelled: "scribbles" });
  assertThrows(() => readRecipe("labelled: list.txt", "a recipe"), UsageError, '"labelled" in a recipe is "list.txt"');
  const saved = (labelled: string) => savedForm(resolveSettings("adapt", { labelled }));
  assertEquals([saved("0.1").labelled, saved("list.txt").labelled], ["0.1", resolve("list.txt")]);
  assertEquals(settingDifferences(saved("0.1"), saved("0.2")), [{ what: "--labelled", from: '"0.1"', to: '"0.2"' }]);
  assertEquals(settingDifferences(saved("a.txt"), saved("b/a.txt")), []);
});

testWithShared(
  "of the small SemanticKITTI, the committed list counts one scan of each street as labelled",
  ["data/lidar/semantickitti-mini"],
  (path) => {
    const dataset = openDataset(path ?? "");
    const { names, notices } = counted(dataset, "bench/semantickitti_mini_labelled.txt");
    assertEquals(dataset.split("train").items.length, 40);
    assertEquals(names.length, 10);
    assert(names.every((name) => name.endsWith("000000")), names.join());
    assertEquals(notices.filter((notice) => notice.includes("names nothing")), []);
  },
);
