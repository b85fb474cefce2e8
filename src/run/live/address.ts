/**
 * Where the live page listens, and by which names it may be asked for.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";

/** An address to listen at. */
export interface Address {
  /** A name or an IP address, without brackets. */
  readonly hostname: string;
  /** 0 stands for any free port. */
  readonly port: number;
}

const loopback = "127.0.0.1";

/** A port, or `host:port`; an IPv6 address stands in brackets. The launcher reads an address by the same rule. */
const form = /^(?:([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):)?([0-9]{1,5})$/;

/**
 * Reads an address: `8080` at this computer alone, or `host:port`.
 *
 * @throws {UsageError} if the text is no address.
 */
export function readAddress(text: string): Address {
  const [, host = loopback, digits = ""] = form.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65535) {
    throw new UsageError(
      `--serve is ${text}, but should be a port from 0 to 65535, such as 8080, or host:port, such as 0.0.0.0:8080 or ` +
        "[::1]:8080; port 0 stands for any free one",
    );
  }
  return { hostname: host.replace(/^\[(.*)\]$/, "$1"), port };
}

/** Whether an address stands for all addresses of this computer. */
function isEverywhere(hostname: string): boolean {
  return hostname === "0.0.0.0" || /^[0:]+$/.test(hostname);
}

/** A host name as it stands in a URL, and as browsers write it: in small letters, IP addresses in their shortest form. */
function inUrl(hostname: string): string {
  const text = hostname.includes(":") ? `[${hostname}]` : hostname;
  return URL.parse(`http://${text}/`)?.hostname ?? text;
}

/** The URL to open in a browser on this computer. */
export function urlOf({ hostname, port }: Address): string {
  return `http://${isEverywhere(hostname) ? "localhost" : inUrl(hostname)}:${port}/`;
}

/**
 * Whether a request may be answered, by its `Host`. A page of another site can have its own name point at this computer
 * (DNS rebinding), and would then read along; but its requests name that site. So a request must name this computer: by
 * a loopback name, or by the name that the page was started with. Where it listens at all addresses, any IP address is
 * right as well, since an IP address is not looked up.
 *
 * @param host the `Host` of the request; `null` if there is none.
 */
export function isOwnHost(host: string | null, { hostname, port }: Address): boolean {
  const [, name, digits] = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::([0-9]+))?$/.exec(host?.toLowerCase() ?? "") ?? [];
  if (name === undefined || Number(digits ?? 80) !== port) return false;
  const own = ["localhost", loopback, "[::1]", inUrl(hostname)];
  if (own.includes(name)) return true;
  return isEverywhere(hostname) && (name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name));
}
