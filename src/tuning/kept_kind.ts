/**
 * Keeps in the cache folder what kind of adapter was found. Kernels for GPUs and kernels for software round
 * differently. So an adapter and driver keep the kind that was measured first, even if a later measurement would
 * differ.
 *
 * @module
 */

import { join } from "node:path";
import * as v from "valibot";
import type { AdapterKind } from "../gpu/adapter_kind.ts";
import { readFile, writeFileSafely } from "../disk/files.ts";
import { adapterKey, cacheFolder } from "./table.ts";

/** Raised when the measurement changes. */
const version = 1;

const kindSchema = v.object({
  version: v.literal(version),
  adapter: v.string(),
  software: v.boolean(),
  ratio: v.number(),
});

/**
 * The kind of an adapter, for `Gpu.open`. It is read from the file in `folder`, or else measured and written there. A
 * file that is missing, damaged or of another adapter is replaced. Where no file can be written, the next program
 * measures again.
 */
export async function keptKind(
  adapter: Pick<GPUAdapter, "info" | "features" | "limits">,
  measure: () => Promise<AdapterKind>,
  folder: string = join(cacheFolder(), "kinds"),
): Promise<AdapterKind> {
  const key = adapterKey(adapter);
  const path = join(folder, `${key}.json`);
  const kept = readKind(path);
  if (kept?.adapter === key) return { software: kept.software, ratio: kept.ratio };
  const kind = await measure();
  try {
    writeFileSafely(path, `${JSON.stringify({ version, adapter: key, ...kind })}\n`);
  } catch {
    // A program may have no right to write, or no home.
  }
  return kind;
}

function readKind(path: string): v.InferOutput<typeof kindSchema> | null {
  try {
    return v.parse(kindSchema, JSON.parse(new TextDecoder().decode(readFile(path))));
  } catch {
    return null;
  }
}
