import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { reportPage } from "../../../src/report/page/page.ts";
import { sampleRun } from "./sample_run.ts";
import { assertAccessible, browserTest, type Page, screenshot, withPage } from "../../browser/harness.ts";

/** Writes a page into a folder of its own and opens it as a file, with no network. */
async function withReport(
  html: string,
  options: Parameters<typeof withPage>[0],
  body: (page: Page) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "report.html");
    await Deno.writeTextFile(path, html);
    await withPage(options, async (page) => {
      await page.context().setOffline(true);
      await page.goto(pathToFileURL(path).href);
      await page.waitForSelector('#images[data-alive="yes"]');
      await body(page);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The colour at a place of the first canvas that a selector finds; `x` and `y` from 0 to 1. */
function colorAt(page: Page, selector: string, x: number, y: number): Promise<number[]> {
  return page.locator(selector).first().evaluate((canvas: unknown, { x, y }) => {
    const { width, height, getContext } = canvas as {
      width: number;
      height: number;
      getContext: (kind: string) => { getImageData(...box: number[]): { data: Uint8ClampedArray } };
    };
    const context = getContext.call(canvas, "2d");
    return [...context.getImageData(Math.floor(x * width), Math.floor(y * height), 1, 1).data].slice(0, 3);
  }, { x, y });
}

browserTest("a report opens as a file, offline: its legend and its slider work by keyboard alone", async () => {
  const names = ["<b>road</b>", `"sky" & 'sea'`, "שלום עולם"];
  const run = sampleRun({ names, classes: 4, rounds: 2, images: 1, control: true });
  await withReport(reportPage([run]), {}, async (page) => {
    await assertAccessible(page);
    const truth = '.pane[data-title="ground truth"] canvas';
    const road = page.getByRole("button", { name: "<b>road</b>" });
    // Labels cover the image wholly, so that the colour of a class is that of its pixels.
    await page.locator(".opacity").focus();
    await page.keyboard.press("End");
    assertEquals(await colorAt(page, truth, 0.05, 0.5), [...run.classes[0]?.color ?? []]);
    await road.focus();
    await page.keyboard.press("Space");
    assertEquals(await road.getAttribute("aria-pressed"), "false");
    const image = await colorAt(page, truth, 0.05, 0.5);
    assert(image.join() !== run.classes[0]?.color.join(), "the class is still drawn");
    await page.keyboard.press("Enter");
    assertEquals(await road.getAttribute("aria-pressed"), "true");
    assertEquals(await colorAt(page, truth, 0.05, 0.5), [...run.classes[0]?.color ?? []]);

    // At 55 % of the width the networks before and after differ. The border is in the middle, so "adapted" is seen.
    const [before, after] = await Promise.all(
      ["source only", "adapted"].map((title) => colorAt(page, `.pane[data-title="${title}"] canvas`, 0.55, 0.5)),
    );
    assert(before?.join() !== after?.join());
    assertEquals(await colorAt(page, ".compare canvas", 0.55, 0.5), after);
    await page.locator(".border").focus();
    for (let step = 0; step < 20; step++) await page.keyboard.press("ArrowRight");
    assertEquals(await page.locator(".border").inputValue(), "70");
    assertEquals(await colorAt(page, ".compare canvas", 0.55, 0.5), before);
    await page.locator(".left").selectOption("ground truth");
    assertEquals(await colorAt(page, ".compare canvas", 0.55, 0.5), await colorAt(page, truth, 0.55, 0.5));
    await screenshot(page, "report-light-wide");
  });
});

const phone = { colorScheme: "dark", viewport: { width: 360, height: 740 } } as const;

browserTest("several runs stand side by side, in the dark and on a phone", async () => {
  const runs = [sampleRun({ images: 1 }), sampleRun({ title: "other", rounds: 2, images: 1, seed: 2 })];
  await withReport(reportPage(runs), phone, async (page) => {
    await assertAccessible(page);
    await assertNarrow(page);
    const options = await page.locator(".left option").allTextContents();
    assert(options.includes("seed0: adapted") && options.includes("other: adapted"));
    await screenshot(page, "report-runs-dark-phone");
  });
});

browserTest("forty classes and ten rounds fit on a phone and on paper", async () => {
  await withReport(reportPage([sampleRun({ classes: 40, rounds: 10, images: 1 })]), phone, async (page) => {
    await assertNarrow(page);
    await screenshot(page, "report-classes-dark-phone");
    const pdf = await page.pdf({ format: "A4" });
    assert(pdf.length > 10_000);
  });
});

/** Fails where the page as a whole must be scrolled sideways. */
async function assertNarrow(page: Page): Promise<void> {
  assertEquals(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0);
}
