// The conclusions about each case for its cells as they are now.

import { concludeCase } from "./case.mjs";
import { countsNow, isMoved } from "./cells.mjs";
import { cellsOf, report } from "./data.mjs";
import { revision } from "./state.mjs";

// Case name → {revision, value}.
const known = new Map();

/** Return the conclusions of the program, or new ones once a chromosome of the case was moved. */
export function caseNow(one) {
  if (known.get(one.case)?.revision !== revision) {
    known.set(one.case, { revision, value: conclude(one) });
  }
  return known.get(one.case).value;
}

// The one place that calls the rules.
function conclude(one) {
  const cells = cellsOf(one);
  if (!cells.some(isMoved)) return one;
  const now = cells.map((cell) => (
    { cell: cell.cell, counts: countsNow(cell), corrected: isMoved(cell) }
  ));
  return concludeCase(one, now, report.classes);
}

export const caseFormulaText = (conclusion) =>
  conclusion.formula !== "" ? conclusion.formula : `no formula: ${conclusion.withheld}`;
