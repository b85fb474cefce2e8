/**
 * A program of its own: one reference step from nothing, for `overhead.ts`, which times it from outside. Prints the loss.
 *
 * @module
 */

import { openGpu } from "../src/cli/open.ts";
import { ReferenceRun } from "./reference.ts";

using gpu = await openGpu();
using run = await ReferenceRun.open(gpu, { inference: false });
run.submitStep();
console.log(await run.loss());
