/** The live page by the protocol: what is answered to whom, and what the events say. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { LiveState } from "../../../src/run/live/live_state.ts";
import { LiveServer } from "../../../src/run/live/live_server.ts";
import { writeSketch } from "../../../src/run/report/run_sketch.ts";
import { write } from "../../data/pictures.ts";
import { Events, read, withServer } from "./served.ts";
import { sampleSketch } from "./sketch.ts";

const images = { unit: "images", perStep: 2 };

/** Sends a request as it stands, which `fetch` would not, and returns the answer's first line. */
async function rawStatus(url: string, path: string, host: string, method = "GET"): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  const request = `${method} ${path} HTTP/1.1\r\n${host}connection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const text = await new Response(connection.readable).text();
  return text.split("\r\n")[0] ?? "";
}

/** A page that asks for events and then does not read them. */
async function sleeper(url: string): Promise<Deno.Conn> {
  const { port } = new URL(url);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await connection.write(new TextEncoder().encode(`GET /events HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`));
  await connection.read(new Uint8Array(10));
  return connection;
}

Deno.test("the page names the run, loads nothing from elsewhere, and is not kept", () =>
  withServer(async (_, url) => {
    const response = await fetch(url);
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertEquals(response.headers.get("access-control-allow-origin"), null);
    assertEquals(response.headers.get("cross-origin-resource-policy"), "same-origin");
    assertMatch(response.headers.get("content-security-policy") ?? "", /default-src 'none'.*frame-ancestors 'none'/);
    const page = await response.text();
    assertStringIncludes(page, "my &lt;run&gt;");
    assertStringIncludes(page, '<section id="live"');
    assertEquals(page.match(/(?:src|href)="(?!#|data:)[^"]*"/g) ?? [], []);
  }));

Deno.test("the report comes as soon as the run has said what it is about", () =>
  withServer(async (server, url, folder) => {
    Deno.removeSync(join(folder, "report"), { recursive: true });
    await server.tell({ kind: "stage", name: "checking images", total: 9, units: images });
    const before = await (await fetch(url)).text();
    assertStringIncludes(before, "there is none yet");
    assertEquals(before.includes("deeplab-nano"), false);
    assertStringIncludes(before, "<h1>Self-training: ");
    await server.tell({ kind: "folder", path: folder, command: "train" });
    assertStringIncludes(await (await fetch(url)).text(), "<h1>Training: ");
    const events = await Events.open(url);
    const { report, secondsLeft } = await events.snapshot();
    assertEquals(secondsLeft, null);
    writeSketch(folder, sampleSketch);
    await server.tell({ kind: "stage end" });
    await server.tell({ kind: "stage", name: "source: training", total: 80, units: images });
    let next = await events.next();
    while (next?.event !== "report") next = await events.next();
    assert(next.data !== report);
    assertStringIncludes(await (await fetch(url)).text(), "deeplab-nano");
    await events.close();
  }));

Deno.test("a report that cannot be read is told on the page, which shows all else", () =>
  withServer(async (_, url) => {
    const response = await fetch(url);
    assertEquals(response.status, 200);
    const page = await response.text();
    assertStringIncludes(page, "there is none yet: result.json is cut off");
    assertStringIncludes(page, '<section id="live"');
  }, {
    read: () => {
      throw new Error("result.json is cut off");
    },
  }));

Deno.test("pictures of pseudo-labels and of the report are served, and nothing else of the folder", () =>
  withServer(async (_, url, folder) => {
    const good = [
      "rounds/1/pseudo-labels/a/b c#?%.png",
      "report/x/round-1.png",
      "report/x/image.jpg",
      "pictures/é.png",
    ];
    for (const name of good) {
      write(join(folder, name), name);
      const response = await fetch(url + name.split("/").map(encodeURIComponent).join("/"));
      assertEquals([response.status, await response.text()], [200, name]);
      assertEquals(response.headers.get("content-type"), name.endsWith("png") ? "image/png" : "image/jpeg");
    }
    write(join(folder, "..", "secret.png"), "secret");
    for (
      const name of ["rounds/1/weights.safetensors", "report/notes.txt", "towns/source/a.png", "data.json", "a.png"]
    ) {
      write(join(folder, name), "secret");
    }
    Deno.mkdirSync(join(folder, "report", "folder.png"));
    symlinkSync(join(folder, "..", "secret.png"), join(folder, "report", "out.png"));
    symlinkSync(join(folder, ".."), join(folder, "report", "up"));
    symlinkSync(join(folder, "config.json"), join(folder, "report", "config.png"));
    const bad = [
      ...[
        "config.json",
        "data.json",
        "a.png",
        "rounds/1/weights.safetensors",
        "report/notes.txt",
        "towns/source/a.png",
      ],
      ...["report", "report/", "rounds/1/pseudo-labels/", "report/folder.png", "report/missing.png", "report//x.png"],
      ...["report/out.png", "report/up/secret.png", "report/config.png", "report/%00.png", "report/%zz.png"],
      ...["report/../../secret.png", "report/%2e%2e/%2e%2e/secret.png", "report/..%2f..%2fsecret.png"],
      ...["report/..%5c..%5csecret.png", "%2fetc%2fpasswd", "report/%2fetc/x.png", "index.html"],
    ];
    for (const path of bad) {
      const host = `host: localhost:${new URL(url).port}\r\n`;
      assertEquals(await rawStatus(url, `/${path}`, host), "HTTP/1.1 404 Not Found", path);
    }
  }));

Deno.test("who asks by another name than this computer's is refused, so that no other site can read along", () =>
  withServer(async (_, url) => {
    const { port } = new URL(url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      assertEquals(await rawStatus(url, "/", `host: ${host}\r\n`), "HTTP/1.1 200 OK", host);
    }
    for (const host of [`evil.example:${port}`, "localhost", "127.0.0.1:1", `127.0.0.1.evil.example:${port}`]) {
      for (const path of ["/", "/events", "/report/x.png"]) {
        assertEquals(await rawStatus(url, path, `host: ${host}\r\n`), "HTTP/1.1 403 Forbidden", host);
      }
    }
    assertMatch(await rawStatus(url, "/", ""), /^HTTP\/1.1 4/);
  }));

Deno.test("the page is read only", () =>
  withServer(async (_, url) => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const response = await fetch(url, { method });
      await response.body?.cancel();
      assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"], method);
    }
    for (const [path, status] of [["", 200], ["events", 200], ["config.json", 404]] as const) {
      const response = await fetch(url + path, { method: "HEAD" });
      assertEquals([response.status, await response.text()], [status, ""]);
    }
  }));

Deno.test("a page is told everything when it connects, also after a reload, and then what is new", () =>
  withServer(async (server, url) => {
    await server.tell({ kind: "line", text: "about 3 minutes", isWarning: false });
    await server.tell({ kind: "stage", name: "round 1: training", total: 80, units: images });
    const events = await Events.open(url);
    const first = await events.snapshot();
    assertEquals(first.lines, [{ text: "about 3 minutes", isWarning: false }]);
    assertEquals(first.stages.map(({ name, done, total }) => [name, done, total]), [["round 1: training", 0, 80]]);
    await server.tell({ kind: "steps", done: 8, losses: [[3, 0.5], [7, 0.25]] });
    const { stages: changed, losses } = await events.update();
    assertEquals(changed?.map(([index, { done }]) => [index, done]), [[0, 8]]);
    assertEquals(losses, { "round 1: training": [[3, 0.5], [7, 0.25]] });
    // Labels of scans are no pictures.
    await server.tell({ kind: "labels", files: ["rounds/1/pseudo-labels/a/b c.png", "rounds/1/labels/a.label"] });
    await server.tell({ kind: "line", text: "the class dies", isWarning: true });
    const { labels, lines, ...rest } = await events.update();
    assertEquals(labels, ["rounds/1/pseudo-labels/a/b%20c.png"]);
    assertEquals([lines, rest], [[{ text: "the class dies", isWarning: true }], {}]);
    await events.close();

    const again = await Events.open(url);
    const whole = await again.snapshot();
    assertEquals(whole.losses, { "round 1: training": [[3, 0.5], [7, 0.25]] });
    assertEquals([whole.labels, whole.lines.length, whole.stages[0]?.done], [labels, 2, 8]);
    await server.tell({ kind: "stage end" });
    const [[, ended] = []] = (await again.update()).stages ?? [];
    assertEquals([ended?.done, ended?.isDone], [80, true]);
    await again.close();
  }, { interval: 1 }));

Deno.test("events are few, however many steps there are, and none is lost", () =>
  withServer(async (server, url) => {
    const events = await Events.open(url);
    await events.snapshot();
    await server.tell({ kind: "stage", name: "source: training", total: 2000, units: images });
    const steps = (async () => {
      for (let step = 0; step < 2000; step++) {
        await server.tell({ kind: "steps", done: step + 1, losses: [[step, 1]] });
        if (step % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const start = performance.now();
    let count = 0;
    const losses: unknown[] = [];
    while (losses.length < 2000) {
      losses.push(...(await events.update()).losses?.["source: training"] ?? []);
      count++;
    }
    await steps;
    assertEquals(losses, Array.from({ length: 2000 }, (_, step) => [step, 1]));
    assert(count <= 2 + (performance.now() - start) / 100, `${count} events`);
    const { losses: kept } = await (await Events.open(url)).snapshot();
    const points = kept["source: training"] ?? [];
    assert(points.length <= 800 && points.length >= 400, `${points.length} points`);
    assertEquals(points.at(-1), [1999, 1]);
    await events.close();
  }, { interval: 100 }));

Deno.test("time left follows the pace since the start, also of a stage that goes on in its middle", () => {
  let now = 5000;
  const state = new LiveState(() => now);
  state.tell({ kind: "stage", name: "round 1: training", total: 1000, units: images });
  now += 2000;
  state.tell({ kind: "steps", done: 500, losses: [] });
  assertEquals(state.snapshot("").stages[0]?.secondsLeft, null);
  now += 100;
  state.tell({ kind: "steps", done: 510, losses: [] });
  const [stage] = state.snapshot("").stages;
  assertEquals([stage?.seconds, stage?.secondsLeft], [2.1, 4.9]);
});

Deno.test("a run that goes on shows the losses of its earlier starts, without the steps that are done again", () =>
  withServer(async (server, url) => {
    await server.tell({ kind: "stage", name: "round 1: training", total: 4, units: images });
    await server.tell({ kind: "steps", done: 2, losses: [[1, 0.25]] });
    const events = await Events.open(url);
    assertEquals((await events.snapshot()).losses, {
      "source: training": [[0, 2], [1, 1.5e-3]],
      "round 1: training": [[0, 1], [1, 0.25]],
    });
    await events.close();
  }, {
    prepare: (folder) =>
      write(
        join(folder, "metrics.jsonl"),
        '{"stage":"source","step":0,"loss":2}\n{"stage":"source","step":1,"loss":1.5e-3}\n' +
          '{"stage":"source: evaluation","miou":0.5}\n{"stage":"round 1","step":0,"loss":1}\n' +
          '{"stage":"round 1","step":1,"loss":0.5}\n{"stage":"round 1","step":2,"loss":0.4}\n{"stage":"rou',
      ),
  }));

Deno.test("a page that goes away disturbs nobody", () =>
  withServer(async (server, url) => {
    const controller = new AbortController();
    const gone = await fetch(`${url}events`, { signal: controller.signal });
    const events = await Events.open(url);
    await events.snapshot();
    controller.abort();
    await gone.body?.cancel().catch(() => {});
    await server.tell({ kind: "stage", name: "source: training", total: 10, units: images });
    for (let done = 1; done <= 10; done++) {
      await server.tell({ kind: "steps", done, losses: [] });
      assertEquals((await events.update()).stages?.[0]?.[1].total, 10);
    }
    await events.close();
  }, { interval: 1 }));

Deno.test("at the end the pages are told and sent the last report, and the address is free again", () =>
  withServer(async (server, url, folder) => {
    const before = await (await fetch(url)).text();
    assertStringIncludes(before, '<span class="badge">running');
    const events = await Events.open(url);
    const { report } = await events.snapshot();
    assertStringIncludes(before, report);
    await server.tell({ kind: "end", ending: "finished", text: "" });
    await server.end();
    let next = await events.next();
    while (next !== null && next.event !== "end") next = await events.next();
    const end = next?.data as { ending: string; page: string; text: string };
    assertEquals(end.ending, "finished");
    assertStringIncludes(end.text, "The run is finished");
    assertEquals(end.page.includes('<span class="badge">'), false);
    assertStringIncludes(end.page, '<section id="scores"');
    assertEquals(await events.next(), null);
    const after = new LiveServer({ read });
    after.listen({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
    await after.tell({ kind: "folder", path: folder, command: "adapt" });
    const again = await Events.open(url);
    assertEquals((await again.snapshot()).ending, null);
    await again.close();
    await after.close();
  }));

Deno.test("at the end of a finished run the page is the report that it wrote, and of a stopped one how far it came", async () => {
  for (const ending of ["finished", "stopped"] as const) {
    await withServer(async (server, url, folder) => {
      Deno.writeTextFileSync(join(folder, "report.html"), "<title>the report</title>");
      const events = await Events.open(url);
      await server.tell({ kind: "end", ending, text: "" });
      const closed = server.end();
      let next = await events.next();
      while (next !== null && next.event !== "end") next = await events.next();
      const { page } = next?.data as { readonly page: string };
      assertEquals(page === "<title>the report</title>", ending === "finished");
      assertStringIncludes(page, "<title>");
      await closed;
    });
  }
});

Deno.test("a run that was stopped or failed says so, with the reason", async () => {
  for (
    const [ending, text] of [["stopped", "goes on when the run does"], [
      "failed",
      "The run failed: the disk is full",
    ]] as const
  ) {
    await withServer(async (server, url) => {
      const events = await Events.open(url);
      await events.snapshot();
      await server.tell({ kind: "stage", name: "round 1: training", total: 9, units: images });
      await server.tell({ kind: "end", ending, text: ending === "failed" ? "the disk is full" : "" });
      await server.end();
      let next = await events.next();
      while (next !== null && next.event !== "end") next = await events.next();
      const end = next?.data as { ending: string; page: string; text: string };
      assertEquals(end.ending, ending);
      assertStringIncludes(end.text, text);
      assertStringIncludes(end.page, '<span class="badge">stopped in “round 1: training”');
    });
  }
});

Deno.test("a page that sleeps does not keep a run from ending", () =>
  withServer(async (server, url) => {
    const asleep = await sleeper(url);
    await server.tell({ kind: "end", ending: "stopped", text: "" });
    const start = performance.now();
    await server.end();
    assert(performance.now() - start < 10_000);
    asleep.close();
  }));

Deno.test("a page that does not read its events is let go before they pile up", () =>
  withServer(async (server, url) => {
    const asleep = await sleeper(url);
    const line = "x".repeat(100_000);
    // Far more than the system keeps for a connection.
    for (let count = 0; count < 600 && server.clientCount > 0; count++) {
      await server.tell({ kind: "line", text: line, isWarning: false });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assertEquals(server.clientCount, 0);
    asleep.close();
  }, { interval: 0 }));
