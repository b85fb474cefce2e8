/**
 * The site's own pages in a browser: the start page, the documentation, and the benchmark, which checks every kernel of
 * the engine under Chromium's WebGPU.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { writeApps, writePages } from "../../publish/site.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { selfTestCases } from "../../src/selftest/self_test.ts";
import {
  assertAccessible,
  browserTest,
  chromium,
  type Page,
  screenshot,
  withPage,
  withSite,
} from "../browser/harness.ts";

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
if (chromium !== undefined) {
  await writePages(folder, { hasReport: false });
  await writeApps(folder, await madeRun());
}

/** What a run leaves: weights of a network, which has learned nothing here. */
async function madeRun(): Promise<string> {
  const run = join(folder, "made-run");
  await Deno.mkdir(run);
  using gpu = await Gpu.open();
  const network = new Network(gpu, findModel("deeplab-nano"), {
    classes: ["road", "sky"],
    palette: [[128, 64, 128], [70, 130, 180]],
    size: { height: 48, width: 64 },
  });
  network.store.initialize(0);
  await Deno.writeFile(join(run, "weights.safetensors"), await network.save());
  network.dispose();
  return run;
}

const narrow = { width: 360, height: 740 };
const wide = { width: 1400, height: 900 };

/** Fails if the page is wider than its window: what is wide scrolls by itself. */
async function assertFits(page: Page): Promise<void> {
  const width = await page.evaluate<number>("document.documentElement.scrollWidth");
  assert(width <= await page.evaluate<number>("innerWidth"), `${page.url()} is ${width} pixels wide`);
}

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`the start page and the documentation are read and walked, ${colorScheme}`, async () => {
    await withSite(folder, async ({ url }) => {
      await withPage({ colorScheme, viewport: narrow }, async (page) => {
        for (const path of ["index.html", "docs/tour.html", "docs/index.html", "docs/kernels.html", "bench.html"]) {
          await page.goto(url + path);
          await assertAccessible(page);
          await assertFits(page);
          const name = path.replace(".html", "").replace("/", "-");
          await screenshot(page, `site-${name}-${colorScheme}-360`);
          await page.setViewportSize(wide);
          await assertFits(page);
          await screenshot(page, `site-${name}-${colorScheme}-1400`);
          await page.setViewportSize(narrow);
        }
        // By the keyboard alone: past the way to other pages, from the start to the tour, and to a source file.
        await page.goto(url);
        await page.keyboard.press("Tab");
        assertEquals(await page.evaluate("document.activeElement.textContent"), "To the contents");
        await page.getByRole("link", { name: "The tour", exact: true }).focus();
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "A tour", level: 1 }).waitFor();
        await page.getByRole("link", { name: "deeplab-nano" }).first().press("Enter");
        await page.getByRole("heading", { name: "src/nn/models/deeplab_nano.ts" }).waitFor();
        await assertAccessible(page);
        await assertFits(page);
      });
    });
  });
}

browserTest("every kernel is right under Chromium's WebGPU, and the benchmark's page tells so", async () => {
  const cases = (await selfTestCases()).length;
  await withSite(folder, async ({ url, requests }) => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await withPage({ seconds: 400, viewport: wide, permissions }, async (page) => {
      await page.goto(`${url}bench.html`);
      await page.getByText("Ready, on").waitFor();
      // By the keyboard: which row is timed, then the button.
      await page.getByLabel("Time").selectOption("scale 64 at 64×128, batch 2");
      await page.getByLabel("Time").focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.getByText("Checking the kernels").waitFor();
      await page.getByRole("heading", { name: "Checks" }).waitFor();
      await assertAccessible(page);
      await screenshot(page, "site-bench-running-light-1400");
      await page.getByText(/Done in \d+ s\./).waitFor();
      assertEquals(await page.getByText("WRONG").count(), 0);
      await page.getByText("Every kernel is right on this adapter.").waitFor();
      await page.getByRole("button", { name: "Copy the table" }).click();
      await page.getByText("Copied.").waitFor();
      const text = await page.getByLabel("As Markdown").inputValue();
      assertEquals(await page.evaluate("navigator.clipboard.readText()"), text);
      assertMatch(text, new RegExp(`^\\| checked \\| \\d+ kernels, ${cases} cases \\|$`, "m"));
      assertMatch(text, /^\| wrong \| none \|$/m);
      assertMatch(text, /^\| copy peak \| [\d.]+ GB\/s \|$/m);
      assertMatch(text, /^\| scale 64 at 64×128, batch 2 \| forward \| [\d.]+ \| [\d.]+ \| [\d.]+ \| \d+ % \|$/m);
      await assertAccessible(page);
      await screenshot(page, "site-bench-done-light-1400");
      await page.setViewportSize(narrow);
      await page.emulateMedia({ colorScheme: "dark" });
      await assertAccessible(page);
      await assertFits(page);
      await screenshot(page, "site-bench-done-dark-360");
    });
    assert(requests.includes("GET fixtures/conv2d.safetensors"), requests.join(", "));
  });
});

browserTest("the start page leads to the pages that adapt and label", async () => {
  await withSite(folder, async ({ url }) => {
    await withPage({ viewport: narrow }, async (page) => {
      for (
        const [link, title] of [["Adapt a network here", "Adapt a network"], ["Label a picture", "Label pictures"]]
      ) {
        await page.goto(url);
        await page.getByRole("link", { name: link ?? "" }).click();
        await page.getByRole("heading", { level: 1, name: title ?? "" }).waitFor();
        await page.getByRole("button").first().waitFor();
        await assertFits(page);
      }
    });
  });
});

browserTest("without WebGPU the benchmark says so, and what to try", async () => {
  await withSite(folder, async ({ url }) => {
    await withPage(
      { flags: ["--disable-features=WebGPU", "--disable-gpu", "--disable-software-rasterizer"] },
      async (page) => {
        await page.goto(`${url}bench.html`);
        await page.getByText("Nothing can be measured here.").waitFor();
        await page.getByText("Update the driver of the graphics card.").waitFor();
        await assertAccessible(page);
      },
    );
  });
});
