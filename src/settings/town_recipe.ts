/**
 * The recipe of `adapt` and `train` without data: the same text as `recipes/town.yaml`, as a module, so that it is found
 * wherever the program runs.
 *
 * @module
 */

import text from "../../recipes/town.yaml" with { type: "text" };

/** Settings for the built-in towns. */
export const townRecipe: string = text;
