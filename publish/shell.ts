/**
 * What every page of the site has: its head, with the policy that lets it load its own files and nothing else, the way
 * to the other pages, and its end.
 *
 * @module
 */

/** A page of the site. */
export interface Page {
  /** Its title, as text. */
  readonly title: string;
  /** The way from the page to the site's root: empty, or `../` for each folder. */
  readonly root: string;
  /** What stands in `<main>`, as HTML. */
  readonly main: string;
  /** Scripts of the page, as paths from it. */
  readonly scripts?: readonly string[];
}

/** Where the way to other pages leads, from the site's root. */
const places: readonly (readonly [path: string, name: string])[] = [
  ["index.html", "Start"],
  ["studio/index.html", "Adapt"],
  ["label/index.html", "Label"],
  ["bench.html", "Benchmark"],
  ["docs/tour.html", "Tour"],
  ["docs/index.html", "Documentation"],
];

/** What a page may load: files beside it, for its Workers too. Images may also be made by the page. */
const policy = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'";

/** The page as a file. */
export function pageHtml({ title, root, main, scripts = [] }: Page, here: string): string {
  const links = places.map(([path, name]) =>
    `<li><a href="${root}${path}"${path === here ? ' aria-current="page"' : ""}>${name}</a></li>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${htmlText(title)}</title>
<link rel="icon" href="${root}icon.svg">
<link rel="stylesheet" href="${root}style.css">
${scripts.map((path) => `<script type="module" src="${path}"></script>\n`).join("")}</head>
<body class="site">
<a class="unseen" href="#main">To the contents</a>
<header>
<nav aria-label="Site"><ul class="places">
${links.join("\n")}
</ul></nav>
</header>
<main id="main">
${main}
</main>
<footer><p><small>Crosswalk, MIT licence. Nothing that you give these pages leaves your computer.</small></p></footer>
</body>
</html>
`;
}

/** Text with the characters escaped that mean something in HTML, in attributes too. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
