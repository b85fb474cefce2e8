/**
 * What `--serve` costs a run: pairs of the same adaptation, one with its live page open and one without it, in turns.
 * With each pair goes a second run without it, which tells how far two equal runs lie apart.
 *
 * ```sh
 * deno run -A bench/serve_cost.ts                          # 15 pairs, the page is fetched as a browser fetches it
 * deno run -A bench/serve_cost.ts --browser /usr/bin/chromium --pairs 5
 * deno run -A bench/serve_cost.ts --source-steps 550       # runs twice to three times as long
 * ```
 *
 * It prints the seconds of each run and the medians of the ratios, and on Linux the same for the processor time of the
 * run, which other programs disturb less. The machine should do nothing else meanwhile. A browser on the same machine
 * draws the page on the same processors, so the seconds hold its part of the cost as well.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const program = fileURLToPath(new URL("../cli.ts", import.meta.url));

/** With 100 steps of source training a quarter to half a minute on two cores with the software adapter. */
const recipe = (sourceSteps: string) => `
model: deeplab-nano
batch: 4
size: 64x128
crop: 64x96
source-steps: ${sourceSteps}
source-rate: 0.01
warm-up: 0
rounds: 2
epochs: 2
learning-rate: [0.001]
source-images: 16
target-images: all
spatial-prior: true
mining: "off"
`;

/** Reads a stream by lines. */
async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream?.pipeThrough(new TextDecoderStream()) ?? []) {
    const found = (rest + text).split("\n");
    rest = found.pop() ?? "";
    yield* found;
  }
}

/** Does what a browser that shows the page does, but for drawing it. */
async function attach(url: string): Promise<void> {
  const load = async (path: string) => void await (await fetch(url + path)).arrayBuffer();
  await load("");
  let event = "";
  for await (const line of lines((await fetch(`${url}events`)).body)) {
    if (line.startsWith("event: ")) event = line.slice(7);
    if (!line.startsWith("data: ")) continue;
    const data = JSON.parse(line.slice(6));
    for (const label of data.labels ?? []) await load(label);
    if (event === "report") await load("");
    if (event === "end") break;
  }
}

/** Opens the page in a browser without a window. */
function browse(path: string, url: string, profile: string): Deno.ChildProcess {
  const args = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, url];
  return new Deno.Command(path, { args, stdout: "null", stderr: "null" }).spawn();
}

/** What a run took. */
interface Taken {
  readonly seconds: number;
  /** Processor time in seconds; 0 where it is not known. */
  readonly busy: number;
}

const nothing: Taken = { seconds: NaN, busy: NaN };

/** Processor time of all programs that were started and have ended, in seconds; 0 where the system does not tell. */
function busySeconds(): number {
  try {
    const [, after = ""] = /\) (.*)/.exec(Deno.readTextFileSync("/proc/self/stat")) ?? [];
    const [user, system] = after.split(" ").slice(13, 15).map(Number);
    return ((user ?? 0) + (system ?? 0)) / 100;
  } catch {
    return 0;
  }
}

/** Runs the adaptation. */
async function run(folder: string, isServed: boolean, browser: string | undefined): Promise<Taken> {
  const out = await Deno.makeTempDir({ dir: folder });
  const data = (name: string) => join(folder, "towns", name);
  const args = [
    "adapt",
    "--source",
    data("source"),
    "--target",
    data("target"),
    "--config",
    join(folder, "recipe.yaml"),
  ];
  const [start, before] = [performance.now(), busySeconds()];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", program, ...args, "--out", out, ...isServed ? ["--serve", "0"] : []],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let page: Promise<void> | Deno.ChildProcess | undefined;
  const said: string[] = [];
  for await (const line of lines(process.stderr)) {
    said.push(line);
    const [, url] = /^live page: (http:\S*)$/.exec(line) ?? [];
    if (url === undefined) continue;
    page = browser === undefined ? attach(url).catch(() => {}) : browse(browser, url, join(out, "profile"));
  }
  const { code } = await process.status;
  const taken = { seconds: (performance.now() - start) / 1000, busy: busySeconds() - before };
  if (code !== 0) throw new Error(`The run failed:\n${said.join("\n")}`);
  if (isServed && page === undefined) throw new Error(`The run had no page:\n${said.join("\n")}`);
  if (page instanceof Deno.ChildProcess) {
    page.kill("SIGKILL");
    await page.status;
  } else await page;
  // Processes of the browser may still write for a moment.
  await Deno.remove(out, { recursive: true }).catch(() => {});
  return taken;
}

/** The median of ratios, and their range, as the cost in percent. */
function costText(ratios: readonly number[]): string {
  const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`;
  const sorted = ratios.toSorted((a, b) => a - b);
  return `${percent(median(ratios))} in the median of ${ratios.length} pairs, from ${percent(sorted[0] ?? NaN)} to ${
    percent(sorted.at(-1) ?? NaN)
  }`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = sorted.length % 2 === 1
    ? [sorted[middle], sorted[middle]]
    : [sorted[middle - 1], sorted[middle]];
  return (low + high) / 2;
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      pairs: { type: "string", default: "15" },
      "source-steps": { type: "string", default: "100" },
      browser: { type: "string" },
    },
  });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "recipe.yaml"), recipe(values["source-steps"]));
    const towns = ["synth", "--out", join(folder, "towns"), "--town-images", "16", "--town-size", "64x128"];
    const drawn = await new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", "-A", program, ...towns] })
      .output();
    if (!drawn.success) throw new Error(new TextDecoder().decode(drawn.stderr));
    await run(folder, true, values.browser);
    const all: Readonly<Record<"served" | "plain" | "other", Taken>>[] = [];
    for (let pair = 0; pair < Number(values.pairs); pair++) {
      // Each of the three comes first, second and last as often as the others.
      const taken = { served: nothing, plain: nothing, other: nothing };
      const turns = ["served", "plain", "other"] as const;
      for (const turn of [...turns.slice(pair % 3), ...turns.slice(0, pair % 3)]) {
        taken[turn] = await run(folder, turn === "served", values.browser);
      }
      all.push(taken);
      const { served, plain, other } = taken;
      const text = ({ seconds, busy }: Taken) => `${seconds.toFixed(2)} s (${busy.toFixed(2)} s of processors)`;
      console.log(`pair ${pair + 1}: ${text(plain)} and ${text(other)} without, ${text(served)} with the page`);
    }
    for (const what of ["seconds", "busy"] as const) {
      const name = what === "seconds" ? "time" : "processor time";
      if (all.some(({ plain }) => plain[what] === 0)) continue;
      console.log(`${name}, with the page: ${costText(all.map(({ served, plain }) => served[what] / plain[what]))}`);
      console.log(`${name}, without it: ${costText(all.map(({ other, plain }) => other[what] / plain[what]))}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}
