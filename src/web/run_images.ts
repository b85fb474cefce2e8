/**
 * The images of a run in the browser: labelled source images from a packed set, and a target that is the built-in town
 * or the visitor's photos. All of them are kept in the run's store, so that a run goes on with the same pixels.
 *
 * @module
 */

import { makeSample, type PixelImage, rgbPixels } from "../data/sample.ts";
import { type PackedImages, type PackedSource, packSource, readPackedSource } from "../data/packed_source.ts";
import type { Size, WorkingSize } from "../data/size.ts";
import type { Progress } from "../selftraining/progress.ts";
import { renderTown, townClasses, type TownName, type TownOptions } from "../town/town.ts";
import type { OpfsStore } from "./opfs_store.ts";
import type { StoredItem } from "./stored_samples.ts";

/** A set of labelled images of a run. */
export type SetName = "source" | "target" | "evaluation";

/** The index of the first town picture to score on; as the command line has it. */
const firstScored = 1_000_000;

/** Lets messages to the Worker get their turn. */
function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Draws pictures of a built-in town and keeps them as one of the run's sets. */
export async function drawTown(
  store: OpfsStore,
  set: SetName,
  { town, count, ...options }: TownOptions & { readonly town: TownName; readonly count: number },
  progress: Progress,
): Promise<void> {
  const { height, width } = options;
  const area = height * width;
  const packed: PackedImages = {
    classes: townClasses.map(({ name }) => name),
    palette: townClasses.map(({ color }) => color),
    ...{ count, size: { height, width } },
    images: new Uint8Array(count * area * 3),
    labels: new Uint8Array(count * area),
  };
  const bar = progress.stage(`drawing the town: ${set}`, count, { unit: "images", perStep: 1 });
  for (let index = 0; index < count; index++) {
    const picture = renderTown(town, index + (set === "evaluation" ? firstScored : 0), options);
    packed.labels.set(picture.labels, index * area);
    for (let pixel = 0; pixel < area; pixel++) {
      packed.images.set(picture.pixels.subarray(pixel * 4, pixel * 4 + 3), (index * area + pixel) * 3);
    }
    bar.update(index + 1);
    await breath();
  }
  bar.end();
  await keepSet(store, set, packSource(packed));
}

/** Keeps a packed set. */
export async function keepSet(store: OpfsStore, set: SetName, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await store.write(setFile(set), bytes);
}

/** A set that is kept; `null` where there is none. */
export async function keptSet(store: OpfsStore, set: SetName): Promise<PackedSource | null> {
  const bytes = await store.read(setFile(set));
  return bytes === null ? null : readPackedSource(bytes, store.describe(setFile(set)));
}

function setFile(set: SetName): string {
  return `${set}-images.safetensors`;
}

/**
 * The images of a set, with labels in the ids of the network's classes. Classes meet by their names.
 *
 * @throws {Error} if the set is to learn from and has a class that the network does not have.
 */
export function itemsOf(set: SetName, packed: PackedSource, classes: readonly string[]): StoredItem[] {
  const ids = packed.classes.map((name) => classes.indexOf(name));
  const stranger = packed.classes.find((_, id) => ids[id] === -1);
  if (set === "source" && stranger !== undefined) {
    throw new Error(
      `Cannot train this network on the source images: they have the class "${stranger}", and the network has ` +
        `${classes.slice(0, 8).join(", ")}${classes.length > 8 ? ", …" : ""}. Start from other weights`,
    );
  }
  const table = Uint8Array.from({ length: 256 }, (_, id) => ids[id] === undefined || ids[id] === -1 ? 255 : ids[id]);
  const isSame = ids.every((id, own) => id === own);
  return Array.from({ length: packed.count }, (_, index) => ({
    name: `${set} ${index + 1}`,
    hasLabels: true,
    read: () => {
      const labels = packed.labels(index);
      const own = isSame ? labels : { ...labels, labels: labels.labels.map((id) => table[id] ?? 255) };
      return Promise.resolve({ image: packed.image(index), labels: own });
    },
  }));
}

/** A photo that is kept. */
export interface KeptPhoto extends Size {
  readonly name: string;
}

/** What decodes a picture, such as `photoPixels`. */
export type Decode = (photo: Blob, name: string) => Promise<PixelImage>;

/**
 * Decodes photos only to see whether that works.
 *
 * @throws {Error} naming the first that cannot be decoded.
 */
export async function checkPhotos(photos: readonly File[], decode: Decode, progress: Progress): Promise<void> {
  const bar = progress.stage("checking the photos", photos.length, { unit: "images", perStep: 1 });
  for (const [index, photo] of photos.entries()) {
    await decode(photo, photo.name);
    bar.update(index + 1);
  }
  bar.end();
}

/**
 * Decodes photos, brings them to the size at which the run works on them, and keeps their pixels.
 *
 * @returns name and own size of each.
 */
export async function keepPhotos(
  store: OpfsStore,
  photos: readonly File[],
  { size, decode, progress }: { readonly size: WorkingSize; readonly decode: Decode; readonly progress: Progress },
): Promise<KeptPhoto[]> {
  const kept: KeptPhoto[] = [];
  const bar = progress.stage("reading the photos", photos.length, { unit: "images", perStep: 1 });
  for (const [index, photo] of photos.entries()) {
    const image = await decode(photo, photo.name);
    kept.push({ name: photo.name, height: image.height, width: image.width });
    const { image: resized } = makeSample(photo.name, image, null, { size });
    const bytes = new Uint8Array(8 + resized.pixels.byteLength);
    new DataView(bytes.buffer).setUint32(0, resized.height, true);
    new DataView(bytes.buffer).setUint32(4, resized.width, true);
    bytes.set(rgbPixels(resized, photo.name), 8);
    await store.write(photoFile(index), bytes);
    bar.update(index + 1);
  }
  bar.end();
  return kept;
}

/** The photos of a run as its target. */
export function photoItems(store: OpfsStore, photos: readonly KeptPhoto[]): StoredItem[] {
  return photos.map(({ name }, index) => ({
    name,
    hasLabels: false,
    read: async () => {
      const bytes = await store.read(photoFile(index));
      if (bytes === null) throw new Error(`Cannot go on with the run: ${name} is missing in the browser's files`);
      const view = new DataView(bytes.buffer);
      const image = { height: view.getUint32(0, true), width: view.getUint32(4, true), pixels: bytes.slice(8) };
      return { image, labels: null };
    },
  }));
}

function photoFile(index: number): string {
  return `photo ${index}`;
}
