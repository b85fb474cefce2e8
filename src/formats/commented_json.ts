/**
 * JSON as people write it by hand: with comments and with commas behind the last entry.
 *
 * @module
 */

import stripJsonComments from "strip-json-comments";

/**
 * A text of JSON with comments and trailing commas as strict JSON. Blanks take their places, so that the positions in
 * messages stay right. A text that is JSON already is returned as it is.
 */
export function strictJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return stripJsonComments(text, { trailingCommas: true });
  }
}
