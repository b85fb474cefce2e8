/**
 * Reads one mutant and judges what comes of it.
 *
 * @module
 */

import type { OpenFormat } from "./formats.ts";

/** Words of messages that no one wrote for a reader. */
const internal =
  /\[object |undefined|is not a function|is not iterable|Cannot read properties|call stack|Array buffer allocation|Invalid (?:typed )?array|out of bounds|offset is outside|BigInt|wasm|unreachable|RuntimeError|Assertion/i;

/** What is wrong with how a mutant was answered; `null` where it gave a result, or a sentence that names the file. */
export async function faultOf(format: OpenFormat, bytes: Uint8Array): Promise<string | null> {
  try {
    await format.read(Uint8Array.from(bytes));
    return null;
  } catch (error) {
    if (!(error instanceof Error)) return `what was thrown is no Error: ${String(error)}`;
    const { message } = error;
    const shown = `${error.name}: ${message.slice(0, 300)}`;
    if (!message.includes(format.name)) return `the message does not name the file: ${shown}`;
    if (internal.test(message)) return `the message is no sentence for a reader: ${shown}`;
    if (message.length > 1500) return `the message has ${message.length} characters: ${shown}`;
    return null;
  }
}
