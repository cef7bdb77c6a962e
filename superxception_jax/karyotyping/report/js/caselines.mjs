// Cell lines of a case: what a preparation shows of them, and how probable each is beforehand.
// Same rules as karyotyping/case/preparation.py and cell_lines.py; a test compares the two.

import { sum } from "./text.mjs";

const AUTOSOME_COUNT = 22;
const MOST_COPIES = 8;
export const CASE_CLASSES = [
  ...Array.from({ length: AUTOSOME_COUNT }, (_, place) => `${place + 1}`), "X", "Y",
];
const PLACE_X = AUTOSOME_COUNT;
const PLACE_Y = AUTOSOME_COUNT + 1;
const ISCN_ORDER = [PLACE_X, PLACE_Y, ...Array(AUTOSOME_COUNT).keys()];
const withSexes = (x, y) => [...Array(AUTOSOME_COUNT).fill(2), x, y];
const NORMAL_XX = withSexes(2, 0);
const NORMAL_XY = withSexes(1, 1);
const USUAL_SEXES = [[1, 0], [3, 0], [2, 1], [1, 2]];
const UNLISTED_SEX = 1e-6;
const SEX_CHANGE = 0.1;
const GAIN = 0.01;
const USUAL_GAIN = 0.05;
const USUAL_GAINS = { constitutional: ["13", "18", "21"], neoplastic: [] };
const LOSS = { constitutional: 0.005, neoplastic: 0.01 };

export const ninth = (number) => Math.round(number * 1e9) / 1e9;
export const sameCounts = (one, other) => one.every((count, place) => count === other[place]);
export const isNormal = (counts) => sameCounts(counts, NORMAL_XX) || sameCounts(counts, NORMAL_XY);
export const sexOf = (counts) => "X".repeat(counts[PLACE_X]) + "Y".repeat(counts[PLACE_Y]) || "?";
export const logSum = (logs) => {
  const most = Math.max(...logs);
  return most + Math.log(sum(logs.map((log) => Math.exp(log - most))));
};

const logFactorial = (number) => {
  let log = 0;
  for (let factor = 2; factor <= number; factor += 1) log += Math.log(factor);
  return log;
};

/** Return the log-probability that a cell of a line shows so many chromosomes of a class. */
function logShown(count, shown, { lost, gained }) {
  const logs = Array.from({ length: MOST_COPIES + 1 }, (_, number) => {
    const kept = Math.min(number, count);
    const more = Math.max(number - count, 0);
    const ways = logFactorial(count) - logFactorial(kept) - logFactorial(count - kept);
    const fewer = (count - kept) * Math.log(lost) + kept * Math.log1p(-lost);
    const added = more * Math.log(gained * (count + 1)) + logFactorial(count);
    return ways + fewer + added - logFactorial(count + more);
  });
  return logs[Math.min(shown, MOST_COPIES)] - logSum(logs);
}

/** Return the log-probability that a cell of a line shows certain counts. */
export const countEvidence = (shown, counts, settings) =>
  ninth(sum(counts.map((count, place) => logShown(count, shown[place], settings))));

function listedPrior(counts, { autosomes, sexes }) {
  const rarest = Math.min(...autosomes.map((row) => row.at(-1)));
  const logs = autosomes.map((row, place) => Math.log(row[counts[place]] ?? rarest));
  const sex = sexOf(counts) === "?" ? "" : sexOf(counts);
  return sum(logs) + Math.log(sexes[sex] ?? UNLISTED_SEX);
}

function normalCandidates({ sex }) {
  if (sex === "") return [NORMAL_XX, NORMAL_XY];
  return [sex === "XX" ? NORMAL_XX : NORMAL_XY];
}

function logConstitution(counts, settings) {
  const normal = normalCandidates(settings);
  if (normal.some((one) => sameCounts(one, counts))) return ninth(listedPrior(counts, settings));
  const ways = normal.map((one) => listedPrior(one, settings) + logChange(one, counts, settings));
  const replaced = Math.log(settings.mosaicism / 2) + logSum(ways);
  return ninth(logSum([listedPrior(counts, settings), replaced]));
}

/** Return the log weight of the changes from one cell line to another. */
export function logChange(before, after, { order }) {
  const logs = CASE_CLASSES.map((name, place) => {
    const gained = after[place] - before[place];
    let weight = USUAL_GAINS[order].includes(name) ? USUAL_GAIN : GAIN;
    if (gained < 0) weight = LOSS[order];
    if (place >= AUTOSOME_COUNT) weight = SEX_CHANGE;
    return Math.abs(gained) * Math.log(weight);
  });
  return ninth(sum(logs));
}

/** Return the normal counts from which the changes of a case are counted. */
export function referenceOf(seen, sex) {
  if (sex !== "") return sex === "XX" ? NORMAL_XX : NORMAL_XY;
  const having = (x, y) => seen.filter((one) => one[PLACE_X] === x && one[PLACE_Y] === y).length;
  const females = having(2, 0);
  const males = having(1, 1);
  if (females !== males) return females > males ? NORMAL_XX : NORMAL_XY;
  return seen.some((one) => one[PLACE_Y] > 0) ? NORMAL_XY : NORMAL_XX;
}

/** Return the changes between counts; a second copy is named with the first one. */
export function changesBetween(before, after) {
  return ISCN_ORDER.flatMap((place) => {
    const gained = after[place] - before[place];
    const change = `${gained > 0 ? "+" : "-"}${CASE_CLASSES[place]}`;
    const copies = Array.from({ length: Math.abs(gained) }, (_, copy) => copy + 1);
    return copies.map((number) => Array(number).fill(change).join(","));
  });
}

export const cellsNeeded = (change, settings) =>
  change.startsWith("+") ? settings.cells_of_gain : settings.cells_of_loss;

/** Return how many cells with the same changes are a clone; any gain among them decides. */
export const cellsOfLine = (changes, settings) =>
  cellsNeeded(changes.find((change) => change.startsWith("+")) ?? changes[0], settings);

const placeOf = (change) => {
  const name = change.split(",")[0].slice(1);
  const place = { X: -1, Y: 0 }[name] ?? Number(name);
  return [place, change.split(",").length, change.startsWith("+") ? 0 : 1];
};

/** Compare lists of numbers by their first difference. */
export function compareLists(one, other) {
  const place = one.findIndex((number, index) => number !== other[index]);
  return place < 0 ? 0 : one[place] - other[place];
}

/** Return the normal counts from which the changes of one line are counted. */
export function lineReference(counts, reference) {
  if (counts[PLACE_Y] > 0) return NORMAL_XY;
  return counts[PLACE_X] > 1 ? NORMAL_XX : reference;
}

/** Return the changes of a line from the normal counts that it came from. */
export const changesOf = (counts, reference) =>
  changesBetween(lineReference(counts, reference), counts);

/** Return the changes that are in enough cells to be a clone: change → places of the cells. */
export function clonalChanges(seen, reference, settings) {
  const found = new Map();
  seen.forEach((counts, place) => {
    for (const change of changesOf(counts, reference)) {
      found.set(change, [...(found.get(change) ?? []), place]);
    }
  });
  return new Map(
    [...found]
      .filter(([change, places]) => places.length >= cellsNeeded(change, settings))
      .sort(([one], [other]) => compareLists(placeOf(one), placeOf(other))),
  );
}

function onlyClonal(counts, reference, clonal) {
  const kept = [...lineReference(counts, reference)];
  for (const change of changesOf(counts, reference)) {
    const place = CASE_CLASSES.indexOf(change.split(",")[0].slice(1));
    if (clonal.has(change)) kept[place] += change.startsWith("+") ? 1 : -1;
  }
  return kept;
}

/** Return the counts that a cell line may have, with their prior. */
export function candidatesOf(cells, settings) {
  const seen = cells.map((one) => one.counts.map((count) => Math.min(count, MOST_COPIES)));
  const reference = referenceOf(seen, settings.sex);
  const clonal = clonalChanges(seen, reference, settings);
  const all = [
    ...normalCandidates(settings),
    ...USUAL_SEXES.map(([x, y]) => withSexes(x, y)),
    ...seen.flatMap((counts) => [
      counts,
      counts.map((count, place) => (place < AUTOSOME_COUNT ? Math.max(count, 2) : count)),
      onlyClonal(counts, reference, clonal),
    ]),
  ];
  const distinct = new Map(all.map((counts) => [counts.join(), counts]));
  return [...distinct.values()].map(
    (counts) => ({ counts, log_prior: logConstitution(counts, settings) }),
  );
}
