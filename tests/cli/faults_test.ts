/** What the command line says where the machine fails it: each command ends by itself, in a sentence that names the file. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { write } from "../data/pictures.ts";
import { networkFile, recipe, street, writeStreets } from "./fixture.ts";
import { inTemporaryFolder, program } from "./program.ts";

interface Fault {
  readonly args: readonly string[];
  /** Rights of the program; default all. */
  readonly rights?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed before in the shell. */
  readonly before?: string;
  readonly code?: number;
  /** What stderr holds. */
  readonly says: string;
}

async function run({ args, rights = ["-A"], env = {}, before = "true" }: Fault) {
  const words = [Deno.execPath(), "run", "-q", "--no-prompt", ...rights, program, ...args];
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const { code, stderr } = await new Deno.Command("/bin/sh", { args: ["-c", `${before}; exec ${quoted}`], env })
    .output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

async function check(faults: readonly Fault[]): Promise<void> {
  const results = await Promise.all(faults.map(run));
  for (const [index, { args, code = 1, says }] of faults.entries()) {
    const found = results[index] ?? { code: NaN, stderr: "" };
    const call = `crosswalk ${args.join(" ")}: ${found.stderr}`;
    assertEquals(found.code, code, call);
    assertStringIncludes(found.stderr, says, call);
    assert(/^crosswalk: /m.test(found.stderr), call);
    for (const raw of ["os error", "ENO", "EISDIR", "EACCES", "[object", "panicked", "    at "]) {
      assert(!found.stderr.includes(raw), `${call} holds "${raw}"`);
    }
  }
}

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "where the machine fails, every command ends in a sentence that names the file" +
    (isLinux ? "" : " [skipped: only on Linux]"),
  ignore: !isLinux,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const at = (...names: string[]) => join(folder, ...names);
      const [weights, data, images] = [at("w.safetensors"), at("streets"), at("images")];
      write(weights, (await networkFile()).bytes);
      write(at("recipe.yaml"), recipe);
      write(at("file"), "a file");
      write(at("large.safetensors"), "");
      truncateSync(at("large.safetensors"), 5 * 2 ** 30);
      for (const name of ["a.png", "b.png"]) write(join(images, name), street(0).image);
      writeStreets(data);
      mkdirSync(at("full"));
      symlinkSync("/dev/full", at("full", "a.png.tmp"));
      const long = "x".repeat(300);
      const predict = (
        out: string,
        from = weights,
        of = images,
      ) => ["predict", "--weights", from, "--images", of, "--out", out];
      const train = (...more: string[]) => ["train", "--config", at("recipe.yaml"), "--source", data, ...more];
      write(at("control", "result.json"), '{"adapted": {"miou": "high"}}');
      const adapt = [
        "adapt",
        "--config",
        at("recipe.yaml"),
        "--source",
        data,
        "--target",
        data,
        "--out",
        at("adapted"),
      ];
      const noWrite = ["--allow-read", "--allow-env", "--allow-sys"];
      await check([
        { args: predict(at("file")), says: `Cannot make the folder ${at("file")}: ` },
        { args: predict("/proc/here"), says: "Cannot make the folder /proc/here: " },
        { args: predict(at("full")), says: `Cannot write ${at("full", "a.png")}: the disk is full` },
        { args: predict(at("out"), folder), says: `Cannot read ${folder}: it is a folder` },
        { args: predict(at("out"), at(long)), says: `Cannot read ${at(long)}: the name is too long` },
        {
          args: predict(at("out"), at("large.safetensors")),
          says: `Cannot read ${at("large.safetensors")}: it has 5.0 GiB`,
        },
        { args: predict(at("no right")), rights: noWrite, says: "there is no right to write" },
        { args: predict(at("few")), before: "ulimit -n 26", says: "`ulimit -n 1024` allows more" },
        { args: predict(at("gpu")), env: { VK_DRIVER_FILES: at("none") }, says: "No WebGPU adapter was found" },
        { args: train("--out", at("file")), says: `Cannot make the folder ${at("file")}: ` },
        { args: train("--out", at("run"), "--config", folder), says: `Cannot read ${folder}: it is a folder` },
        { args: train("--out", at("dark")), env: { VK_DRIVER_FILES: at("none") }, says: "No WebGPU adapter was found" },
        {
          args: [...adapt, "--control-run", at("control")],
          says: `Cannot read the result of the control run ${at("control", "result.json")}: key "adapted.miou"`,
        },
        { args: ["synth", "--out", at("file")], says: at("file") },
        {
          args: ["select", "--probabilities", folder, "--out", at("s")],
          says: `Cannot read ${folder}: it is a folder`,
        },
      ]);
      assertEquals(["dark", "run", "gpu"].filter((name) => existsSync(at(name))), []);
    }),
});

Deno.test({
  name: "a run whose Workers cannot start or read for want of open files ends by itself" +
    (isLinux ? "" : " [skipped: only on Linux]"),
  ignore: !isLinux,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const [data, config] = [join(folder, "streets"), join(folder, "recipe.yaml")];
      writeStreets(data);
      write(config, recipe);
      const train = ["train", "--config", config, "--source", data];
      const results = await Promise.all([40, 50].map((limit) =>
        run({ args: [...train, "--out", join(folder, `run ${limit}`)], before: `ulimit -n ${limit}`, says: "" })
      ));
      for (const { code, stderr } of results) {
        assert(code === 0 || (code === 1 && /^crosswalk: .*open/m.test(stderr)), `${code}: ${stderr}`);
      }
    }),
});
