/**
 * Options as people read them: defaults as text, and the table of `docs/recipes.md`.
 *
 * @module
 */

import { type Option, options, recipeCommands, recipeObstacle } from "./options.ts";

/**
 * The table of `docs/recipes.md`: every key of a recipe with its default, the commands that read it, and its meaning.
 */
export function recipeTable(): string {
  const rows = options.filter((option) => recipeObstacle(option) === null).map((option) => [
    `\`${option.key}\``,
    defaultsText(option),
    recipeCommands(option).join(", "),
    `${option.help}${option.choices ? `. One of: ${choicesText(option)}` : ""}`,
  ]);
  const lines = [["key", "default", "commands", "meaning"], ["---", "---", "---", "---"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines.map((cells) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, cell === "---" ? "-" : " "));
    return `| ${padded.join(" | ")} |`;
  }).join("\n");
}

function defaultsText(option: Option): string {
  const { default: value, differs = {} } = option;
  const others = recipeCommands(option).map((command) => [command, differs[command]?.default] as const)
    .filter(([, other]) => other !== undefined)
    .map(([command, other]) => `; ${command}: ${formatDefault(other)}`);
  return `${formatDefault(value)}${others.join("")}`;
}

function choicesText({ choices = [], differs = {} }: Option): string {
  const others = Object.entries(differs).flatMap(([command, { choices: more = [] }]) => {
    const added = more.filter((choice) => !choices.includes(choice));
    return added.length === 0 ? [] : [`; ${command} also ${added.join(", ")}`];
  });
  return `${choices.join(", ")}${others.join("")}`;
}

/** A default as text. */
export function formatDefault(value: Option["default"]): string {
  return value === undefined ? "–" : Array.isArray(value) ? value.join(",") : String(value);
}
