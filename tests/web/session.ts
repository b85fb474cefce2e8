/**
 * Sessions of the Worker that adapts, in Deno and with files in memory.
 *
 * @module
 */

import type { AdaptCommand, AdaptEvent } from "../../src/web/adapt_messages.ts";
import { AdaptSession, type SessionTools } from "../../src/web/adapt_session.ts";
import type { Site } from "../../src/web/site.ts";
import type { StoreFiles } from "../../src/web/store_files.ts";
import { tinySite } from "./tiny_site.ts";

/** A session that notes what it is told. */
export interface NotedSession {
  readonly session: AdaptSession;
  readonly events: AdaptEvent[];
  /** The events of a type. */
  of<T extends AdaptEvent["type"]>(type: T): Extract<AdaptEvent, { readonly type: T }>[];
}

/** Opens a session. */
export function openSession(files: StoreFiles, tools: Partial<SessionTools> = {}): NotedSession {
  const events: AdaptEvent[] = [];
  const session = new AdaptSession({
    files,
    decode: () => Promise.reject(new Error("there is no decoder")),
    ...tools,
    tell: (event, buffers) => {
      events.push(event);
      tools.tell?.(event, buffers);
    },
  });
  const isOf = <T extends AdaptEvent["type"]>(
    event: AdaptEvent,
    type: T,
  ): event is Extract<AdaptEvent, { readonly type: T }> => event.type === type;
  return { session, events, of: (type) => events.filter((event) => isOf(event, type)) };
}

/** The address of a site's description; it holds the description itself. */
export function addressOf(site: Site): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(site))}`;
}

/** The command that starts a run on the towns. */
export function startCommand(
  options: Readonly<Record<string, unknown>> = {},
  site: Site = tinySite,
): Extract<AdaptCommand, { readonly type: "start" }> {
  return { type: "start", site: addressOf(site), images: { kind: "town" }, options };
}
