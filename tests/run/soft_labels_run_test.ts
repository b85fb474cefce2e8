import { assert, assertEquals, assertRejects } from "@std/assert";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSoftLabels } from "../../src/data/soft_label_map.ts";
import { InterruptedError } from "../../src/errors.ts";
import { writeStreets } from "../cli/fixture.ts";
import { withFolder } from "../data/pictures.ts";
import { adaptTiny } from "../survival/tiny_run.ts";

Deno.test("a run with lrent keeps soft labels beside the hard ones, and refuses others when it goes on", () =>
  withFolder(async (folder) => {
    const [data, out] = [join(folder, "data"), join(folder, "run")];
    writeStreets(data);
    // The network is so sure of most pixels that a smaller portion would use none.
    const values = {
      source: data,
      target: data,
      out,
      policy: "lrent",
      alpha: 0.5,
      "target-portion": 1,
      "target-portion-max": 1,
    } as const;
    await assertRejects(() => adaptTiny(values, "round 1: training"), InterruptedError);
    const path = join(out, "rounds/1/soft-labels/street.soft");
    const bytes = readFileSync(path);
    const { height, width, words } = decodeSoftLabels(bytes, path);
    const used = Array.from({ length: height * width }, (_, pixel) => (words[3 * pixel + 1] ?? 0) > 0);
    const { labelled, alpha } = JSON.parse(readFileSync(join(out, "rounds/1/thresholds.json"), "utf8"));
    assertEquals([used.filter((one) => one).length, alpha], [labelled.reduce((a: number, b: number) => a + b, 0), 0.5]);
    assert(used.includes(true));

    const resumed = (name: string) => adaptTiny({ ...values, out: join(folder, name), resume: true });
    const copy = (name: string) => {
      cpSync(out, join(folder, name), { recursive: true });
      return join(folder, name, "rounds/1/soft-labels");
    };
    writeFileSync(join(copy("changed"), "street.soft"), bytes.subarray(0, -1));
    await assertRejects(() => resumed("changed"), Error, "street.soft was changed since the run wrote it");
    rmSync(join(copy("missing"), "street.soft"));
    await assertRejects(() => resumed("missing"), Error, "street.soft is missing");
    writeFileSync(join(copy("more"), "more.soft"), bytes);
    await assertRejects(() => resumed("more"), Error, "more.soft is not of the run");
    copy("intact");
    assertEquals((await resumed("intact")).rounds.length, 2);
  }));
