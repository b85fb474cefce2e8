/**
 * The studio's page with a Worker that is made up: what the page sends, and what it shows in states that a real run does
 * not get into by itself.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeSite } from "../../src/cli/site_folder.ts";
import { townClasses } from "../../src/town/town.ts";
import type { Site } from "../../src/web/site.ts";
import { assertAccessible, browserTest, type Page, screenshot, withPage, withSite } from "../browser/harness.ts";

const site: Site = {
  ...{ version: "0", title: "Streets", model: "deeplab-nano", variant: {}, weights: {} },
  // Names of classes come from data and may hold anything.
  classes: ["<img src=x onerror=alert(1)>", "שמים", "road"],
  palette: townClasses.slice(0, 3).map(({ color }) => color),
  size: { height: 4, width: 8 },
  studio: { recipe: { rounds: 2, "scale-range": [0.75, 1.5], crop: "4x8" } },
};

/** A Worker that answers each command, by its type, with events; what it was told comes back as a warning. */
function madeUp(answers: Readonly<Record<string, readonly unknown[]>>): string {
  return `onmessage = async ({ data }) => {
    const texts = (key, value) => value instanceof File ? value.name : value;
    if (data.type !== "look") postMessage({ type: "warning", text: "told " + JSON.stringify(data, texts) });
    for (const event of ${JSON.stringify(answers)}[data.type] ?? []) postMessage(event);
  };`;
}

async function withStudio(
  answers: Readonly<Record<string, readonly unknown[]>>,
  body: (page: Page, requests: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await writeSite(folder, { site, files: new Map() });
    await Deno.writeTextFile(`${folder}/adapt_worker.js`, madeUp(answers));
    await withSite(folder, async ({ url, requests }) => {
      await withPage({ colorScheme: "dark", viewport: { width: 360, height: 700 } }, async (page) => {
        await page.goto(url);
        await body(page, requests);
      });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const run = { began: 0, isFinished: false, images: ["a.png", "b.png"] };
const began = { type: "began", run, adapter: "a made-up adapter", rounds: [] };

/** What the Worker was last told. */
async function told(page: Page): Promise<unknown> {
  const text = await page.getByText(/^Mind: told /).last().textContent();
  return JSON.parse(text?.replace(/^Mind: told /, "") ?? "null");
}

browserTest("the studio takes photos, a weight file and a recipe, and says what is odd about them", async () => {
  await withStudio({ look: [{ type: "kept", run: null }], start: [began] }, async (page, requests) => {
    const mine = page.getByRole("button", { name: "Adapt to my photos" });
    await mine.waitFor();
    assert(await mine.isDisabled());
    const photos = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `${index}.jpg`,
        mimeType: "image/jpeg",
        buffer: Buffer.from([index]),
      }));
    const choose = page.getByLabel(/^Drop 20 to 200 photos/);
    await choose.setInputFiles([...photos(3), {
      name: "notes.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("no"),
    }]);
    await page.getByText("3 chosen. With fewer than 20, thresholds mean little.").waitFor();
    await choose.setInputFiles(photos(201));
    await page.getByText("The first 200 are taken.").waitFor();
    await page.getByRole("button", { name: "Take them out again" }).click();
    await choose.setInputFiles(photos(2));
    await page.getByText("Weights and recipe").click();
    await page.getByLabel(/^Start from a weight file/).setInputFiles({
      ...{ name: "mine.safetensors", mimeType: "application/octet-stream", buffer: Buffer.from("") },
    });
    await page.getByLabel("The recipe has the keys").fill("rounds: 3 # more\nscale-range: [0.5, 2]\ncrop: 8x16\n");
    await assertAccessible(page);
    const drop = "document.querySelector('.drop')";
    assert(await page.evaluate(`${drop}.scrollWidth <= ${drop}.clientWidth`), "the form is wider than the window");
    await screenshot(page, "studio-form-dark-360");
    await page.getByRole("button", { name: "Adapt to 2 photos" }).click();
    const { site: address, ...command } = Object(await told(page));
    assertEquals(command, {
      ...{ type: "start", weights: "mine.safetensors" },
      images: { kind: "photos", files: ["0.jpg", "1.jpg"] },
      options: { rounds: 3, "scale-range": [0.5, 2], crop: "8x16" },
    });
    assertMatch(String(address), /\/some\/where\/site\.json$/);
    assertEquals(requests.filter((request) => !/^GET ([\w.]*|favicon\.ico)$/.test(request)), []);
  });
});

browserTest("the studio offers a kept run, goes on after a lost GPU, and deletes", async () => {
  const pixels = Array.from({ length: 4 * 32 }, (_, index) => index);
  const picture = {
    name: "<b>a</b>.png",
    height: 4,
    width: 8,
    pixels,
    labels: pixels.slice(0, 32).map((id) => id % 4),
  };
  const lost = { type: "error", reason: "lost", text: "The GPU was lost. Go on from the last checkpoint." };
  const labelled = { type: "labels", round: 1, index: 0, picture };
  const entry = { stage: "round 1: labelling", lambda: [0.5, 1, 0.7], labelled: [1, 0, 3], precision: [1, null, 0.5] };
  const answers = {
    look: [{ type: "kept", run }],
    start: [{ type: "error", reason: "failed", text: "The recipe has an unknown key." }],
    resume: [began, labelled, { type: "log", entry }, lost],
    delete: [{ type: "kept", run: null }],
  };
  await withStudio(answers, async (page) => {
    await page.getByText(/^There is a run of .* It is not finished. A new run takes its place.$/).waitFor();
    await page.getByRole("button", { name: "Go on with it" }).waitFor();
    // A start that is refused takes nothing away: another one can be tried, and the kept run is there.
    await page.getByRole("button", { name: "Adapt to the built-in town" }).click();
    await page.getByRole("alert").getByText("The recipe has an unknown key.").waitFor();
    await page.getByRole("button", { name: "Adapt to the built-in town" }).waitFor();
    await page.getByRole("button", { name: "Go on from the last checkpoint" }).click();
    await page.getByRole("alert").getByText("The GPU was lost").waitFor();
    assertEquals(await page.getByRole("rowheader").allTextContents(), site.classes.map((name) => ` ${name}`));
    await page.getByText("λ 0.700, 75.0 %, 50.0 % right").waitFor();
    await assertAccessible(page);
    await screenshot(page, "studio-lost-dark-360");
    await page.getByRole("button", { name: "Go on from the last checkpoint" }).click();
    await page.getByRole("alert").getByText("The GPU was lost").waitFor();
    page.once("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Delete the run" }).click();
    await page.getByRole("button", { name: "Adapt to the built-in town" }).waitFor();
    assertEquals(await page.getByRole("alert").count(), 0);
  });
});

browserTest("the studio says what to try where there is no GPU", async () => {
  const text = "The adapter was refused.";
  const answers = { look: [{ type: "kept", run: null }], start: [{ type: "error", reason: "no adapter", text }] };
  await withStudio(answers, async (page, requests) => {
    await page.getByRole("button", { name: "Adapt to the built-in town" }).click();
    await page.getByRole("alert").getByText(text).waitFor();
    await page.getByRole("heading", { name: "What to try" }).waitFor();
    await assertAccessible(page);
    // A browser without WebGPU is found out before anything is chosen. A page of plain http has no files of its own either.
    const isWorker = (request: string) => request.endsWith("adapt_worker.js");
    assertEquals(requests.filter(isWorker).length, 1);
    await page.addInitScript("delete Navigator.prototype.gpu; delete Navigator.prototype.storage");
    await page.reload();
    await page.getByText("The browser has no WebGPU.").waitFor();
    // No Worker is started, whose answers would take the sentence away again.
    assertEquals(requests.filter(isWorker).length, 1);
    await screenshot(page, "studio-no-gpu-dark-360");
  });
});
