import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TerminalProgress } from "../../src/report/progress.ts";
import { shown, shownJson, Terminal } from "../../src/report/terminal.ts";
import { screen } from "./screen.ts";

/** A terminal of 80 columns that keeps what was written to it. */
function fakeTerminal(isTTY = true) {
  const written: string[] = [];
  const line = (text: string) => written.push(`${text}\n`);
  const terminal = new Terminal({
    out: line,
    err: line,
    bars: { isTTY, columns: 80, write: (text) => written.push(text) },
  });
  return { terminal, progress: new TerminalProgress(terminal), text: () => written.join("") };
}

const units = { unit: "images", perStep: 1 };

Deno.test("a line printed during a stage stands alone, and the bar comes back below it", async () => {
  const { progress, text } = fakeTerminal();
  const stage = progress.stage("labelling", 10, units);
  stage.update(3);
  progress.line("first line");
  progress.warn("second line");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert(screen(text()).at(-1)?.startsWith("labelling"), "the bar did not come back");
  stage.update(7);
  stage.end();
  progress.line("last line");
  const lines = screen(text());
  assertEquals(lines.filter((line) => !line.startsWith("labelling")), [
    "first line",
    "warning: second line",
    "last line",
  ]);
  assertEquals(lines.filter((line) => line.startsWith("labelling")).length, 1);
  assertStringIncludes(lines[2] ?? "", "100 %");
});

Deno.test("a bar that is open when the program ends, ends its own line; wrap and cursor were never changed", () => {
  const { terminal, progress, text } = fakeTerminal();
  progress.stage("source: training", 100, units).update(40, { loss: 1.5 });
  terminal.endBar();
  terminal.say("crosswalk: it went wrong");
  const [bar = "", message] = screen(text());
  assert(bar.startsWith("source: training") && bar.length < 80, bar);
  assertEquals(message, "crosswalk: it went wrong");
  assertEquals(text().includes("\x1b[?"), false);
  assertEquals(text().includes("\x1b7"), false);
});

Deno.test("without a terminal there are lines and no bar", () => {
  const { progress, text } = fakeTerminal(false);
  const stage = progress.stage("labelling", 2, units);
  stage.update(1);
  stage.end();
  assertEquals(text().replace(/[\d.]+ s/, "0.0 s"), "labelling: done in 0.0 s\n");
});

Deno.test("control characters of names are shown, in sentences, results and JSON", () => {
  const name = "a\x1b[2J\x9b1mb\nc\r\u202ed\u2066\u2028\x7f\ud800é😀";
  const safe = "a\\x1b[2J\\x9b1mb\\nc\\r\\u202ed\\u2066\\u2028\\x7f\\ud800é😀";
  assertEquals(shown(name), safe);
  const { terminal, text } = fakeTerminal(false);
  terminal.say(`Cannot read ${name}:\n  one\n  two\nthree`);
  terminal.print(`${shown(name)} 1\nb 2\x1b`);
  assertEquals(text(), `Cannot read ${safe}:\n  one\n  two\\nthree\n${safe} 1\nb 2\\x1b\n`);
  const json = shownJson({ [name]: [name] });
  assertEquals(JSON.parse(json), { [name]: [name] });
  assertEquals(/[^\x20-\x7eé😀]/u.test(json), false, json);
});

Deno.test("nothing but the terminal prints: no other file of the program knows console, stdout or stderr", () => {
  const root = new URL("../../", import.meta.url);
  const wrong: string[] = [];
  const visit = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
      const path = `${folder}${name}`;
      if (isDirectory) visit(`${path}/`);
      else if (path.endsWith(".ts") && path !== "src/report/terminal.ts") check(path);
    }
  };
  const check = (path: string) => {
    const code = Deno.readTextFileSync(new URL(path, root)).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    if (/\bconsole\.|\bprocess\.std(out|err)\b(?!\.isTTY)/.test(code)) wrong.push(path);
  };
  visit("src/");
  check("cli.ts");
  assertEquals(wrong, []);
});
