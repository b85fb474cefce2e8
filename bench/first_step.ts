/**
 * A program of its own: one reference step from nothing, for `overhead.ts`, which times it from outside. Its argument is the name
 * of the adapter. Prints the loss.
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
