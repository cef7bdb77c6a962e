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
// Cell name → {reviewed, chromosomes: image name → {class, turned, checked}}.
export let states = new Map();
export let storageWorks = true;

export const chromosomeState = (cell, image) => states.get(cell.cell).chromosomes.get(image);

export function originalState(cell) {
  const chromosomes = new Map();
  for (const one of cell.chromosomes) {
    chromosomes.set(one.name, { class: one.class, turned: one.turned, checked: false });
  }
  return { reviewed: false, chromosomes };
}

export function applyStep(state, step, value) {
  if (step.image === "") state.reviewed = value;
  else state.chromosomes.get(step.image)[step.field] = value;
}

function rebuildStates() {
  histories = new Map(saved.cells.map(([name, history]) => [name, history]));
  states = new Map();
  for (const cell of report.cells) {
    if (!histories.has(cell.cell)) histories.set(cell.cell, { done: [], undone: [] });
    const state = originalState(cell);
    for (const change of histories.get(cell.cell).done) {
      for (const step of change.steps) applyStep(state, step, step.to);
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
