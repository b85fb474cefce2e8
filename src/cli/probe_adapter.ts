/**
 * Exits with 0 when this machine has a hardware adapter, or with the argument `any`, an adapter at all. The launcher runs it once.
 *
 * @module
 */

import process from "node:process";

const adapter = await navigator.gpu.requestAdapter();
const wanted = adapter !== null && (process.argv[2] === "any" || !adapter.info.isFallbackAdapter);
process.exit(wanted ? 0 : 1);
