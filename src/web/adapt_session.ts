/**
 * What the Worker that adapts does with the page's commands. It knows no Worker, so that it runs wherever there are a
 * GPU and files.
 *
 * @module
 */

import * as v from "valibot";
import { DeviceLostError, errorText, ReasonedError } from "../errors.ts";
import { rgbPixels } from "../data/sample.ts";
import { adapterName, requestAdapter } from "../gpu/adapters.ts";
import { Gpu } from "../gpu/gpu.ts";
import { adapt } from "../selftraining/adapt.ts";
import type { AdaptationResult } from "../selftraining/adaptation.ts";
import { formOf, timedForm } from "../selftraining/kept.ts";
import { scoresForm } from "../selftraining/kept_results.ts";
import type { Progress } from "../selftraining/progress.ts";
import { planRounds } from "../selftraining/rounds.ts";
import type { AdaptCommand, AdaptEvent, KeptRun, PlannedRound } from "./adapt_messages.ts";
import {
  type BrowserRun,
  checkedStart,
  keptStart,
  keptTarget,
  openRun,
  prepareRun,
  type RunStart,
  type StartCommand,
} from "./browser_run.ts";
import { Comparison } from "./comparison.ts";
import { OpfsStore, removeStore } from "./opfs_store.ts";
import { Rest } from "./rest.ts";
import { checkPhotos, type Decode } from "./run_images.ts";
import type { StoreFiles } from "./store_files.ts";
import { type StoredItem, StoredSamples } from "./stored_samples.ts";

/** What a session needs of where it runs. */
export interface SessionTools {
  /** Where runs are kept. */
  readonly files: StoreFiles;
  /** Decodes photos. */
  readonly decode: Decode;
  /** Tells the page something; `buffers` are handed over. */
  readonly tell: (event: AdaptEvent, buffers?: ArrayBuffer[]) => void;
  /** A checkpoint is written at least this often, in milliseconds. Default: 10,000. */
  readonly checkpointInterval?: number;
}

const plansForm = formOf(v.array(v.object({
  ...{ round: v.number(), portion: v.number(), source: v.number(), target: v.number(), steps: v.number() },
})));
const planStage = "plan";
const finishedStage = "finished";
/** How many pictures of the newest round are told again when a run goes on. */
const shownAgain = 12;

/** Runs one adaptation at a time. */
export class AdaptSession {
  #store: OpfsStore | null = null;
  #comparison: Comparison | null = null;
  /** The run in progress. */
  #running: Promise<void> | null = null;
  #stop = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  readonly #rest: Rest;

  /** Does nothing yet. */
  constructor(readonly tools: SessionTools) {
    this.#rest = new Rest(() => tools.tell({ type: "paused" }));
  }

  /** Does what a command asks for, after those before it; a pause at once. Never rejects: errors are told. */
  handle(command: AdaptCommand): Promise<void> {
    if (command.type === "pause") {
      this.#rest.begin();
      return Promise.resolve();
    }
    if (command.type === "start" || command.type === "delete") this.#interrupt();
    this.#queue = this.#queue.then(() => this.#do(command)).catch((error) => this.#fail(error));
    return this.#queue;
  }

  /** Waits until the run in progress rests no more and has ended. */
  async idle(): Promise<void> {
    await this.#queue;
    await this.#running;
  }

  /** Ends everything. What the run kept stays. */
  async close(): Promise<void> {
    this.#interrupt();
    await this.idle();
    await this.#closeStore();
  }

  async #do(command: Exclude<AdaptCommand, { readonly type: "pause" }>): Promise<void> {
    switch (command.type) {
      case "look":
        return this.tools.tell({ type: "kept", run: await this.#look() });
      case "start":
        return await this.#start(command);
      case "resume":
        return await this.#resume();
      case "compare":
        return await this.#compare(command.index);
      case "file":
        return await this.#file(command.name);
      case "delete":
        await this.#discard();
        return this.tools.tell({ type: "kept", run: null });
    }
  }

  #interrupt(): void {
    this.#stop.abort();
    this.#rest.end();
  }

  async #opened(): Promise<OpfsStore> {
    return this.#store ??= await OpfsStore.open(this.tools.files);
  }

  async #closeStore(): Promise<void> {
    await this.#comparison?.close();
    this.#comparison = null;
    this.#store?.close();
    this.#store = null;
  }

  async #discard(): Promise<void> {
    this.#interrupt();
    await this.#running;
    await this.#closeStore();
    await removeStore(this.tools.files);
  }

  async #look(): Promise<KeptRun | null> {
    const store = await this.#opened();
    const start = await keptStart(store);
    return start === null ? null : keptRun(store, start);
  }

  async #start(command: StartCommand): Promise<void> {
    const { decode } = this.tools;
    // Without an adapter, and after a start that is refused, an earlier run stays.
    await requestAdapter();
    const checked = await checkedStart(command);
    if (command.images.kind === "photos" && await this.#look() !== null) {
      await checkPhotos(command.images.files, decode, this.#progress());
    }
    await this.#discard();
    this.#rest.end();
    const gpu = await Gpu.open();
    try {
      const store = await this.#opened();
      await prepareRun(store, checked, { decode, gpu, progress: this.#progress(), adapter: adapterName(gpu.info) });
      await this.#begin(store, gpu);
    } catch (error) {
      const found = await lossOf(gpu, error);
      gpu.close();
      // What was gathered before the run began is of no use.
      await this.#discard();
      this.tools.tell({ type: "kept", run: null });
      throw found;
    }
  }

  async #resume(): Promise<void> {
    const store = await this.#opened();
    const start = await keptStart(store);
    if (start === null) throw new Error("There is no run to go on with. Start one");
    if (this.#running !== null) {
      await this.#tellKept(store, start);
      return this.#rest.end();
    }
    const result = store.kept(finishedStage, resultForm);
    if (result !== undefined) {
      await this.#tellKept(store, start);
      return this.tools.tell({ type: "result", result });
    }
    this.#rest.end();
    const gpu = await Gpu.open({ kind: () => ({ software: start.software }) });
    const adapter = adapterName(gpu.info);
    if (adapter !== start.adapter) {
      const text = `The run began on ${start.adapter} and goes on on ${adapter}, which rounds a little differently`;
      this.tools.tell({ type: "warning", text });
    }
    await this.#begin(store, gpu);
  }

  async #begin(store: OpfsStore, gpu: Gpu): Promise<void> {
    this.#stop = new AbortController();
    const start = await keptStart(store);
    if (start === null) throw new Error("The run was not kept");
    this.#running = this.#run(store, start, gpu)
      .catch(async (error) => {
        if (!this.#stop.signal.aborted) this.#fail(await lossOf(gpu, error));
      })
      .finally(() => {
        gpu.close();
        this.#running = null;
      });
  }

  /** Runs what is left of a run. */
  async #run(store: OpfsStore, start: RunStart, gpu: Gpu): Promise<void> {
    const { tell, checkpointInterval = 10_000 } = this.tools;
    const { signal } = this.#stop;
    const progress = this.#progress();
    // While it trains, the run rests after a checkpoint; else before an image.
    let isTraining = false;
    const samples = new StoredSamples(async () => {
      signal.throwIfAborted();
      if (!isTraining) await this.#rest.here();
    });
    const run = await openRun(store, start, { gpu, samples, progress });
    try {
      signal.throwIfAborted();
      await store.once(planStage, plansForm, () => Promise.resolve(plannedRounds(run)));
      await this.#tellKept(store, start);
      store.listener = {
        onEntry: (entry) => tell({ type: "log", entry }),
        onStage: this.#tellScores.bind(this),
        onLabels: (...given) => void this.#tellLabels(...given).catch((error) => this.#fail(error)),
      };
      const result = await adapt(
        {
          ...run.parts,
          ...{ progress, signal },
          onActivity: (activity) => isTraining = activity === "training" || activity === "source training",
          checkpoints: {
            due: (milliseconds) => this.#rest.isWanted || milliseconds > checkpointInterval,
            written: () => this.#rest.here(),
          },
        },
        run.images,
        run.settings,
      );
      await store.once(finishedStage, resultForm, () => Promise.resolve(result));
      tell({ type: "result", result });
    } finally {
      store.listener = {};
      run.close();
    }
  }

  /** Tells what is known of a run: its plan, its log, its scores, and its newest pseudo-labels. */
  async #tellKept(store: OpfsStore, start: RunStart): Promise<void> {
    const { tell } = this.tools;
    const { adapter } = start;
    tell({ type: "began", run: keptRun(store, start), adapter, rounds: store.kept(planStage, plansForm) ?? [] });
    for (const entry of store.entries) tell({ type: "log", entry });
    for (const [stage, result] of store.stages) this.#tellScores(stage, result);
    const round = store.lastLabelledRound;
    if (round === null) return;
    const labelled = store.labelledItems(round, await keptTarget(store, start));
    for (const [index, item] of labelled.slice(0, shownAgain).entries()) {
      const { labels } = await item.read();
      if (labels !== null) await this.#tellLabels(round, index, item, labels.labels);
    }
  }

  #tellScores(stage: string, result: unknown): void {
    if (!stage.endsWith(": evaluation")) return;
    this.tools.tell({ type: "scores", stage, scores: timedForm(scoresForm)(result).value });
  }

  async #tellLabels(round: number, index: number, item: StoredItem, labels: Uint8Array<ArrayBuffer>): Promise<void> {
    const { image } = await item.read();
    const { height, width } = image;
    const picture = { name: item.name, height, width, pixels: rgbPixels(image, item.name), labels };
    this.tools.tell({ type: "labels", round, index, picture }, [picture.pixels.buffer, labels.buffer]);
  }

  async #compare(index: number): Promise<void> {
    const store = await this.#opened();
    const start = await keptStart(store);
    if (start === null || store.kept(finishedStage, resultForm) === undefined) {
      throw new Error("There is nothing to compare before the run is finished");
    }
    // Its GPU is still being freed.
    await this.#running;
    const comparison = this.#comparison ??= await Comparison.open(store, start);
    try {
      const { picture, before } = await comparison.picture(index);
      this.tools.tell({ type: "compared", index, picture, before });
    } catch (error) {
      this.#comparison = null;
      const found = await lossOf(comparison.gpu, error);
      comparison.gpu.close();
      throw found;
    }
  }

  async #file(name: string): Promise<void> {
    const bytes = await (await this.#opened()).read(name);
    if (bytes === null) throw new Error(`There is no ${name} yet. Wait until the run has written it`);
    this.tools.tell({ type: "file", name, bytes }, [bytes.buffer]);
  }

  #progress(): Progress {
    const { tell } = this.tools;
    return {
      stage: (stage, total) => {
        tell({ type: "progress", stage, done: 0, total });
        return { update: (done) => tell({ type: "progress", stage, done, total }), end: () => {} };
      },
      line: (text) => tell({ type: "warning", text }),
      warn: (text) => tell({ type: "warning", text }),
    };
  }

  #fail(error: unknown): void {
    const text = errorText(error);
    if (error instanceof DeviceLostError) {
      const advice = "The run is kept up to its last checkpoint: go on with it";
      this.tools.tell({ type: "error", reason: "lost", text: `${text.replace(/[.\s]*$/, "")}. ${advice}` });
    } else this.tools.tell({ type: "error", reason: isWithoutAdapter(error) ? "no adapter" : "failed", text });
  }
}

function isWithoutAdapter(error: unknown): boolean {
  return navigator.gpu === undefined || error instanceof ReasonedError && error.reason === "no adapter";
}

/** The loss of a device that is still open, if that is behind an error: commands may fail before the browser says so. */
async function lossOf(gpu: Gpu, error: unknown): Promise<unknown> {
  if (error instanceof DeviceLostError) return error;
  const soon = new Promise<null>((resolve) => setTimeout(() => resolve(null), 100));
  const lost = await Promise.race([gpu.device.lost, soon]);
  return lost === null ? error : new DeviceLostError(`The GPU was lost: ${lost.message || "the browser took it away"}`);
}

const resultForm = formOf(v.custom<AdaptationResult>((kept) => typeof kept === "object" && kept !== null));

function keptRun(store: OpfsStore, { began, images }: RunStart): KeptRun {
  return { began, isFinished: store.kept(finishedStage, resultForm) !== undefined, images };
}

function plannedRounds({ images, settings, parts: { trainer } }: BrowserRun): PlannedRound[] {
  const counts = { source: images.source.length, target: images.target.length };
  return planRounds(settings, counts, trainer.crops).map(({ round, portion, items, steps }) => {
    const source = items.filter(({ domain }) => domain === "source").length;
    return { round, portion, source, target: items.length - source, steps };
  });
}
