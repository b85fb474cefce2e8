import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { documentPages } from "../../publish/documents.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("every link of the documents leads to a page, a picture or a heading that is there", () => {
  const documents = [...Deno.readDirSync(join(root, "docs"))].map(({ name }) => `docs/${name}`);
  const { pages, pictures } = documentPages(root, ["README.md", ...documents.filter((path) => path.endsWith(".md"))]);
  const files = new Set([...pages.keys(), ...pictures]);
  // What other parts of the site write.
  const others = ["index.html", "style.css", "icon.svg", "bench.html", "studio/index.html", "label/index.html"];
  const broken: string[] = [];
  for (const [path, html] of pages) {
    for (const [, href = ""] of html.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(href)) continue;
      const [file = "", hash] = href.split("#");
      const target = file === "" ? path : normalize(join(dirname(path), file));
      if (others.includes(target)) continue;
      const found = pages.get(target);
      if (!files.has(target)) broken.push(`${path}: ${href}`);
      else if (hash !== undefined && found?.includes(`id="${decodeURI(hash)}"`) !== true) {
        broken.push(`${path}: ${href}`);
      }
    }
  }
  assertEquals(broken, []);
  assert(pages.has("source/src/nn/models/deeplab_nano.ts.html"));
});

async function pageOf(markdown: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "page.md"), markdown);
    return documentPages(folder, ["page.md"]).pages.get("page.html") ?? "";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Markdown becomes HTML with GitHub's names of headings; HTML in it stays text", async () => {
  const html = await pageOf(
    "# A & B: `c`\n\n## Again\n\n## Again\n\n<script>alert(1)</script>\n\n| a | b |\n| - | -: |\n| 1 | 2 |\n",
  );
  assertStringIncludes(html, '<h1 id="a--b-c">A &amp; B: <code>c</code></h1>');
  assertStringIncludes(html, '<h2 id="again-1">Again</h2>');
  assertStringIncludes(html, "&#60;script&#62;alert(1)");
  assertStringIncludes(html, '<th scope="col" class="number">b</th>');
  assert(!html.includes("<script>alert"));
});

Deno.test("a link that leads nowhere is named", async () => {
  const error = await pageOf("# Page\n\n[gone](gone.md)\n").then(() => null, (error: Error) => error);
  assertThrows(
    () => {
      if (error !== null) throw error;
    },
    Error,
    "Cannot make a page of page.md: its link to gone.md leads nowhere",
  );
});
