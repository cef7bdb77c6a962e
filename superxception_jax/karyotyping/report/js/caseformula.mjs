// Draft ISCN formulas of several cell lines. Same rules as karyotyping/case/case_formula.py.

import {
  CASE_CLASSES, changesOf, compareLists, isNormal, lineReference, sexOf,
} from "./caselines.mjs";
import { draftIscn } from "./formula.mjs";
import { sum } from "./text.mjs";

/** Return the draft formula of one cell line, without the number of cells. */
export function lineFormula(counts, reference, { order }) {
  if (order === "constitutional") {
    const named = Object.fromEntries(CASE_CLASSES.map((name, place) => [name, counts[place]]));
    return draftIscn(named, CASE_CLASSES);
  }
  const own = lineReference(counts, reference);
  const kept = counts.map((count, place) => Math.min(count, own[place]));
  const changes = changesOf(counts, reference).map((change) => change.split(",")[0]);
  return [sum(counts), sexOf(kept), ...changes].join(",");
}

const sizeKey = ({ counts, size }) =>
  [isNormal(counts) ? 1 : 0, -size, ...counts.map((count) => -count)];

const bySize = (one, other) => compareLists(sizeKey(one), sizeKey(other));

/** Return related lines together, the larger family first, by the number of changes. */
function byEvolution(lines, reference) {
  let families = [];
  const changesOfLine = new Map(
    lines.map((line) => [line, changesOf(line.counts, reference)]),
  );
  const zygote = ({ counts }) => sexOf(lineReference(counts, reference));
  const areRelated = (one, other) => zygote(one) === zygote(other) &&
    changesOfLine.get(one).some((change) => changesOfLine.get(other).includes(change));
  const sorted = [...lines].sort(bySize);
  for (const line of sorted.filter((one) => !isNormal(one.counts))) {
    const related = families.filter((family) => family.some((one) => areRelated(line, one)));
    families = families.filter((family) => !related.includes(family));
    families.push([line, ...related.flat()]);
  }
  const least = (family) => [...family.map((one) => one.counts)].sort(compareLists)[0];
  const familyKey = (family) => [-sum(family.map((one) => one.size)), ...least(family)];
  families.sort((one, other) => compareLists(familyKey(one), familyKey(other)));
  const lineKey = (line) => [changesOfLine.get(line).length, ...sizeKey(line)];
  for (const family of families) {
    family.sort((one, other) => compareLists(lineKey(one), lineKey(other)));
  }
  return [...families.flat(), ...sorted.filter((one) => isNormal(one.counts))];
}

/** Return whether lines are counted from two zygotes, or none can have had all of them. */
function needTwoZygotes(lines, reference, isConstitutional) {
  if (!isConstitutional) {
    return new Set(lines.map(({ counts }) => sexOf(lineReference(counts, reference)))).size > 1;
  }
  const sexes = lines.map(({ counts }) => [counts.at(-2), counts.at(-1)]);
  if (sexes.some(([x, y]) => x > 1 && y > 0)) return false;
  return sexes.some(([, y]) => y > 0) && sexes.some(([x, y]) => x > 1 && y === 0);
}

/** Return the draft formula of all cell lines, {counts, size} each. */
export function caseFormula(lines, reference, settings) {
  const isConstitutional = settings.order === "constitutional";
  const sorted = isConstitutional ? [...lines].sort(bySize) : byEvolution(lines, reference);
  const formulas = sorted.map(
    ({ counts, size }) => `${lineFormula(counts, reference, settings)}[${size}]`,
  );
  const text = formulas.join("/");
  if (needTwoZygotes(lines, reference, isConstitutional)) return `chi ${text}`;
  return lines.length === 1 || !isConstitutional ? text : `mos ${text}`;
}
