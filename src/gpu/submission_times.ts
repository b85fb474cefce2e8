/**
 * How long submissions take on the GPU's own clock, and the launches within some of them. Only for profiles: a timed
 * launch is a pass of its own, which costs a little.
 *
 * @module
 */

/** What is known of one submission. */
export interface SubmissionTime {
  /** From its first command to the end of its last, in seconds. */
  readonly seconds: number;
  /** Seconds of each launch, with the copies made for it; absent where they were not asked for. */
  readonly launches?: readonly { readonly kernel: string; readonly seconds: number }[];
}

/**
 * Called with the names of the kernels when something is submitted. It returns whether each launch is to be timed, and
 * a function that takes the times once they are known.
 */
export type TimeListener = (kernels: readonly string[]) => {
  readonly isSampled: boolean;
  readonly take: (time: SubmissionTime) => void;
};

/** The timestamps of a submission while it is encoded. */
export interface Stamps {
  /** Makes the pass of a launch, where each launch is timed and so has a pass of its own. */
  readonly pass: ((launch: number) => GPUComputePassDescriptor) | null;
  /** Encodes the end of the submission, after its last commands. */
  readonly end: (encoder: GPUCommandEncoder) => void;
}

/** Most timestamps of a query set (WebGPU). */
const maxStamps = 4096;
/** How many submissions wait before their times are fetched together, since each read waits for the GPU. */
const pendingLimit = 32;

interface Pending {
  readonly kernels: readonly string[];
  readonly queries: GPUQuerySet;
  readonly buffer: GPUBuffer;
  readonly take: (time: SubmissionTime) => void;
}

/** The timestamps of all submissions of a device. */
export class SubmissionTimes {
  #pending: Pending[] = [];

  /** Times what `device` is given from now on. */
  constructor(readonly device: GPUDevice, readonly listener: TimeListener) {}

  /** Whether so many times are waiting that they should be fetched. */
  get isFull(): boolean {
    return this.#pending.length >= pendingLimit;
  }

  /** Begins a submission of launches of these kernels. */
  begin(encoder: GPUCommandEncoder, kernels: readonly string[]): Stamps {
    const { isSampled, take } = this.listener(kernels);
    const timed = isSampled && kernels.length + 2 <= maxStamps ? kernels : [];
    // One timestamp for the start, one for the end of each timed launch, one for the end of all.
    const count = timed.length + 2;
    const { device } = this;
    const queries = device.createQuerySet({ label: "times", type: "timestamp", count });
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    const buffer = device.createBuffer({ label: "times", size: count * 8, usage });
    this.#pending.push({ kernels: timed, queries, buffer, take });
    encoder.beginComputePass({ timestampWrites: { querySet: queries, beginningOfPassWriteIndex: 0 } }).end();
    return {
      pass: timed.length > 0
        ? (launch) => ({ timestampWrites: { querySet: queries, endOfPassWriteIndex: launch + 1 } })
        : null,
      end: (encoder) => {
        encoder.beginComputePass({ timestampWrites: { querySet: queries, endOfPassWriteIndex: count - 1 } }).end();
        encoder.resolveQuerySet(queries, 0, count, buffer, 0);
      },
    };
  }

  /**
   * Hands the times of all submissions so far to their listeners. `read` waits for buffers and copies their bytes.
   */
  async collect(read: (buffers: readonly GPUBuffer[]) => Promise<Uint8Array<ArrayBuffer>[]>): Promise<void> {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    const contents = await read(pending.map(({ buffer }) => buffer));
    for (const [index, { kernels, queries, buffer, take }] of pending.entries()) {
      const stamps = [...new BigUint64Array(contents[index]?.buffer ?? new ArrayBuffer(0))];
      const secondsTo = (at: number, from: number) => Number((stamps[at] ?? 0n) - (stamps[from] ?? 0n)) / 1e9;
      const launches = kernels.map((kernel, launch) => ({ kernel, seconds: secondsTo(launch + 1, launch) }));
      const seconds = secondsTo(stamps.length - 1, 0);
      take({ seconds, ...(launches.length > 0 ? { launches } : {}) });
      queries.destroy();
      buffer.destroy();
    }
  }
}
