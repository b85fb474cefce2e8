/**
 * Finds a Python for the comparisons that need one.
 *
 * @module
 */

/**
 * Where Python is looked for, in this order. The first is the user's own, the second the system's, which has Debian's
 * packages.
 */
const candidates = ["python3", "/usr/bin/python3"];

/** The first Python that can import all of `modules`; `null` where there is none, or no right to run it. */
export async function findPython(modules: readonly string[]): Promise<string | null> {
  for (const command of candidates) {
    try {
      const { success } = await new Deno.Command(command, {
        args: ["-c", `import ${modules.join(", ")}`],
        ...{ stdin: "null", stdout: "null", stderr: "null" },
      }).output();
      if (success) return command;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
  return null;
}
