import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { write } from "../data/pictures.ts";
import { recipe, writeStreets } from "./fixture.ts";
import { inTemporaryFolder, program } from "./program.ts";

/** A device that is always full; what its path stands for is only seen by a program with all rights. */
const full = "/dev/full";
const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "a disk that fills up while a checkpoint is written leaves the last one, and the run can go on" +
    (isLinux ? "" : ` [skipped: only Linux has ${full}]`),
  ignore: !isLinux,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const data = join(folder, "streets");
      const config = join(folder, "recipe.yaml");
      const out = join(folder, "run");
      const checkpoint = join(out, "checkpoint.safetensors");
      writeStreets(data);
      write(config, recipe);
      /** Trains without end until it has taken some more steps, then presses Ctrl-C: a checkpoint is due. */
      const trainAndStop = async (...more: string[]) => {
        const args = [
          "train",
          "--config",
          config,
          "--source",
          data,
          "--source-steps",
          "1000000",
          "--out",
          out,
          ...more,
        ];
        // Deno opens devices only with all rights.
        const command = new Deno.Command(Deno.execPath(), { args: ["run", "-qA", program, ...args], stderr: "piped" });
        const child = command.spawn();
        const finished = child.output();
        const before = stepsIn(out);
        let isRunning = true;
        finished.then(() => isRunning = false);
        while (isRunning && stepsIn(out) < before + 2) await new Promise((resolve) => setTimeout(resolve, 50));
        if (isRunning) child.kill("SIGINT");
        const { code, stderr } = await finished;
        return { code, text: new TextDecoder().decode(stderr) };
      };

      const first = await trainAndStop();
      assertEquals(first.code, 130, first.text);
      assertStringIncludes(first.text, "crosswalk: Stopped after step");
      const kept = readFileSync(checkpoint);

      symlinkSync(full, `${checkpoint}.tmp`);
      const second = await trainAndStop("--resume");
      assertEquals(second.code, 1, second.text);
      assertStringIncludes(second.text, `crosswalk: Cannot write ${checkpoint}: the disk is full`);
      assertStringIncludes(second.text, "What was there before is kept");
      assertEquals(readFileSync(checkpoint), kept);

      const third = await trainAndStop("--resume");
      assertEquals(third.code, 130, third.text);
      assert(!readFileSync(checkpoint).equals(kept), "no checkpoint was written after there was room again");
    }),
});

/** Training steps in the log. */
function stepsIn(out: string): number {
  const path = join(out, "metrics.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length : 0;
}
