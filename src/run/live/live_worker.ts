/**
 * What the Worker runs that serves the live page of a run, so that the page answers while the run waits for the GPU,
 * and the run does not wait for the page.
 *
 * @module
 */

import { errorText } from "../../errors.ts";
import type { LiveMessage, LiveReply } from "./events.ts";
import { LiveServer } from "./live_server.ts";

/** The part of a Worker's global scope that is used here; TypeScript's library for windows does not know it. */
interface Scope {
  onmessage: ((event: MessageEvent<LiveMessage>) => void) | null;
  postMessage(reply: LiveReply): void;
}

const scope = globalThis as unknown as Scope;
let control: string | undefined;
const server = new LiveServer({
  read: async (folder) => {
    // Loaded when the page is first asked for.
    const { readRunReport } = await import("../report/read_report.ts");
    return readRunReport(folder, { control });
  },
});

scope.onmessage = async ({ data: message }) => {
  if (message.kind === "listen") {
    try {
      scope.postMessage({ kind: "listening", port: server.listen(message.address) });
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      scope.postMessage({ kind: "refused", name, message: errorText(error) });
    }
    return;
  }
  if (message.kind === "folder") control = message.control;
  await server.tell(message);
  if (message.kind !== "end") return;
  await server.end();
  scope.postMessage({ kind: "closed" });
};
