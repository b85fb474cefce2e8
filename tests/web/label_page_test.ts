/**
 * The page that `export` writes, used in a Chromium by mouse and by keyboard. Its labels are those of `predict`.
 */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeRgbPng } from "../../src/data/encode.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { findModel } from "../../src/nn/models/mod.ts";
import { Network } from "../../src/nn/network.ts";
import { renderTown, townClasses } from "../../src/town/town.ts";
import { crosswalk, inTemporaryFolder } from "../cli/program.ts";
import { write } from "../data/pictures.ts";
import { sharedPath } from "../shared.ts";
import {
  assertAccessible,
  browserTest,
  type Page,
  screenshot,
  type SiteHandler,
  withPage,
  withSite,
} from "../browser/harness.ts";

const size = { height: 96, width: 128 };

/** Writes weights that nobody trained, and a page with them; returns the page's folder. */
async function writePage(folder: string): Promise<string> {
  const [weights, source, web] = [
    join(folder, "weights.safetensors"),
    join(folder, "source.safetensors"),
    join(folder, "web"),
  ];
  using gpu = await Gpu.open();
  const metadata = {
    classes: townClasses.map(({ name }) => name),
    palette: townClasses.map(({ color }) => color),
    size,
  };
  for (const [seed, path] of [[1, weights], [2, source]] as const) {
    const network = new Network(gpu, findModel("deeplab-nano"), metadata, { trainable: false });
    network.store.initialize(seed);
    write(path, await network.save());
    network.dispose();
  }
  assertEquals((await crosswalk("export", "--web", web, "--weights", weights, "--title", "Streets")).code, 0);
  return web;
}

/** A street as a PNG file without a colour profile. */
function streetPng(
  index: number,
  options: { readonly height: number; readonly width: number },
): Uint8Array<ArrayBuffer> {
  const { pixels, height, width } = renderTown("target", index, { ...options, seed: 3 });
  return encodeRgbPng(pixels, height, width);
}

/** The labels of a picture by the command line. */
async function predicted(folder: string, weights: string, picture: string): Promise<Uint8Array> {
  const out = join(folder, "predicted");
  const { code, stderr } = await crosswalk("predict", "--weights", weights, "--images", picture, "--out", out);
  assertEquals(code, 0, stderr);
  const name = picture.slice(picture.lastIndexOf("/") + 1).replace(/\.\w+$/, ".png");
  return await labelsOf(join(out, name));
}

async function labelsOf(path: string): Promise<Uint8Array> {
  return (await decodeLabels(readFileSync(path), path)).labels;
}

/** The labels of the picture with this name, as the page lets its visitor download them. */
async function downloaded(page: Page, name: string, folder: string): Promise<Uint8Array> {
  const card = page.getByRole("article", { name });
  await card.getByRole("list", { name: "Share of each class" }).waitFor();
  const download = page.waitForEvent("download");
  await card.getByRole("button", { name: "Download labels" }).click();
  const path = join(folder, `${name}.labels.png`);
  const file = await download;
  assertMatch(file.suggestedFilename(), /_labels\.png$/);
  await file.saveAs(path);
  return await labelsOf(path);
}

/** The share of pixels with another label. */
function differing(a: Uint8Array, b: Uint8Array): number {
  assertEquals(a.length, b.length);
  return a.reduce((count, id, pixel) => count + (id === b[pixel] ? 0 : 1), 0) / a.length;
}

const madeUpCamera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

browserTest(
  "the exported page labels pictures as predict does, by mouse and by keyboard",
  () =>
    inTemporaryFolder(async (folder) => {
      const web = await writePage(folder);
      const [weights, source, png, jpeg] = ["weights.safetensors", "source.safetensors", "street.png", "street.jpg"]
        .map(
          (name) => join(folder, name),
        );
      assert(weights !== undefined && source !== undefined && png !== undefined && jpeg !== undefined);
      write(png, streetPng(5, { height: 150, width: 200 }));
      await withSite(web, ({ url, requests }) =>
        withPage({ seconds: 150, permissions: ["camera"], flags: madeUpCamera }, async (page, faults) => {
          await page.goto(url);
          // Asked for early, since the browser must be told before the chooser opens.
          const chooser = page.waitForEvent("filechooser");
          await page.getByText("Runs on").waitFor();
          await screenshot(page, "label-empty");
          await assertAccessible(page);
          // The file chooser opens by keyboard.
          await page.getByRole("button", { name: "Choose pictures" }).press("Enter");
          await (await chooser).setFiles(png);
          const found = await downloaded(page, "street.png", folder);
          const wanted = await predicted(folder, weights, png);
          const share = differing(found, wanted);
          console.log(`PNG: ${(100 * share).toFixed(3)} % of the pixels have another label than predict gives`);
          assert(share <= 0.001, `${share} of the pixels differ`);

          // The other network, by keyboard.
          await page.getByRole("switch").focus();
          await page.keyboard.press("Space");
          await page.getByRole("switch", { name: "off" }).waitFor();
          const before = await downloaded(page, "street.png", folder);
          assert(differing(before, wanted) > 0.1, "the source network gives other labels");
          assert(differing(before, await predicted(folder, source, png)) <= 0.001);
          await page.getByRole("switch").click();

          // Confidence, opacity and classes, by keyboard.
          await page.getByLabel("Labels", { exact: true }).focus();
          await page.keyboard.press("ArrowRight");
          await page.locator('article [data-stage="confidence"]').waitFor({ state: "attached" });
          const opacity = page.getByLabel("Opacity");
          await opacity.focus();
          await page.keyboard.press("End");
          await page.getByText("Opacity 100 %").waitFor();
          await page.getByLabel("Labels", { exact: true }).check();
          const [first = 0] = wanted;
          const named = townClasses[first]?.name ?? "";
          assertEquals(await colourAt(page, 0), [...townClasses[first]?.color ?? []]);
          const button = page.getByRole("list", { name: "Classes" }).getByRole("button", { name: named, exact: true });
          await button.focus();
          await page.keyboard.press("Space");
          assertEquals(await button.getAttribute("aria-pressed"), "false");
          assert(String(await colourAt(page, 0)) !== String(townClasses[first]?.color), "the class is hidden");
          await page.keyboard.press("Space");

          // Pasted and dropped pictures.
          const bytes = await jpegOf(page);
          write(jpeg, bytes);
          await give(page, "paste", "street.jpg", bytes);
          const ofJpeg = differing(
            await downloaded(page, "street.jpg", folder),
            await predicted(folder, weights, jpeg),
          );
          console.log(`JPEG: ${(100 * ofJpeg).toFixed(3)} % of the pixels have another label than predict gives`);
          assert(ofJpeg <= 0.05, `${ofJpeg} of the pixels differ`);
          await give(page, "drop", "note.png", new TextEncoder().encode("no picture"));
          await page.getByText("This browser does not decode it as an image").waitFor();
          await give(page, "drop", "dropped.png", readFileSync(png));
          assertEquals(differing(await downloaded(page, "dropped.png", folder), found), 0);
          await screenshot(page, "label-finished");
          await assertAccessible(page);
          await page.emulateMedia({ colorScheme: "dark" });
          await page.setViewportSize({ width: 360, height: 780 });
          await screenshot(page, "label-finished-dark-narrow");
          await assertAccessible(page);
          assert(await page.evaluate("document.documentElement.scrollWidth <= 360"), "nothing is wider than the page");
          // A picture that is removed gives its memory back.
          await page.evaluate(`(() => {
            const { close } = ImageBitmap.prototype;
            globalThis.closedPictures = 0;
            ImageBitmap.prototype.close = function () { close.call(this); closedPictures++; };
          })()`);
          await page.getByRole("article", { name: "dropped.png" }).getByRole("button", { name: "Remove" }).click();
          assertEquals(await page.getByRole("article").count(), 2);
          assertEquals(await page.evaluate("closedPictures"), 1);

          // The camera's frames are labelled one after the other.
          await page.getByRole("button", { name: "Camera" }).click();
          await page.getByText(/Frame [2-9] took \d+ ms/).waitFor();
          await assertAccessible(page);
          await page.getByRole("button", { name: "Stop the camera" }).click();
          assertEquals(await page.getByRole("img", { name: "The camera's picture" }).count(), 0);

          // The second visit loads no weights. The button deletes what is kept.
          const isWeights = (request: string) =>
            request.endsWith(".safetensors");
          assertEquals(requests.filter(isWeights), ["GET adapted.safetensors", "GET source.safetensors"]);
          await page.reload();
          await page.getByText("Runs on").waitFor();
          await page.getByText("The browser keeps 1.2 MB").waitFor();
          await page.getByRole("button", { name: "Delete them" }).click();
          await page.getByText("The browser keeps 0.0 MB").waitFor();
          assertEquals(requests.filter(isWeights).length, 2);
          assertEquals(faults, []);
        }));
    }),
);

browserTest(
  "a page without a GPU, without weights or without a camera says so and what to do",
  () =>
    inTemporaryFolder(async (folder) => {
      const web = await writePage(folder);
      let before = "Object.defineProperty(navigator, 'gpu', { value: undefined });";
      const site: SiteHandler = (path) => {
        const type = path.endsWith(".js") ? "text/javascript" : path.endsWith(".css") ? "text/css" : "text/html";
        if (path.endsWith(".safetensors")) return new Response(null, { status: 404 });
        const text = readFileSync(join(web, path === "" ? "index.html" : path), "utf8");
        return new Response((path === "worker.js" ? before : "") + text, { headers: { "content-type": type } });
      };
      await withSite(site, ({ url }) =>
        withPage({ seconds: 60 }, async (page, faults) => {
          await page.goto(url);
          await page.getByRole("alert").getByText("This page needs WebGPU, and there is none here.").waitFor();
          assertStringIncludes(await page.getByRole("main").innerText(), "Use a new version of Chrome");
          await assertAccessible(page);
          await screenshot(page, "label-no-gpu");
          before = "";
          await page.reload();
          await page.getByText("Runs on").waitFor();
          await page.getByRole("button", { name: "Example picture" }).click();
          await page.getByText("Cannot load adapted.safetensors: the server answers 404").waitFor();
          await page.getByRole("button", { name: "Camera" }).click();
          await page.getByText("No camera.").waitFor();
          await assertAccessible(page);
          await page.getByRole("button", { name: "Stop the camera" }).click();
          // The GPU goes away. Another one is opened by a button.
          before = loseDevice;
          await page.reload();
          await page.getByRole("alert").getByText("The GPU is gone.").waitFor();
          before = "";
          await page.getByRole("button", { name: "Open it again" }).click();
          await page.getByText("Runs on").waitFor();
          assertEquals(await page.getByRole("alert").count(), 0);
          assertEquals(faults.splice(0).filter((fault) => !fault.includes("404")), []);
        }));
    }),
);

const reference = sharedPath("data/weights/reference_source.safetensors");

browserTest(
  `deeplab-mobilenet labels on a page as predict does${reference === null ? " [skipped: no reference weights]" : ""}`,
  () =>
    inTemporaryFolder(async (folder) => {
      if (reference === null) return;
      const [web, png] = [join(folder, "web"), join(folder, "street.png")];
      write(png, streetPng(1, { height: 240, width: 320 }));
      assertEquals((await crosswalk("export", "--web", web, "--weights", reference)).code, 0);
      await withSite(web, ({ url }) =>
        withPage({ seconds: 300 }, async (page) => {
          const start = performance.now();
          await page.goto(url);
          await page.locator("input[type=file]").setInputFiles(png);
          const card = page.getByRole("article", { name: "street.png" });
          await card.getByRole("list", { name: "Share of each class" }).waitFor();
          const seconds = (performance.now() - start) / 1000;
          const compiling = Number(await card.locator('[data-stage="compile"]').getAttribute("data-value")) / 1000;
          console.log(
            `first pixel labelled after ${seconds.toFixed(1)} s, of which compiling ${compiling.toFixed(1)} s`,
          );
          const share = differing(
            await downloaded(page, "street.png", folder),
            await predicted(folder, reference, png),
          );
          console.log(`${(100 * share).toFixed(3)} % of the pixels have another label than predict gives`);
          assert(share <= 0.001, `${share} of the pixels differ`);
        }));
    }),
);

/** Makes a Worker lose its device a second after it was opened. */
const loseDevice = `
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    const device = await request.apply(this, options);
    setTimeout(() => device.destroy(), 1000);
    return device;
  };
`;

/** Red, green and blue of a pixel of the first picture. */
function colourAt(page: Page, pixel: number): Promise<number[]> {
  return page.evaluate<number[]>(
    `Array.from(document.querySelector("article canvas").getContext("2d").getImageData(${pixel}, 0, 1, 1).data.slice(0, 3))`,
  );
}

/** The first picture of the page as a JPEG file, without what is drawn over it. */
async function jpegOf(page: Page): Promise<Uint8Array> {
  return Uint8Array.from(
    await page.evaluate<number[]>(`(async () => {
      const canvas = new OffscreenCanvas(200, 150);
      const context = canvas.getContext("2d");
      const light = context.createLinearGradient(0, 0, 200, 150);
      for (const [place, colour] of [[0, "#8ac"], [0.5, "#665"], [1, "#232"]]) light.addColorStop(place, colour);
      context.fillStyle = light;
      context.fillRect(0, 0, 200, 150);
      for (let index = 0; index < 40; index++) {
        context.fillStyle = "hsl(" + index * 47 + " 40% 50%)";
        context.fillRect(index * 37 % 190, index * 53 % 140, 10 + index % 30, 8 + index % 25);
      }
      const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
      return [...new Uint8Array(await blob.arrayBuffer())];
    })()`),
  );
}

/** Pastes or drops a file. */
async function give(page: Page, how: "paste" | "drop", name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(${JSON.stringify([...bytes])})], ${JSON.stringify(name)}));
    const options = { bubbles: true, cancelable: true };
    if (${how === "paste"}) document.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
    else document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { ...options, dataTransfer: data }));
  })()`);
}
