// What the browser keeps: of each cell what was entered for it, and of this page its reviewer.
//
// A cell is known by the digest of its images, its results, and its names: its own with that of
// its case, and those of its images. What was entered is found again in every report that holds
// the same cell, and never in one that holds another of this name. Once a folder was renamed, or is
// karyotyped as part of the folder around it, its cells are others: by the digest of their images
// the page says that there are earlier changes, and applies none.
//
// The space is limited, and all pages that were opened as files may share it. Nothing is removed
// by itself: which reports are still needed is known to a person only.

import { report } from "./data.mjs";

const PAGE = `karyotype-page-${location.pathname}`;

const CELL = "karyotype-cell-";

const keyOfCell = (digest) => `${CELL}${digest}`;
const load = (key) => JSON.parse(localStorage.getItem(key)) ?? {};
const store = (key, values) => localStorage.setItem(key, JSON.stringify(values));

const isObject = (one) => typeof one === "object" && one !== null;
const isAudit = (some) =>
  Array.isArray(some) && some.every((one) => typeof one?.time === "string");
const areChanges = (some) =>
  Array.isArray(some)
  && some.every((one) => Array.isArray(one?.steps) && one.steps.every(isObject));

/** Return the values of a key; null if they are damaged. */
function loadOrNull(key) {
  const text = localStorage.getItem(key) ?? "{}";
  try {
    const values = JSON.parse(text);
    return isObject(values) ? values : null;
  } catch {
    return null;
  }
}

/** Return the values of this page: {reviewer, film, keys, corrected: cell name → digest}. */
export function loadPage() {
  const page = loadOrNull(PAGE) ?? {};
  const reviewer = typeof page.reviewer === "string" ? page.reviewer : "";
  return { ...page, reviewer, corrected: isObject(page.corrected) ? page.corrected : {} };
}

export const storePage = (values) => store(PAGE, values);

/** Return what was entered for a cell: {images, audit, done, undone}, {}, or null if damaged. */
export function loadEntered(digest) {
  const entered = loadOrNull(keyOfCell(digest));
  if (entered === null || Object.keys(entered).length === 0) return entered;
  const { audit, done, undone } = entered;
  return isAudit(audit) && areChanges(done) && areChanges(undone) ? entered : null;
}

export const storeEntered = (digest, values) => store(keyOfCell(digest), values);

const ownKeys = new Set([PAGE, ...report.cells.map((cell) => keyOfCell(cell.digest))]);
/** Return whether a key is of this page or of one of its cells. */
export const isOwnKey = (key) => ownKeys.has(key);

/** Return the keys of all stored cells that are not of this page, nor of these digests. */
export function keysOfOthers(digests) {
  const wanted = new Set([...digests].map(keyOfCell));
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(CELL) && !isOwnKey(key) && !wanted.has(key));
}

/** Return the day of the last change of a stored cell; empty if its values are damaged. */
export function dayOf(key) {
  try {
    return load(key).audit.at(-1).time.slice(0, 10);
  } catch {
    return "";
  }
}

// Digest of images → the audit trail stored for them. Read when it is first asked for.
let auditsOfImages = null;

function readAuditsOfImages() {
  const found = new Map();
  const wanted = new Set(report.cells.map((cell) => cell.images_digest));
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(CELL))) {
    // Of a damaged one there is no day, and nothing to say.
    if (dayOf(key) === "") continue;
    const { images, audit } = load(key);
    if (!isAudit(audit)) continue;
    const last = (entries) => Date.parse(entries.at(-1).time);
    const isLater = !found.has(images) || last(audit) > last(found.get(images));
    // Neither earlier versions nor cells of which they wrote the part have this digest.
    if (images !== undefined && wanted.has(images) && isLater) found.set(images, audit);
  }
  return found;
}

/** Return the changes of the cell with these images that was changed last, whatever its name. */
export function auditOfImages(digest) {
  auditsOfImages ??= readAuditsOfImages();
  return auditsOfImages.get(digest) ?? [];
}

export function removeStored(keys) {
  auditsOfImages = null;
  for (const key of keys) localStorage.removeItem(key);
}
