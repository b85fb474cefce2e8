/**
 * A small terminal: what stands on the screen in the end.
 *
 * @module
 */

/** The lines of the screen after a text was written to it. It knows the sequences that bars use; others fail. */
export function screen(text: string): string[] {
  const lines: string[][] = [[]];
  let column = 0;
  const characters = [...text];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    const line = lines.at(-1) ?? [];
    if (character === "\n") {
      lines.push([]);
      column = 0;
    } else if (character === "\r") column = 0;
    else if (characters.slice(at, at + 3).join("") === "\x1b[K") {
      line.length = Math.min(line.length, column);
      at += 2;
    } else if (character === "\x1b") throw new Error(`an escape at ${at}: ${characters.slice(at, at + 6).join("")}`);
    else line[column++] = character;
  }
  return lines.map((line) => line.join("").trimEnd()).filter((line) => line !== "");
}
