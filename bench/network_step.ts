/**
 * Steps a second and labelled images a second of any network, ours and PyTorch's. They take turns, as in `step.ts`: the
 * first round is a warm-up.
 *
 * @module
 */

import type { Gpu } from "../src/gpu/gpu.ts";
import type { Size } from "../src/data/size.ts";
import type { ModelVariant } from "../src/nn/variant.ts";
import { type NetworkRuns, type NetworkTimes, networkTimes, type PytorchRow, pytorchRow } from "./network_report.ts";
import { describeNetwork, labelViews, NetworkRun, type NetworkWorkload } from "./network_run.ts";
import { Peers } from "./peer.ts";
import { messageOf } from "./peer_answer.ts";

/** The networks that `peers/networks/` has in PyTorch. */
export const pytorchNetworks: readonly string[] = [
  ...["deeplabv2-resnet101", "deeplabv2-resnet50", "deeplabv2-resnet18", "wideresnet38", "fcn8s-vgg16"],
  ...["fidnet", "fidnet-nano"],
];

/** The object that `bench step --network NAME --json` prints. */
export interface NetworkReport {
  readonly network: string;
  readonly variant: ModelVariant;
  readonly classes: number;
  /** Numbers that are trained. */
  readonly trained: number;
  readonly batch: number;
  /** Height and width of a step's images. */
  readonly size: string;
  readonly recompute: boolean;
  readonly halfActivations: boolean;
  /** The image that is labelled, and its views; only with `--label-size`. */
  readonly label?: { readonly size: string; readonly scales: readonly number[]; readonly flip: boolean };
  /** Our times, the bytes of the step, and the losses before each step. */
  readonly ours: NetworkTimes & { readonly stepBytes: number; readonly losses: readonly number[] };
  /** PyTorch's; only with `--against pytorch`. */
  readonly pytorch?: PytorchRow;
  /** PyTorch's times over ours; `null` where its results and ours differ. Only with `--against pytorch`. */
  readonly ratio?: { readonly step: number | null; readonly label: number | null };
}

/** An engine's runs as they come in. */
interface Found extends NetworkRuns {
  readonly stepTimes: number[];
  readonly losses: number[];
  readonly labelTimes: number[];
  gradients: ReadonlyMap<string, ArrayLike<number>>;
  labels: readonly number[];
}

/** Steps of each engine at least, because so many losses are compared. */
const leastSteps = 3;

/**
 * Times a network.
 *
 * @param options `runs` after the warm-up; `pytorch`: whether it runs beside ours; `say` is called with each result as it
 * is ready.
 */
export async function benchNetwork(
  gpu: Gpu,
  workload: NetworkWorkload,
  { runs, pytorch, say }: {
    readonly runs: number;
    readonly pytorch: boolean;
    readonly say: (text: string) => void;
  },
): Promise<NetworkReport> {
  await using own = await NetworkRun.open(gpu, workload);
  const [ours, theirs] = [none(), none()];
  await using peer = pytorch ? await PytorchNetwork.start(own) : null;
  const { labelSize } = workload;
  // Images are labelled first, with the weights of the formula.
  for (let round = 0; labelSize !== undefined && round <= runs; round++) {
    const { milliseconds, values } = await own.label(labelSize);
    ours.labelTimes.push(milliseconds);
    ours.labels = values;
    say(line("ours", "label", milliseconds, round));
    await peer?.label(theirs, (milliseconds) => say(line("pytorch", "label", milliseconds, round)));
  }
  for (let round = 0; round < Math.max(runs + 1, leastSteps); round++) {
    const start = performance.now();
    ours.losses.push(await own.train());
    const milliseconds = performance.now() - start;
    ours.stepTimes.push(milliseconds);
    say(line("ours", "step", milliseconds, round));
    if (round === 0 && peer !== null) ours.gradients = await own.gradients();
    await peer?.step(theirs, (milliseconds) => say(line("pytorch", "step", milliseconds, round)));
  }
  return report(own, ours, peer === null ? undefined : pytorchRow(ours, theirs, peer.facts));
}

function report(own: NetworkRun, ours: NetworkRuns, pytorch: PytorchRow | undefined): NetworkReport {
  const { model, classes, batch, size, labelSize, recompute = false, halfActivations = false } = own.workload;
  const times = networkTimes(ours);
  if (times === null) throw new Error("The network was not run");
  const { scales, flip } = labelViews;
  const over = (theirs: number | undefined, own: number | undefined, right: boolean | undefined) =>
    theirs === undefined || own === undefined || right !== true ? null : theirs / own;
  return {
    network: model.name,
    variant: model.variant ?? {},
    classes,
    trained: own.network.trainedCount,
    ...{ batch, size: sizeText(size), recompute, halfActivations },
    ...(labelSize === undefined ? {} : { label: { size: sizeText(labelSize), scales, flip } }),
    ours: { ...times, stepBytes: own.stepBytes, losses: ours.losses },
    ...(pytorch === undefined ? {} : {
      pytorch,
      ratio: {
        step: over(pytorch.stepMs, times.stepMs, pytorch.correct.loss && pytorch.correct.gradients),
        label: over(pytorch.labelMs, times.labelMs, pytorch.correct.labels),
      },
    }),
  };
}

/** A size as options have it. */
function sizeText({ height, width }: Size): string {
  return `${height}x${width}`;
}

function line(engine: string, kind: string, milliseconds: number, round: number): string {
  return `${engine}  ${kind}  ${milliseconds.toFixed(0)} ms${round === 0 ? " (warm-up)" : ""}`;
}

function none(): Found {
  return { stepTimes: [], losses: [], labelTimes: [], gradients: new Map(), labels: [] };
}

/** The network in PyTorch. Once it has failed, it is not asked again. */
class PytorchNetwork {
  #error: string | undefined;
  #about: { readonly device?: string; readonly version?: string } = {};

  private constructor(readonly peers: Peers, readonly half: boolean) {
    this.#error = peers.errors.get("pytorch");
  }

  static async start(own: NetworkRun): Promise<PytorchNetwork> {
    const found = new PytorchNetwork(await Peers.start(["pytorch"]), own.workload.halfActivations ?? false);
    await found.#ask(`network ${JSON.stringify(describeNetwork(own.workload, own.names))}`, ({ device, version }) => {
      found.#about = { ...(device === undefined ? {} : { device }), ...(version === undefined ? {} : { version }) };
    });
    return found;
  }

  /** What the report says beside times and results. */
  get facts() {
    return { half: this.half, ...this.#about, ...(this.#error === undefined ? {} : { error: this.#error }) };
  }

  async label(found: Found, say: (milliseconds: number) => void): Promise<void> {
    await this.#ask("network-label", ({ milliseconds, values = [] }) => {
      found.labelTimes.push(milliseconds);
      found.labels = values;
      say(milliseconds);
    }, found.labelTimes.at(-1));
  }

  /** Takes a step; after the first, its gradients are asked for. */
  async step(found: Found, say: (milliseconds: number) => void): Promise<void> {
    await this.#ask("network-step", ({ milliseconds, loss = NaN }) => {
      found.stepTimes.push(milliseconds);
      found.losses.push(loss);
      say(milliseconds);
    }, found.stepTimes.at(-1));
    if (found.stepTimes.length !== 1) return;
    await this.#ask("network-gradients", ({ results = {} }) => {
      found.gradients = new Map(Object.entries(results));
    });
  }

  async #ask(
    question: string,
    take: (answer: NonNullable<Awaited<ReturnType<Peers["ask"]>>>) => void,
    lastMilliseconds = 0,
  ): Promise<void> {
    if (this.#error !== undefined) return;
    try {
      const answer = await this.peers.ask("pytorch", question, lastMilliseconds / 1000);
      if (answer === null) this.#error = "the time of all engines is over";
      else take(answer);
    } catch (error) {
      this.#error = messageOf(error);
    }
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.peers.stop();
  }
}
