/**
 * The part of a run's page that shows what happens now. The script beside it fills it.
 *
 * @module
 */

import type { ReportData } from "./data.ts";
import liveScript from "./live.js" with { type: "text" };
import { reportPage } from "./page.ts";

/**
 * The section, which stands above the report.
 *
 * @param version what the report on the page is known by; the script fetches another when the run names one.
 */
function liveSection(version: string): string {
  return `<section id="live" aria-labelledby="live-title" data-report="${version}">
<h2 id="live-title">What happens now</h2>
<p class="notice" data-live="notice" role="status" hidden></p>
<noscript><p class="notice warning">This part needs JavaScript. Without it, load the page again to see more.</p></noscript>
<div data-live="now">
<p role="status"><strong data-live="stage">The run begins</strong></p>
<progress data-live="bar" max="1" value="0" aria-label="Progress of the stage"></progress>
<p class="soft" data-live="time"></p>
<figure data-live="loss" hidden><figcaption data-live="loss title">Loss</figcaption>
<svg data-live="chart" role="img" viewBox="0 0 640 240" width="640" aria-label="Loss"></svg></figure>
<div data-live="pseudo-labels" hidden><h3>Newest pseudo-labels</h3>
<ul class="grid live-labels" data-live="labels"></ul></div>
<details><summary>Stages so far</summary><ol data-live="stages"></ol></details>
<details><summary>What the run has said</summary><ul data-live="lines"></ul></details>
</div>
</section>`;
}

/** What this section looks like, beside the style of all pages. */
const liveStyle = `.live-labels{--column:9rem;list-style:none;padding:0}
.live-labels img{display:block;width:100%;image-rendering:pixelated}
.live-labels small{display:block}`;

/**
 * The page of a run that goes on: its report, with what happens now above it.
 *
 * @param version what the page is known by.
 */
export function livePage(report: ReportData, version: string): string {
  // The title may hold whatever a folder's name holds, but no markup.
  return reportPage([report], { live: true, scripts: [liveScript] })
    .replace("</head>", () => `<style>${liveStyle}</style>\n</head>`)
    .replace('<div id="live"></div>', () => liveSection(version));
}
