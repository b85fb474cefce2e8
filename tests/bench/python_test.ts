import { assertEquals, assertNotEquals } from "@std/assert";
import { findPython } from "../../bench/python.ts";

const hasPython = await findPython(["json"]) !== null;

Deno.test({
  name: `a Python is found by what it can import${hasPython ? "" : " [skipped: no python3]"}`,
  ignore: !hasPython,
  fn: async () => {
    assertNotEquals(await findPython(["json", "math"]), null);
    assertEquals(await findPython(["json", "no_module_of_this_name"]), null);
  },
});
