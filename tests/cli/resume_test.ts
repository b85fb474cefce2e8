import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./program.ts";

/** A run of seconds on tiny towns. */
const recipe = `
model: deeplab-nano
town-images: 6
town-size: 32x64
batch: 2
accumulate: 2
nesterov: true
crop: 32x32
source-steps: 12
source-rate: 0.01
warm-up: 2
head-rate: 1
rounds: 2
epochs: 2
learning-rate: [0.002]
source-images: 4
target-images: all
repeat-images: false
mining: "off"
spatial-prior: true
`;

function start(folder: string, ...more: string[]): Deno.ChildProcess {
  const args = ["run", "--quiet", "-A", program, "adapt", "--config", join(folder, "recipe.yaml"), "--out", ...more];
  return new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped" }).spawn();
}

async function finish(child: Deno.ChildProcess): Promise<{ code: number; text: string }> {
  const { code, stderr } = await child.output();
  return { code, text: new TextDecoder().decode(stderr) };
}

Deno.test("an adaptation killed again and again and resumed ends with the bytes of an uninterrupted one", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "recipe.yaml"), recipe);
  const whole = await finish(start(folder, join(folder, "whole")));
  assertEquals(whole.code, 0, whole.text);

  const parts = join(folder, "parts");
  // Killed at once by -9, or asked to stop by Ctrl-C, at ever later moments.
  const stops: [Deno.Signal, number][] = [["SIGKILL", 2500], ["SIGINT", 3200], ["SIGKILL", 3600], ["SIGINT", 4200]];
  const codes: number[] = [];
  for (const [signal, milliseconds] of stops) {
    const resume = await exists(join(parts, "config.json")) ? ["--resume"] : [];
    const child = start(folder, parts, ...resume);
    const timer = setTimeout(() => {
      try {
        child.kill(signal);
      } catch (error) {
        // It may have finished in between.
        assert(error instanceof TypeError);
      }
    }, milliseconds);
    codes.push((await finish(child)).code);
    clearTimeout(timer);
  }
  assert(codes.some((code) => code !== 0), "no run was interrupted");
  const last = await finish(start(folder, parts, "--resume"));
  assertEquals(last.code, 0, last.text);
  for (const file of ["weights.safetensors", "checkpoint.safetensors", "rounds/2/thresholds.json"]) {
    assertEquals(readFileSync(join(parts, file)), readFileSync(join(folder, "whole", file)), file);
  }
  await Deno.remove(folder, { recursive: true });
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
