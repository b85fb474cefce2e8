/**
 * Where the time of a run goes: by stage on the wall clock, and within each by kernel on the GPU's own, with the share of the
 * time in which the GPU had nothing to do.
 *
 * Every submission is timed as a whole, but its kernels only in one of many, because each then takes a pass of its own.
 * Submissions of the same launches are alike, so the shares of the sampled ones hold for all.
 *
 * @module
 */

import type { Gpu } from "../gpu/gpu.ts";
import type { SubmissionTime } from "../gpu/submission_times.ts";
import type { Activity } from "../selftraining/progress.ts";

/** What a run is doing; `other` is opening data, compiling, and writing results. */
export type ProfileStage = Activity | "pictures";

/** Time in one kernel; of a sampled run, so estimated. */
export interface KernelProfile {
  /** Name of the shader file. */
  readonly kernel: string;
  readonly seconds: number;
  /** Of the time of the stage or run that it is part of. */
  readonly share: number;
}

/** Time in one stage. */
export interface StageProfile {
  readonly stage: ProfileStage;
  readonly seconds: number;
  /** Of the time of the whole run. */
  readonly share: number;
  /** Share of the stage in which the GPU had nothing to do; `null` without timestamps. */
  readonly idle: number | null;
  /** The longest first; empty without timestamps. */
  readonly kernels: readonly KernelProfile[];
}

/** What `profile.json` says. */
export interface ProfileReport {
  readonly adapter: string;
  readonly seconds: number;
  readonly idle: number | null;
  /** In the order in which they were first entered. */
  readonly stages: readonly StageProfile[];
  /** Of all stages together, the longest first. */
  readonly kernels: readonly KernelProfile[];
}

/** The kernels of a submission are timed in the first two of its kind, then in one of so many. */
const sampleInterval = 16;

/** The times of a run; cheap unless `timeKernels` is called. */
export class Profile {
  readonly #stages = new Map<ProfileStage, StageTimes>();
  #stage = this.#timesOf("other");
  #since = performance.now();
  #gpu: Gpu | null = null;

  /** Times what the GPU does from now on, where it has timestamps. */
  timeKernels(gpu: Gpu): void {
    this.#gpu = gpu;
    if (gpu.hasTimestamps) gpu.timeSubmissions((kernels) => this.#stage.submission(kernels));
  }

  /** Ends the stage in progress and begins another, or goes on with it. */
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

/** Seconds of each kernel together, the longest first. */
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

  /** Estimated seconds by kernel; a kernel may come more than once. */
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
    // In the first one some drivers compile: it only counts where there is no other.
    if (++this.samples === 2) this.sampled.clear();
    for (const { kernel, seconds } of launches) this.sampled.set(kernel, (this.sampled.get(kernel) ?? 0) + seconds);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
