/**
 * The pictures of the page that labels, and what is known of each: a reducer, so that it can be tested without a page.
 *
 * @module
 */

import type { OverlayKind } from "./label_drawing.ts";
import type { LabelledPicture } from "./label_messages.ts";
import type { NetworkName } from "./site.ts";

/** A picture, and what each network says of it. */
export interface Item {
  /** Its number on the page. */
  readonly key: number;
  /** Name of its file. */
  readonly name: string;
  /** The file. */
  readonly blob: Blob;
  /** The picture as it is shown. */
  readonly bitmap: ImageBitmap;
  /** Its labels by each network. */
  readonly results: Readonly<Partial<Record<NetworkName, LabelledPicture>>>;
  /** Why a network could not label it. */
  readonly failures: Readonly<Partial<Record<NetworkName, string>>>;
}

/** What changes the pictures. */
export type ItemChange =
  | { readonly type: "add"; readonly item: Item }
  | { readonly type: "remove"; readonly key: number }
  | { readonly type: "labelled"; readonly key: number; readonly labelled: LabelledPicture }
  | { readonly type: "failed"; readonly key: number; readonly network: NetworkName; readonly text: string }
  /** What failed is tried again, such as with a new GPU. */
  | { readonly type: "retry" };

/** The pictures after a change. */
export function changedItems(items: readonly Item[], change: ItemChange): readonly Item[] {
  if (change.type === "add") return [...items, change.item];
  if (change.type === "remove") return items.filter(({ key }) => key !== change.key);
  if (change.type === "retry") return items.map((item) => ({ ...item, failures: {} }));
  return items.map((item) => {
    if (item.key !== change.key) return item;
    if (change.type === "failed") {
      return { ...item, failures: { ...item.failures, [change.network]: change.text } };
    }
    return { ...item, results: { ...item.results, [change.labelled.network]: change.labelled } };
  });
}

/** What must be asked of a network to show a picture so: nothing, its labels, or also its confidence. */
export function missing(
  { results, failures }: Item,
  network: NetworkName,
  kind: OverlayKind,
): { readonly withConfidence: boolean } | null {
  if (failures[network] !== undefined) return null;
  const known = results[network];
  const withConfidence = kind === "confidence";
  return known === undefined || (withConfidence && known.confidence === null) ? { withConfidence } : null;
}
