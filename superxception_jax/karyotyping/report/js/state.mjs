// The changes, and where they are stored.
//
// `saved` is all that survives a reload. A change is a list of steps that are undone together:
// {image, field, from, to}; image "" stands for the cell itself.

import { report } from "./data.mjs";
import { byId } from "./dom.mjs";

export const STORAGE_KEY = `karyotype-report-${report.digest}`;

export let saved = { format: 1, reviewer: "", film: "", audit: [], cells: [] };
// Cell name → {done: [change], undone: [change]}.
export let histories = new Map();
// Cell name → {reviewed, images: image name → field → {first, now}}. Only what was changed has an
// entry, so that the state of a cell is known without its chromosomes.
export let states = new Map();
export let storageWorks = true;
// Grows with every change, so that what follows from the states is computed once.
export let revision = 0;

/** Return class, orientation and check mark of a chromosome as they are now. */
export function chromosomeState(cell, one) {
  const fields = states.get(cell.cell).images.get(one.name);
  const now = (field, original) => (fields?.[field] === undefined ? original : fields[field].now);
  return {
    class: now("class", one.class),
    turned: now("turned", one.turned),
    checked: now("checked", false),
  };
}

/** Return what differs from the automatic result: {image, field, first, now}. */
export function differences(cell) {
  const found = [];
  for (const [image, fields] of states.get(cell.cell).images) {
    for (const [field, { first, now }] of Object.entries(fields)) {
      if (first !== now) found.push({ image, field, first, now });
    }
  }
  return found;
}

export function applyStep(state, { image, field, from, to }) {
  if (image === "") {
    state.reviewed = to;
    return;
  }
  if (!state.images.has(image)) state.images.set(image, {});
  const fields = state.images.get(image);
  // The first step of a field starts from the automatic result.
  fields[field] ??= { first: from, now: from };
  fields[field].now = to;
}

function rebuildStates() {
  revision += 1;
  histories = new Map(saved.cells.map(([name, history]) => [name, history]));
  states = new Map();
  for (const cell of report.cells) {
    if (!histories.has(cell.cell)) histories.set(cell.cell, { done: [], undone: [] });
    const state = { reviewed: false, images: new Map() };
    for (const change of histories.get(cell.cell).done) {
      for (const step of change.steps) applyStep(state, step);
    }
    states.set(cell.cell, state);
  }
}

export function readStorage() {
  try {
    const text = localStorage.getItem(STORAGE_KEY);
    if (text !== null) saved = { ...saved, ...JSON.parse(text) };
  } catch (error) {
    storageFailed(error);
  }
  rebuildStates();
}

export function writeStorage() {
  revision += 1;
  saved.cells = [...histories].filter(([, one]) => one.done.length + one.undone.length > 0);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(saved));
  } catch (error) {
    storageFailed(error);
  }
}

function storageFailed(error) {
  storageWorks = false;
  byId("notice").hidden = false;
  byId("notice").textContent =
    `This browser cannot save the changes made on this page (${error.name}). ` +
    "Export JSON before closing or reloading the page, or the changes will be lost.";
}
