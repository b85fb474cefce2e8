/**
 * What a site needs for its page that adapts: the network that it begins with, the source images, and the recipe.
 *
 * @module
 */

import { sameClasses } from "../data/class_map.ts";
import { packSource } from "../data/packed_source.ts";
import { UsageError } from "../errors.ts";
import { takesPhotographs } from "../nn/image_kind.ts";
import { findModel } from "../nn/models/mod.ts";
import { TerminalProgress } from "../report/progress.ts";
import { terminal } from "../report/terminal.ts";
import { programVersion } from "../run/program_version.ts";
import { readStudioSource } from "../run/studio_source.ts";
import { builtInRecipes } from "../settings/built_in_recipes.ts";
import { modelVariant } from "../settings/model_variant.ts";
import { options, recipeObstacle } from "../settings/options.ts";
import { resolveSettings, Settings, type Values } from "../settings/settings.ts";
import { townClasses } from "../town/town.ts";
import type { Site } from "../web/site.ts";
import { readRecipeOfPage } from "./arguments.ts";

/** What the site has for the page. */
export interface StudioSite {
  readonly site: Site;
  /** The packed source set by the name of its file; empty for the built-in towns. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Name of the packed source set beside the page. */
const packedFile = "source-images.safetensors";

/**
 * A site with a page that adapts.
 *
 * @param args the arguments of the command: their recipe and `--set` are those of `adapt`.
 * @param labels the site of the network that the page begins with; `null` if it begins without weights.
 * @throws {UsageError} if the network takes no photographs, or does not fit the source.
 */
export async function studioSite(args: readonly string[], labels: Site | null): Promise<StudioSite> {
  const values = readRecipeOfPage(args, ({ source }) => source === undefined ? builtInRecipes.towns : null);
  const settings = resolveSettings("adapt", values);
  const site = labels ?? siteWithoutWeights(settings, values.title);
  const recipe = recipeOfPage(values, labels !== null);
  const path = settings.get("source");
  if (path === undefined) {
    requireTowns(site);
    return { site: { ...site, studio: { recipe } }, files: new Map() };
  }
  const { model: name, variant, classes, palette, size } = site;
  const network = {
    model: findModel(name, variant),
    metadata: labels === null
      ? null
      : { classes: [...classes], palette: [...palette], ...(size === null ? {} : { size }) },
  };
  const packed = await readStudioSource(path, settings, network, new TerminalProgress());
  terminal.say(
    `The page learns from ${packed.count} of ${packed.available} source images, ` +
      `${packed.size.height}×${packed.size.width}`,
  );
  // Without weights the network takes the classes and the size of its source.
  const own = labels === null ? { classes: packed.classes, palette: packed.palette, size: packed.size } : {};
  return {
    site: { ...site, ...own, studio: { recipe, source: packedFile } },
    files: new Map([[packedFile, packSource(packed)]]),
  };
}

/** The site of a network that is trained from scratch on its page. */
function siteWithoutWeights(settings: Settings, title: string | undefined): Site {
  const variant = modelVariant(settings);
  const model = settings.get("model");
  const { takes } = findModel(model, variant);
  if (!takesPhotographs(takes)) {
    throw new UsageError(
      `Cannot export a page that adapts ${model}: it takes ${takes.name}, and a page gives RGB pictures`,
    );
  }
  return {
    version: programVersion().version,
    title: title ?? "Adapt a network to your own streets",
    model,
    variant: { ...variant },
    classes: townClasses.map(({ name }) => name),
    palette: townClasses.map(({ color }) => color),
    size: settings.get("town-size"),
    weights: {},
  };
}

/** @throws {UsageError} if a network has other classes than the built-in towns, from which the page would learn. */
function requireTowns({ classes }: Site): void {
  if (sameClasses(classes, townClasses.map(({ name }) => name))) return;
  throw new UsageError(
    `Give --source, a data set with the classes of the weights: these have ${classes.length} classes, other than the ` +
      "built-in towns from which the page learns otherwise",
  );
}

/** The values that stand in the page's recipe. Weights say which network they are of. */
function recipeOfPage(values: Values, hasWeights: boolean): Readonly<Record<string, unknown>> {
  const own = new Set(hasWeights ? ["model", "title", "dtype"] : ["title", "dtype"]);
  const kept = options.filter((option) =>
    option.commands.some((command) => command === "adapt") && recipeObstacle(option) === null && !own.has(option.key)
  );
  const keys = new Set<string>(kept.map(({ key }) => key));
  return new Settings(Object.fromEntries(Object.entries(values).filter(([key]) => keys.has(key)))).toJSON();
}
