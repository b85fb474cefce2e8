/**
 * A run that goes on from a round of another run, with other settings and in a folder of its own.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../errors.ts";
import { readFile } from "../disk/files.ts";
import { validated } from "../formats/validation.ts";
import type { EarlierRounds } from "../selftraining/adaptation.ts";
import type { KeptForm } from "../selftraining/kept.ts";
import { scoresForm } from "../selftraining/kept_results.ts";
import { roundWeights } from "../selftraining/round_judge.ts";
import type { Settings, Values } from "../settings/settings.ts";
import { readConfig, savedSettings } from "./run_config.ts";
import type { InspectedSplit } from "./inspection.ts";

/** Options of a run that do not hold for one that goes on from it: which network it began with. */
const ownKeys = ["weights", "source-model", "run", "from-round"] as const;

/**
 * The settings of a run, for one that goes on from it.
 *
 * @throws {UsageError} if there is no run in the folder.
 */
export function continuedSettings(run: string): Values {
  const saved = savedSettings(run);
  if (saved === null) throw new UsageError(`There is no run in ${run} to go on from: it has no config.json`);
  return Object.fromEntries(Object.entries(saved).filter(([key]) => !ownKeys.some((own) => own === key)));
}

/**
 * The weight file of the network that a run begins with where it goes on from another; `undefined` where it does not.
 *
 * @throws {UsageError} if options are missing or contradict each other, or if the other run does not hold the network.
 */
export function continuedWeights(settings: Settings): string | undefined {
  const [run, round] = [settings.get("run"), settings.get("from-round")];
  if (run === undefined && round === undefined) return undefined;
  if (run === undefined || round === undefined) {
    throw new UsageError("Give both --run, the folder of a run, and --from-round, the round to go on from");
  }
  if (settings.has("source-model") || settings.has("weights")) {
    throw new UsageError("Give --run without --source-model and --weights: the network is that of the run");
  }
  if (settings.get("rounds") <= round) {
    throw new UsageError(
      `Nothing is left to do after round ${round}: --rounds is ${settings.get("rounds")}. Raise it, ` +
        "or go on from an earlier round",
    );
  }
  const path = join(run, round === 0 ? "source.safetensors" : roundWeights(round));
  if (existsSync(path)) return path;
  // A run of an earlier version kept its last network only.
  const last = join(run, "weights.safetensors");
  if (round > 0 && readRounds(run)?.rounds.length === round && existsSync(last)) return last;
  throw new UsageError(`The run in ${run} does not hold the network after round ${round}: ${path} is missing`);
}

/**
 * What is known of the rounds before a run that goes on from another; `undefined` where it does not. Scores are taken over
 * if the images that are scored are the same.
 */
export function earlierRounds(settings: Settings, evaluation: InspectedSplit | null): EarlierRounds | undefined {
  const [run, round] = [settings.get("run"), settings.get("from-round")];
  if (run === undefined || round === undefined) return undefined;
  const scored = readConfig(run)?.record?.facts.data.evaluation?.digest;
  const known = evaluation !== null && scored === evaluation.digest ? readRounds(run) : null;
  return { round, sourceOnly: known?.sourceOnly ?? null, rounds: known?.rounds ?? [] };
}

const resultForm = v.object({ sourceOnly: v.unknown(), rounds: v.array(v.unknown()) });

/** The scores of a finished run; `null` if it is not finished. */
function readRounds(run: string): Pick<EarlierRounds, "sourceOnly" | "rounds"> | null {
  const path = join(run, "result.json");
  if (!existsSync(path)) return null;
  const { sourceOnly, rounds } = validated(resultForm, new TextDecoder().decode(readFile(path)), path, "result");
  const read = <T>(form: KeptForm<T>, value: unknown): T => {
    try {
      return form(value);
    } catch (error) {
      throw new Error(`Cannot read the result ${path}: ${error instanceof Error ? error.message : error}`);
    }
  };
  return { sourceOnly: read(scoresForm, sourceOnly), rounds: rounds.map((one) => read(scoresForm, one)) };
}
