/**
 * The module of the Worker that adapts: `new Worker(new URL("./adapt_worker.js", import.meta.url), { type: "module" })`.
 *
 * @module
 */

import type { AdaptEvent } from "./adapt_messages.ts";

self.onmessage = () => {
  const answer: AdaptEvent = { type: "error", fault: "other", text: "This version of the page cannot adapt yet" };
  self.postMessage(answer);
};
