/** A run that is watched, as a user starts it and with the rights that the launcher gives it. */

import { assert, assertEquals, assertExists, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { Snapshot, Update } from "../../src/run/live/events.ts";
import { write } from "../data/pictures.ts";
import { recipe, writeStreets } from "./fixture.ts";
import { crosswalk, finished, inTemporaryFolder, program, rightsOf } from "./program.ts";

/** Reads lines of text as they come. */
async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream?.pipeThrough(new TextDecoderStream()) ?? []) {
    const found = (rest + text).split("\n");
    rest = found.pop() ?? "";
    yield* found;
  }
}

/** What a page has seen of a run. */
interface Seen {
  /** Steps done of each stage. */
  readonly stages: Map<string, number>;
  losses: number;
  /** Status and type of each picture of pseudo-labels. */
  readonly pictures: (readonly [number, string | null])[];
  end: { readonly ending?: string; readonly page?: string };
}

/** Watches a run to its end, as its page does. */
async function watch(url: string): Promise<Seen> {
  const seen: Seen = { stages: new Map(), losses: 0, pictures: [], end: {} };
  const note = async ({ stages = [], losses = {}, labels = [] }: Update) => {
    for (const [, { name, done }] of stages) seen.stages.set(name, done);
    seen.losses += Object.values(losses).flat().length;
    for (const label of labels) {
      const picture = await fetch(url + label);
      await picture.body?.cancel();
      seen.pictures.push([picture.status, picture.headers.get("content-type")]);
    }
  };
  let event = "";
  for await (const line of lines((await fetch(`${url}events`)).body)) {
    if (line.startsWith("event: ")) event = line.slice(7);
    if (!line.startsWith("data: ")) continue;
    const data = JSON.parse(line.slice(6));
    if (event === "snapshot") {
      const { stages, losses, labels } = data as Snapshot;
      await note({ stages: stages.map((stage, index) => [index, stage]), losses, labels });
    }
    if (event === "update") await note(data as Update);
    if (event !== "end") continue;
    seen.end = data;
    break;
  }
  return seen;
}

Deno.test("a run with --serve shows its stages, losses and pseudo-labels, and at the end its report", () =>
  inTemporaryFolder(async (folder) => {
    const [data, config, out] = [join(folder, "streets"), join(folder, "recipe.yaml"), join(folder, "out")];
    writeStreets(data);
    write(config, recipe);
    const args = ["adapt", "--source", data, "--target", data, "--config", config, "--out", out, "--serve", "0"];
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", ...await rightsOf(args), program, ...args],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const said: string[] = [];
    let watching: Promise<Seen> | undefined;
    let url = "";
    for await (const line of lines(process.stderr)) {
      said.push(line);
      const found = /^live page: (http:\/\/127\.0\.0\.1:\d+\/)$/.exec(line);
      if (found === null) continue;
      url = found[1] ?? "";
      watching = watch(url);
    }
    assertEquals((await process.status).code, 0, said.join("\n"));
    assertExists(watching, said.join("\n"));
    const { stages, losses, pictures, end } = await watching;
    assertEquals([stages.get("source: training"), stages.get("round 1: training")], [2, 2]);
    assertEquals([stages.get("round 1: labelling"), stages.get("round 1: evaluation")], [1, 1]);
    assert(losses >= 2, `${losses} losses`);
    assertEquals(pictures, [[200, "image/png"]]);
    assertEquals(end.ending, "finished");
    const { adapted } = JSON.parse(Deno.readTextFileSync(join(out, "result.json")));
    assertStringIncludes(end.page ?? "no page", `data-value="${adapted.miou}"`);
    assertEquals(await fetch(url).then(({ status }) => status, () => "no server"), "no server");
  }));

Deno.test("an address that cannot be is wrong usage, and one that is taken is told, before anything is begun", () =>
  inTemporaryFolder(async (folder) => {
    const out = join(folder, "out");
    for (const address of ["x", "70000", ":80", "192.0.2.1:0"]) {
      const { code, stderr } = await crosswalk("adapt", "--out", out, "--serve", address);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, `--serve is ${address}`);
    }
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { code, stderr } = await crosswalk("train", "--out", out, "--serve", String(taken.addr.port));
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /Cannot serve the live page at 127\.0\.0\.1:\d+: another program listens there/);
    const rights = await rightsOf(["adapt", "--out", out]);
    const args = [...rights, program, "adapt", "--out", out, "--serve", "0"];
    const refused = await finished(new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", ...args] }));
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, 'there is no right to listen at "127.0.0.1:0"');
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
