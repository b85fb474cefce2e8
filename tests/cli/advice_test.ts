import { assertEquals } from "@std/assert";
import { adviceOn, collapseMessage } from "../../src/cli/advice.ts";
import {
  DeviceLostError,
  DivergenceError,
  InterruptedError,
  OutOfBudgetError,
  ReasonedError,
} from "../../src/errors.ts";
import { resolveSettings } from "../../src/settings/settings.ts";

Deno.test("advice on an error names the options that the command takes, and no other", () => {
  const large = new OutOfBudgetError("The logits take 5 bytes, this adapter binds at most 4", "tensor too large");
  assertEquals(adviceOn(large, "adapt"), "Lower --batch, --crop, --size or --short-side");
  assertEquals(adviceOn(large, "tune"), "Lower --batch or --size");
  assertEquals(adviceOn(large, "predict"), "Lower --size or --short-side");
  assertEquals(adviceOn(large, "select"), "");
  assertEquals(adviceOn(new DeviceLostError("The GPU was lost"), "train"), "Run again with --resume");
  assertEquals(adviceOn(new DeviceLostError("The GPU was lost"), "predict"), "Run the command again");
  assertEquals(
    adviceOn(new DivergenceError("The loss is NaN"), "adapt"),
    "Lower the learning rate (--source-rate, --learning-rate of the rounds) and go on from the last good checkpoint with --resume --override",
  );
  assertEquals(
    adviceOn(new DivergenceError("The loss is NaN"), "train"),
    "Lower the learning rate (--source-rate) and go on from the last good checkpoint with --resume --override",
  );
  assertEquals(
    adviceOn(new OutOfBudgetError("Training takes 2 GiB", "memory of training"), "train"),
    "Lower --batch, --crop, --size or --short-side, or pass --recompute or --half-activations; --plan shows what takes how much",
  );
  for (const reason of ["memory of labelling", "memory of scoring"] as const) {
    assertEquals(
      adviceOn(new OutOfBudgetError("Labelling takes 2 GiB", reason), "adapt"),
      "Lower --label-batch, --size or --short-side, or give fewer --scales; the training step stays in memory meanwhile, " +
        "so lower --batch or --crop too; --plan shows what takes how much",
    );
  }
  assertEquals(
    adviceOn(new ReasonedError("Other classes", "no class map"), "evaluate"),
    "Give a class map with --class-map",
  );
});

Deno.test("an error without a reason gets no advice", () => {
  for (const error of [new ReasonedError("Other classes"), new Error("Something else"), "a text"]) {
    assertEquals(adviceOn(error, "adapt"), "");
  }
});

Deno.test("a run that was stopped can go on, a command without checkpoints cannot", () => {
  assertEquals(adviceOn(new InterruptedError("Stopped"), "train"), "Go on with --resume");
  assertEquals(adviceOn(new InterruptedError("Stopped"), "predict"), "");
});

Deno.test("a collapse warning tells what to try, less what the run does already", () => {
  const warning = { className: "car", kind: "dies", firstShare: 0.1, firstRound: 1, share: 0.01, round: 3 } as const;
  const text =
    `The class "car" dies: predicted from 10.0 % of the target's pixels in round 1 to 1.0 % in round 3. Try `;
  assertEquals(
    collapseMessage(warning, resolveSettings("adapt")),
    `${text}a lower --target-portion or more --source-images`,
  );
  assertEquals(
    collapseMessage(warning, resolveSettings("adapt", { "spatial-prior": false, mining: "off" })),
    `${text}--spatial-prior, --mining reference, a lower --target-portion or more --source-images`,
  );
});
