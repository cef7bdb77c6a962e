// The conclusions about a case from its cells. Same rules as karyotyping/case.

import { draftIscn } from "./formula.mjs";
import { sum } from "./text.mjs";

// Natural logarithm of the odds against one chromosome too many or too few in a corrected cell.
const CHANCE_CHANGE_NATS = Math.log(50);
// ISCN: a gain is clonal in two cells, a loss in three.
const CLONAL_GAIN = 2;
const CLONAL_LOSS = 3;

function evidenceOf(cell, stored, candidates, classes) {
  if (!cell.corrected) return stored;
  return candidates.map(({ counts }) => {
    const differ = sum(classes.map((name, place) => Math.abs(cell.counts[name] - counts[place])));
    return -CHANCE_CHANGE_NATS * differ;
  });
}

function posteriors(one, cells, classes) {
  const scores = one.candidates.map((candidate) => candidate.log_prior);
  for (const cell of cells) {
    evidenceOf(cell, one.evidence[cell.cell], one.candidates, classes).forEach((nats, place) => {
      scores[place] += nats;
    });
  }
  const best = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - best));
  const total = sum(weights);
  return one.candidates
    .map((candidate, place) => ({ ...candidate, posterior: weights[place] / total }))
    .sort((a, b) => b.posterior - a.posterior);
}

function changesOf(cell, counts, classes) {
  return classes.flatMap((name, place) => {
    const gained = cell.counts[name] - counts[place];
    return Array(Math.abs(gained)).fill(`${gained > 0 ? "+" : "-"}${name}`);
  });
}

function groupBy(cells, keysOf) {
  const found = new Map();
  for (const cell of cells) {
    for (const key of new Set(keysOf(cell))) {
      found.set(key, [...(found.get(key) ?? []), cell.cell]);
    }
  }
  return [...found].sort((a, b) => b[1].length - a[1].length);
}

function countTable(cells, classes) {
  return Object.fromEntries(
    classes.map((name) => {
      const counts = {};
      for (const cell of cells) counts[cell.counts[name]] = (counts[cell.counts[name]] ?? 0) + 1;
      return [name, counts];
    }),
  );
}

const normalCounts = (counts, classes) =>
  classes.map((name, place) => (name === "X" || name === "Y" ? counts[place] : 2));

/**
 * Return the conclusions about a case whose cells a person corrected.
 *
 * @param one The conclusions of the program about the case.
 * @param cells Its cells as they are now: {cell, counts by class name, corrected}.
 * @param classes Names of the classes.
 */
export function concludeCase(one, cells, classes) {
  const counted = cells.filter((cell) => one.evidence[cell.cell] !== undefined);
  if (counted.length === 0 || one.candidates.length === 0) return one;
  const [first, ...others] = posteriors(one, counted, classes);
  const normal = normalCounts(first.counts, classes);
  const changes = groupBy(counted, (cell) => changesOf(cell, normal, classes));
  const isClonal = ([change, names]) =>
    names.length >= (change.startsWith("+") ? CLONAL_GAIN : CLONAL_LOSS);
  const sex = {};
  for (const { counts, posterior } of [first, ...others]) {
    const name = "X".repeat(counts.at(-2)) + "Y".repeat(counts.at(-1));
    sex[name] = (sex[name] ?? 0) + posterior;
  }
  return {
    ...one,
    formula: one.withheld === "" ? first.iscn : "",
    posterior: first.posterior,
    alternatives: others.slice(0, Math.max(3, one.alternatives.length)).map(
      ({ iscn, posterior }) => ({ formula: iscn, posterior }),
    ),
    lines: groupBy(counted, (cell) => [draftIscn(cell.counts, classes)]).map(
      ([iscn, names]) => ({ iscn, cells: names }),
    ),
    class_counts: countTable(counted, classes),
    clones: changes.filter(isClonal).map(([change, names]) => ({ change, cells: names })),
    single_changes: changes.filter((entry) => !isClonal(entry)).flatMap(([change, names]) =>
      names.map((cell) => ({ cell, change, text: "not clonal" })),
    ),
    sex,
  };
}
