// What the browser keeps: of each cell what was entered for it, and of this page its reviewer.
//
// A cell is known by the digest of its images and results: what was entered is found again in
// every report that holds the same cell, and never in one that holds another of this name.

import { report } from "./data.mjs";

const PAGE = `karyotype-page-${location.pathname}`;
// Of earlier versions: what was entered for all cells of a report.
const REPORT = `karyotype-report-${report.digest}`;

const keyOfCell = (digest) => `karyotype-cell-${digest}`;
const load = (key) => JSON.parse(localStorage.getItem(key)) ?? {};
const store = (key, values) => localStorage.setItem(key, JSON.stringify(values));

/** Return the values of this page: {reviewer, film, keys, corrected: cell name → digest}. */
export const loadPage = () => load(PAGE);
export const storePage = (values) => store(PAGE, values);
/** Return what was entered for a cell: {audit, done, undone}, or nothing of it. */
export const loadEntered = (digest) => load(keyOfCell(digest));
export const storeEntered = (cell, values) =>
  store(keyOfCell(cell.digest), { format: 2, cell: cell.cell, ...values });

const ownKeys = new Set([PAGE, ...report.cells.map((cell) => keyOfCell(cell.digest))]);
/** Return whether a key is of this page or of one of its cells. */
export const isOwnKey = (key) => ownKeys.has(key);

/** Give each cell what an earlier version stored for all of them. */
export function divideEarlier() {
  const text = localStorage.getItem(REPORT);
  if (text === null) return;
  // Both together may not fit.
  localStorage.removeItem(REPORT);
  const written = [];
  try {
    divide(JSON.parse(text), written);
  } catch (error) {
    written.forEach((key) => localStorage.removeItem(key));
    localStorage.setItem(REPORT, text);
    throw error;
  }
}

function divide({ audit, cells, reviewer, film, keys }, written) {
  const histories = new Map(cells);
  const corrected = {};
  for (const cell of report.cells) {
    const own = audit.filter((entry) => entry.cell === cell.cell);
    if (own.length === 0 || localStorage.getItem(keyOfCell(cell.digest)) !== null) continue;
    storeEntered(cell, { audit: own, done: [], undone: [], ...histories.get(cell.cell) });
    written.push(keyOfCell(cell.digest));
    corrected[cell.cell] = cell.digest;
  }
  storePage({ reviewer, film, keys, corrected, ...loadPage() });
}
