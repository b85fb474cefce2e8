/**
 * A walk through the studio as a visitor takes it, with a real run on the built-in towns: start, pause, close the page,
 * come back, go on, compare, download, delete.
 */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { run as exportSite } from "../../src/cli/export.ts";
import { readWeights } from "../../src/nn/network.ts";
import { townClasses } from "../../src/town/town.ts";
import { assertAccessible, browserTest, type Page, screenshot, withPage, withSite } from "../browser/harness.ts";

const tiny =
  "town-images=4,town-size=32x64,crop=32x64,batch=4,source-steps=6,warm-up=1,rounds=1,epochs=4,source-images=4";

/** Moves the focus by the key Tab alone to the control of that name. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(`(() => {
      const one = document.activeElement;
      return one.labels?.[0]?.textContent || one.getAttribute("aria-label") || one.textContent;
    })()`);
    if (String(found).trim() === name) return;
  }
  throw new Error(`The key Tab does not lead to "${name}"`);
}

/** What the canvas of the comparison shows. */
function shownPixels(page: Page): Promise<string> {
  return page.evaluate(`document.querySelector(".comparison canvas").toDataURL()`);
}

async function download(page: Page, button: string): Promise<Uint8Array<ArrayBuffer>> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return await Deno.readFile(await (await waiting).path());
}

browserTest(
  "a visitor adapts a network to the built-in town, leaves, comes back, and takes the weights along",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      assertEquals(await exportSite(["--web", `${folder}/site`, "--studio", "--set", tiny, "--json"]), 0);
      await withSite(`${folder}/site`, async ({ url, requests }) => {
        await withPage({ seconds: 240, viewport: { width: 1400, height: 900 } }, async (first) => {
          await first.goto(url);
          await first.getByText("Nothing leaves this computer.").waitFor();
          await first.getByRole("button", { name: "Adapt to the built-in town" }).waitFor();
          await screenshot(first, "studio-empty-light-1400");
          await assertAccessible(first);
          await first.getByRole("button", { name: "Adapt to the built-in town" }).click();
          await first.getByRole("button", { name: "Pause", disabled: false }).waitFor();
          await tabTo(first, "Pause");
          await first.keyboard.press("Space");
          await first.getByText("The run is paused").waitFor();
          await first.close();

          const page = await first.context().newPage();
          await page.emulateMedia({ colorScheme: "dark" });
          await page.goto(url);
          await page.getByText("It is not finished.").waitFor();
          await tabTo(page, "Go on with it");
          await page.keyboard.press("Enter");
          await page.getByRole("heading", { name: "Thresholds" }).waitFor();
          await page.getByText("target 4: ").waitFor();
          await screenshot(page, "studio-running-dark-1400");

          await page.getByText("Left of the line").waitFor();
          await page.getByRole("columnheader", { name: "After round 1" }).waitFor();
          assertEquals(await page.locator("svg.loss polyline").count(), 2);
          const before = await shownPixels(page);
          await tabTo(page, "Line between before and after");
          await page.keyboard.press("Home");
          assertNotEquals(await shownPixels(page), before);
          await tabTo(page, townClasses[0]?.name ?? "");
          await page.keyboard.press("Space");
          assertEquals(await page.getByRole("button", { name: "road" }).getAttribute("aria-pressed"), "false");
          await page.getByLabel("Picture").selectOption("2");
          await page.getByRole("img", { name: /^target 3, labelled before/ }).waitFor();
          await assertAccessible(page);
          await screenshot(page, "studio-finished-dark-1400");
          await page.setViewportSize({ width: 360, height: 700 });
          assert(
            await page.evaluate("document.documentElement.scrollWidth <= 360"),
            "the page is wider than the window",
          );
          await screenshot(page, "studio-finished-dark-360");

          const adapted = readWeights(await download(page, "Download the adapted weights"), "weights.safetensors");
          const source = readWeights(await download(page, "Download the weights before"), "source.safetensors");
          assertEquals(adapted.metadata?.classes, townClasses.map(({ name }) => name));
          assertNotEquals([...adapted.tensors.values()].map(({ values }) => values[0]), [
            ...[...source.tensors.values()].map(({ values }) => values[0]),
          ]);

          page.once("dialog", (dialog) => void dialog.accept());
          await page.getByRole("button", { name: "Delete the run" }).click();
          await page.getByRole("button", { name: "Adapt to the built-in town" }).waitFor();
          for (const request of requests) assertMatch(request, /^GET ([\w]+\.(js|css|json|html))?$/);
        });
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
