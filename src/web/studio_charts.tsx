/**
 * The numbers of a run while it goes on: the loss, the thresholds and what they select, and the scores.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { type PageClass, Swatch } from "./studio_pictures.tsx";
import type { RoundView, RunView } from "./studio_run.ts";

const width = 640;
const height = 160;

/** The loss over the steps of all stages, one after the other. Each stage is a line of its own. */
export function LossChart({ losses }: Pick<RunView, "losses">): JSX.Element | null {
  const stages = [...losses].filter(([, points]) => points.length > 0);
  const last = stages.at(-1);
  const values = stages.flatMap(([, points]) => points.map(([, loss]) => loss)).filter(Number.isFinite);
  if (last === undefined || values.length < 2) return null;
  const top = Math.max(...values);
  const total = stages.reduce((sum, [, points]) => sum + (points.at(-1)?.[0] ?? 0) + 1, 0);
  let before = 0;
  const lines = stages.map(([name, points]) => {
    const from = before;
    before += (points.at(-1)?.[0] ?? 0) + 1;
    const place = ([step, loss]: readonly [number, number]) =>
      `${((from + step) / total * width).toFixed(1)},${((1 - loss / top) * height).toFixed(1)}`;
    return <polyline key={name} points={points.map(place).join(" ")} />;
  });
  const [step, loss] = last[1].at(-1) ?? [0, 0];
  const text = `Loss ${loss.toFixed(3)} at step ${step + 1} of ${last[0]}. The highest is ${top.toFixed(2)}.`;
  return (
    <figure>
      <svg class="loss" viewBox={`0 -4 ${width} ${height + 8}`} preserveAspectRatio="none" role="img" aria-label={text}>
        {lines}
      </svg>
      <figcaption>{text} Each line is a stage of training.</figcaption>
    </figure>
  );
}

/** The threshold of each class and what it selects, a column for each round. */
export function RoundTable(
  { rounds, classes }: { readonly rounds: readonly RoundView[]; readonly classes: readonly PageClass[] },
): JSX.Element | null {
  if (rounds.length === 0) return null;
  const caption = "A pixel gets the class's label if its confidence is above the threshold λ. " +
    "The bar and the percentage are the class's share of all labelled pixels; “right” is the share of its labels that are.";
  return (
    <ClassTable
      {...{ classes, caption }}
      label="Thresholds of the classes"
      heads={rounds.map((one) => `Round ${one.round}`)}
    >
      {(index) =>
        rounds.map(({ round, lambda, labelled, precision }) => {
          const share = (labelled[index] ?? 0) / Math.max(1, labelled.reduce((sum, count) => sum + count, 0));
          const right = precision[index];
          return (
            <Cell key={round} share={share}>
              λ {(lambda[index] ?? 1).toPrecision(3)}, {percent(share)}
              {typeof right === "number" && `, ${percent(right)} right`}
            </Cell>
          );
        })}
    </ClassTable>
  );
}

/** IoU of each class, a column for each time that the network was scored. */
export function ScoreTable(
  { scores, classes }: Pick<RunView, "scores"> & { readonly classes: readonly PageClass[] },
): JSX.Element | null {
  const columns = [...scores].flatMap(([stage, found]) => found === null ? [] : [{ name: scoreName(stage), ...found }]);
  if (columns.length === 0) return null;
  return (
    <ClassTable
      {...{ classes }}
      caption="IoU on labelled pictures of the target, which the network never learns from"
      label="Scores of the classes"
      heads={columns.map(({ name }) => name)}
      first={
        <tr class="total">
          <th scope="row">Mean</th>
          {columns.map(({ name, miou }) => <Cell key={name} share={miou ?? 0}>{percent(miou)}</Cell>)}
        </tr>
      }
    >
      {(_, { name: one }) =>
        columns.map(({ name, iou }) => <Cell key={name} share={iou[one] ?? 0}>{percent(iou[one])}</Cell>)}
    </ClassTable>
  );
}

function ClassTable({ classes, caption, label, heads, first, children }: {
  readonly classes: readonly PageClass[];
  readonly caption: string;
  readonly label: string;
  readonly heads: readonly string[];
  readonly first?: JSX.Element;
  readonly children: (index: number, one: PageClass) => ComponentChildren;
}): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="by-class">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Class</th>
            {heads.map((head) => <th scope="col" key={head}>{head}</th>)}
          </tr>
        </thead>
        <tbody>
          {first}
          {classes.map((one, index) => (
            <tr key={one.name}>
              <th scope="row">
                <Swatch color={one.color} /> <bdi>{one.name}</bdi>
              </th>
              {children(index, one)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ share, children }: { readonly share: number; readonly children: ComponentChildren }): JSX.Element {
  return (
    <td class="measured">
      {children}
      <span class="share" style={{ width: `${100 * share}%` }} />
    </td>
  );
}

function percent(share: number | null | undefined): string {
  return typeof share === "number" ? `${(share * 100).toFixed(1)} %` : "–";
}

/** How a table names a scoring. */
function scoreName(stage: string): string {
  return stage.startsWith("source") ? "Before" : `After ${stage.replace(": evaluation", "")}`;
}
