/**
 * HTML in which every text is escaped, unless it is HTML that was made here.
 *
 * @module
 */

import { escaped } from "./svg.ts";

/** HTML, made by {@link markup} or {@link trusted}. */
export class Markup {
  /** The HTML as text. */
  readonly text: string;

  /** @param text HTML whose texts are escaped. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in HTML. A text is escaped; `undefined`, `null` and `false` leave nothing. */
export type Content = Markup | string | number | undefined | null | false | readonly Content[];

/** HTML from a template: `` markup`<td>${name}</td>` `` escapes the name, in attributes too. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, index) => part + written(values[index])).join(""));
}

/** Text that is HTML already, such as a chart. Text from data must not come here. */
export function trusted(html: string): Markup {
  return new Markup(html);
}

function written(value: Content): string {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string") return escaped(value);
  return typeof value === "number" ? String(value) : value.map(written).join("");
}
