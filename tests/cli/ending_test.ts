import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { write } from "../data/pictures.ts";
import { screen } from "../report/screen.ts";
import { networkFile, recipe, street, writeStreets } from "./fixture.ts";
import { inTemporaryFolder, program } from "./program.ts";

/** Resolves as soon as a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  const start = performance.now();
  while (!holds()) {
    assert(performance.now() - start < 60_000, "waited for a minute");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), { args: ["run", "-qA", program, ...args], stdout: "piped", stderr: "piped" })
    .spawn();
}

async function finish(child: Deno.ChildProcess) {
  const { code, signal, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, signal, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

const hasScript = await Deno.permissions.query({ name: "run" }).then(({ state }) =>
  state === "granted" && Deno.build.os === "linux" && existsSync("/usr/bin/script")
);

Deno.test({
  name: "on a terminal the message of a stopped training stands on a line of its own, and line wrap is on" +
    (hasScript ? "" : " [skipped: no script(1)]"),
  ignore: !hasScript,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const [data, config, out] = [join(folder, "streets"), join(folder, "recipe.yaml"), join(folder, "run")];
      writeStreets(data);
      write(config, recipe);
      const log = join(folder, "log");
      const train = `"${Deno.execPath()}" run -qA "${program}" train --config "${config}" --source "${data}"`;
      const command = `exec ${train} --source-steps 1000000 --out "${out}"`;
      const child = new Deno.Command("/usr/bin/script", {
        args: ["-qefc", `${command} & echo $! > ${folder}/pid; wait $!`, log],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const metrics = join(out, "metrics.jsonl");
      await until(() => existsSync(metrics) && readFileSync(metrics, "utf8").split("\n").length > 3);
      Deno.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGTERM");
      assertEquals((await child.status).code, 130);
      const text = readFileSync(log, "utf8").replace(/^Script started.*\n/, "").replace(/\nScript done.*\n$/, "");
      const lines = screen(text);
      assert(lines.some((line) => line.startsWith("source: training")), text);
      assert(lines.at(-1)?.startsWith("crosswalk: Stopped after step"), lines.join("\n"));
      assertEquals(text.includes("\x1b[?7l"), false, "line wrap was turned off");
    }),
});

Deno.test("commands that keep no checkpoint end at once at the first SIGTERM or SIGHUP, with exit code 130", () =>
  inTemporaryFolder(async (folder) => {
    const weights = join(folder, "w.safetensors");
    write(weights, (await networkFile()).bytes);
    const images = join(folder, "images");
    // So many that none of the commands can be done before it gets the signal.
    const { image } = street(0);
    for (let index = 0; index < 500; index++) write(join(images, `${index}.png`), image);
    const out = (name: string) => join(folder, name);
    const cases = [
      { args: ["predict", "--weights", weights, "--images", images, "--out", out("labels")], sign: "labels/0.png" },
      { args: ["synth", "--out", out("towns"), "--town-images", "5000"], sign: "towns/source/train/images/0000.png" },
    ];
    for (const [index, { args, sign }] of cases.entries()) {
      const child = start(...args);
      await until(() => existsSync(join(folder, sign)));
      child.kill(index === 0 ? "SIGTERM" : "SIGHUP");
      const sent = performance.now();
      const { code, stderr } = await finish(child);
      assertEquals(code, 130, `${args[0]}: ${stderr}`);
      assert(performance.now() - sent < 5000, `${args[0]} took ${performance.now() - sent} ms to end`);
    }
  }));

Deno.test("a run that waits for what never comes ends some time after the first SIGTERM", async () => {
  const code = `
    import { interruption } from ${JSON.stringify(new URL("../../src/run/interruption.ts", import.meta.url).href)};
    import { TerminalProgress } from ${JSON.stringify(new URL("../../src/report/progress.ts", import.meta.url).href)};
    interruption(new TerminalProgress(), 300);
    console.log("waiting");
    setInterval(() => {}, 1000);
    await new Promise(() => {});
  `;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "-q", code], stdout: "piped", stderr: "piped" })
    .spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGTERM");
  await reader.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals((await child.status).code, 130, stderr);
  assertStringIncludes(stderr, "The run does not come to a checkpoint. It is ended as it is");
});
