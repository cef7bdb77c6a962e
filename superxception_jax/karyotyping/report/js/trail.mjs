// The audit trail: every change, and every label that the cell decided against the single image.

import { cellsOf } from "./data.mjs";
import { byId, make } from "./dom.mjs";
import { saved } from "./state.mjs";
import { ACTIONS, percent, plural } from "./text.mjs";
import { view } from "./view.mjs";

// The exports have all of them.
const MOST_CHANGES = 200;

function valueText(entry, value) {
  if (entry.field === "class") return value;
  const word = entry.field === "turned" ? "rotated" : entry.field;
  return value ? word : `not ${word}`;
}

function changeItem(entry) {
  const what = entry.image || "cell";
  return make(
    "li",
    {},
    make("time", { dateTime: entry.time }, entry.time.slice(0, 19).replace("T", " ")),
    make("span", { className: "who" }, entry.reviewer || "reviewer not given"),
    make(
      "span",
      {},
      `${ACTIONS[entry.action]}: ${view.one === null ? what : `${entry.cell}, ${what}`} `,
      make("b", {}, `${valueText(entry, entry.from)} → ${valueText(entry, entry.to)}`),
    ),
  );
}

const overruledItem = (cell, one) => make(
  "li",
  {},
  make("span", {}, view.one === null ? one.name : `${cell.cell}, ${one.name}`),
  make("span", {},
    `single image ${one.single_image_class} (${percent(one.single_image_probability)}) → `,
    make("b", {}, `cell ${one.assigned_class} (${percent(one.assigned_probability)})`)),
);

/** List the labels that the assignment of the cells changed, folded. */
function overruled(cells) {
  const count = cells.reduce((total, cell) => total + cell.overruled.length, 0);
  if (count === 0) {
    return make("p", { className: "quiet", id: "overruled" },
      "No single-image class was overruled by the cell.");
  }
  const items = () => cells.flatMap((cell) => cell.overruled.map((one) => overruledItem(cell, one)));
  const list = make("ol", { tabIndex: 0 });
  list.setAttribute("aria-label", "Overruled by the cell");
  const details = make("details", { id: "overruled" },
    make("summary", {}, `${plural(count, "single-image class", "single-image classes")} overruled by the cell`), list);
  // Made when it is opened: a case may have a thousand of them.
  details.addEventListener("toggle", () => list.replaceChildren(...items()));
  return details;
}

export function renderTrail() {
  const cells = view.one === null ? [view.cell] : cellsOf(view.one);
  const names = new Set(cells.map((cell) => cell.cell));
  const entries = saved.audit.filter((entry) => names.has(entry.cell)).reverse();
  const what = view.one === null ? "cell" : "case";
  const list = make("ol", { tabIndex: 0 }, ...entries.slice(0, MOST_CHANGES).map(changeItem));
  list.setAttribute("aria-label", `Changes of this ${what}`);
  byId("trail").replaceChildren(
    make("h3", {}, `Audit trail of this ${what} (${entries.length} of ${saved.audit.length})`),
    entries.length > 0 ? list : make("p", { className: "quiet" }, "No changes yet."),
    entries.length > MOST_CHANGES
      ? make("p", { className: "quiet" }, `The last ${MOST_CHANGES}; the exports have all.`)
      : "",
    overruled(cells),
  );
}
