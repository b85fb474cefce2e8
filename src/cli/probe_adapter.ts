/**
 * Exits with 0 if this machine has a hardware adapter. With the argument `any`, a software adapter will do. The
 * launcher runs it once.
 *
 * @module
 */

import process from "node:process";

const adapter = await navigator.gpu.requestAdapter();
const wanted = adapter !== null && (process.argv[2] === "any" || !adapter.info.isFallbackAdapter);
process.exit(wanted ? 0 : 1);
