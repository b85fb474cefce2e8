/**
 * `crosswalk export`: writes a static site whose page labels pictures with a network in the visitor's browser, or adapts
 * one there.
 *
 * @module
 */

import { defaultPalette } from "../data/dataset.ts";
import type { LabelSet } from "../data/label_sets.ts";
import { errorText } from "../errors.ts";
import { shown, terminal } from "../report/terminal.ts";
import { mergedInto, wantedLabelSet } from "../run/meeting.ts";
import { shellWord } from "../run/report/command_text.ts";
import { programVersion } from "../run/program_version.ts";
import { type OpenedWeights, openWeights } from "../run/weights.ts";
import type { Settings } from "../settings/settings.ts";
import type { Site } from "../web/site.ts";
import { readArguments } from "./arguments.ts";
import { weightOptions } from "./open.ts";
import { type SiteContents, writeSite } from "./site_folder.ts";
import { studioSite } from "./studio_site.ts";
import {
  besideSource,
  requireComparable,
  requirePhotographs,
  siteWeights,
  type WrittenWeights,
} from "./site_weights.ts";

/** Runs the command; returns the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const settings = readArguments("export", args);
  const web = settings.require("web");
  const contents = await contentsOf(settings, args);
  const written = await writeSite(web, contents);
  const total = [...written.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (settings.get("json")) {
    terminal.printJson({ folder: web, files: Object.fromEntries(written), bytes: total, site: contents.site });
    return 0;
  }
  for (const [name, bytes] of written) terminal.print(`${name.padEnd(24)}${(bytes / 1000).toFixed(1).padStart(10)} kB`);
  terminal.say(
    `Wrote ${written.size} files, ${(total / 1e6).toFixed(1)} MB, to ${
      shown(web)
    }. Any web server can serve them; on ` +
      `this computer: python3 -m http.server --directory ${shown(shellWord(web))} 8080`,
  );
  return 0;
}

/** What is written: a page that labels, one that adapts, or both. */
async function contentsOf(settings: Settings, args: readonly string[]): Promise<SiteContents> {
  const filesOf = (weights: readonly WrittenWeights[]) =>
    weights.map(({ file, contents }) => [file, contents] as const);
  if (!settings.get("studio")) {
    const { site, weights } = labelSite(settings);
    return { site, files: new Map(filesOf(weights)) };
  }
  // A page that adapts may begin without weights.
  const labels = settings.has("weights") ? labelSite(settings) : null;
  const { site, files } = await studioSite(args, labels?.site ?? null);
  return { site, files: new Map([...filesOf(labels?.weights ?? []), ...files]) };
}

/** The site of a page that labels, and its weight files. */
function labelSite(settings: Settings): { readonly site: Site; readonly weights: readonly WrittenWeights[] } {
  const opened = openExported(settings.require("weights"), settings);
  const source = openSource(opened, settings);
  const { model: { name, variant = {} }, metadata } = opened;
  const dtype = settings.get("dtype");
  const adapted = siteWeights(opened, "adapted.safetensors", dtype);
  const before = source === undefined ? undefined : siteWeights(source, "source.safetensors", dtype);
  const wanted = wantedLabelSet(settings);
  const site: Site = {
    version: programVersion().version,
    title: settings.get("title") ?? `Crosswalk: ${name}`,
    model: name,
    variant: { ...variant },
    classes: metadata.classes,
    palette: metadata.palette ?? defaultPalette(metadata.classes.length),
    size: metadata.size ?? null,
    weights: { adapted: described(adapted), ...(before === undefined ? {} : { source: described(before) }) },
    ...(wanted === undefined ? {} : mergedLabels(opened, wanted)),
  };
  return { site, weights: before === undefined ? [adapted] : [adapted, before] };
}

/** What `site.json` says of a weight file. */
function described({ file, bytes, sha256 }: WrittenWeights) {
  return { file, bytes, sha256 };
}

/** Opens a weight file whose network can run on a page. */
function openExported(path: string, settings: Settings): OpenedWeights {
  const opened = openWeights(path, { ...weightOptions(settings), mergesClasses: true });
  requirePhotographs(opened);
  for (const notice of opened.notices) terminal.say(notice);
  return opened;
}

/**
 * The network before adaptation. Where none is named, it is that which a run keeps beside the adapted one; a file of that
 * name that is something else is left out.
 */
function openSource(adapted: OpenedWeights, settings: Settings): OpenedWeights | undefined {
  const open = (path: string) => {
    const source = openExported(path, settings);
    requireComparable(adapted, source);
    return source;
  };
  const named = settings.get("source-model");
  if (named !== undefined) return open(named);
  const beside = besideSource(adapted.path);
  if (beside === undefined) return undefined;
  try {
    return open(beside);
  } catch (error) {
    terminal.say(`${shown(beside)} lies beside the weights and is left out: ${errorText(error)}`);
    return undefined;
  }
}

/** The classes of a label set into which the network's are merged; nothing where they are the same. */
function mergedLabels({ metadata }: OpenedWeights, wanted: LabelSet): Pick<Site, "labelSet"> {
  const merge = mergedInto(metadata, wanted);
  if (merge === undefined) return {};
  const { toClasses: classes, toId } = merge;
  return { labelSet: { name: wanted.name, classes, palette: wanted.palette ?? defaultPalette(classes.length), toId } };
}
