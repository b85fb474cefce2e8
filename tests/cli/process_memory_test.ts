/**
 * What a whole run takes of the machine's memory on software adapters, where the GPU's memory is the program's own: no
 * more than `--plan` says, the program itself, and what drivers need to compile.
 */

import { assert, assertEquals } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { write } from "../data/pictures.ts";
import { recipe, writeStreets } from "./fixture.ts";
import { type Finished, finished, inTemporaryFolder, program, rightsOf } from "./program.ts";

/** Description files of software Vulkan drivers, where they are installed. */
const drivers: Readonly<Record<string, string | undefined>> = {
  lavapipe: found("/usr/share/vulkan/icd.d", /^lvp_icd.*\.json$/),
  "Chromium's SwiftShader": found("/usr/lib/chromium", /^vk_swiftshader_icd\.json$/),
};

function found(folder: string, name: RegExp): string | undefined {
  const file = existsSync(folder) ? readdirSync(folder).find((entry) => name.test(entry)) : undefined;
  return file && join(folder, file);
}

/**
 * Bytes beside those of the plan. The program with its Workers takes some 250 MB, and the drivers compile: SwiftShader
 * with 100 MB. In a longer run on it, memory stayed the same from step 30 to step 684, within 5 MB.
 */
const besidePlan = 512e6;

/** Runs the program on a driver; also returns the most memory that it held. */
async function run(driver: string, args: string[]): Promise<Finished & { readonly peakBytes: number }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...await rightsOf(args), program, ...args],
    env: { VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver, DENO_WEBGPU_BACKEND: "vulkan" },
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  let peakBytes = 0;
  let isRunning = true;
  const watched = (async () => {
    while (isRunning) {
      // The system's own record of the peak, so that nothing between two looks is missed.
      const peak = /^VmHWM:\s*(\d+) kB$/m.exec(await statusOf(child.pid))?.[1];
      peakBytes = Math.max(peakBytes, 1024 * Number(peak ?? 0));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  const result = await finished(child);
  isRunning = false;
  await watched;
  return { ...result, peakBytes };
}

/** What the system knows of a process. Only programs of their own may look there: Deno refuses. */
async function statusOf(pid: number): Promise<string> {
  return (await finished(new Deno.Command("cat", { args: [`/proc/${pid}/status`] }))).stdout;
}

for (const [name, driver] of Object.entries(drivers)) {
  Deno.test({
    name: `a run takes no more memory than its plan says beside the program and the driver, on ${name}` +
      (driver === undefined ? " [skipped: not installed]" : ""),
    ignore: driver === undefined || Deno.build.os !== "linux",
    fn: () =>
      inTemporaryFolder(async (folder) => {
        const [data, config, out] = [join(folder, "streets"), join(folder, "recipe.yaml"), join(folder, "run")];
        writeStreets(data);
        write(config, recipe);
        const args = [
          "adapt",
          "--config",
          config,
          "--source",
          data,
          "--target",
          data,
          "--source-steps",
          "30",
          "--json",
        ];
        const plan = await run(driver ?? "", [...args, "--plan"]);
        assertEquals(plan.code, 0, plan.stderr);
        const whole = await run(driver ?? "", [...args, "--out", out]);
        assertEquals(whole.code, 0, whole.stderr);
        const planned: number = JSON.parse(plan.stdout).peakBytes;
        assert(planned > 0 && whole.peakBytes > 50e6);
        const beside = whole.peakBytes - planned;
        assert(beside < besidePlan, `${whole.peakBytes} bytes, ${planned} of them planned`);
      }),
  });
}
