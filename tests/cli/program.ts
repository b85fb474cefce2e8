/**
 * Runs the real program, as a user would.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The program's file. */
export const program: string = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** What a command printed, and its exit code. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The rights that the launcher gives a command, as flags of Deno. */
export async function rightsOf(args: readonly string[]): Promise<string[]> {
  const script = '. "$root/launcher/rights.sh"; rights "$@"';
  const command = new Deno.Command("sh", {
    args: ["-euc", script, "sh", ...args],
    env: { root: fileURLToPath(new URL("../..", import.meta.url)), deno: Deno.execPath() },
  });
  const { stdout } = await command.output();
  return new TextDecoder().decode(stdout).trim().split("\n");
}

/** Runs `crosswalk <args>` with the rights that the launcher gives it. */
export async function crosswalk(...args: string[]): Promise<Finished> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...await rightsOf(args), program, ...args],
  });
  return await finished(command);
}

/** What a program printed once it has ended. */
export async function finished(command: Pick<Deno.Command, "output">): Promise<Finished> {
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Starts `crosswalk <args>`, to be interrupted. */
export function startCrosswalk(...args: string[]): Deno.ChildProcess {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", program, ...args],
    stdout: "null",
    stderr: "null",
  });
  return command.spawn();
}

/** A temporary folder that is removed afterwards. */
export async function inTemporaryFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
