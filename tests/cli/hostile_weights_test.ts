import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { write } from "../data/pictures.ts";
import { joined, u64 } from "../formats/files.ts";
import { mxnetArrays, mxnetList } from "../formats/mxnet_lists.ts";
import { call, dict, op, stream, zip } from "../formats/pickles.ts";
import { writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

Deno.test("weight files that would execute something, or are cut off, are refused by every command, and nothing runs", () =>
  inTemporaryFolder(async (folder) => {
    const data = join(folder, "streets");
    writeStreets(data);
    const proof = join(folder, "executed");
    const gadget = dict([op.text("w"), call("os.system", op.text(`touch ${proof}`))]);
    const files: Readonly<Record<string, readonly [Uint8Array, string]>> = {
      "hostile.pth": [zip(gadget), 'the pickle names "os.system", which is not read'],
      "hostile.th": [stream(gadget), "nothing of the file was executed"],
      "cut.pt": [zip(dict()).subarray(0, -1), "the zip archive's directory is missing. The file was cut off"],
      "cut.params": [mxnetList(mxnetArrays).subarray(0, 60), "The file was cut off"],
      "old.tar": [joined("tensors".padEnd(257, "\0"), "ustar\0", u64(0)), "torch.save(torch.load("],
    };
    const out = join(folder, "out");
    const commands: Readonly<Record<string, (path: string) => string[]>> = {
      "hostile.pth": (path) => ["evaluate", "--weights", path, "--data", data],
      "hostile.th": (path) => ["convert", "--weights", path, "--out", out],
      "cut.pt": (path) => ["predict", "--weights", path, "--images", data, "--out", out],
      "cut.params": (path) => ["convert", "--weights", path],
      "old.tar": (path) => ["adapt", "--source", data, "--target", data, "--out", out, "--source-model", path],
    };
    await Promise.all(
      Object.entries(files).map(async ([name, [bytes, words]]) => {
        const path = join(folder, name);
        write(path, bytes);
        const { code, stdout, stderr } = await crosswalk(...commands[name]?.(path) ?? []);
        assertEquals([code, stdout], [1, ""], stderr);
        assert(
          stderr.includes(`Cannot read ${path}: at byte `) && stderr.includes(words),
          `"${stderr}" lacks "${words}"`,
        );
      }),
    );
    assert(!existsSync(proof), "something was executed");
    assert(!existsSync(out) || [...Deno.readDirSync(out)].every(({ name }) => !name.endsWith(".safetensors")));
  }));
