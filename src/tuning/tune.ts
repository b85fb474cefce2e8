/**
 * Times the schedules that can compute a network's convolutions. Each is checked against the plain direct kernel before
 * it may win.
 *
 * @module
 */

import { OutOfBudgetError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { pack } from "../graph/layout.ts";
import { Program } from "../graph/program.ts";
import { type KernelSchedule, scheduleName, type Tunable, type Tuning } from "../graph/schedule.ts";
import { dependencies, type DeviceTraits, input, type Tensor } from "../graph/tensor.ts";
import { median, timed } from "../gpu/timing.ts";
import { repeatedRandom } from "../random.ts";

/**
 * The largest difference from the plain direct kernel at which a result counts as right, relative in L2. The rounding
 * of F(4×4, 3×3) makes about 1e-6. A single wrong value in ten million makes more than this limit.
 */
export const tolerance = 3e-5;
/**
 * A schedule must be faster than the rules' by this factor. Smaller differences are within the noise of such timings.
 */
const leastGain = 1.05;
/** Seconds that one timing lasts, about. */
const timingSeconds = 0.03;
/**
 * The schedules that came close in the rough timing are timed again in turn: in how many rounds, at most how many of
 * them, and what counts as close.
 */
const rounds = 5;
const finalists = 4;
const closeFactor = 1.3;

/** The plain direct kernel: small register tiles, read from buffers. */
const plainTraits: DeviceTraits = {
  software: false,
  direct: true,
  schedule: { staging: "registers", source: "buffer" },
};

/** A shape class of a network, and a tensor that stands for it. */
export interface TuningProblem {
  readonly tunable: Tunable;
  readonly tensor: Tensor;
  /** Launches of this class in the programs. */
  readonly count: number;
}

/** What became of a schedule. */
export interface TriedSchedule {
  readonly schedule: string;
  /** Median milliseconds. For a schedule far from the fastest it is a single timing, for a wrong one `null`. */
  readonly milliseconds: number | null;
  /** Relative L2 difference from the plain direct kernel; `null` where there is no finite result. */
  readonly error: number | null;
  /** Only a right one can win. */
  readonly right: boolean;
}

/** The ranking of a shape class. */
export interface TunedProblem {
  readonly shapeClass: string;
  readonly count: number;
  /** Floating-point operations of one launch. */
  readonly flops: number;
  /** The schedules tried: right ones first, and among them the fastest first. */
  readonly ranking: readonly TriedSchedule[];
  /** The schedule to take. It is `default` where none is faster than the rules' by 5 %. */
  readonly winner: string;
  /** Time of the rules' schedule over the winner's; `null` where the rules' is wrong. */
  readonly gain: number | null;
}

/** What `tune` did. */
export interface TuneReport {
  readonly problems: readonly TunedProblem[];
  /** Classes for which there was no time left. */
  readonly left: readonly string[];
}

/** The shape classes among everything that these tensors depend on. */
export function tuningProblems(roots: readonly Tensor[]): TuningProblem[] {
  const problems = new Map<string, TuningProblem>();
  for (const tensor of dependencies(roots)) {
    const { tunable } = tensor.definition;
    if (tunable === undefined) continue;
    const { shapeClass } = tunable;
    const found = problems.get(shapeClass) ?? { tunable, tensor, count: 0 };
    problems.set(shapeClass, { ...found, count: found.count + 1 });
  }
  return [...problems.values()];
}

/**
 * Tunes one class after the other until the time is over. Classes for which `known` has no schedule come first, and
 * among those the costly ones. A class that is not finished in time is left out.
 */
export async function tune(
  gpu: Gpu,
  problems: readonly TuningProblem[],
  options: {
    readonly minutes: number;
    readonly known?: Tuning;
    readonly onProblem?: (problem: TunedProblem) => void;
    /** Called with the class whose candidates made the adapter fail, before the error is thrown. */
    readonly onFailure?: (shapeClass: string) => void;
  },
): Promise<TuneReport> {
  const end = performance.now() + options.minutes * 60_000;
  const cost = ({ tensor, count }: TuningProblem) => count * flopsOf(tensor, { software: gpu.kind.software });
  const isKnown = ({ tunable }: TuningProblem) => Number(options.known?.has(tunable.shapeClass) ?? false);
  const ordered = problems.toSorted((a, b) => isKnown(a) - isKnown(b) || cost(b) - cost(a));
  const done: TunedProblem[] = [];
  for (const problem of ordered) {
    let tuned: TunedProblem | null;
    try {
      tuned = await tuneProblem(gpu, problem, () => performance.now() >= end);
    } catch (error) {
      options.onFailure?.(problem.tunable.shapeClass);
      throw error;
    }
    if (tuned === null) break;
    options.onProblem?.(tuned);
    done.push(tuned);
  }
  return { problems: done, left: ordered.slice(done.length).map(({ tunable }) => tunable.shapeClass) };
}

/** The ranking of one class. `null` when the time is over first. */
async function tuneProblem(gpu: Gpu, problem: TuningProblem, isOver: () => boolean): Promise<TunedProblem | null> {
  const { tunable, count } = problem;
  if (isOver()) return null;
  const trial = makeTrial(problem);
  const expected = await withProgram(gpu, trial, plainTraits, result);
  const tried: Tried[] = [];
  for (const schedule of different(tunable, trial.result, gpu)) {
    if (isOver()) return null;
    tried.push(await tryOnce(gpu, trial, schedule, expected));
  }
  const fastest = Math.min(...tried.filter(({ right }) => right).map(({ seconds }) => seconds));
  const close = tried.filter(({ right, schedule, seconds }) =>
    right && (seconds <= closeFactor * fastest || scheduleName(schedule) === "default")
  ).sort((a, b) => a.seconds - b.seconds);
  const kept = close.filter(({ schedule }, index) => index < finalists || scheduleName(schedule) === "default");
  const medians = await interleave(gpu, trial, kept, isOver);
  if (medians === null) return null;
  return ranked(problem, flopsOf(trial.result, { software: gpu.kind.software }), tried, medians, count);
}

interface Tried {
  readonly schedule: KernelSchedule;
  readonly seconds: number;
  readonly error: number;
  readonly right: boolean;
}

function ranked(
  { tunable }: TuningProblem,
  flops: number,
  tried: readonly Tried[],
  medians: ReadonlyMap<KernelSchedule, number>,
  count: number,
): TunedProblem {
  // A GPU may be faster or slower in the interleaved rounds than in the first timings. So the first timings are scaled,
  // by the schedule that was timed in both.
  const twice = tried.find(({ schedule, right }) => right && scheduleName(schedule) === "default") ??
    tried.find(({ schedule }) => medians.has(schedule));
  const scale = twice === undefined ? 1 : (medians.get(twice.schedule) ?? twice.seconds) / twice.seconds;
  const timeOf = ({ schedule, seconds }: Tried) => medians.get(schedule) ?? seconds * scale;
  const sorted = tried.toSorted((a, b) => Number(b.right) - Number(a.right) || timeOf(a) - timeOf(b));
  const rules = sorted.find(({ schedule, right }) => right && scheduleName(schedule) === "default");
  const first = sorted.find(({ right, schedule }) => right && medians.has(schedule));
  const winner = first === undefined || (rules !== undefined && timeOf(rules) < leastGain * timeOf(first))
    ? rules
    : first;
  return {
    shapeClass: tunable.shapeClass,
    count,
    flops,
    ranking: sorted.map((one) => ({
      schedule: scheduleName(one.schedule),
      milliseconds: one.right ? timeOf(one) * 1000 : null,
      error: Number.isFinite(one.error) ? one.error : null,
      right: one.right,
    })),
    winner: winner === undefined ? "default" : scheduleName(winner.schedule),
    gain: winner === undefined || rules === undefined ? null : timeOf(rules) / timeOf(winner),
  };
}

/**
 * One rough timing of a schedule. A first run warms it up, and its result is compared. A schedule that cannot be
 * compiled within the limits counts as wrong.
 */
async function tryOnce(gpu: Gpu, trial: Trial, schedule: KernelSchedule, expected: Float32Array): Promise<Tried> {
  try {
    return await timeOnce(gpu, trial, schedule, expected);
  } catch (error) {
    if (!(error instanceof OutOfBudgetError || error instanceof RangeError)) throw error;
    return { schedule, error: Infinity, right: false, seconds: Infinity };
  }
}

async function timeOnce(gpu: Gpu, trial: Trial, schedule: KernelSchedule, expected: Float32Array): Promise<Tried> {
  return await withProgram(gpu, trial, { software: gpu.kind.software, schedule }, async (program) => {
    const error = relativeError(await result(program), expected);
    const right = error <= tolerance;
    return { schedule, error, right, seconds: right ? await secondsOf(gpu, program, 0) : Infinity };
  });
}

/** Median seconds of each schedule, timed in turn. `null` when the time is over first. */
async function interleave(
  gpu: Gpu,
  trial: Trial,
  kept: readonly Tried[],
  isOver: () => boolean,
): Promise<Map<KernelSchedule, number> | null> {
  const times = new Map(kept.map(({ schedule }) => [schedule, [] as number[]]));
  const programs: (readonly [Tried, Program])[] = [];
  try {
    for (const one of kept) {
      const traits = { software: gpu.kind.software, schedule: one.schedule };
      programs.push([one, await compileTrial(gpu, trial, traits)]);
    }
    for (let round = 0; round < rounds; round++) {
      for (const [{ schedule, seconds }, program] of programs) {
        if (isOver()) return null;
        times.get(schedule)?.push(await secondsOf(gpu, program, seconds));
      }
    }
  } finally {
    for (const [, program] of programs) program.dispose();
  }
  return new Map([...times].map(([schedule, seconds]) => [schedule, median(seconds)]));
}

/**
 * Seconds of one run. It times as many runs as last long enough if one takes `guessed` seconds; 0 where that is not
 * known.
 */
async function secondsOf(gpu: Gpu, program: Program, guessed: number): Promise<number> {
  const floor = await timed(gpu, []);
  const once = guessed > 0 ? guessed : Math.max(1e-5, await timed(gpu, program.dispatches) - floor);
  const repeats = Math.min(1000, Math.ceil(timingSeconds / once));
  if (guessed === 0 && repeats === 1) return once;
  const repeated = Array.from({ length: repeats }, () => program.dispatches).flat();
  return Math.max(1e-7, await timed(gpu, repeated) - floor) / repeats;
}

/**
 * The candidates whose launches differ from each other. On some shapes several candidates come to the same launches.
 */
function different({ candidates }: Tunable, trial: Tensor, gpu: Gpu): KernelSchedule[] {
  const traits = { software: gpu.kind.software };
  const launches = (schedule: KernelSchedule) => {
    const plan = trial.definition.kernels?.(trial, { ...traits, schedule });
    const calls = plan?.calls.map(({ shader, constants, workgroups, bindings }) => [
      ...[shader.name, shader.includes, constants, workgroups],
      bindings.map((binding) => typeof binding === "object" && "uniform" in binding ? binding.uniform : ""),
    ]);
    return JSON.stringify(calls);
  };
  const seen = new Map<string, KernelSchedule>();
  for (const schedule of candidates(traits)) {
    const text = launches(schedule);
    if (!seen.has(text)) seen.set(text, schedule);
  }
  return [...seen.values()];
}

function flopsOf(tensor: Tensor, traits: DeviceTraits): number {
  const calls = tensor.definition.kernels?.(tensor, traits).calls ?? [];
  return calls.reduce((sum, { flops = 0 }) => sum + flops, 0);
}

/** A class's tensor by itself, with its inputs as they lie on the GPU. */
interface Trial {
  readonly result: Tensor;
  readonly operands: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
}

function makeTrial({ tunable, tensor }: TuningProblem): Trial {
  const [first, second] = tensor.inputs.map(({ shape, layout }, index) => input(`operand ${index}`, shape, { layout }));
  if (first === undefined || second === undefined) throw new Error(`Cannot tune ${tensor}: it has no two inputs`);
  const operands = [first, second].map(({ shape, layout }, index) => {
    const values = repeatedRandom(shape, `operand ${index}`, (random, at) => random.normal(at));
    return [`operand ${index}`, pack(values, shape, layout)] as const;
  });
  return { result: tunable.trial(first, second), operands: new Map(operands) };
}

async function compileTrial(gpu: Gpu, { result, operands }: Trial, traits: DeviceTraits): Promise<Program> {
  const program = await Program.compile(gpu, { outputs: { result }, traits });
  for (const [name, values] of operands) program.write(name, values);
  return program;
}

async function withProgram<T>(
  gpu: Gpu,
  trial: Trial,
  traits: DeviceTraits,
  use: (program: Program) => Promise<T>,
): Promise<T> {
  const program = await compileTrial(gpu, trial, traits);
  try {
    return await use(program);
  } finally {
    program.dispose();
  }
}

/** The result of a run, as it lies on the GPU. */
async function result(program: Program): Promise<Float32Array> {
  program.run();
  return new Float32Array((await program.readBytes("result")).buffer);
}

/** ‖a − b‖ / ‖b‖; not finite where a or b is not. */
function relativeError(values: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < values.length; index++) {
    const wanted = expected[index] ?? NaN;
    difference += ((values[index] ?? NaN) - wanted) ** 2;
    norm += wanted ** 2;
  }
  return Math.sqrt(difference / norm);
}
