import { assert } from "@std/assert";
import { testGpu } from "../ops/harness.ts";
import { compareSteps } from "./large_step.ts";

Deno.test("a step on two images has the loss of the images one by one, by their valid pixels", async () => {
  const settings = { name: "deeplabv2-resnet18", variant: { width: 0.125 }, size: { height: 43, width: 59 } };
  const { both, apart } = await compareSteps(await testGpu(), { ...settings, halfActivations: false });
  assert(Math.abs(both / apart - 1) < 1e-5, `${both}, one by one ${apart}`);
});
