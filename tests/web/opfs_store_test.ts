/** A run's store in a browser's files: a page that is closed at any moment leaves a whole state, from which it goes on. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { doneForm, formOf } from "../../src/selftraining/kept.ts";
import { OpfsStore, removeStore } from "../../src/web/opfs_store.ts";
import type { StoredItem } from "../../src/web/stored_samples.ts";
import * as v from "valibot";
import { MemoryFiles } from "./memory_files.ts";

const numberForm = formOf(v.number());

function item(name: string): StoredItem {
  const image = { height: 1, width: 2, pixels: new Uint8Array(8) };
  return { name, hasLabels: false, read: () => Promise.resolve({ image, labels: null }) };
}
const items = [item("a"), item("b")];

/** A little run: what was done in an earlier start is not done again. */
async function work(files: MemoryFiles): Promise<OpfsStore> {
  const store = await OpfsStore.open(files);
  if (store.run === undefined) store.begin("run 1");
  for (const step of [1, 2, 3]) {
    await store.once(`train ${step}`, numberForm, async () => {
      await store.truncateLog(`train ${step}`, 0);
      await store.log({ stage: `train ${step}`, step: 0, loss: step / 3 });
      await store.log({ stage: `train ${step}`, step: 1, loss: step / 7 });
      await store.write("checkpoint", new Uint8Array(50).fill(step));
      return step * 10;
    });
  }
  await store.once("label", doneForm, async () => {
    await using sink = store.openLabels(1, items, 3);
    await sink.write({ height: 1, width: 2, labels: Uint8Array.of(0, 2) }, Uint8Array.of(0, 1));
    await sink.write({ height: 1, width: 2, labels: Uint8Array.of(255, 1) }, null, { height: 1, width: 4 });
    await store.write("shares", JSON.stringify(await sink.finish()));
    return true as const;
  });
  return store;
}

async function stateOf(store: OpfsStore) {
  const labels = await Promise.all(store.labelledItems(1, items).map(async (one) => (await one.read()).labels));
  return {
    run: store.run,
    entries: store.entries,
    results: [1, 2, 3].map((step) => store.kept(`train ${step}`, numberForm)),
    checkpoint: await store.read("checkpoint"),
    shares: new TextDecoder().decode(await store.read("shares") ?? undefined),
    labels: labels.map((map) => [map?.height, map?.width, ...map?.labels ?? []]),
  };
}

Deno.test("a page that is closed after any write goes on to the same state", async () => {
  const whole = new MemoryFiles();
  const expected = await stateOf(await work(whole));
  assertEquals(expected.labels, [[1, 2, 0, 2], [1, 4, 255, 255, 1, 1]]);
  assertEquals(expected.shares, '{"precision":[1,null,0],"recall":[1,0,null]}');
  assertEquals(expected.entries.length, 6);
  assert(whole.actions > 20);
  for (let after = 0; after < whole.actions; after++) {
    for (const share of [0, 0.5, 1]) {
      const files = new MemoryFiles(new Map(), after);
      await assertRejects(() => work(files), Error, "the page was closed");
      // Closed a second time, soon after it was opened again.
      const again = files.reopened(share, 3);
      await work(again).catch((error) => assertStringIncludes(String(error), "the page was closed"));
      const store = await work(again.reopened(share));
      assertEquals(await stateOf(store), expected, `closed after ${after} actions, ${share} of the rest there`);
      store.close();
    }
  }
});

Deno.test("a result is the old one or the new one, never a part", async () => {
  const write = async (files: MemoryFiles) => {
    const store = await OpfsStore.open(files);
    await store.write("weights", new Uint8Array(9).fill(1));
    await store.write("weights", new Uint8Array(7).fill(2));
    return store;
  };
  const whole = new MemoryFiles();
  (await write(whole)).close();
  for (let after = 0; after <= whole.actions; after++) {
    for (const share of [0, 0.3, 1]) {
      const files = new MemoryFiles(new Map(), after);
      await write(files).catch(() => {});
      const store = await OpfsStore.open(files.reopened(share));
      const found = await store.read("weights");
      const texts = [null, "1,1,1,1,1,1,1,1,1", "2,2,2,2,2,2,2"];
      assert(texts.includes(found === null ? null : String(found)), `after ${after}: ${found}`);
      if (after === whole.actions) assertEquals(String(found), "2,2,2,2,2,2,2");
    }
  }
});

Deno.test("files that a run does not need any more are removed, and all of them with the run", async () => {
  const files = new MemoryFiles();
  const store = await OpfsStore.open(files);
  for (let time = 0; time < 5; time++) await store.write("checkpoint", Uint8Array.of(time));
  assertEquals((await files.names()).length, 2);
  await assertRejects(() => OpfsStore.open(files), Error, "is open already");
  store.close();
  await removeStore(files);
  assertEquals(await files.names(), []);
});

Deno.test("a file for labels that cannot be opened is said where they are written", async () => {
  const files = new MemoryFiles();
  const store = await OpfsStore.open(files);
  files.open = () => Promise.reject(new Error("there is no room"));
  const sink = store.openLabels(1, items, 3);
  // The images are labelled first. A promise that nobody waits for meanwhile would end the Worker.
  await new Promise((resolve) => setTimeout(resolve));
  await assertRejects(() => sink.write({ height: 1, width: 1, labels: Uint8Array.of(0) }, null), Error, "no room");
});

Deno.test("soft labels come back with the hard ones", async () => {
  const store = await OpfsStore.open(new MemoryFiles());
  await using sink = store.openLabels(2, [item("a")], 3);
  const words = Uint32Array.of(1, 65535, 0, 2, 40000, 7);
  await sink.write({ height: 1, width: 2, labels: Uint8Array.of(1, 2) }, null, undefined, words.slice());
  await sink.finish();
  const [labelled] = store.labelledItems(2, [item("a")]);
  const read = await labelled?.read();
  assertEquals(read?.labels, { height: 1, width: 2, labels: Uint8Array.of(1, 2) });
  assertEquals(read?.softLabels, { height: 1, width: 2, words });
});
