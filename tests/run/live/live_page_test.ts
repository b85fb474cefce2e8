/** The live page in Chromium, of a run that is told by hand: what it shows, a reload, a run that goes on, the end. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { encodeLabelPng } from "../../../src/data/encode.ts";
import { LiveServer } from "../../../src/run/live/live_server.ts";
import { writeSketch } from "../../../src/run/report/run_sketch.ts";
import { renderTown, townClasses } from "../../../src/town/town.ts";
import { sampleRun } from "../../report/page/sample_run.ts";
import { inTemporaryFolder } from "../../cli/program.ts";
import { write } from "../../data/pictures.ts";
import { sampleSketch } from "./sketch.ts";
import { assertAccessible, browserTest, type Page, screenshot, withPage } from "../../browser/harness.ts";

const units = { unit: "images", perStep: 4 };
const hostile = 'a "b" <img src=x onerror=alert(1)> שלום';
const labelFile = `rounds/1/pseudo-labels/${hostile.replaceAll("/", "")}.png`;

/** The text of a part of the live section. */
const part = (page: Page, name: string) => page.locator(`#live [data-live="${name}"]`);

async function tellTraining(server: LiveServer, stage: string, steps: number): Promise<void> {
  await server.tell({ kind: "stage", name: stage, total: 80, units });
  const losses = Array.from({ length: steps }, (_, step) => [step, 1 / (1 + step / 10)] as const);
  await server.tell({ kind: "steps", done: 1, losses: losses.slice(0, 1) });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.tell({ kind: "steps", done: steps, losses: losses.slice(1) });
}

async function assertMidRun(page: Page, steps: number): Promise<void> {
  await page.locator(`#live progress[value="${steps}"]`).waitFor();
  assertEquals(await part(page, "stage").textContent(), "round 1: training");
  assertMatch(
    await part(page, "time").textContent() ?? "",
    new RegExp(`${steps} of 80 · \\d.* left in this stage · .* left in all · loss 0\\.`),
  );
  const line = page.locator("#live polyline").first();
  assertEquals((await line.getAttribute("points"))?.split(" ").length, steps);
  assertMatch(await part(page, "chart").getAttribute("aria-label") ?? "", new RegExp(`up to step ${steps} of 80`));
}

browserTest(
  "the live page shows a run as it goes on, after a reload and a restart, and stays when it ends",
  () =>
    inTemporaryFolder((outer) =>
      withPage({}, async (page, faults) => {
        const folder = join(outer, "run");
        writeSketch(folder, sampleSketch);
        const { labels } = renderTown("target", 0, { height: 32, width: 64, seed: 1 });
        write(join(folder, labelFile), encodeLabelPng(labels, 32, 64, townClasses.map(({ color }) => color)));
        let rounds = 1;
        const names = [hostile, "road", "sky"];
        const read = () => sampleRun({ title: "run", classes: 3, rounds, images: 1, names });
        let server = new LiveServer({ read, interval: 20, share: 1 });
        const port = server.listen({ hostname: "127.0.0.1", port: 0 });
        await server.tell({ kind: "folder", path: folder, command: "adapt" });
        await page.goto(`http://127.0.0.1:${port}/`);
        await assertAccessible(page);
        await screenshot(page, "live-empty");

        await server.tell({ kind: "line", text: hostile, isWarning: true });
        await server.tell({ kind: "labels", files: [labelFile] });
        await tellTraining(server, "round 1: training", 20);
        await assertMidRun(page, 20);
        const picture = page.locator("#live .live-labels img");
        const width = "(async (image) => (await image.decode(), image.naturalWidth))";
        assertEquals(await page.evaluate(`${width}(document.querySelector("#live .live-labels img"))`), 64);
        assertEquals(await picture.getAttribute("alt"), "Pseudo-labels of round 1");
        assertEquals(await page.locator("#live .live-labels small").textContent(), hostile);
        // By keyboard: what the run has said opens, and is text.
        await page.locator("#live summary").last().focus();
        await page.keyboard.press("Enter");
        assertEquals(await page.locator("#live [data-live=lines] li").innerText(), `Warning: ${hostile}`);
        await assertAccessible(page);
        await screenshot(page, "live-mid-run");

        // A newer report takes the place of the old one. What the visitor has set stays.
        const road = page.locator('#images .legend button[data-class="road"]');
        await road.click();
        await page.locator("#rounds summary").first().click();
        const rows = page.locator("#rounds table tbody tr");
        const before = await rows.count();
        rounds = 2;
        await server.tell({ kind: "stage end" });
        await server.tell({ kind: "stage", name: "round 1: evaluation", total: 9, units });
        await rows.nth(before).waitFor({ state: "attached" });
        assertEquals(await page.locator("#rounds details").first().getAttribute("open"), "");
        await page.locator('#images[data-alive="yes"]').waitFor();
        assertEquals(await road.getAttribute("aria-pressed"), "false");
        await server.tell({ kind: "stage end" });
        await tellTraining(server, "round 1: training", 20);

        await page.reload();
        await assertMidRun(page, 20);
        assertEquals(await picture.count(), 1);

        // The run is killed, and goes on at the same address.
        await server.close();
        await page.getByText("The run does not answer").waitFor();
        faults.splice(0);
        server = new LiveServer({ read, interval: 20, share: 1 });
        server.listen({ hostname: "127.0.0.1", port });
        await server.tell({ kind: "folder", path: folder, command: "adapt" });
        await tellTraining(server, "round 1: training", 40);
        await assertMidRun(page, 40);
        await part(page, "notice").waitFor({ state: "hidden" });
        // Trials while nobody listened.
        faults.splice(0);

        await server.tell({ kind: "stage end" });
        await server.tell({ kind: "end", ending: "finished", text: "" });
        await server.end();
        await page.getByText("The run is finished").waitFor();
        assertEquals(await part(page, "now").isHidden(), true);
        await assertAccessible(page);
        await screenshot(page, "live-finished");
      })
    ),
);

browserTest(
  "the live page is readable in the dark and on a phone",
  () =>
    inTemporaryFolder((folder) =>
      withPage({ colorScheme: "dark", viewport: { width: 360, height: 740 } }, async (page) => {
        writeSketch(folder, sampleSketch);
        const read = () => sampleRun({ classes: 3, rounds: 2, images: 1 });
        const server = new LiveServer({ read, interval: 20, share: 1 });
        const port = server.listen({ hostname: "127.0.0.1", port: 0 });
        await server.tell({ kind: "folder", path: folder, command: "adapt" });
        await server.tell({ kind: "line", text: "about 3 minutes here", isWarning: false });
        await tellTraining(server, "round 1: training", 30);
        await page.goto(`http://127.0.0.1:${port}/`);
        await assertMidRun(page, 30);
        await assertAccessible(page);
        assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360);
        await screenshot(page, "live-dark-phone");
        await page.close();
        await server.close();
      })
    ),
);
