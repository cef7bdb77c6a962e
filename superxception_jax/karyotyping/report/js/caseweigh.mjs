// Which cell lines the cells of a case come from. Same rules as karyotyping/case/hypotheses.py.

import { isNormal, logChange, logSum, ninth } from "./caselines.mjs";
import { sum } from "./text.mjs";

const SHARE_STEPS = { 1: 1, 2: 39, 3: 23, 4: 15 };
const MOST_FREQUENT = 8;
const LEAST_LOG = -700;

export const placeOfMost = (numbers) => numbers.indexOf(Math.max(...numbers));

/** Return the places from the most probable one on; what is equal keeps its order. */
export function mostFirst(logs) {
  const ranks = logs.map(ninth);
  // Of two that are minus infinity the difference is no number.
  return [...ranks.keys()].sort((one, other) => (ranks[other] - ranks[one]) || 0);
}

function combinationsOf(places, size) {
  if (size === 0) return [[]];
  return places.flatMap((place, index) =>
    combinationsOf(places.slice(index + 1), size - 1).map((rest) => [place, ...rest]),
  );
}

/** Return the shares over which a mosaic is integrated, point by point: an even lattice. */
function shareGrid(lines) {
  if (lines === 1) return Float64Array.of(1);
  const steps = SHARE_STEPS[lines];
  let parts = [[]];
  for (let line = 1; line < lines; line += 1) {
    parts = parts.flatMap((one) =>
      Array.from({ length: steps - sum(one) + 1 }, (_, number) => [...one, number]),
    );
  }
  const whole = parts.flatMap((one) => [...one, steps - sum(one)]);
  return Float64Array.from(whole, (part) => (part + 0.5) / (steps + lines / 2));
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

function normalized(logs) {
  const total = logSum(logs);
  return logs.map((log) => log - total);
}

// The functions below run for each hypothesis, cell and point of the grid, millions of times in a
// large case: plain loops, because closures and small arrays take eight times as long.

/** Return how well each cell fits the mixture of the lines at each point: cells × points. */
function mixLines(lines, fit, grid) {
  const size = lines.length;
  const mixed = new Float64Array((fit.length * grid.length) / size);
  const own = new Float64Array(size);
  let place = 0;
  for (const one of fit) {
    for (let at = 0; at < size; at += 1) own[at] = one[lines[at]];
    for (let point = 0; point < grid.length; point += size) {
      let value = 0;
      for (let at = 0; at < size; at += 1) value += own[at] * grid[point + at];
      mixed[place] = value;
      place += 1;
    }
  }
  return mixed;
}

/** Return the log-likelihood of all cells at each point. */
function totalLogs(mixed, points) {
  const totals = new Float64Array(points);
  for (let place = 0; place < mixed.length; place += points) {
    for (let point = 0; point < points; point += 1) totals[point] += Math.log(mixed[place + point]);
  }
  return totals;
}

/** Return the mean share of each line. */
function meanShares(weights, grid, size) {
  const shares = new Float64Array(size);
  let whole = 0;
  for (let point = 0; point < weights.length; point += 1) {
    whole += weights[point];
    for (let at = 0; at < size; at += 1) shares[at] += weights[point] * grid[point * size + at];
  }
  for (let at = 0; at < size; at += 1) shares[at] /= whole;
  return shares;
}

/** Return the line that each cell most probably belongs to. */
function assignCells(lines, rows, shares) {
  const logs = shares.map(Math.log);
  return rows.map((row) => {
    let [best, most] = [0, -Infinity];
    for (let at = 0; at < lines.length; at += 1) {
      const log = ninth(logs[at] + row[lines[at]]);
      if (log > most) [best, most] = [at, log];
    }
    return best;
  });
}

/** Return what all cells say of one hypothesis, and what they say without each of them. */
function weighOne({ lines, log }, rows, fit, grid) {
  const points = grid.length / lines.length;
  const mixed = mixLines(lines, fit, grid);
  const totals = totalLogs(mixed, points);
  const most = Math.max(...totals);
  const weights = totals.map((total) => Math.exp(total - most));
  const base = log + most - Math.log(points);
  const without = new Float64Array(rows.length);
  for (let cell = 0; cell < rows.length; cell += 1) {
    let rest = 0;
    // What is subtracted from logs divides here. The least fit is so large that no quotient is
    // infinite, and the points differ so little in it that none with weight 0 counts.
    for (let point = 0; point < points; point += 1) {
      rest += weights[point] / mixed[cell * points + point];
    }
    without[cell] = base + Math.log(rest);
  }
  return {
    log: base + Math.log(sum(weights)),
    without,
    lineOf: assignCells(lines, rows, meanShares(weights, grid, lines.length)),
  };
}

const keyOf = (lines) => [...lines].sort((one, other) => one - other).join();

/**
 * Return the posterior where a hypothesis with a line without cells is added to the lines that
 * have cells: no formula can tell them apart.
 */
function mergeEmptyLines({ logPosterior, logWithout, lineOf }, hypotheses) {
  const placeOf = new Map(hypotheses.map(({ lines }, place) => [keyOf(lines), place]));
  // For each cell, the hypotheses of which a line has no cell but this one, and what is left.
  const alone = logWithout.map(() => []);
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
  const logs = gathered(logPosterior, withCells);
  return {
    logPosterior: logs,
    posterior: logs.map(Math.exp),
    logWithout: logWithout.map((one, cell) => {
      const others = [...withCells];
      for (const [place, rest] of alone[cell]) others[place] = rest;
      return gathered(one, others);
    }),
    lineOf,
  };
}

function logAdd(one, other) {
  const most = Math.max(one, other);
  return most + Math.log1p(Math.exp(Math.min(one, other) - most));
}

/** Return the log posterior where each hypothesis is added to another one, or stays. */
function gathered(logs, places) {
  const found = logs.map(() => -Infinity);
  logs.forEach((log, place) => {
    // What is left of four lines may itself have a line without cells.
    let to = place;
    while (places[to] !== to) to = places[to];
    found[to] = logAdd(found[to], log);
  });
  return found;
}

/** Return the log posterior of all hypotheses, also without each single cell. */
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
    logPosterior: normalized(found.map((one) => one.log)),
    logWithout: rows.map((_, cell) => normalized(found.map((one) => one.without[cell]))),
    lineOf: found.map((one) => one.lineOf),
  };
  return mergeEmptyLines(weighed, hypotheses);
}
