/** The harness itself: it must see the faults that the tests of pages rely on. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { assertAccessible, browserTest, type SiteHandler, withPage, withSite } from "./harness.ts";

const good = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<link rel="icon" href="data:,"></head><body><main><h1>A page</h1><button type="button">Press</button></main></body></html>`;

function html(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });
}

const site: SiteHandler = (path) => {
  if (path === "") return html(good);
  if (path === "script.html") {
    return html(`${good}<script>
      console.error("said by the page");
      setTimeout(() => { throw new Error("thrown by the page") });
      fetch("http://localhost:" + location.port + "/elsewhere", { mode: "no-cors" }).finally(() => document.title = "done");
    </script>`);
  }
  return html(
    good.replace(">Press<", " style='color: #ccc; background: #fff'><").replace("<main>", "<main><img src='data:,'>"),
  );
};

browserTest("a page's faults are seen: console errors, exceptions, foreign requests, what axe finds", async () => {
  await withSite(site, async ({ url, requests }) => {
    await withPage({ colorScheme: "dark", viewport: { width: 360, height: 640 } }, async (page, faults) => {
      await page.goto(url);
      await assertAccessible(page);
      assertEquals(await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), true);
      assertEquals(await page.evaluate("innerWidth"), 360);
      assertEquals(faults, []);
      assertEquals(requests, ["GET "]);

      await page.goto(`${url}script.html`);
      await page.waitForFunction("document.title === 'done'");
      const seen = faults.splice(0).join("\n");
      assertStringIncludes(seen, "console: said by the page");
      assertStringIncludes(seen, "thrown by the page");
      assertStringIncludes(seen, "foreign request: http://localhost:");

      await page.goto(`${url}poor.html`);
      const { message } = await assertRejects(() => assertAccessible(page), Error);
      for (const rule of ["image-alt", "button-name"]) assertStringIncludes(message, rule);
      assertEquals(await page.evaluate("typeof navigator.gpu"), "object");
    });
  });
});

browserTest("a page with a fault fails its test", async () => {
  await withSite(site, async ({ url }) => {
    const opened = withPage({}, async (page) => {
      await page.goto(`${url}script.html`);
      await page.waitForFunction("document.title === 'done'");
    });
    const { message } = await assertRejects(() => opened, Error);
    assertStringIncludes(message, "The page has faults:\nconsole: said by the page");
  });
});
