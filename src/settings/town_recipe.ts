/**
 * The recipe of `adapt` and `train` if no data is given. It is the text of `recipes/town.yaml` as a module, so that it
 * is found wherever the program runs.
 *
 * @module
 */

import text from "../../recipes/town.yaml" with { type: "text" };

/** Settings for the built-in towns. */
export const townRecipe: string = text;
