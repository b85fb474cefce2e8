/**
 * The adapters of this machine, and the choice of one of them.
 *
 * WebGPU has no list of adapters; it answers each request with one adapter. So every kind of request is made: for the
 * fastest adapter, for the one that takes least power, and for the software one. Two GPUs of the same kind cannot be
 * told apart this way. Of three GPUs the middle one is not seen; the driver must hide the others.
 *
 * @module
 */

import { ReasonedError } from "../errors.ts";

/** An adapter that can be had. */
export interface ListedAdapter {
  /** Its number, from 1. Number 1 is the one that is opened where none is chosen. */
  readonly number: number;
  /** As {@link adapterName} gives it. */
  readonly name: string;
  /** The adapter. A device can be requested from it once. */
  readonly adapter: GPUAdapter;
}

/** What adapters are requested from: `navigator.gpu`. */
export type AdapterSource = Pick<GPU, "requestAdapter">;

const requests: readonly GPURequestAdapterOptions[] = [
  { powerPreference: "high-performance" },
  { powerPreference: "low-power" },
  { forceFallbackAdapter: true },
];

/** All adapters that can be had, each once; empty where there is none. */
export async function listAdapters(gpu: AdapterSource | undefined = navigator.gpu): Promise<ListedAdapter[]> {
  const found = new Map<string, GPUAdapter>();
  for (const request of requests) {
    const adapter = await gpu?.requestAdapter(request);
    if (!adapter) continue;
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const key = JSON.stringify([vendor, architecture, device, description, isFallbackAdapter]);
    if (!found.has(key)) found.set(key, adapter);
  }
  return [...found.values()].map((adapter, index) => ({ number: index + 1, name: adapterName(adapter.info), adapter }));
}

/**
 * The adapter with this number in {@link listAdapters}, or else the first whose name contains the text in upper or
 * lower case; `null` if there is no adapter at all.
 *
 * @throws {ReasonedError} naming the adapters that there are.
 */
export async function findAdapter(
  text: string,
  gpu: AdapterSource | undefined = navigator.gpu,
): Promise<GPUAdapter | null> {
  const adapters = await listAdapters(gpu);
  if (adapters.length === 0) return null;
  const chosen = adapters.find(({ number }) => String(number) === text.trim()) ??
    adapters.find(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()));
  if (chosen !== undefined) return chosen.adapter;
  const known = adapters.map(({ number, name }) => `${number} ${name}`).join(", ");
  throw new ReasonedError(
    `There is no adapter "${text}". This machine has: ${known}`,
    "no such adapter",
  );
}

/** Which adapter is wanted. */
export interface AdapterChoice {
  /** Which kind to ask for; default `"high-performance"`. */
  readonly powerPreference?: GPUPowerPreference;
  /** Which adapter of {@link listAdapters}, by its number or a part of its name; default by the power preference. */
  readonly adapter?: string | undefined;
}

/**
 * The adapter that is wanted. It opens nothing, so that a program can ask early whether there is one.
 *
 * @throws {ReasonedError} if there is none, or none that is called so.
 */
export async function requestAdapter(
  { adapter: called, powerPreference = "high-performance" }: AdapterChoice = {},
  gpu: AdapterSource | undefined = navigator.gpu,
): Promise<GPUAdapter> {
  if (gpu === undefined) throw new ReasonedError("This browser or runtime has no WebGPU");
  const adapter = called === undefined ? await gpu.requestAdapter({ powerPreference }) : await findAdapter(called, gpu);
  if (adapter === null) throw new ReasonedError("No WebGPU adapter was found", "no adapter");
  return adapter;
}

/** What an adapter is called: its description, else its vendor and architecture. */
export function adapterName({ vendor, architecture, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter((part) => part !== "").join(" ") || "an adapter without a name";
}
