// The keyboard: every correction without a mouse.

import { ASIDE, report } from "./data.mjs";
import { renderDetails } from "./details.mjs";
import { say } from "./dom.mjs";
import { stopDrag } from "./drag.mjs";
import { moveTo, redo, setReviewed, toggleChecked, turn, undo } from "./edits.mjs";
import { isHelpOpen, singleKeys, toggleHelp } from "./help.mjs";
import {
  showCaseBeside, showCellBeside, showNextToReview, switchPage,
} from "./navigate.mjs";
import { printShown } from "./print.mjs";
import { states } from "./state.mjs";
import { hideTip } from "./tip.mjs";
import { view } from "./view.mjs";

const CLASS_OF_KEY = { x: "X", y: "Y" };
const NEXT_ROW_PX = 30;
// A row further away costs more than a chromosome further to the side.
const COST_OF_ROWS = 4;

function neighbour(button, key) {
  const all = [...document.querySelectorAll(".chromosome")];
  const place = all.indexOf(button);
  if (key === "ArrowLeft") return all[place - 1];
  if (key === "ArrowRight") return all[place + 1];
  const from = button.getBoundingClientRect();
  const centre = (from.left + from.right) / 2;
  const sign = key === "ArrowUp" ? -1 : 1;
  let best;
  let least = Infinity;
  for (const other of all) {
    const at = other.getBoundingClientRect();
    // The chromosomes of a row share its bottom line.
    const down = sign * (at.bottom - from.bottom);
    if (down < NEXT_ROW_PX) continue;
    const cost = COST_OF_ROWS * down + Math.abs((at.left + at.right) / 2 - centre);
    if (cost < least) [best, least] = [other, cost];
  }
  return best;
}

/**
 * Return the key of an event. A letter is a capital one with Shift, whatever Caps Lock says; for a
 * letter of another alphabet, the Latin one of the same key stands.
 */
function pressedKey(event) {
  const isLatin = /^[a-z]$/i.test(event.key);
  const isOther = /^\p{L}$/u.test(event.key) && !/\p{Script=Latin}/u.test(event.key);
  const letter = isLatin ? event.key : (isOther && /^Key([A-Z])$/.exec(event.code)?.[1]) || "";
  if (letter === "") return event.key;
  return event.shiftKey ? letter.toUpperCase() : letter.toLowerCase();
}

function chromosomeKey(event, button) {
  const image = button.dataset.image;
  const key = pressedKey(event);
  if (key.startsWith("Arrow")) neighbour(button, key)?.focus();
  else if (/^[0-9]$/.test(key)) view.typed = (view.typed + key).slice(-2);
  else if (key === "Backspace") view.typed = view.typed.slice(0, -1);
  else if (key === "Enter") moveToTyped(image);
  else if (CLASS_OF_KEY[key.toLowerCase()]) moveTo(image, CLASS_OF_KEY[key.toLowerCase()]);
  else if (key === "a" || key === "Delete") moveTo(image, ASIDE);
  else if (key === "t") turn(image);
  else if (key === "c") toggleChecked(image);
  else return false;
  renderDetails();
  return true;
}

function moveToTyped(image) {
  if (view.typed === "") return;
  const name = String(Number(view.typed));
  if (report.classes.includes(name)) moveTo(image, name);
  else say(`There is no chromosome class ${view.typed}.`);
  view.typed = "";
}

function acceptCell() {
  if (view.one !== null) return;
  if (states.get(view.cell.cell).reviewed) say("Cell is already marked as reviewed.");
  else setReviewed(true);
}

const COMMANDS = {
  n: () => showCellBeside(1),
  p: () => showCellBeside(-1),
  N: () => showCaseBeside(1),
  P: () => showCaseBeside(-1),
  o: switchPage,
  r: showNextToReview,
  v: acceptCell,
  "?": toggleHelp,
};

function controlKey(event) {
  const key = pressedKey(event).toLowerCase();
  if (key === "p") {
    event.preventDefault();
    printShown();
  }
  if ((key !== "z" && key !== "y") || view.one !== null) return;
  event.preventDefault();
  if (event.shiftKey || key === "y") redo();
  else undo();
}

export function onKey(event) {
  if (isHelpOpen()) return; // The dialog closes itself by Escape.
  if (event.isComposing) return; // The keys choose among characters.
  const isText = event.target.matches("input:not([type=checkbox]), textarea");
  const isControl = event.ctrlKey || event.metaKey;
  const key = pressedKey(event);
  if (event.key === "Escape") {
    stopDrag();
    hideTip();
    view.typed = "";
    renderDetails();
    return;
  }
  if (event.altKey) return;
  if (isControl) {
    // A text undoes its own changes; printing is the same everywhere.
    if (!isText || key.toLowerCase() === "p") controlKey(event);
    return;
  }
  // Letters choose in a menu.
  if (isText || event.target.matches("select")) return;
  const button = event.target.closest?.(".chromosome");
  if (button && chromosomeKey(event, button)) event.preventDefault();
  else if ((singleKeys() || button) && Object.hasOwn(COMMANDS, key)) COMMANDS[key]();
}
