import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelProfile, ProfileReport } from "../../src/run/profile.ts";
import { write } from "../data/pictures.ts";
import { recipe, writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

function total(rows: readonly { readonly share: number }[]): number {
  return rows.reduce((sum, { share }) => sum + share, 0);
}

Deno.test("--profile tells where the time went and changes no result", () =>
  inTemporaryFolder(async (folder) => {
    const streets = join(folder, "streets");
    const config = join(folder, "recipe.yaml");
    writeStreets(streets);
    write(config, recipe);
    const run = async (name: string, ...more: string[]) => {
      const out = join(folder, name);
      const given = ["--source", streets, "--target", streets, "--config", config, "--out", out];
      const { code, stdout, stderr } = await crosswalk("adapt", ...given, ...more);
      assertEquals(code, 0, stderr);
      return { out, stdout, stderr };
    };
    const plain = await run("plain");
    const profiled = await run("profiled", "--profile");
    const labels = join("rounds", "1", "pseudo-labels", "street.png");
    for (const file of ["config.json", "weights.safetensors", join("rounds", "1", "thresholds.json"), labels]) {
      assertEquals(readFileSync(join(profiled.out, file)), readFileSync(join(plain.out, file)), file);
    }
    assertEquals(existsSync(join(plain.out, "profile.json")), false);

    const report: ProfileReport = JSON.parse(readFileSync(join(profiled.out, "profile.json"), "utf8"));
    const names = report.stages.map(({ stage }) => stage);
    const wanted = ["evaluation", "labelling", "other", "pictures", "selection", "source training", "training"];
    assertEquals([...names].sort(), wanted);
    assertAlmostEquals(total(report.stages), 1, 1e-9);
    for (const name of [...wanted, "in all", "idle GPU"]) assertStringIncludes(profiled.stdout, name);
    if (report.idle === null) return;
    const inOrder = (kernels: readonly KernelProfile[]) =>
      assertEquals(kernels.map(({ seconds }) => seconds), kernels.map(({ seconds }) => seconds).sort((a, b) => b - a));
    for (const { stage, idle, kernels } of [{ stage: "in all", ...report }, ...report.stages]) {
      // Kernels fill the time in which the GPU is not idle; a tiny part of it is copies between buffers.
      assert(idle !== null && idle >= 0 && idle <= 1, `${stage} idle ${idle}`);
      assert(total(kernels) <= 1 - idle + 1e-6, `${stage}: kernels take ${total(kernels)}, the GPU is idle ${idle}`);
      inOrder(kernels);
    }
    const training = report.stages.find(({ stage }) => stage === "training");
    assert(training?.kernels.some(({ kernel }) => kernel === "conv/conv2d_weight_grad"));
    const kernelsOf = (name: string) => report.stages.find(({ stage }) => stage === name)?.kernels.map((k) => k.kernel);
    // So few pixels are their own sample, so that the pass that runs the network counts them too.
    for (const name of ["top_score", "collect_candidates"]) {
      assert(kernelsOf("labelling")?.includes(`selftraining/${name}`), name);
    }
    assertEquals(kernelsOf("selection")?.sort(), ["selftraining/assign_labels", "selftraining/score_histogram"]);
    assertStringIncludes(profiled.stdout, report.kernels[0]?.kernel ?? "");

    const out = join(folder, "trained");
    const trained = await crosswalk(
      "train",
      "--source",
      streets,
      "--config",
      config,
      "--out",
      out,
      "--json",
      "--profile",
    );
    assertEquals(trained.code, 0, trained.stderr);
    assertEquals(JSON.parse(trained.stdout).weights, join(out, "weights.safetensors"));
    assertStringIncludes(trained.stderr, "source training");
    assert(existsSync(join(out, "profile.json")));
  }));
