import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments } from "../../src/cli/arguments.ts";
import { UsageError } from "../../src/errors.ts";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { type AdaptationReport, runAdaptation } from "../../src/run/adaptation.ts";
import { openRun } from "../../src/run/open_run.ts";
import { readRunReport } from "../../src/run/report/read_report.ts";
import { readPrior } from "../../src/run/given_prior.ts";
import { writePictures } from "../../src/run/pictures.ts";
import { townClasses } from "../../src/town/town.ts";
import { recipe, writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";

/** What `adapt` does with these arguments, without its table. */
async function adapt(...args: string[]): Promise<AdaptationReport> {
  const { context, data, close } = await openRun(readArguments("adapt", args), true);
  try {
    const report = await runAdaptation(context, data, () => {});
    await writePictures(context, data, report.rounds.length);
    return report;
  } finally {
    close();
  }
}

const expectation = `
expect:
  source: a table
  cited: read
  label-set: cityscapes-19
  miou: 50
`;

Deno.test("a run that goes on from a round of another ends with the bytes of one that was not parted", () =>
  withFolder(async (folder) => {
    const [streets, first, second, config] = ["streets", "first", "second", "r.yaml"].map((name) => join(folder, name));
    assert(streets !== undefined && first !== undefined && second !== undefined && config !== undefined);
    writeStreets(streets);
    writeFileSync(config, `${recipe.replace("rounds: 1", "rounds: 2")}${expectation}`);
    const data = ["--source", streets, "--target", streets, "--short-side", "32"];
    const whole = await adapt("--config", config, ...data, "--spatial-prior", "--out", first);
    for (const round of [1, 2]) assert(existsSync(join(first, "rounds", String(round), "weights.safetensors")));
    const bytes = (run: string, name: string) => readFileSync(join(run, name));
    assertEquals(bytes(first, "rounds/2/weights.safetensors"), bytes(first, "weights.safetensors"));

    // Settings are those of the first run. The prior comes from its file.
    const prior = join(first, "spatial-prior.npy");
    const rest = await adapt("--run", first, "--from-round", "1", "--prior", prior, "--out", second);
    assertEquals(bytes(second, "weights.safetensors"), bytes(first, "weights.safetensors"));
    assertEquals(bytes(second, "source.safetensors"), bytes(first, "rounds/1/weights.safetensors"));
    assertEquals(bytes(second, "spatial-prior.npy"), bytes(first, "spatial-prior.npy"));
    assertEquals([rest.sourceOnly, rest.rounds], [whole.sourceOnly, whole.rounds]);
    assertEquals(Object.keys(rest.seconds).filter((stage) => stage.endsWith("training")), ["round 2: training"]);

    // The folder can be read again: for its report, and to go on.
    const { command, state } = readRunReport(second);
    assertEquals(state.name, "finished");
    assertStringIncludes(command, `--run ${first} --from-round 1`);
    const resumed = readArguments("adapt", ["--run", first, "--prior", prior, "--resume", "--out", second]);
    (await openRun(resumed, true)).close();

    // What stands in the results.
    const result = JSON.parse(readFileSync(join(first, "result.json"), "utf8"));
    const { split, images, labelSizes, imageSize, classes, round } = result.protocol;
    assertEquals([split, images, labelSizes, imageSize], ["val", 1, { "32x64": 1 }, "short side 32"]);
    assertEquals([classes, round, result.best.agreement.length], [townClasses.length, 2, 3]);
    assertEquals(result.expected.obstacle, "the run scored other classes than those of cityscapes-19");
    assertEquals(result.stopped, null);

    // The prior is one map a class, and a picture of each.
    const { shape, data: values } = readNpy(readFileSync(prior), prior);
    assertEquals(shape, [townClasses.length, 32, 64]);
    assertEquals(Math.round([...values].reduce<number>((sum, value) => sum + Number(value), 0) * 1000) % 1000, 0);
    assert(existsSync(join(first, "spatial-prior", "00-road.png")));

    const wrong = (...args: string[]) => () => {
      const settings = readArguments("adapt", ["--run", first, ...args, "--plan"]);
      return openRun(settings, true).then(({ close }) => close());
    };
    for (
      const [args, says] of [
        [["--from-round", "2"], "Nothing is left to do after round 2"],
        [["--from-round", "5", "--rounds", "9"], "does not hold the network after round 5"],
        [[], "Give both --run"],
        [["--from-round", "1", "--weights", prior], "without --source-model and --weights"],
      ] as const
    ) {
      const error = await wrong(...args)().then(() => null, (thrown: unknown) => thrown);
      assert(error instanceof UsageError, String(error));
      assertStringIncludes(error.message, says);
    }
    assertThrows(() => readArguments("adapt", ["--run", folder]), UsageError, "There is no run in");
    // A run of an earlier version has its last network only.
    for (const name of ["rounds/1/weights.safetensors", "rounds/2/weights.safetensors"]) rmSync(join(first, name));
    const error = await wrong("--from-round", "1")().then(() => null, (thrown: unknown) => thrown);
    assert(error instanceof UsageError);
    await wrong("--from-round", "2", "--rounds", "3")();
  }));

Deno.test("a prior of any size is taken; one of other classes, or with a value below 0, is refused by name", () =>
  withFolder((folder) => {
    const path = join(folder, "prior.npy");
    const write = (shape: number[], value: number) =>
      writeFileSync(path, writeNpy(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)));
    write([3, 4, 8], 0.5);
    assertEquals(readPrior(path, 3).values.length, 96);
    assertThrows(() => readPrior(path, 4), Error, "it is [3, 4, 8], expected [4, height, width]");
    write([3, 4, 8], -1);
    assertThrows(() => readPrior(path, 3), Error, "is -1, expected 0 or more");
    write([3, 4], 1);
    assertThrows(() => readPrior(path, 3), Error, "prior.npy: it is [3, 4]");
  }));
