/**
 * The Worker that labels pictures: it opens the GPU, loads the networks' weights when they are first needed, and labels
 * one picture after the other, so that the page stays smooth.
 *
 * @module
 */

import { encodeLabelPng } from "../data/encode.ts";
import { errorText, ReasonedError } from "../errors.ts";
import { adapterName } from "../gpu/adapters.ts";
import { Gpu } from "../gpu/gpu.ts";
import { forgetWeights, keptBytes, loadWeights } from "./kept_weights.ts";
import { Labeller, StopWatch } from "./labeller.ts";
import type { LabelCommand, LabelEvent } from "./label_messages.ts";
import { bitmapPixels, photoPixels } from "./photo_pixels.ts";
import { type NetworkName, shownClasses, type Site } from "./site.ts";

/** What is opened. */
interface Opened {
  readonly gpu: Gpu;
  readonly site: Site;
}

let opening: Promise<Opened> | undefined;
const labellers = new Map<NetworkName, Promise<Labeller>>();
/** The last picture, after which the next is labelled. */
let last: Promise<void> = Promise.resolve();

function tell(event: LabelEvent, transfer: Transferable[] = []): void {
  self.postMessage(event, { transfer });
}

self.addEventListener("message", ({ data }: MessageEvent<LabelCommand>) => {
  if (data.type === "label") last = last.then(() => answered(data.id, () => label(data)));
  else if (data.type === "encode") void answered(data.id, () => encode(data));
  else if (data.type === "forget") void forgetWeights().then(tellKept);
  else {
    opening = open(data.site);
    // The page was told. What it asks later is answered by the same error.
    opening.catch(() => {});
    void tellKept();
  }
});

async function open(site: Site): Promise<Opened> {
  try {
    const gpu = await Gpu.open();
    gpu.device.lost.then(({ reason, message }) => {
      tell({ type: "lost", text: `The browser says: ${message || reason}.` });
    });
    tell({ type: "ready", adapter: adapterName(gpu.info) });
    return { gpu, site };
  } catch (error) {
    tell({ type: "unsupported", text: errorText(error) });
    throw error;
  }
}

async function tellKept(): Promise<void> {
  tell({ type: "kept", bytes: await keptBytes() });
}

/** Does something for the page; what goes wrong is told to it. */
async function answered(id: number, task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (error instanceof ReasonedError && error.reason === "device lost") tell({ type: "lost", text: error.message });
    else tell({ type: "failed", id, text: errorText(error) });
  }
}

async function label(
  { id, picture, network, withConfidence }: Extract<LabelCommand, { readonly type: "label" }>,
): Promise<void> {
  const labeller = await labellerOf(network);
  const watch = new StopWatch();
  const image = picture instanceof ImageBitmap ? bitmapPixels(picture) : await photoPixels(picture, nameOf(picture));
  watch.lap("decode");
  const onCompile = (size: string) => tell({ type: "compiling", id, size });
  const labelled = await labeller.label(image, watch.times, { withConfidence, onCompile });
  const { labels, confidence } = labelled;
  tell({ type: "labelled", id, ...labelled }, [labels.buffer, ...(confidence === null ? [] : [confidence.buffer])]);
}

/** The network, loaded when it is first needed. One that could not be loaded is tried again. */
function labellerOf(network: NetworkName): Promise<Labeller> {
  const loaded = labellers.get(network) ?? loadLabeller(network);
  labellers.set(network, loaded);
  loaded.catch(() => labellers.delete(network));
  return loaded;
}

async function loadLabeller(network: NetworkName): Promise<Labeller> {
  if (opening === undefined) throw new Error("Nothing is open yet");
  const { gpu, site } = await opening;
  const weights = site.weights[network];
  if (weights === undefined) throw new Error(`This page has no weights of the ${network} network`);
  const onProgress = (done: number, total: number, isKept: boolean) =>
    tell({ type: "loading", network, done, total, isKept });
  const bytes = await loadWeights(weights, onProgress);
  await tellKept();
  return new Labeller(gpu, network, site, bytes);
}

async function encode(
  { id, labels, height, width }: Extract<LabelCommand, { readonly type: "encode" }>,
): Promise<void> {
  if (opening === undefined) throw new Error("Nothing is open yet");
  const { site } = await opening;
  const bytes = encodeLabelPng(labels, height, width, shownClasses(site).palette);
  tell({ type: "png", id, bytes }, [bytes.buffer]);
}

function nameOf(picture: Blob): string {
  return picture instanceof File ? picture.name : "the picture";
}
