// The conclusions about each case for its cells as they are now.

import { concludeCase } from "./case.mjs";
import { countsNow, isMoved } from "./cells.mjs";
import { cellNamed, cellsOf, report } from "./data.mjs";
import { numberProblem, totalOf } from "./formula.mjs";
import { differences, states } from "./state.mjs";

// Case name → {decided, value}.
const known = new Map();

/** Return the conclusions of the program, or new ones once a person decided about a cell. */
export function caseNow(one) {
  const decided = decisionsOf(one);
  // What else a person does in the case, and in other cases, changes nothing here.
  if (known.get(one.case)?.decided !== decided) {
    known.set(one.case, { decided, value: conclude(one) });
  }
  return known.get(one.case).value;
}

const decisionsOf = (one) => JSON.stringify(cellsOf(one).filter(isDecided).map((cell) => [
  cell.cell,
  differences(cell)
    .filter(({ field }) => field === "class")
    .map(({ image, now }) => [image, now]),
]));

/** Return whether a person decided on the counts of a cell: corrected or confirmed them. */
const isDecided = (cell) => isMoved(cell) || states.get(cell.cell).reviewed;

// The one place that calls the rules.
function conclude(one) {
  if (!cellsOf(one).some(isDecided)) return one;
  const reasons = new Map(one.cells.set_aside.map(({ cell, reason }) => [cell, reason]));
  const copied = new Set(one.copies.map(({ cell }) => cell));
  const cells = [...Object.keys(one.evidence), ...reasons.keys()].map((name) => {
    const cell = cellNamed(name);
    if (cell === undefined) return unread(name, reasons.get(name));
    const counts = countsNow(cell);
    // Of a copy with a formula of its own, the other cells decide below.
    const reason = copied.has(name) && cell.iscn !== "" ? undefined : reasons.get(name);
    return {
      cell: name,
      counts: report.classes.map((label) => counts[label]),
      aside: isMoved(cell) ? asideNow(cell, counts) : reason ?? "",
      // What a person decided is certain, and has no second-best assignment.
      margin: isDecided(cell) ? null : cell.margin,
      // Of a copy that did not count, only what it shows is known.
      certain: isDecided(cell) || one.evidence[name] === undefined,
    };
  });
  setCopiesAside(cells, one.copies);
  return { ...one, ...concludeCase(cells, one.settings, one.candidates, one.evidence) };
}

/** Return a cell that could not be karyotyped. */
const unread = (name, aside) => (
  { cell: name, counts: report.classes.map(() => 0), aside, margin: null, certain: false }
);

/** Set all cells aside of which an earlier one counts that is the same, as Python does. */
function setCopiesAside(cells, copies) {
  const byName = new Map(cells.map((one) => [one.cell, one]));
  const counted = new Set();
  for (const { cell, of } of copies) {
    const own = byName.get(cell);
    const first = of.find((other) => counted.has(other.cell));
    if (own.aside === "" && first !== undefined) {
      own.aside = `the same images as \`${first.cell}\` (${first.images} of them)`;
    }
    if (own.aside === "") counted.add(cell);
  }
}

/** Return why a corrected cell does not count; empty if it does. */
function asideNow(cell, counts) {
  if (cell.withheld !== "") return cell.withheld;
  return numberProblem(totalOf(counts, report.classes), report.complete_cell);
}

export const caseFormulaText = (conclusion) =>
  conclusion.formula !== "" ? conclusion.formula : `no formula: ${conclusion.withheld}`;
