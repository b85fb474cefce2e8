import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { write } from "../data/pictures.ts";
import { finished, inTemporaryFolder, program, rightsOf } from "./program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "", ".cache"), "crosswalk");
const temporary = Deno.env.get("TMPDIR") || "/tmp";

/** What the launcher lets a command write to; `true` for everything. */
async function writable(...args: string[]): Promise<(string | true)[]> {
  const flags = (await rightsOf(args)).filter((flag) => flag.startsWith("--allow-write"));
  return flags.map((flag) => flag === "--allow-write" || flag.slice("--allow-write=".length));
}

Deno.test("a command may write to the folder of its results and to the cache folder, and to nothing else", async () => {
  for (const command of ["adapt", "train", "predict", "select", "synth"]) {
    assertEquals(await writable(command, "--out", "a b/c"), ["a b/c", cache]);
    assertEquals(await writable(command, "--json", "--out=x=y"), ["x=y", cache]);
    assertEquals(await writable(command), ["runs", cache]);
  }
  assertEquals(await writable("adapt", "--out", "x", "--plan"), [temporary, cache]);
  for (const command of ["tune", "doctor"]) assertEquals(await writable(command, "--out", "x"), [cache]);
  assertEquals(await writable("inspect", "data", "--out", "x"), []);
  assertEquals(await writable("inspect", "data", "--sheet", "a b/c.png"), ["a b"]);
  assertEquals(await writable("inspect", "--sheet=c.png", "data"), ["."]);
  assertEquals(await writable("rank-images", "--out", "a/b.txt"), ["a", cache]);
  assertEquals(await writable("convert", "--weights", "w.pth"), []);
  assertEquals(await writable("convert", "--out", "a b/w.safetensors"), ["a b"]);
  assertEquals(await writable("convert", "--out=w.safetensors"), ["."]);
  assertEquals(await writable("bench", "step"), [temporary, cache]);
  assertEquals(await writable("bench", "growth", "--plot", "a/b.svg"), ["a", temporary, cache]);
  assertEquals(await writable("bench", "growth", "--plot=b.svg"), [".", temporary, cache]);
  for (const odd of ["a,b", "a\nb"]) {
    assertEquals(await writable("adapt", "--out", odd), [true], "Deno cannot name such a folder");
  }
  assertEquals(await writable("--version"), []);
});

Deno.test("results go to folders with commas, spaces and line ends in their names", () =>
  inTemporaryFolder(async (folder) => {
    const [out, script] = [join(folder, "a, b\nc"), join(folder, "write.ts")];
    write(script, "Deno.mkdirSync(Deno.args[0]);");
    const rights = await rightsOf(["synth", "--out", out]);
    const command = new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", ...rights, script, out] });
    assertEquals(await finished(command), { code: 0, stdout: "", stderr: "" });
  }));

Deno.test("no command reaches the network or a library, only bench and export start programs, two read only what is theirs", async () => {
  const commands = [
    "adapt",
    "train",
    "evaluate",
    "predict",
    "select",
    "synth",
    "inspect",
    "rank-images",
    "project",
    "convert",
    "export",
    "report",
    "bench",
    "tune",
    "doctor",
    "",
  ];
  for (const command of commands) {
    const flags = await rightsOf([command, "--out", "x"]);
    const kinds = new Set(flags.map((flag) => flag.split("=")[0]));
    assertEquals(["--allow-all", "--allow-net", "--allow-ffi", "--allow-import"].filter((kind) => kinds.has(kind)), []);
    assertEquals(kinds.has("--allow-run"), command === "bench" || command === "export", command);
    assertEquals([flags.includes("--allow-env"), flags.includes("--allow-sys")], [false, false], command);
    const read = flags.filter((flag) => flag.startsWith("--allow-read"));
    const own = [`--allow-read=${root.replace(/\/$/, "")}`, `--allow-read=${cache}`];
    const isOwn = command === "tune" || command === "doctor";
    const expected = command === "" ? [] : isOwn ? own : ["--allow-read"];
    assertEquals(read.map((flag) => flag.replace(/\/$/, "")), expected, command);
  }
});

Deno.test("export may start the bundler alone, and write to the folder of its page alone", async () => {
  const flags = await rightsOf(["export", "--web", "a b/site", "--weights", "w.safetensors"]);
  const [run = "", ...others] = flags.filter((flag) => flag.startsWith("--allow-run"));
  assertEquals(others, []);
  for (const path of run.slice("--allow-run=".length).split(",")) assertMatch(path, /\/@esbuild\/.*\/bin\/esbuild$/);
  assertEquals(await writable("export", "--web", "a b/site"), ["a b/site"]);
  assertEquals(await writable("export", "--web=site", "--out", "x"), ["site"]);
});

Deno.test("report may write its page, beside it, and events into the runs that it is given", async () => {
  assertEquals(await writable("report", "a b"), ["a b"]);
  assertEquals(await writable("report", "a", "b"), ["."]);
  assertEquals(await writable("report", "a", "--out", "x/y.html"), ["x"]);
  assertEquals(await writable("report", "--control-run", "c", "report", "--tensorboard", "--out=y.html"), [
    ".",
    "report",
  ]);
  assertEquals(await writable("evaluate", "--out", "x"), ["x", cache]);
  assertEquals(await writable("evaluate"), [cache]);
});

Deno.test("a run may listen where its page is wanted, and nowhere else", async () => {
  const net = async (...args: string[]) => (await rightsOf(args)).filter((flag) => flag.startsWith("--allow-net"));
  for (const command of ["adapt", "train"]) {
    assertEquals(await net(command, "--serve", "8080"), ["--allow-net=127.0.0.1:8080"]);
    assertEquals(await net(command, "--json", "--serve=0.0.0.0:0"), ["--allow-net=0.0.0.0:0"]);
    assertEquals(await net(command, "--serve", "[::1]:80", "--out", "x"), ["--allow-net=[::1]:80"]);
    assertEquals(await net(command, "--serve", "8080", "--plan"), []);
  }
  // What is no address gives no right, and no flag that Deno would refuse.
  for (
    const wrong of ["", ":80", "evil.com", "8080,evil.com", "a,b:80", "*:80", "99999", "::1:80", "[::1]", "a\nb:80"]
  ) {
    assertEquals(await net("adapt", "--serve", wrong), [], wrong);
  }
  for (const command of ["evaluate", "predict", "synth", "tune"]) assertEquals(await net(command, "--serve", "80"), []);
});

Deno.test("a right that lacks is told in a sentence that says who gives it", () =>
  inTemporaryFolder(async (folder) => {
    const [out, other] = [join(folder, "out"), join(folder, "other")];
    const start = (rights: string[], ...args: string[]) =>
      finished(new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", ...rights, program, ...args] }));
    const rights = await rightsOf(["synth", "--out", other]);
    const { code, stderr } = await start(rights, "synth", "--town-images", "1", "--out", out);
    assertEquals([code, existsSync(out)], [1, false]);
    assertStringIncludes(stderr, `there is no right to write to "${out}`);
    assertStringIncludes(stderr, "./crosswalk lets a command write to its --out and to the cache folder only");
    assertEquals(stderr.includes("run again with"), false, stderr);
    const ofSystem = await start(await rightsOf(["synth", "--out", "/proc/towns"]), "synth", "--out", "/proc/towns");
    assertStringIncludes(ofSystem.stderr, 'there is no right to use "/proc/towns');
    assertStringIncludes(ofSystem.stderr, "which belongs to the system");
    const unread = await start(["--no-prompt", "--ignore-env"], "select", "--config", join(folder, "recipe.yaml"));
    assertEquals(unread.code, 1);
    assertStringIncludes(unread.stderr, "there is no right to read");
  }));
