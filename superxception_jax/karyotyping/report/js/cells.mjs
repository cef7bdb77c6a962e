// Counts and formula that follow from the state of a cell.

import { ASIDE, report } from "./data.mjs";
import { draftFormula, totalOf } from "./formula.mjs";
import { chromosomeState, states } from "./state.mjs";
import { plural, sum } from "./text.mjs";

export function countsNow(cell) {
  const counts = Object.fromEntries(report.classes.map((name) => [name, 0]));
  for (const { class: name } of states.get(cell.cell).chromosomes.values()) {
    if (name !== ASIDE) counts[name] += 1;
  }
  return counts;
}

export function draftOf(cell) {
  const moved = cell.chromosomes.some((one) => chromosomeState(cell, one.name).class !== one.class);
  return moved ? draftFormula(countsNow(cell), report, cell.withheld) : cell.iscn;
}

/** Return a formula as a person reads it; where there is none, say why. */
function formulaText(formula, total, withheld) {
  if (formula !== "") return formula;
  if (withheld !== "") return `no formula: ${withheld}`;
  const { least, most } = report.complete_cell;
  const chromosomes = plural(total, "chromosome");
  return total < least
    ? `no formula: incomplete cell (${chromosomes})`
    : `no formula: ${chromosomes}, expected ${least} to ${most}`;
}

export const automaticFormulaText = (cell) =>
  formulaText(cell.iscn, cell.chromosomes.length, cell.withheld);

export const draftText = (cell) =>
  formulaText(draftOf(cell), totalOf(countsNow(cell), report.classes), cell.withheld);

export function flagCount(cell) {
  const ofChromosomes = sum(cell.chromosomes.map((one) => one.flags.length));
  return ofChromosomes + cell.flags.length + cell.unread.length + cell.set_aside.length;
}

export function correctionCount(cell) {
  return cell.chromosomes.filter((one) => {
    const state = chromosomeState(cell, one.name);
    return state.class !== one.class || state.turned !== one.turned;
  }).length;
}

export function checkedCount(cell) {
  return [...states.get(cell.cell).chromosomes.values()].filter((one) => one.checked).length;
}

export function membersOf(cell, name) {
  return cell.chromosomes
    .filter((one) => chromosomeState(cell, one.name).class === name)
    .sort((a, b) => b.length_px - a.length_px);
}
