/**
 * Pictures: the spatial prior, and images with what the networks say of them.
 *
 * @module
 */

import { type Markup, markup } from "../markup.ts";
import type { ReportLayer, ReportStrip } from "./data.ts";
import { allClasses, named, type ShownRun, swatch } from "./shown_runs.ts";

/** The spatial prior of each class. `undefined` where no run has one. */
export function priorSection(runs: readonly ShownRun[]): Markup | undefined {
  const known = runs.filter(({ data }) => data.priors.length > 0);
  if (known.length === 0) return undefined;
  return markup`<h2>Spatial prior</h2><p>How often a class lies at a place of the source images. White is most often.</p>${
    known.map(({ data, name }) =>
      markup`${runs.length > 1 && markup`<h3>${named(name)}</h3>`}<div class="grid priors">${
        data.priors.map(({ name, png }) =>
          markup`<figure><img src="${png}" alt="Spatial prior of ${name}"><figcaption>${
            named(name)
          }</figcaption></figure>`
        )
      }</div>`
    )
  }`;
}

/** A layer of an image, and the run it comes from. */
interface RunLayer {
  readonly run: ShownRun;
  readonly layer: ReportLayer;
}

/**
 * Images with their layers, a comparison by slider, and a legend that switches classes on and off. The pages' script
 * (`strips.js`) colours the layers; without it they are grey values.
 *
 * @returns `undefined` where no run has pictured images.
 */
export function imageSection(runs: readonly ShownRun[]): Markup | undefined {
  const names = [...new Set(runs.flatMap(({ data }) => data.strips.map(({ name }) => name)))];
  if (names.length === 0) return undefined;
  const hasLabels = runs.some(({ data }) =>
    data.strips.some(({ layers }) => layers.some(({ kind }) => kind === "labels"))
  );
  return markup`<h2>Images</h2>${
    hasLabels &&
    markup`<noscript><p>The colours, the legend and the slider need scripts. Without them, labels are shown as grey values.</p></noscript>
<div class="bar needs-script" hidden><label>Labels over the image <input type="range" class="opacity" min="0" max="100" value="70"></label>
<button type="button" class="all-classes">All classes</button><button type="button" class="no-classes">No class</button></div>${
      classLegend(runs)
    }`
  }${names.map((name) => imageStrips(runs, name))}`;
}

function classLegend(runs: readonly ShownRun[]): Markup {
  return markup`<div class="legend needs-script" role="group" aria-label="Classes that are shown" hidden>${
    allClasses(runs, ({ classes }) => classes).map(({ name, color }) =>
      markup`<button type="button" aria-pressed="true" data-class="${name}">${swatch(color)} ${named(name)}</button>`
    )
  }</div>`;
}

/** One image: the comparison first, then a row of layers for each run. */
function imageStrips(runs: readonly ShownRun[], name: string): Markup {
  const strips = runs.flatMap((run) => {
    const strip = run.data.strips.find((strip) => strip.name === name);
    return strip === undefined ? [] : [{ run, strip }];
  });
  const layers = strips.flatMap(({ run, strip }) => strip.layers.map((layer): RunLayer => ({ run, layer })));
  const [first] = strips;
  if (first === undefined) return markup``;
  return markup`<article class="image" aria-label="${name}"><h3>${named(name)}</h3>${
    comparison(name, first.strip, layers, runs.length > 1)
  }${
    strips.map(({ run, strip }) =>
      markup`${runs.length > 1 && markup`<h4>${named(run.name)}</h4>`}<div class="strip${
        strip.layers.length === 0 && " alone"
      }" role="group" aria-label="${
        runs.length > 1 ? `${name}, ${run.name}` : `${name}, all pictures`
      }" data-classes="${JSON.stringify(run.data.classes)}">${
        pane(
          { title: strip.layers.length === 0 ? "as the run drew it" : "image", kind: "picture", png: strip.image },
          run,
          runs.length > 1,
          true,
        )
      }${strip.layers.map((layer) => pane(layer, run, runs.length > 1))}</div>`
    )
  }</article>`;
}

function pane({ title, kind, png }: ReportLayer, run: ShownRun, isOneOfSeveral: boolean, isImage = false): Markup {
  const whole = isOneOfSeveral && !isImage ? `${run.name}: ${title}` : title;
  return markup`<figure class="pane" data-kind="${
    isImage ? "image" : kind
  }" data-title="${whole}"><img src="${png}" alt="${
    altText(whole, kind)
  }"><figcaption dir="auto">${title}</figcaption></figure>`;
}

function altText(title: string, kind: ReportLayer["kind"]): string {
  return kind === "labels" ? `${title}, as grey values` : kind === "confidence" ? `${title}, white is sure` : title;
}

/** The least width of a comparison, in pixels of its canvas. */
const comparedWidth = 640;

/** A slider between two layers. The left one is before, the right one after, where there are such. */
function comparison(
  name: string,
  strip: ReportStrip,
  layers: readonly RunLayer[],
  isSeveral: boolean,
): Markup | undefined {
  const choices = layers.filter(({ layer }) =>
    layer.kind !== "picture" || layers.every((one) => one.layer.kind === "picture")
  );
  if (choices.length < 2) return undefined;
  const titles = choices.map(({ run, layer }) => isSeveral ? `${run.name}: ${layer.title}` : layer.title);
  const [left, right] = firstChoices(choices, isSeveral);
  const select = (side: "left" | "right", chosen: number) =>
    markup`<label>${side === "left" ? "Left" : "Right"} <select class="${side}">${
      titles.map((title, index) =>
        markup`<option value="${title}"${index === chosen && markup` selected`}>${title}</option>`
      )
    }</select></label>`;
  // A small image is drawn enlarged, so that the line at the border stays thin.
  const enlarged = Math.ceil(comparedWidth / strip.width);
  return markup`<div class="compare needs-script" hidden><canvas width="${strip.width * enlarged}" height="${
    strip.height * enlarged
  }" role="img" aria-label="${name}: two of the pictures, side by side"></canvas>
<label class="slider"><span class="unseen">Border between left and right of ${name}, in percent</span><input type="range" class="border" min="0" max="100" value="50"></label>
<div class="bar">${select("left", left)}${select("right", right)}</div></div>`;
}

/** Before and after of one run; of several runs what the first and the last one end with. */
function firstChoices(choices: readonly RunLayer[], isSeveral: boolean): [number, number] {
  const labels = choices.map((choice, index) => ({ ...choice, index })).filter(({ layer }) => layer.kind === "labels");
  const afters = labels.filter(({ layer }) => /adapted|after/.test(layer.title));
  const firstAfter = afters.findLast(({ run }) => run === afters[0]?.run);
  const lastAfter = afters.at(-1);
  if (isSeveral && firstAfter !== undefined && lastAfter !== undefined && firstAfter !== lastAfter) {
    return [firstAfter.index, lastAfter.index];
  }
  const before = labels.find(({ layer }) => /source|before/.test(layer.title)) ??
    // A run that goes on from a round of another begins with the network after that round.
    (afters[0] === lastAfter ? labels[0] : afters[0]);
  const [left, right] = [before?.index ?? 0, (lastAfter ?? labels.at(-1))?.index ?? 1];
  return left === right ? [0, 1] : [left, right];
}
