/**
 * A program of its own that runs one reference step from nothing and prints the loss. `overhead.ts` times it from
 * outside. Its argument is the name of the adapter.
 *
 * @module
 */

import process from "node:process";
import { openGpu } from "../src/cli/open.ts";
import { ReferenceRun } from "./reference.ts";

using gpu = await openGpu(process.argv[2]);
using run = await ReferenceRun.open(gpu, { inference: false });
run.submitStep();
console.log(await run.loss());
