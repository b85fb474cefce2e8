/** Reports from the command line, with the rights that the launcher gives: of a run, of several, of an evaluation. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/data/decode.ts";
import { decodeLabels } from "../../src/data/labels.ts";
import { readRunReport } from "../../src/run/report/read_report.ts";
import { readEvents } from "../formats/event_files.ts";
import { recipe, writeStreets } from "./fixture.ts";
import { crosswalk, inTemporaryFolder } from "./program.ts";

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}

/** What a page would load from elsewhere, by elements, styles or scripts. */
const foreign = /(src|href|srcset|action)\s*=\s*["']?\s*(https?:|\/\/)|url\(\s*["']?(https?:|\/\/)|@import|\bfetch\(/i;

Deno.test("adapt leaves a report, which report rebuilds and compares; evaluate --out leaves one of its own", () =>
  inTemporaryFolder(async (folder) => {
    const [streets, config, run] = [join(folder, "streets"), join(folder, "recipe.yaml"), join(folder, "run")];
    writeStreets(streets);
    writeFileSync(config, recipe);
    const data = ["--source", streets, "--target", streets, "--short-side", "32", "--config", config];
    const adapted = await crosswalk("adapt", ...data, "--out", run, "--tensorboard");
    assertEquals([adapted.code, adapted.stdout.includes(join(run, "report.html"))], [0, true], adapted.stderr);

    // The numbers are those of the files, and the layers those that were made.
    const report = readRunReport(run);
    const result = JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
    const after = report.scores.find(({ name }) => name === "after");
    assertEquals([after?.miou, after?.confusion], [result.adapted.miou, result.adapted.confusion]);
    assertEquals([report.state.name, report.rounds.length, report.labelClasses.length], ["finished", 1, 14]);
    const { recall } = JSON.parse(readFileSync(join(run, "rounds", "1", "thresholds.json"), "utf8"));
    assert(recall.some((share: number | null) => share !== null && share > 0), `${recall}`);
    const layers = join(run, "report", "street");
    const names = ["confidence.png", "image.jpg", "pseudo-1.png", "round-0.png", "round-1.png", "truth.png"];
    assertEquals(readdirSync(layers).sort(), names);
    const pseudo = decodeLabels(bytesOf(join(run, "rounds", "1", "pseudo-labels", "street.png")), "pseudo-labels");
    assertEquals(decodeLabels(bytesOf(join(layers, "pseudo-1.png")), "layer").labels, pseudo.labels);
    const truth = decodeLabels(bytesOf(join(streets, "train", "labels", "street.png")), "truth");
    assertEquals(decodeLabels(bytesOf(join(layers, "truth.png")), "layer").labels, truth.labels);
    const image = await decodeImage(bytesOf(join(layers, "image.jpg")), "image");
    assertEquals([image.height, image.width], [32, 64]);
    const confidence = decodeLabels(bytesOf(join(layers, "confidence.png")), "layer").labels;
    assert(Math.min(...confidence) >= Math.floor(255 / 14) && Math.max(...confidence) <= 255);
    const page = readFileSync(join(run, "report.html"), "utf8");
    assert(!foreign.test(page), foreign.exec(page)?.[0]);
    assertStringIncludes(page, "Content-Security-Policy");

    // The same page again, and the events again, from the folder alone.
    const [events = ""] = readdirSync(join(run, "tensorboard"));
    const logged = bytesOf(join(run, "tensorboard", events));
    const losses = readEvents(logged).filter(({ values }) => values[0]?.tag === "loss");
    assertEquals(losses.length, report.loss.reduce((sum, { steps }) => sum + steps.length, 0));
    rmSync(join(run, "report.html"));
    rmSync(join(run, "tensorboard"), { recursive: true });
    const again = await crosswalk("report", run, "--tensorboard");
    assertEquals(again.code, 0, again.stderr);
    assertEquals(readFileSync(join(run, "report.html"), "utf8"), page);
    assertEquals(bytesOf(join(run, "tensorboard", events)), logged);

    // An evaluation, and both side by side.
    const scored = join(folder, "scored");
    const weights = ["--weights", join(run, "weights.safetensors"), "--data", streets];
    const evaluated = await crosswalk("evaluate", ...weights, "--out", scored);
    assertEquals(evaluated.code, 0, evaluated.stderr);
    assertStringIncludes(evaluated.stdout, join(scored, "report.html"));
    const { miou, confusion } = JSON.parse(readFileSync(join(scored, "result.json"), "utf8"));
    assertEquals([miou, confusion], [result.adapted.miou, result.adapted.confusion]);
    const own = readRunReport(scored);
    assertEquals([own.kind, own.scores[0]?.miou, own.strips.length], ["evaluate", miou, 1]);
    assertEquals(own.strips[0]?.layers.map(({ title }) => title), ["ground truth", "prediction", "confidence"]);
    const both = await crosswalk("report", run, scored, "--out", join(folder, "both.html"), "--json");
    assertEquals([both.code, JSON.parse(both.stdout).report], [0, join(folder, "both.html")], both.stderr);

    const refused = await crosswalk("evaluate", ...weights, "--out", run);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, `${run} holds a run already`);
    assert(existsSync(join(run, "report", "run.json")));
  }));

Deno.test("train leaves a report of what it trained, and report says what is no run", () =>
  inTemporaryFolder(async (folder) => {
    const [streets, config, run] = [join(folder, "streets"), join(folder, "recipe.yaml"), join(folder, "run")];
    writeStreets(streets);
    writeFileSync(config, recipe);
    const trained = await crosswalk(
      "train",
      "--source",
      streets,
      "--short-side",
      "32",
      "--config",
      config,
      "--out",
      run,
    );
    assertEquals(trained.code, 0, trained.stderr);
    const report = readRunReport(run);
    const { miou } = JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
    assertEquals([report.kind, report.scores.map(({ name }) => name), report.scores[0]?.miou], [
      "train",
      ["after"],
      miou,
    ]);
    assertEquals([report.loss.map(({ stage }) => stage), report.rounds], [["source"], []]);
    assertEquals(report.strips[0]?.layers.map(({ title }) => title), ["ground truth", "prediction", "confidence"]);
    assert(existsSync(join(run, "report.html")));

    for (
      const [args, code, text] of [[[], 2, "Give the folder of a run"], [[folder], 1, "There is no run in"]] as const
    ) {
      const refused = await crosswalk("report", ...args);
      assertEquals([refused.code, refused.stderr.includes(text)], [code, true], refused.stderr);
    }
  }));
