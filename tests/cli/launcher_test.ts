/**
 * The launcher, in copies of the checkout. Packages are copied from those that this test itself runs with, so that
 * nothing is fetched.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { write } from "../data/pictures.ts";
import { type Finished, finished, inTemporaryFolder } from "./program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const packages = join(Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache", "deno"), "npm");
const isLinux = Deno.build.os === "linux";
const canBecomeAnother = isLinux && Deno.uid() === 0 && existsSync("/usr/bin/setpriv") && existsSync(packages);

/** What the program needs of the checkout. */
const parts = [
  ...["crosswalk", "launcher", "cli.ts", "mod.ts", "deno.json", "deno.lock"],
  ...["src", "shaders", "label_sets", "recipes", "third_party"],
];

/** A checkout with its packages, which everybody may read and only its owner may write to. */
function copyCheckout(folder: string): string {
  const checkout = join(folder, "checkout");
  for (const part of parts) cpSync(join(root, part), join(checkout, part), { recursive: true });
  if (existsSync(packages)) cpSync(packages, join(checkout, ".crosswalk", "cache", "npm"), { recursive: true });
  chmodSync(folder, 0o755);
  return checkout;
}

/** Starts the launcher of a checkout with this Deno and no environment but the one given. */
function launch(
  checkout: string,
  environment: Record<string, string>,
  args: string[],
  user?: number,
): Promise<Finished> {
  const launcher = join(checkout, "crosswalk");
  const as = user === undefined ? [] : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
  const [command = "", ...rest] = user === undefined ? [launcher] : ["/usr/bin/setpriv", ...as, launcher];
  const env = { PATH: "/usr/bin:/bin", CROSSWALK_DENO: Deno.execPath(), ...environment };
  return finished(new Deno.Command(command, { args: [...rest, ...args], clearEnv: true, env }));
}

const nobody = 65534;
/** The user's own settings of npm say where packages are, so the owner keeps this. */
const owner = { HOME: Deno.env.get("HOME") ?? "/" };
const homeless = { HOME: "/nonexistent" };

Deno.test({
  name: "another user without a home runs what is installed in a checkout that only its owner may write to, " +
    "or is told what cannot be written" + (canBecomeAnother ? "" : " [skipped: needs root, setpriv and Deno's cache]"),
  ignore: !canBecomeAnother,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const checkout = copyCheckout(folder);
      const missing = await launch(checkout, homeless, ["--version"], nobody);
      assertEquals([missing.code, missing.stdout], [1, ""]);
      assertMatch(missing.stderr, /^crosswalk: cannot write to .*\.crosswalk, where packages are missing, nor to /);
      assertStringIncludes(missing.stderr, "set XDG_CACHE_HOME to a folder that can be written to");

      const first = await launch(checkout, owner, ["--version"]);
      assertEquals(first, { code: 0, stdout: "crosswalk 0.1.0\n", stderr: "" });
      assertEquals(await launch(checkout, homeless, ["--version"], nobody), first);

      const out = join(folder, "out");
      const synth = ["synth", "--town-images", "1", "--town-size", "32x64", "--out", out];
      const refused = await launch(checkout, homeless, synth, nobody);
      assertEquals(refused.code, 1);
      assertStringIncludes(refused.stderr, `Cannot make the folder ${out}`);
      mkdirSync(out);
      chmodSync(out, 0o777);
      assertEquals((await launch(checkout, homeless, synth, nobody)).code, 0);
      assert(existsSync(join(out, "source", "dataset.json")));

      // Where it is started for the second time it fetches and compiles nothing.
      const times: number[] = [];
      for (let start = 0; start < 3; start++) {
        const before = performance.now();
        await launch(checkout, owner, ["--version"]);
        times.push(performance.now() - before);
      }
      assert(Math.min(...times) < 1000, `--version took ${times} ms`);
    }),
});

Deno.test({
  name: "Vulkan drivers that are not there are told before anything is drawn" +
    (canBecomeAnother ? "" : " [skipped: needs root, setpriv and Deno's cache]"),
  ignore: !canBecomeAnother,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const checkout = copyCheckout(folder);
      const out = join(folder, "out");
      const environment = { ...owner, VK_DRIVER_FILES: "/nowhere.json" };
      const { code, stdout, stderr } = await launch(checkout, environment, ["adapt", "--out", out]);
      assertEquals([code, stdout, existsSync(out)], [1, "", false]);
      assertEquals(
        stderr,
        'crosswalk: No WebGPU adapter was found. VK_DRIVER_FILES or VK_ICD_FILENAMES names "/nowhere.json", ' +
          "which should be a file that describes a Vulkan driver\n",
      );
    }),
});

Deno.test("the launcher's own Deno is one version, and every package of it is held to a digest", () => {
  const read = (name: string) => JSON.parse(readFileSync(join(root, "launcher", name), "utf8"));
  const { dependencies } = read("package.json");
  assertMatch(dependencies.deno, /^\d+\.\d+\.\d+$/);
  const { packages } = read("package-lock.json");
  assertEquals(packages[""].dependencies, dependencies);
  const locked = Object.entries<{ version: string; integrity: string; resolved?: string }>(packages).slice(1);
  assert(locked.length > 5 && locked.some(([name]) => name === "node_modules/@deno/linux-x64-glibc"));
  for (const [name, { version, integrity, resolved }] of locked) {
    assertEquals([version, resolved], [dependencies.deno, undefined], name);
    assertMatch(integrity, /^sha512-/, name);
  }
});

Deno.test({
  name: "where there is no Deno, npm installs what the digests allow, or nothing" +
    (isLinux ? "" : " [skipped: only on Linux]"),
  ignore: !isLinux,
  fn: () =>
    inTemporaryFolder(async (folder) => {
      const checkout = copyCheckout(folder);
      const tools = join(folder, "tools");
      mkdirSync(tools);
      for (const tool of ["sh", "cksum", "sed", "dirname", "mkdir", "cat", "tr", "cp", "rm", "mv", "uname"]) {
        symlinkSync(["/usr/bin", "/bin"].map((bin) => join(bin, tool)).find(existsSync) ?? tool, join(tools, tool));
      }
      const environment = { PATH: tools, CROSSWALK_DENO: "", HOME: folder };
      const without = await launch(checkout, environment, ["--version"]);
      assertEquals(without.code, 1);
      assertStringIncludes(without.stderr, "no Deno 2.9 or newer was found, and no npm to install it with");

      const npm = join(tools, "npm");
      write(npm, '#!/bin/sh\necho "$@" >called\nexit 1\n');
      chmodSync(npm, 0o755);
      const wrong = await launch(checkout, environment, ["--version"]);
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.stderr, "could not be installed: npm says why above");
      assertEquals(existsSync(join(checkout, ".crosswalk", "deno")), false);
      const tried = (name: string) => readFileSync(join(checkout, ".crosswalk", "deno.new", name), "utf8");
      assertMatch(tried("called"), /^ci --ignore-scripts /);
      assertEquals(tried("package-lock.json"), readFileSync(join(root, "launcher", "package-lock.json"), "utf8"));
    }),
});
