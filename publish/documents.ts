/**
 * The documentation as pages: Markdown as HTML, and each source file that it names as a page with numbered lines.
 *
 * @module
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { Marked, type Tokens } from "marked";
import { htmlText, pageHtml } from "./shell.ts";

/** Pages by their paths in the site, and the files to copy. */
export interface Documents {
  readonly pages: ReadonlyMap<string, string>;
  /** Paths of pictures, in the repository as in the site. */
  readonly pictures: ReadonlySet<string>;
}

/**
 * Makes pages of Markdown files, and of all source files and Markdown files that they lead to.
 *
 * @param root the repository.
 * @param documents paths of Markdown files in it.
 * @throws {Error} naming the document and its link that leads nowhere.
 */
export function documentPages(root: string, documents: readonly string[]): Documents {
  const pages = new Map<string, string>();
  const pictures = new Set<string>();
  const pending = [...documents];
  const seen = new Set(pending);
  const meet = (path: string) => {
    if (!seen.has(path)) pending.push(path);
    seen.add(path);
  };
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const text = readFileSync(join(root, path), "utf8");
    const page = path.endsWith(".md") ? markdownPage(root, path, text, { meet, pictures }) : sourcePage(path, text);
    pages.set(pagePath(path), page);
  }
  pages.set("docs/index.html", contentsPage(root, documents));
  return { pages, pictures };
}

/** Where the page of a file lies in the site. */
function pagePath(path: string): string {
  if (path === "README.md") return "docs/readme.html";
  return path.endsWith(".md") ? path.replace(/\.md$/, ".html") : `source/${path}.html`;
}

/** The way from a page to the site's root. */
function wayUp(page: string): string {
  return "../".repeat(page.split("/").length - 1);
}

interface Meetings {
  readonly meet: (path: string) => void;
  readonly pictures: Set<string>;
}

function markdownPage(root: string, path: string, text: string, { meet, pictures }: Meetings): string {
  const here = pagePath(path);
  const ids = new Map<string, number>();
  let tables = 0;
  const target = (href: string): string => {
    if (/^[a-z]+:|^#/.test(href)) return href;
    const [, file = "", hash = ""] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
    const own = normalize(join(dirname(path), file)).replace(/\/$/, "");
    if (!existsSync(join(root, own))) {
      throw new Error(`Cannot make a page of ${path}: its link to ${href} leads nowhere`);
    }
    if (/\.(png|svg|jpe?g)$/.test(own)) {
      pictures.add(own);
      return relative(dirname(here), own);
    }
    // A folder is told by its README, or by its name alone.
    const found = statSync(join(root, own)).isDirectory() ? `${own}/README.md` : own;
    if (!existsSync(join(root, found))) return "";
    meet(found);
    return relative(dirname(here), pagePath(found)) + hash;
  };
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      heading({ tokens, depth }: Tokens.Heading): string {
        const id = headingId(tokens.map(({ raw }) => raw).join(""), ids);
        return `<h${depth} id="${htmlText(id)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        const inner = this.parser.parseInline(tokens);
        const to = target(href);
        return to === "" ? inner : `<a href="${htmlText(to)}">${inner}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        return `<img src="${htmlText(target(href))}" alt="${htmlText(text)}" loading="lazy">`;
      },
      table(token: Tokens.Table): string {
        return `<div class="scroll" role="region" aria-label="Table ${++tables}" tabindex="0">${
          tableHtml(this.parser, token)
        }</div>\n`;
      },
      html: ({ text }: Tokens.HTML | Tokens.Tag): string => htmlText(text),
    },
  });
  const main = `<article class="document">\n${marked.parse(text, { async: false })}</article>`;
  return pageHtml({ title: `${titleOf(text, path)} – Crosswalk`, root: wayUp(here), main }, here);
}

type InlineParser = { readonly parseInline: (tokens: Tokens.TableCell["tokens"]) => string };

function tableHtml(parser: InlineParser, { header, rows }: Tokens.Table): string {
  const cell = (tag: string) => ({ tokens, align }: Tokens.TableCell) => {
    const inner = parser.parseInline(tokens);
    const own = inner === "" ? "td" : tag;
    const scope = own === "th" ? ' scope="col"' : "";
    return `<${own}${scope}${align === "right" ? ' class="number"' : ""}>${inner}</${own}>`;
  };
  const line = (cells: string[]) => `<tr>${cells.join("")}</tr>`;
  return `<table><thead>${line(header.map(cell("th")))}</thead><tbody>${
    rows.map((row) => line(row.map(cell("td")))).join("")
  }</tbody></table>`;
}

/** A heading's name in links, as GitHub makes it. */
function headingId(text: string, ids: Map<string, number>): string {
  const plain = text.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replace(/ /g, "-");
  const count = ids.get(plain) ?? 0;
  ids.set(plain, count + 1);
  return count === 0 ? plain : `${plain}-${count}`;
}

function titleOf(text: string, path: string): string {
  return /^# (.+)$/m.exec(text)?.[1] ?? path;
}

function sourcePage(path: string, text: string): string {
  const here = pagePath(path);
  const lines = text.trimEnd().split("\n").map((line) => `<span>${htmlText(line)}\n</span>`).join("");
  const main = `<h1><code>${htmlText(path)}</code></h1>
<pre class="source" role="region" aria-label="Source" tabindex="0"><code>${lines}</code></pre>`;
  return pageHtml({ title: `${path} – Crosswalk`, root: wayUp(here), main }, here);
}

function contentsPage(root: string, documents: readonly string[]): string {
  const items = documents.map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const href = relative("docs", pagePath(path));
    return `<li><a href="${htmlText(href)}">${htmlText(titleOf(text, path))}</a></li>`;
  });
  const main = `<h1>Documentation</h1>\n<ul>\n${items.join("\n")}\n</ul>`;
  return pageHtml({ title: "Documentation – Crosswalk", root: "../", main }, "docs/index.html");
}
