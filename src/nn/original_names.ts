/**
 * The names that a network's parameters have in the files of others: of the papers' released code, and of libraries that
 * trained its backbone. A model lists such families of files. Files are read and written by these lists, in both
 * directions.
 *
 * @module
 */

import type { ParameterValues } from "../formats/safetensors.ts";
import type { ModelVariant } from "./variant.ts";

/** A parameter as a family's files hold it. */
export interface OriginalTensor {
  /** Its name there. */
  readonly name: string;
  /** Its shape there, where that is another: the same numbers in the same order. Default: our shape. */
  readonly shape?: readonly number[];
}

/** What a family's names depend on besides the parameter's. */
export interface OriginalScope {
  /** Our shape of the parameter. */
  readonly shape: readonly number[];
  /** Number of classes. Some names hold it, such as `linear19_weight`. */
  readonly classes: number;
}

/** A family of weight files of one network. */
export interface OriginalNames {
  /** Short name, for messages, such as `CRST`. */
  readonly family: string;
  /** Where the names come from: repository, commit and file. */
  readonly source: string;
  /**
   * The variant of the network that the family's files hold: what differs from the plain one. A file that fits several
   * families is taken to be of the first. Default: the plain one.
   */
  readonly variant?: ModelVariant;
  /**
   * The beginning that all names of such a file have besides, such as `Scale.`. It is taken away before names are
   * compared. A file without it is of no such family. Default: any or none.
   */
  readonly prefix?: string;
  /**
   * What a file of this family does not say and might be otherwise, as a sentence: `Networks of ADVENT have the same
   * names and sum four branches`. Default: nothing.
   */
  readonly note?: string;
  /**
   * What a parameter of ours is called in the family's files; `null` if they do not hold it, as the files of a backbone
   * hold no head. No two parameters have one name.
   *
   * @param ours our name of a parameter, with statistics of batch norms as `….bn.mean` and `….bn.var`.
   */
  readonly original: (ours: string, scope: OriginalScope) => OriginalTensor | null;
  /** Names in the family's files that no network needs, such as `….num_batches_tracked`. Default: none. */
  readonly ignored?: (name: string) => boolean;
  /**
   * Tensors that the family's files hold and that we do not store since they never change, such as the kernels of a
   * fixed interpolation. Default: none.
   */
  readonly fixed?: (classes: number) => ReadonlyMap<string, ParameterValues>;
}
