/**
 * Kills a run again and again, at random moments of all of its phases, and goes on with it each time. In the end its
 * results must be those of a run that nobody killed.
 *
 * By hand: `deno run -A tests/survival/kill.ts [kills] [seed]`, 40 kills by default.
 *
 * @module
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "../cli/program.ts";

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
target-images: 6
spatial-prior: true
`;

/** The phases of the run: what `stages.json` names last while each is going on. */
export const phases: readonly string[] = [
  "",
  "towns",
  "source: training",
  "source weights",
  "source: evaluation",
  "round 1: labelling",
  "round 1: training",
  "round 1: evaluation",
  "round 2: labelling",
  "round 2: training",
  "round 2: evaluation",
];

/** What came of the kills. */
export interface KillReport {
  /** Kills that hit a run that was going on, by the stage that was finished last. */
  readonly kills: Readonly<Record<string, number>>;
  /** Runs that were finished. */
  readonly finished: number;
  /** What went wrong: a file that differs, or a start that failed. */
  readonly problems: readonly string[];
}

/**
 * Kills runs in a folder.
 *
 * @param kills how many kills must hit.
 * @param signals taken in turn.
 * @param random numbers from 0 to 1.
 */
export async function killRuns(
  folder: string,
  kills: number,
  signals: readonly Deno.Signal[],
  random: () => number,
): Promise<KillReport> {
  const config = join(folder, "recipe.yaml");
  writeFileSync(config, recipe);
  const whole = join(folder, "whole");
  const first = await start(config, whole).output();
  if (first.code !== 0) return { kills: {}, finished: 0, problems: [text(first.stderr)] };
  const hits: Record<string, number> = {};
  const problems: string[] = [];
  let finished = 0;
  let done = 0;
  // After the last kill, a run is brought to its end.
  for (let run = 0; done < kills || finished === 0; run++) {
    const out = join(folder, `run ${run}`);
    for (let isRunning = true; isRunning;) {
      const child = start(config, out);
      const output = child.output();
      let hasEnded = false;
      output.finally(() => hasEnded = true);
      if (done < kills) {
        // Each kill has a phase in turn, and a moment after its beginning.
        await reach(out, done % phases.length, () => hasEnded);
        await new Promise((resolve) => setTimeout(resolve, random() * 800));
        if (!hasEnded) {
          const phase = lastStage(out) || "nothing";
          hits[phase] = (hits[phase] ?? 0) + 1;
          child.kill(signals[done % signals.length] ?? "SIGKILL");
        }
        done++;
      }
      const { code, signal, stderr } = await output;
      if (code === 0) isRunning = false;
      else if (signal === null && code !== 130) {
        problems.push(`run ${run}, after ${lastStage(out)}: ${text(stderr)}`);
        return { kills: hits, finished, problems };
      }
    }
    finished++;
    for (const file of ["weights.safetensors", "checkpoint.safetensors", "rounds/2/thresholds.json"]) {
      if (!readFileSync(join(out, file)).equals(readFileSync(join(whole, file)))) {
        problems.push(`run ${run}: ${file} differs`);
      }
    }
    rmSync(out, { recursive: true });
  }
  return { kills: hits, finished, problems };
}

function start(config: string, out: string): Deno.ChildProcess {
  const resume = existsSync(join(out, "config.json")) ? ["--resume"] : [];
  const args = ["run", "--quiet", "-A", program, "adapt", "--config", config, "--out", out, ...resume];
  return new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped" }).spawn();
}

/** Waits until a phase has begun, a later one has, or the run has ended. */
async function reach(out: string, phase: number, hasEnded: () => boolean): Promise<void> {
  while (!hasEnded() && phases.indexOf(lastStage(out)) < phase) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The stage that a run finished last; empty if none is. */
function lastStage(out: string): string {
  const path = join(out, "stages.json");
  if (!existsSync(path)) return "";
  const { stages } = JSON.parse(readFileSync(path, "utf8"));
  // The inner stages of trainings stand before those that name phases.
  return Object.keys(stages).filter((stage) => phases.includes(stage)).at(-1) ?? "";
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim().split("\n").at(-1) ?? "";
}

/** Numbers from 0 to 1 that follow from a seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    return state / 2 ** 32;
  };
}

if (import.meta.main) {
  const kills = Number(Deno.args[0] ?? 40);
  const seed = Number(Deno.args[1] ?? Date.now() % 2 ** 32);
  console.log(`${kills} kills with seed ${seed}`);
  const folder = mkdtempSync(join(tmpdir(), "crosswalk-kill-"));
  const { kills: hits, finished, problems } = await killRuns(
    folder,
    kills,
    ["SIGKILL", "SIGINT", "SIGTERM"],
    randomNumbers(seed),
  );
  for (const [phase, count] of Object.entries(hits)) console.log(`killed after ${phase}: ${count}`);
  console.log(
    `${finished} runs were finished; ${
      problems.length === 0 ? "all bytes are those of a whole run" : problems.join("\n")
    }`,
  );
  rmSync(folder, { recursive: true });
  Deno.exit(problems.length === 0 ? 0 : 1);
}
