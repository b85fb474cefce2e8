/**
 * Where the time of a run goes. The time of a stage is that of the wall clock. Within each stage the GPU's own clock
 * gives the time of each kernel, and the share of the time in which the GPU had nothing to do.
 *
 * Every submission is timed as a whole. Its kernels are timed only in one of many submissions, because each kernel then
 * takes a pass of its own. Submissions of the same launches take the same shares, so the shares of the timed ones are
 * used for all.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { SubmissionTime } from "../gpu/submission_times.ts";
import type { Activity } from "../selftraining/progress.ts";

/** What a run is doing; `other` is opening data, compiling, and writing results. */
export type ProfileStage = Activity | "pictures";

/** Time in one kernel. It is estimated from the submissions whose kernels were timed. */
export interface KernelProfile {
  /** Name of the shader file. */
  readonly kernel: string;
  readonly seconds: number;
  /** Share of the time of its stage, or of the whole run. */
  readonly share: number;
}

/** Time in one stage. */
export interface StageProfile {
  readonly stage: ProfileStage;
  readonly seconds: number;
  /** Share of the time of the whole run. */
  readonly share: number;
  /** Share of the stage in which the GPU had nothing to do; `null` if the adapter has no timestamps. */
  readonly idle: number | null;
  /** The kernels, the longest first; empty if the adapter has no timestamps. */
  readonly kernels: readonly KernelProfile[];
}

/** What `profile.json` says. */
export interface ProfileReport {
  readonly adapter: string;
  readonly seconds: number;
  readonly idle: number | null;
  /** The stages in the order in which they were first entered. */
  readonly stages: readonly StageProfile[];
  /** The kernels of all stages together, the longest first. */
  readonly kernels: readonly KernelProfile[];
}

/** The kernels of a submission are timed in the first two submissions of its kind, and then in one of this many. */
const sampleInterval = 16;

/** The times of a run. It costs next to nothing unless `timeKernels` is called. */
export class Profile {
  readonly #stages = new Map<ProfileStage, StageTimes>();
  #stage = this.#timesOf("other");
  #since = performance.now();
  #gpu: Gpu | null = null;

  /** From now on, times what the GPU does, if the adapter has timestamps. */
  timeKernels(gpu: Gpu): void {
    this.#gpu = gpu;
    if (gpu.hasTimestamps) gpu.timeSubmissions((kernels) => this.#stage.submission(kernels));
  }

  /** Ends the current stage and enters another, for the first time or again. */
  enter(stage: ProfileStage): void {
    const now = performance.now();
    this.#stage.seconds += (now - this.#since) / 1000;
    this.#stage = this.#timesOf(stage);
    this.#since = now;
  }

  /**
   * The times so far. Waits for the GPU.
   *
   * @throws {Error} if kernels are not timed.
   */
  async report(): Promise<ProfileReport> {
    const gpu = this.#gpu;
    if (gpu === null) throw new Error("There is no profile: kernels were not timed");
    await gpu.collectTimes();
    this.enter("other");
    const times = [...this.#stages].filter(([, { seconds }]) => seconds > 0);
    const seconds = sum(times.map(([, stage]) => stage.seconds));
    const idle = (total: number, busy: number) => gpu.hasTimestamps ? Math.max(0, 1 - busy / total) : null;
    return {
      adapter: gpu.info.description || gpu.info.vendor,
      seconds,
      idle: idle(seconds, sum(times.map(([, { busySeconds }]) => busySeconds))),
      stages: times.map(([stage, time]) => ({
        stage,
        seconds: time.seconds,
        share: time.seconds / seconds,
        idle: idle(time.seconds, time.busySeconds),
        kernels: kernelProfiles(time.kernels(), time.seconds),
      })),
      kernels: kernelProfiles(times.flatMap(([, time]) => time.kernels()), seconds),
    };
  }

  #timesOf(stage: ProfileStage): StageTimes {
    const times = this.#stages.get(stage) ?? new StageTimes();
    this.#stages.set(stage, times);
    return times;
  }
}

/** The sum of each kernel's seconds, the longest first. */
function kernelProfiles(times: readonly (readonly [string, number])[], total: number): KernelProfile[] {
  const seconds = new Map<string, number>();
  for (const [kernel, time] of times) seconds.set(kernel, (seconds.get(kernel) ?? 0) + time);
  return [...seconds].sort(([, a], [, b]) => b - a)
    .map(([kernel, time]) => ({ kernel, seconds: time, share: time / total }));
}

/** Times of a stage. */
class StageTimes {
  seconds = 0;
  readonly #kinds = new Map<string, KindTimes>();

  /** Seconds in which the GPU worked. */
  get busySeconds(): number {
    return sum([...this.#kinds.values()].map(({ seconds }) => seconds));
  }

  submission(kernels: readonly string[]): { isSampled: boolean; take: (time: SubmissionTime) => void } {
    const key = kernels.join();
    const kind = this.#kinds.get(key) ?? new KindTimes();
    this.#kinds.set(key, kind);
    const isSampled = kind.count === 0 || kind.count % sampleInterval === 1;
    kind.count++;
    return { isSampled, take: (time) => kind.add(time) };
  }

  /** Estimated seconds of each kernel. A kernel may be listed more than once. */
  kernels(): [string, number][] {
    return [...this.#kinds.values()].flatMap(({ seconds, sampled, samples }) => {
      const total = sum([...sampled.values()]);
      return samples === 0 ? [] : [...sampled].map(([name, time]): [string, number] => [name, time / total * seconds]);
    });
  }
}

/** Times of the submissions that consist of the same launches. */
class KindTimes {
  count = 0;
  seconds = 0;
  samples = 0;
  /** Seconds by kernel in the sampled submissions. */
  readonly sampled = new Map<string, number>();

  add({ seconds, launches = [] }: SubmissionTime): void {
    this.seconds += seconds;
    if (launches.length === 0) return;
    // During the first submission some drivers compile, so its times are kept only as long as there is no second one.
    if (++this.samples === 2) this.sampled.clear();
    for (const { kernel, seconds } of launches) this.sampled.set(kernel, (this.sampled.get(kernel) ?? 0) + seconds);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
