import { assert, assertEquals, assertThrows } from "@std/assert";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FolderLock, lockName } from "../../src/disk/folder_lock.ts";
import { makeNewFolder } from "../../src/disk/files.ts";
import { UsageError } from "../../src/errors.ts";
import { withFolder } from "../data/pictures.ts";

const module = new URL("../../src/disk/folder_lock.ts", import.meta.url).href;

/** Starts a process that takes the lock of a folder and then does nothing. Resolves when it has the lock. */
async function startHolder(folder: string): Promise<Deno.ChildProcess> {
  const code = `import { FolderLock } from "${module}";
    const lock = FolderLock.take(${JSON.stringify(folder)});
    console.log("taken");
    setTimeout(() => lock.release(), 60_000);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", code], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  await child.stdout.cancel();
  assertEquals(new TextDecoder().decode(value).trim(), "taken");
  return child;
}

Deno.test("a lock is held by one, the next one is told by whom, and the system releases it at a kill", () =>
  withFolder(async (folder) => {
    const path = join(folder, "run");
    const child = await startHolder(path);
    const refusal = assertThrows(() => FolderLock.take(path), UsageError, `${path} is in use by another run`);
    assert(refusal.message.includes(`: process ${child.pid} on ${Deno.hostname()}, since 2`), refusal.message);
    child.kill("SIGKILL");
    await child.status;
    assert(existsSync(join(path, lockName)), "a killed process leaves its file");
    using lock = FolderLock.take(path);
    assertThrows(() => FolderLock.take(path), UsageError, `process ${Deno.pid}`);
    lock.release();
    assertEquals(existsSync(join(path, lockName)), false);
    FolderLock.take(path).release();
  }));

Deno.test("a lock in a folder that is removed meanwhile is released without a complaint", () =>
  withFolder((folder) => {
    const path = join(folder, "run");
    const lock = FolderLock.take(path);
    rmSync(path, { recursive: true });
    lock.release();
    return Promise.resolve();
  }));

Deno.test("new folders of one name are different folders", () =>
  withFolder((folder) => {
    const path = join(folder, "runs", "now");
    assertEquals([makeNewFolder(path), makeNewFolder(path), makeNewFolder(path)], [path, `${path}-2`, `${path}-3`]);
    return Promise.resolve();
  }));
