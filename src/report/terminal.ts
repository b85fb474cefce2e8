/**
 * The one place that prints. Names of classes, files and adapters come from outside and may hold control characters,
 * which could rewrite what a terminal shows. They are shown escaped here, whoever prints them.
 *
 * A progress bar is open at most once. Whatever is printed meanwhile stands on a line of its own, and the bar ends
 * before the program does.
 *
 * @module
 */

import process from "node:process";

/** Where a terminal prints. */
export interface TerminalStreams {
  /** Prints a text and a line end on stdout. */
  readonly out: (text: string) => void;
  /** Prints a text and a line end on stderr. */
  readonly err: (text: string) => void;
  /** Where bars are drawn. Without a terminal there are none. */
  readonly bars: {
    readonly isTTY?: boolean;
    readonly columns?: number;
    write(text: string): unknown;
  };
}

/**
 * Control characters, line separators, marks that change the direction of writing, and halves of surrogate pairs. C0,
 * DEL and C1 are all in `Cc`.
 */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A text on one line, with everything escaped that a terminal would not show: `\x1b`, `\n`, `\u202e`. */
export function shown(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return shortEscapes[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, "0")}` : unicodeEscape(character));
  });
}

/** A value as JSON on one line. What a terminal would not show is escaped, as JSON allows it, so the value is the same. */
export function shownJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(unprintable, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A bar on the terminal. */
export interface OpenBar {
  /** Draws the bar for the last time and ends its line. */
  readonly stop: () => void;
}

/** Stdout, stderr and the bar on it. */
export class Terminal {
  #bar: OpenBar | null = null;

  /** Prints to the streams given. */
  constructor(readonly streams: TerminalStreams) {}

  /**
   * Says a sentence on stderr. Line ends in it are escaped, except where the next line is indented by two spaces, as
   * the entries of a list are.
   */
  say(text: string): void {
    this.#onOwnLine();
    this.streams.err(text.split(/\n(?= {2})/).map(shown).join("\n"));
  }

  /** Prints a result on stdout: lines that were put together here. Names with line ends must be escaped before. */
  print(text: string): void {
    this.#onOwnLine();
    this.streams.out(lines(text));
  }

  /** Prints a value as JSON on stdout. */
  printJson(value: unknown): void {
    this.#onOwnLine();
    this.streams.out(shownJson(value));
  }

  /** Prints lines like {@link Terminal.print}, but on stderr. */
  printBeside(text: string): void {
    this.#onOwnLine();
    this.streams.err(lines(text));
  }

  /** Takes note of a bar that is drawn from now on. It ends the one before. */
  openBar(bar: OpenBar): void {
    this.endBar();
    this.#bar = bar;
  }

  /** Ends the bar if one is open. After that the cursor is at the beginning of a line. */
  endBar(): void {
    const bar = this.#bar;
    this.#bar = null;
    bar?.stop();
  }

  /** Clears the line of the bar, which draws itself again. */
  #onOwnLine(): void {
    if (this.#bar !== null) this.streams.bars.write("\r\x1b[K");
  }
}

function lines(text: string): string {
  return text.split("\n").map(shown).join("\n");
}

/** The terminal of this process. */
export const terminal: Terminal = new Terminal({
  // These print at once, also before the program exits, and do not mind a reader that has gone away.
  out: (text) => console.log(text),
  err: (text) => console.error(text),
  bars: process.stderr,
});
