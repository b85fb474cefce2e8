import { assertEquals, assertRejects } from "@std/assert";
import { WorkerPool } from "../../src/data/worker_pool.ts";

const scope = new URL("../../src/data/worker_scope.ts", import.meta.url).href;

/** A pool whose Workers answer `"die"` by an error outside of the work, `"reject"` by an unhandled rejection. */
function poolOf(size: number, started: Worker[] = [], code = answering): WorkerPool<string, string> {
  return new WorkerPool(
    () => {
      const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
      started.push(worker);
      return worker;
    },
    size,
    { action: "do the work", owner: "pool", worker: "test worker" },
  );
}

const answering = `
  import { answerRequests } from "${scope}";
  answerRequests((work) => {
    if (work === "throw") throw { code: 7 };
    if (work === "die") setTimeout(() => { throw new Error("it broke") }, 0);
    if (work === "reject") setTimeout(() => Promise.reject("no reason"), 0);
    if (work === "die" || work === "reject") return new Promise(() => {});
    if (work === "die idle") setTimeout(() => { throw new Error("it broke") }, 0);
    return work;
  });
`;

Deno.test("work of a Worker that dies is rejected by name, and later work goes to a new one", async () => {
  const started: Worker[] = [];
  const pool = poolOf(1, started);
  try {
    assertEquals(await pool.run("a"), "a");
    const lost = [pool.run("die", [], "b.png"), pool.run("c", [], "c.png")];
    const all = await Promise.allSettled(lost);
    assertEquals(all.map((one) => one.status === "rejected" ? one.reason.message : "done"), [
      "Cannot do the work (b.png): a test worker stopped: it broke",
      "Cannot do the work (c.png): a test worker stopped: it broke",
    ]);
    assertEquals(await pool.run("d"), "d");
    await assertRejects(() => pool.run("reject"), Error, "Cannot do the work: a test worker stopped: no reason");
    assertEquals(await pool.run("e"), "e");
    assertEquals(started.length, 3);
  } finally {
    pool.close();
  }
});

Deno.test("a Worker that dies while idle gets no more work", async () => {
  const started: Worker[] = [];
  const pool = poolOf(2, started);
  pool.start();
  try {
    assertEquals(await pool.run("die idle"), "die idle");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const works = Array.from({ length: 6 }, (_, index) => `work ${index}`);
    assertEquals(await Promise.all(works.map((work) => pool.run(work))), works);
    assertEquals(started.length, 3);
  } finally {
    pool.close();
  }
});

Deno.test("a Worker that cannot start rejects what it is given, in words; so does one that throws no error", async () => {
  const broken = new WorkerPool<string, string>(
    () => {
      throw new Error("no thread is left");
    },
    1,
    { action: "do the work", owner: "pool", worker: "test worker" },
  );
  await assertRejects(
    () => broken.run("a", [], "a.png"),
    Error,
    "Cannot do the work (a.png): a test worker cannot be started: no thread is left",
  );
  broken.close();
  const missing = poolOf(1, [], 'import "file:///missing/module.js"');
  await assertRejects(
    () => missing.run("a", [], "a.png"),
    Error,
    "Cannot do the work (a.png): a test worker stopped: ",
  );
  await assertRejects(
    () => missing.run("b", [], "b.png"),
    Error,
    "Cannot do the work (b.png): a test worker stopped: ",
  );
  missing.close();
  const pool = poolOf(1);
  try {
    await assertRejects(() => pool.run("throw"), Error, 'something was thrown that is no error: {"code":7}');
  } finally {
    pool.close();
  }
});
