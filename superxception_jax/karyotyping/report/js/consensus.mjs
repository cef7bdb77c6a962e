// The conclusions about each case for its cells as they are now.

import { concludeCase } from "./case.mjs";
import { countsNow, isMoved } from "./cells.mjs";
import { cellNamed, cellsOf, report } from "./data.mjs";
import { totalOf } from "./formula.mjs";
import { differences } from "./state.mjs";
import { plural } from "./text.mjs";

// Case name → {moves, value}.
const known = new Map();

/** Return the conclusions of the program, or new ones once a chromosome of the case was moved. */
export function caseNow(one) {
  const moves = movesOf(one);
  // What else a person does in the case, and in other cases, changes nothing here.
  if (known.get(one.case)?.moves !== moves) known.set(one.case, { moves, value: conclude(one) });
  return known.get(one.case).value;
}

const movesOf = (one) => JSON.stringify(cellsOf(one).flatMap((cell) =>
  differences(cell)
    .filter(({ field }) => field === "class")
    .map(({ image, now }) => [cell.cell, image, now])));

// The one place that calls the rules.
function conclude(one) {
  if (!cellsOf(one).some(isMoved)) return one;
  const reasons = new Map(one.cells.set_aside.map(({ cell, reason }) => [cell, reason]));
  const cells = [...Object.keys(one.evidence), ...reasons.keys()].map((name) => {
    const cell = cellNamed(name);
    if (cell === undefined) return unread(name, reasons.get(name));
    const counts = countsNow(cell);
    return {
      cell: name,
      counts: report.classes.map((label) => counts[label]),
      aside: isMoved(cell) ? asideNow(cell, counts, reasons.get(name)) : reasons.get(name) ?? "",
      // What a person decided is certain, and has no second-best assignment.
      margin: isMoved(cell) ? null : cell.margin,
      certain: isMoved(cell),
    };
  });
  return { ...one, ...concludeCase(cells, one.settings, one.candidates, one.evidence) };
}

/** Return a cell that could not be karyotyped. */
const unread = (name, aside) => (
  { cell: name, counts: report.classes.map(() => 0), aside, margin: null, certain: false }
);

/** Return why a corrected cell does not count; empty if it does. */
function asideNow(cell, counts, reason) {
  // It has a formula of its own and did not count: a copy of another cell, which it stays.
  if (cell.iscn !== "" && reason !== undefined) return reason;
  if (cell.withheld !== "") return cell.withheld;
  const total = totalOf(counts, report.classes);
  const { least, most } = report.complete_cell;
  if (total >= least && total <= most) return "";
  const what = total < least ? "incomplete cell" : "not a near-diploid cell";
  return `${what} (${plural(total, "chromosome")})`;
}

export const caseFormulaText = (conclusion) =>
  conclusion.formula !== "" ? conclusion.formula : `no formula: ${conclusion.withheld}`;
