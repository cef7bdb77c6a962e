// What the browser keeps: of each cell what was entered for it, and of this page its reviewer.
//
// A cell is known by the digest of its images and results: what was entered is found again in
// every report that holds the same cell, and never in one that holds another of this name.

import { report } from "./data.mjs";

const PAGE = `karyotype-page-${location.pathname}`;

const keyOfCell = (digest) => `karyotype-cell-${digest}`;
const load = (key) => JSON.parse(localStorage.getItem(key)) ?? {};
const store = (key, values) => localStorage.setItem(key, JSON.stringify(values));

/** Return the values of this page: {reviewer, film, keys, corrected: cell name → digest}. */
export const loadPage = () => load(PAGE);
export const storePage = (values) => store(PAGE, values);
/** Return what was entered for a cell: {audit, done, undone}, or nothing of it. */
export const loadEntered = (digest) => load(keyOfCell(digest));
export const storeEntered = (digest, values) => store(keyOfCell(digest), values);

const ownKeys = new Set([PAGE, ...report.cells.map((cell) => keyOfCell(cell.digest))]);
/** Return whether a key is of this page or of one of its cells. */
export const isOwnKey = (key) => ownKeys.has(key);
