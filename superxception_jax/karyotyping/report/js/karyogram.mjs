// The karyogram of the shown cell: rows of groups, groups of classes, classes of chromosomes.

import { countsNow, membersOf } from "./cells.mjs";
import { confidenceKind, picture, spoken } from "./chromosome.mjs";
import { ASIDE, classesOfGroup, ROWS } from "./data.mjs";
import { renderDetails } from "./details.mjs";
import { byId, make } from "./dom.mjs";
import { isDragging, startDrag } from "./drag.mjs";
import { isUsual } from "./formula.mjs";
import { setScale } from "./scale.mjs";
import { chromosomeState } from "./state.mjs";
import { hideTip, showTip } from "./tip.mjs";
import { view } from "./view.mjs";

export function renderKaryogram() {
  const hadFocus = byId("karyogram").contains(document.activeElement);
  if (view.cell.chromosomes === undefined) {
    byId("karyogram").replaceChildren(make("p", { className: "hint" }, "Loading the images …"));
    byId("karyogram").tabIndex = -1;
    if (hadFocus) byId("karyogram").focus({ preventScroll: true });
    return;
  }
  byId("karyogram").removeAttribute("tabindex");
  const counts = countsNow(view.cell);
  const rows = ROWS.map((names, place) => {
    const groups = names.map((name) =>
      make(
        "div",
        { className: "group" },
        make("div", { className: "slots" }, ...classesOfGroup.get(name).map((c) => slotElement(c, counts))),
        make("span", { className: "group-name" }, name),
      ),
    );
    if (place === ROWS.length - 1) groups.push(slotElement(ASIDE, counts));
    return make("div", { className: "row" }, ...groups);
  });
  byId("karyogram").replaceChildren(...rows);
  setScale();
  if (hadFocus) chromosomeButton(view.image)?.focus({ preventScroll: true });
}

const chromosomeButton = (image) =>
  image === null ? null : document.querySelector(`.chromosome[data-image="${CSS.escape(image)}"]`);

function slotElement(name, counts) {
  const members = membersOf(view.cell, name).map(chromosomeElement);
  const label = make("span", { className: "number" }, name === ASIDE ? "Set aside" : name);
  const slot = make(
    "div",
    { className: "slot", role: "group" },
    make("div", { className: "members" }, ...members),
    label,
  );
  slot.dataset.class = name;
  slot.setAttribute("aria-label", name === ASIDE ? "Set aside" : `Class ${name}`);
  if (name === ASIDE) {
    slot.classList.add("aside");
    if (members.length === 0) {
      slot.classList.add("empty");
      slot.firstChild.append(make("span", { className: "hint" }, "drop excluded chromosomes here"));
    }
  } else if (!isUsual(name, counts)) {
    slot.classList.add("unusual");
    label.append(make("span", { className: "copies" }, ` ×${counts[name]}`));
  }
  return slot;
}

function chromosomeElement(one) {
  const state = chromosomeState(view.cell, one);
  const kind = confidenceKind(one);
  const level = make("span", { className: "level" });
  level.style.width = `${Math.max(8, 100 * (kind === "by-hand" ? 1 : one.confidence))}%`;
  const marks = make(
    "span",
    { className: "marks" },
    one.flags.length > 0 ? make("span", { className: "mark flagged" }, "!") : null,
    state.turned === one.turned ? null : make("span", { className: "mark turned" }, "↻"),
    state.checked ? make("span", { className: "mark checked" }, "✓") : null,
  );
  const button = make(
    "button",
    {
      type: "button",
      className: `chromosome ${kind}${one.flags.length > 0 ? " has-flag" : ""}`,
      tabIndex: one.name === view.image ? 0 : -1,
      onfocus: () => select(one.name),
      onpointerenter: (event) => {
        if (event.pointerType !== "touch" && !isDragging()) showTip(one, button);
      },
      onpointerleave: hideTip,
      onpointerdown: (event) => startDrag(event, one, button),
    },
    marks,
    picture(one),
    make("span", { className: "bar" }, level),
    kind === "by-hand" ? make("span", { className: "from" }, `was ${one.class}`) : null,
  );
  button.setAttribute("aria-label", spoken(one));
  button.dataset.image = one.name;
  if (one.name === view.image) button.classList.add("selected");
  return button;
}

function select(image) {
  if (image !== view.image) view.typed = "";
  view.image = image;
  for (const button of document.querySelectorAll(".chromosome")) {
    const isSelected = button.dataset.image === image;
    button.classList.toggle("selected", isSelected);
    button.tabIndex = isSelected ? 0 : -1;
  }
  renderDetails();
}
