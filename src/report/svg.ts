/**
 * Drawings as SVG text: escaped elements, and a document whose colours suit a light and a dark surrounding.
 *
 * @module
 */

/** Values of an element's attributes; those that are `undefined` are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Classes of the style sheet that colour a series. The first series takes the first, and so on. */
export const seriesClasses = ["series1", "series2", "series3", "series4", "series5", "series6"] as const;

/** Colours that people who do not see all colours can tell apart (Okabe and Ito), for light and for dark paper. */
const seriesColors = [
  ["#0072b2", "#56b4e9"],
  ["#d55e00", "#ff9040"],
  ["#007a5a", "#2fc79a"],
  ["#a8508c", "#e39cc8"],
  ["#7a6200", "#e6c229"],
  ["#4d4dbf", "#a5a5ff"],
] as const;

/** One element with the elements or the escaped text inside it. Numbers are written with two decimals at most. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === "number" ? rounded(value) : escaped(value)}"`]
  ).join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

/** A line of text whose baseline starts at (x, y); `anchor` says which part of it lies there. */
export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escaped(content));
}

/** Text as it may stand between tags and in attributes. */
export function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/**
 * A whole file. It draws its own background, so that it is legible on any page, and follows the reader's choice of
 * light or dark.
 *
 * @param title what the picture shows, for those who do not see it.
 */
export function svgDocument(width: number, height: number, title: string, ...children: readonly string[]): string {
  const colors = (mode: 0 | 1) =>
    seriesColors.map((pair, index) => `.${seriesClasses[index]}{color:${pair[mode]}}`).join("");
  const style = [
    ".paper{fill:#fff}.ink{color:#222}.faint{color:#d8d8d8}.soft{color:#666}",
    colors(0),
    "text{fill:currentColor;font:11px system-ui,sans-serif}",
    `@media(prefers-color-scheme:dark){.paper{fill:#16181c}.ink{color:#e8e8e8}.faint{color:#363a40}.soft{color:#a0a4aa}${
      colors(1)
    }}`,
  ].join("");
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    `\n${element("title", {}, escaped(title))}\n`,
    `${element("style", {}, style)}\n`,
    `${element("rect", { class: "paper", width, height })}\n`,
    children.join("\n"),
    "\n",
  ) + "\n";
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
