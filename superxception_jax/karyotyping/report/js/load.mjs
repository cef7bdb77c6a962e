// The chromosomes of the cells. In a large report each cell is a script beside the page, which is
// loaded when the cell is shown, and dropped when others were shown since.

import { report } from "./data.mjs";
import { byId } from "./dom.mjs";
import { view } from "./view.mjs";

// A cell is about 200 kB.
const MOST_KEPT = 40;
const MISSING = "MissingPart";

// Cells by the digest that their script names.
const waiting = new Map();
// Cells that were loaded, the one used last at the end.
const kept = new Set();
// Cells that must not be dropped, for example while they are printed.
const pinned = new Set();

export const isLoaded = (cell) => cell.chromosomes !== undefined;

globalThis.karyotypeReportCell = (head, values) => {
  const cell = waiting.get(head.digest);
  if (cell !== undefined) cell.chromosomes = values.chromosomes;
};

function loadScript(cell) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    // The folder has the name of the page, which may hold a `#` or a space.
    script.src = `${encodeURIComponent(report.folder)}/${cell.part}`;
    const finish = () => {
      script.remove();
      waiting.delete(cell.digest);
      cell.loading = undefined;
      if (isLoaded(cell)) done(cell);
      else failed(loadError(cell));
    };
    script.onload = finish;
    script.onerror = finish;
    waiting.set(cell.digest, cell);
    document.head.append(script);
  });
}

function loadError(cell) {
  const text =
    `The images of cell ${cell.cell} must be in the folder ${report.folder} beside this page, ` +
    `but ${cell.part} is missing there or belongs to another report. ` +
    "Keep page and folder together, or karyotype the cells again.";
  return Object.assign(new Error(text), { name: MISSING });
}

/** Say on the page which images are missing; other errors are thrown on. */
export function tellMissing(error) {
  if (error.name !== MISSING) throw error;
  byId("missing-part").hidden = false;
  byId("missing-part").textContent = error.message;
}

function dropOldest() {
  for (const cell of kept) {
    if (kept.size <= MOST_KEPT) return;
    if (pinned.has(cell) || cell === view.cell) continue;
    kept.delete(cell);
    cell.chromosomes = undefined;
  }
}

/** Return the cell with its chromosomes; a second call while it loads waits for the same. */
export async function loadCell(cell) {
  if (!isLoaded(cell)) {
    cell.loading ??= loadScript(cell);
    await cell.loading;
  }
  if (report.folder !== "") {
    kept.delete(cell);
    kept.add(cell);
    dropOldest();
  }
  return cell;
}

/** Keep cells until they are released, however many others are loaded. */
export function pin(cells) {
  for (const cell of cells) pinned.add(cell);
}

export function release(cells) {
  for (const cell of cells) pinned.delete(cell);
  dropOldest();
}
