// Which cell lines the cells of a case come from. Same rules as karyotyping/case/hypotheses.py.

import { isNormal, logChange, logSum, ninth } from "./caselines.mjs";
import { sum } from "./text.mjs";

const SHARE_STEPS = { 1: 1, 2: 39, 3: 23, 4: 15 };
const MOST_FREQUENT = 8;
const LEAST_LOG = -700;

export const placeOfMost = (numbers) => numbers.indexOf(Math.max(...numbers));

function combinationsOf(places, size) {
  if (size === 0) return [[]];
  return places.flatMap((place, index) =>
    combinationsOf(places.slice(index + 1), size - 1).map((rest) => [place, ...rest]),
  );
}

/** Return the shares over which a mosaic is integrated: a lattice of equal weights. */
function shareGrid(lines) {
  if (lines === 1) return [[1]];
  const steps = SHARE_STEPS[lines];
  let parts = [[]];
  for (let line = 1; line < lines; line += 1) {
    parts = parts.flatMap((one) =>
      Array.from({ length: steps - sum(one) + 1 }, (_, number) => [...one, number]),
    );
  }
  return parts.map((one) =>
    [...one, steps - sum(one)].map((part) => (part + 0.5) / (steps + lines / 2)),
  );
}

function makeHypothesis(lines, candidates, changes, { mosaicism }) {
  const rest = [...lines];
  const root = rest[placeOfMost(rest.map((place) => candidates[place].log_prior))];
  rest.splice(rest.indexOf(root), 1);
  const ordered = [root];
  const parents = [0];
  let log = candidates[root].log_prior;
  while (rest.length > 0) {
    const edges = rest.flatMap((child) =>
      ordered.map((line, parent) => ({ child, parent, weight: changes[line][child] })),
    );
    const { child, parent, weight } = edges[placeOfMost(edges.map((one) => one.weight))];
    log += Math.log(mosaicism) + weight;
    rest.splice(rest.indexOf(child), 1);
    ordered.push(child);
    parents.push(parent);
  }
  if (ordered.length === 1) log += Math.log1p(-mosaicism);
  return { lines: ordered, parents, log };
}

/** Return all hypotheses: each candidate, all pairs, and more lines of the frequent ones. */
export function makeHypotheses(candidates, rows, settings) {
  const fits = Array(candidates.length).fill(0);
  for (const row of rows) fits[placeOfMost(row)] += 1;
  const least = Math.min(2, settings.cells_of_gain);
  const frequent = [...candidates.keys()]
    .filter((place) => fits[place] >= (isNormal(candidates[place].counts) ? 1 : least))
    .sort((one, other) => fits[other] - fits[one])
    .slice(0, MOST_FREQUENT)
    .sort((one, other) => one - other);
  const every = [...candidates.keys()];
  const chosen = [
    ...combinationsOf(every, 1),
    ...combinationsOf(every, 2),
    ...combinationsOf(frequent, 3),
    ...combinationsOf(frequent, 4),
  ];
  const changes = candidates.map((before) =>
    candidates.map((after) => logChange(before.counts, after.counts, settings)),
  );
  return chosen.map((lines) => makeHypothesis(lines, candidates, changes, settings));
}

const logMean = (logs) => logSum(logs) - Math.log(logs.length);

function normalized(logs) {
  const total = logSum(logs);
  return logs.map((log) => Math.exp(log - total));
}

/** Return what all cells say of one hypothesis, and what they say without each of them. */
function weighOne({ lines, log }, rows, fit, grid) {
  const mixed = fit.map((one) => {
    const own = lines.map((line) => one[line]);
    return grid.map((shares) => Math.log(sum(own.map((value, at) => value * shares[at]))));
  });
  const totals = grid.map((_, point) => sum(mixed.map((one) => one[point])));
  const most = Math.max(...totals);
  const weights = totals.map((total) => Math.exp(total - most));
  const shares = lines.map(
    (_, at) => sum(grid.map((point, place) => weights[place] * point[at])) / sum(weights),
  );
  return {
    log: log + logMean(totals),
    without: mixed.map((one) => log + logMean(totals.map((total, at) => total - one[at]))),
    lineOf: rows.map((row) =>
      placeOfMost(lines.map((line, at) => ninth(Math.log(shares[at]) + row[line]))),
    ),
  };
}

const keyOf = (lines) => [...lines].sort((one, other) => one - other).join();

/**
 * Return the posterior where a hypothesis with a line without cells is added to the lines that
 * have cells: no formula can tell them apart.
 */
function mergeEmptyLines({ posterior, without, lineOf }, hypotheses) {
  const placeOf = new Map(hypotheses.map(({ lines }, place) => [keyOf(lines), place]));
  // For each cell, the hypotheses of which a line has no cell but this one, and what is left.
  const alone = without.map(() => []);
  const withCells = hypotheses.map(({ lines }, place) => {
    const members = lines.map(() => []);
    lineOf[place].forEach((line, cell) => members[line].push(cell));
    const kept = lines.filter((_, at) => members[at].length > 0);
    lines.forEach((line, at) => {
      if (members[at].length !== 1) return;
      const rest = placeOf.get(keyOf(kept.filter((one) => one !== line))) ?? place;
      alone[members[at][0]].push([place, rest]);
    });
    return placeOf.get(keyOf(kept));
  });
  return {
    posterior: gathered(posterior, withCells),
    without: without.map((one, cell) => {
      const others = [...withCells];
      for (const [place, rest] of alone[cell]) others[place] = rest;
      return gathered(one, others);
    }),
    lineOf,
  };
}

/** Return the posterior where each hypothesis is added to another one, or stays. */
function gathered(posterior, places) {
  const found = posterior.map(() => 0);
  posterior.forEach((share, place) => {
    // What is left of four lines may itself have a line without cells.
    let to = place;
    while (places[to] !== to) to = places[to];
    found[to] += share;
  });
  return found;
}

/** Return the posterior of all hypotheses, also without each single cell. */
export function weighHypotheses(rows, hypotheses) {
  const fit = rows.map((row) => {
    const most = Math.max(...row);
    return row.map((log) => Math.exp(Math.max(log - most, LEAST_LOG)));
  });
  const grids = new Map();
  const found = hypotheses.map((one) => {
    const size = one.lines.length;
    if (!grids.has(size)) grids.set(size, shareGrid(size));
    return weighOne(one, rows, fit, grids.get(size));
  });
  const weighed = {
    posterior: normalized(found.map((one) => one.log)),
    without: rows.map((_, cell) => normalized(found.map((one) => one.without[cell]))),
    lineOf: found.map((one) => one.lineOf),
  };
  return mergeEmptyLines(weighed, hypotheses);
}
