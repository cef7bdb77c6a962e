// The selected chromosome, enlarged and with its tools.

import {
  automaticCall, confidenceKind, flagLine, likelyTable, picture,
} from "./chromosome.mjs";
import { ASIDE, report } from "./data.mjs";
import {
  actionButton, byId, focusAgain, make, replaceKeepingFocus, say,
} from "./dom.mjs";
import { moveTo, toggleChecked, turn } from "./edits.mjs";
import { chromosomeState } from "./state.mjs";
import { percent } from "./text.mjs";
import { view } from "./view.mjs";

// The class chosen with the keys in the menu, until it is confirmed.
let chosen = null;

export function renderDetails() {
  // A menu that is drawn anew shows the class as it is, and the old one must not confirm another.
  chosen = null;
  const one = view.cell.chromosomes?.find((candidate) => candidate.name === view.image);
  if (one === undefined) {
    byId("details").replaceChildren(make("p", { className: "quiet" }, "No chromosome selected."));
    return;
  }
  const state = chromosomeState(view.cell, one);
  replaceKeepingFocus(byId("details"), [
    make("div", { className: "film" }, picture(one)),
    describe(one, state),
    tools(one, state),
  ]);
}

function orientationText(one) {
  if (one.turned_probability === null) return "orientation not checked by this network";
  return one.turned
    ? `was upside down (${percent(one.turned_probability)}), rotated automatically`
    : "was upright";
}

function describe(one, state) {
  const turnedText = orientationText(one);
  return make(
    "div",
    { className: "words" },
    make(
      "h3",
      {},
      state.class === ASIDE ? "Set aside" : `Chromosome ${state.class}`,
      make("span", { className: "quiet" }, ` image ${one.name}`),
    ),
    make(
      "p",
      { className: "confidence" },
      make("span", { className: `swatch ${confidenceKind(one)}` }),
      state.class === one.class
        ? `confidence ${percent(one.confidence)}`
        : `moved manually · ${automaticCall(one)}`,
    ),
    ...one.flags.map(flagLine),
    likelyTable(one),
    make("p", { className: "quiet" }, `length ${one.length_px.toFixed(1)} px · ${turnedText}`),
  );
}

function tools(one, state) {
  const aside = () => moveTo(one.name, ASIDE);
  return make(
    "div",
    { className: "tools" },
    make("label", {}, "Move to class ", classMenu(one, state)),
    actionButton("turn", "Rotate", "Rotate by 180° (t)", () => turn(one.name)),
    actionButton("aside", "Set aside", "Exclude from the count (a)", aside),
    make(
      "label",
      {},
      make("input", {
        type: "checkbox",
        id: "checked",
        checked: state.checked,
        onchange: () => toggleChecked(one.name),
      }),
      "Checked",
    ),
    make("p", { className: "typed", id: "chosen", hidden: true }),
    view.typed === "" ? null : make("p", { className: "typed", id: "typed" }, typedText()),
  );
}

/**
 * Return the menu of the classes. A choice with the mouse is a correction at once. Keys go through
 * other classes to the one that is meant: theirs is a correction when Enter or leaving confirms it.
 */
function classMenu(one, state) {
  const { cell } = view;
  let isByKey = false;
  const confirm = () => {
    // A menu that is hidden with its cell loses the focus after another cell is shown.
    if (chosen === null || view.cell !== cell) return;
    const name = chosen;
    chosen = null;
    moveTo(one.name, name);
  };
  return make(
    "select",
    {
      id: "class-choice",
      onpointerdown: () => { isByKey = false; },
      onkeydown: (event) => {
        isByKey = true;
        if (chosen === null || !(event.key === "Enter" || event.ctrlKey || event.metaKey)) return;
        // Enter would open the menu.
        if (event.key === "Enter") event.preventDefault();
        confirm();
      },
      onchange: (event) => {
        chosen = event.target.value;
        if (isByKey) showChosen();
        else confirm();
      },
      onblur: (event) => {
        confirm();
        focusAgain(event.relatedTarget);
      },
    },
    ...[...report.classes, ASIDE].map((name) =>
      make("option", { value: name, selected: name === state.class }, name)),
  );
}

function showChosen() {
  const text = `${chosen === ASIDE ? "Set aside" : `Move to class ${chosen}`} · press Enter`;
  byId("chosen").textContent = text;
  byId("chosen").hidden = false;
  say(text);
}

const typedText = () => `Move to class ${view.typed}_ · press Enter`;
