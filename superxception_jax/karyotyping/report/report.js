"use strict";
// The page of a batch of read cells: shows a karyogram, takes corrections, keeps their audit
// trail and exports the result. Nothing here reaches a network.
(() => {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const ASIDE = "set aside";
  const ROWS = [["A", "B"], ["C"], ["D", "E"], ["F", "G"]];
  const USUAL_COPIES = 2;
  const STORAGE_KEY = `karyotype-report-${report.digest}`;
  const DRAG_STARTS_PX = 5;
  const SCROLL_EDGE_PX = 50;
  const SCROLL_STEP_PX = 16;
  // Of the karyogram on a page of A4 across.
  const PRINT_WIDTH_PX = 960;
  const PRINT_HEIGHT_PX = 560;
  const LEAST_SCALE = 1;
  const ROW_TEXT_PX = 68;
  const BELOW_KARYOGRAM_PX = 40;
  const GAP_OF_SLOTS_PX = 14;
  const GAP_OF_GROUPS_PX = 26;
  const CLASS_OF_KEY = { x: "X", y: "Y" };

  const byId = (id) => document.getElementById(id);

  // ---------------------------------------------------------------- what was changed
  // `saved` is all that outlives a reload. A change is a list of steps that are undone together:
  // {image, field, from, to}; image "" stands for the cell itself.
  let saved = { format: 1, reviewer: "", film: "", audit: [], cells: [] };
  let histories = new Map(); // cell name → {done: [change], undone: [change]}
  let states = new Map(); // cell name → {reviewed, chromosomes: image name → {class, turned, checked}}
  let storageWorks = true;

  let shown = report.cells[0];
  let selected = null; // image name in the shown cell
  let typed = "";
  let zoom = 1;

  function originalState(cell) {
    const chromosomes = new Map();
    for (const one of cell.chromosomes) {
      chromosomes.set(one.name, { class: one.class, turned: one.turned, checked: false });
    }
    return { reviewed: false, chromosomes };
  }

  function applyStep(state, step, value) {
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

  function readStorage() {
    try {
      const text = localStorage.getItem(STORAGE_KEY);
      if (text !== null) saved = { ...saved, ...JSON.parse(text) };
    } catch (error) {
      storageFailed(error);
    }
    rebuildStates();
  }

  function writeStorage() {
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
      "This browser does not keep changes of this page " +
      `(${error.name}). Export JSON before you close or reload it, or they are lost.`;
  }

  /** Return the time as ISO 8601 with the local offset, for example 2024-05-01T09:30:00+02:00. */
  function localTime(date) {
    const minutes = -date.getTimezoneOffset();
    const two = (number) => String(Math.floor(number)).padStart(2, "0");
    const local = new Date(date.getTime() + minutes * 60000).toISOString().slice(0, 19);
    const size = Math.abs(minutes);
    return `${local}${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
  }

  function recordSteps(action, steps) {
    const time = localTime(new Date());
    for (const { image, field, from, to } of steps) {
      saved.audit.push(
        { time, reviewer: saved.reviewer, cell: shown.cell, image, action, field, from, to },
      );
    }
  }

  function commit(action, steps, message) {
    if (steps.length === 0) return;
    const state = states.get(shown.cell);
    // A cell that is changed after its review is open again.
    if (state.reviewed && steps.every((step) => step.image !== "")) {
      steps.push({ image: "", field: "reviewed", from: true, to: false });
    }
    for (const step of steps) applyStep(state, step, step.to);
    const history = histories.get(shown.cell);
    history.done.push({ action, steps });
    history.undone = [];
    recordSteps(action, steps);
    afterChange(message);
  }

  function afterChange(message) {
    writeStorage();
    typed = "";
    hideTip();
    render();
    say(`${message} Draft now ${draftOf(shown)}.`);
  }

  function undo() {
    const history = histories.get(shown.cell);
    const change = history.done.pop();
    if (change === undefined) return;
    const steps = change.steps
      .map(({ image, field, from, to }) => ({ image, field, from: to, to: from }))
      .reverse();
    for (const step of steps) applyStep(states.get(shown.cell), step, step.to);
    history.undone.push(change);
    recordSteps("undo", steps);
    afterChange(`Undone: ${change.action}.`);
  }

  function redo() {
    const history = histories.get(shown.cell);
    const change = history.undone.pop();
    if (change === undefined) return;
    for (const step of change.steps) applyStep(states.get(shown.cell), step, step.to);
    history.done.push(change);
    recordSteps("redo", change.steps);
    afterChange(`Done again: ${change.action}.`);
  }

  function setField(action, image, field, to) {
    const from = states.get(shown.cell).chromosomes.get(image)[field];
    if (from === to) {
      typed = "";
      renderDetails();
      return;
    }
    const words = { class: `moved from ${from} to ${to}`, turned: "turned upside down" };
    words.checked = to ? "marked as checked" : "no longer marked as checked";
    commit(action, [{ image, field, from, to }], `${image} ${words[field]}.`);
  }

  const move = (image, to) => setField("move", image, "class", to);
  const turn = (image) =>
    setField("turn", image, "turned", !states.get(shown.cell).chromosomes.get(image).turned);
  const check = (image) =>
    setField("check", image, "checked", !states.get(shown.cell).chromosomes.get(image).checked);

  function setReviewed(to) {
    const from = !to;
    const message = to ? "Cell marked as reviewed." : "Cell open again.";
    commit("review", [{ image: "", field: "reviewed", from, to }], message);
  }

  function resetCell() {
    const now = states.get(shown.cell);
    const steps = [];
    for (const [image, original] of originalState(shown).chromosomes) {
      for (const [field, to] of Object.entries(original)) {
        const from = now.chromosomes.get(image)[field];
        if (from !== to) steps.push({ image, field, from, to });
      }
    }
    if (now.reviewed) steps.push({ image: "", field: "reviewed", from: true, to: false });
    commit("reset", steps, "Cell as it was read.");
  }

  // ---------------------------------------------------------------- what follows from it
  /** Draft the ISCN formula: number of chromosomes, sex chromosomes, gained and lost autosomes. */
  function draftIscn(counts) {
    let total = 0;
    const parts = [];
    for (const name of report.classes) {
      const count = counts[name] ?? 0;
      total += count;
      if (name === "X" || name === "Y") continue;
      const sign = count > USUAL_COPIES ? "+" : "-";
      for (let n = Math.abs(count - USUAL_COPIES); n > 0; n -= 1) parts.push(sign + name);
    }
    // Without any sex chromosome the complement is in question; ISCN marks that with "?".
    const sexes = "X".repeat(counts.X ?? 0) + "Y".repeat(counts.Y ?? 0) || "?";
    return [total, sexes, ...parts].join(",");
  }

  function countsNow(cell) {
    const counts = Object.fromEntries(report.classes.map((name) => [name, 0]));
    for (const { class: name } of states.get(cell.cell).chromosomes.values()) {
      if (name !== ASIDE) counts[name] += 1;
    }
    return counts;
  }

  function draftOf(cell) {
    const now = states.get(cell.cell).chromosomes;
    const moved = cell.chromosomes.some((one) => now.get(one.name).class !== one.class);
    return moved ? draftIscn(countsNow(cell)) : cell.iscn;
  }

  function isUsual(name, counts) {
    if (name !== "X" && name !== "Y") return counts[name] === USUAL_COPIES;
    return (counts.X === 2 && counts.Y === 0) || (counts.X === 1 && counts.Y === 1);
  }

  function flagCount(cell) {
    const ofChromosomes = sum(cell.chromosomes.map((one) => one.flags.length));
    return ofChromosomes + cell.flags.length + cell.unread.length;
  }

  function correctionCount(cell) {
    const now = states.get(cell.cell).chromosomes;
    return cell.chromosomes.filter((one) => {
      const state = now.get(one.name);
      return state.class !== one.class || state.turned !== one.turned;
    }).length;
  }

  function checkedCount(cell) {
    return [...states.get(cell.cell).chromosomes.values()].filter((one) => one.checked).length;
  }

  function membersOf(name) {
    const now = states.get(shown.cell).chromosomes;
    return shown.chromosomes
      .filter((one) => now.get(one.name).class === name)
      .sort((a, b) => b.length_px - a.length_px);
  }

  /** Write a probability so that what is not certain never reads as 100 %, nor as 0 %. */
  function percent(value) {
    if (value > 0.999) return "> 99.9 %";
    if (value < 0.001) return "< 0.1 %";
    return `${(100 * value).toFixed(1)} %`;
  }

  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  // ---------------------------------------------------------------- drawing
  /** Make an element; texts become text nodes, so that no name is ever read as HTML. */
  function make(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(properties ?? {})) {
      if (key in element) element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  function say(text) {
    byId("live").textContent = text;
  }

  function render() {
    renderList();
    renderHead();
    renderKaryogram();
    renderDetails();
    renderTrail();
  }

  function isListed(cell) {
    const words = byId("filter-text").value.trim().toLowerCase();
    const text = [cell.cell, cell.iscn, draftOf(cell), ...cell.reasons].join("\n").toLowerCase();
    const kinds = {
      all: () => true,
      review: () => cell.reasons.length > 0,
      open: () => !states.get(cell.cell).reviewed,
      corrected: () => correctionCount(cell) > 0,
    };
    return text.includes(words) && kinds[byId("filter-kind").value]();
  }

  function renderList() {
    const listed = report.cells.filter(isListed);
    const reviewed = report.cells.filter((cell) => states.get(cell.cell).reviewed).length;
    byId("cells-summary").textContent =
      `${listed.length} of ${plural(report.cells.length, "cell")} · ${reviewed} reviewed`;
    byId("cells").replaceChildren(
      ...listed.map((cell) => {
        const button = make(
          "button",
          { type: "button", className: "cell", onclick: () => showCell(cell) },
          make(
            "span",
            { className: "name" },
            cell.cell,
            states.get(cell.cell).reviewed
              ? make("span", { className: "tick" }, " ✓ reviewed")
              : null,
          ),
          make("span", { className: "iscn" }, draftOf(cell)),
          make(
            "span",
            { className: "badges" },
            badge("flags", flagCount(cell), "flag"),
            badge("corrections", correctionCount(cell), "correction"),
          ),
          make("span", { className: "reasons" }, cell.reasons.join(" · ")),
        );
        button.dataset.cell = cell.cell;
        if (cell === shown) button.setAttribute("aria-current", "true");
        return make("li", {}, button);
      }),
    );
    scrollListTo(byId("cells").querySelector("[aria-current]"));
  }

  /** Bring a cell of the list into view; `scrollIntoView` would move the page, too. */
  function scrollListTo(button) {
    if (button === null) return;
    const list = byId("cells").getBoundingClientRect();
    const at = button.getBoundingClientRect();
    if (at.top < list.top) byId("cells").scrollTop -= list.top - at.top;
    if (at.bottom > list.bottom) byId("cells").scrollTop += at.bottom - list.bottom;
  }

  function refilter() {
    renderList();
    renderHead();
  }

  const badge = (kind, count, noun) =>
    make("span", { className: `badge ${kind}${count === 0 ? " none" : ""}` }, plural(count, noun));

  function showCell(cell) {
    shown = cell;
    selected = cell.chromosomes[0]?.name ?? null;
    typed = "";
    hideTip();
    render();
    say(`Cell ${cell.cell}, draft ${draftOf(cell)}.`);
  }

  /** Return the listed cell before (-1) or after (1) the shown one, which itself may be hidden. */
  function cellBeside(direction) {
    const place = report.cells.indexOf(shown);
    const rest = direction < 0 ? report.cells.slice(0, place).reverse() : report.cells.slice(place + 1);
    return rest.find(isListed);
  }

  function step(direction) {
    const next = cellBeside(direction);
    if (next !== undefined) showCell(next);
  }

  function action(id, text, title, onclick, disabled = false) {
    const button = make("button", { type: "button", id, title, onclick, disabled }, text);
    // A lone sign says nothing when it is read aloud.
    if (text.length === 1) button.setAttribute("aria-label", title);
    return button;
  }

  function renderHead() {
    const draft = draftOf(shown);
    const history = histories.get(shown.cell);
    const reviewed = states.get(shown.cell).reviewed;
    const corrections = correctionCount(shown);
    const margin = shown.margin === null ? "no rival" : `${shown.margin.toFixed(1)} nats`;
    const focusedId = document.activeElement?.id;
    byId("cell-head").replaceChildren(
      make(
        "div",
        { className: "title" },
        make("h2", {}, shown.cell),
        make(
          "p",
          { className: "formula" },
          make("strong", { id: "iscn" }, draft),
          make("span", { className: "draft" }, report.draft_note),
        ),
        draft === shown.iscn ? null : make("p", { className: "quiet" }, `read as ${shown.iscn}`),
      ),
      make(
        "div",
        { className: "buttons" },
        action("previous", "‹ Previous", "Previous cell (p)", () => step(-1), !cellBeside(-1)),
        action("next", "Next ›", "Next cell (n)", () => step(1), !cellBeside(1)),
        action("undo", "Undo", "Undo (Ctrl+Z)", undo, history.done.length === 0),
        action("redo", "Redo", "Redo (Ctrl+Shift+Z)", redo, history.undone.length === 0),
        action("reset", "Reset cell", "Put all back as it was read; can be undone", resetCell),
        action("smaller", "−", "Smaller chromosomes", () => setZoom(zoom / 1.2)),
        action("larger", "+", "Larger chromosomes", () => setZoom(zoom * 1.2)),
        action("film", "Invert", "Dark on white, or bright on black", invertFilm),
        make(
          "label",
          { className: `done${reviewed ? " yes" : ""}` },
          make("input", {
            type: "checkbox",
            id: "reviewed",
            checked: reviewed,
            onchange: (event) => setReviewed(event.target.checked),
          }),
          "Cell reviewed",
        ),
      ),
      make(
        "p",
        { className: "numbers" },
        [
          plural(sum(Object.values(countsNow(shown))), "chromosome"),
          `${membersOf(ASIDE).length} set aside`,
          `margin ${margin}`,
          plural(corrections, "correction"),
          `${checkedCount(shown)} of ${shown.chromosomes.length} checked`,
        ].join(" · "),
        make(
          "span",
          { className: "print-only" },
          ` · reviewer: ${saved.reviewer || "not named"} · ${reviewed ? "" : "not "}reviewed`,
        ),
      ),
      ...shown.flags.map((text) => make("p", { className: "flag" }, `⚑ ${text}`)),
      ...shown.unread.map((one) =>
        make("p", { className: "flag" }, `⚑ ${one.name} could not be read: ${one.reason}`),
      ),
    );
    if (focusedId) byId("cell-head").querySelector(`#${CSS.escape(focusedId)}`)?.focus();
  }

  function setZoom(value) {
    zoom = Math.min(4, Math.max(0.5, value));
    setScale();
  }

  function confidenceKind(one) {
    if (states.get(shown.cell).chromosomes.get(one.name).class !== one.class) return "by-hand";
    if (one.confidence >= report.sure_confidence) return "sure";
    return one.confidence >= report.doubtful_confidence ? "fair" : "doubtful";
  }

  function spoken(one) {
    const state = states.get(shown.cell).chromosomes.get(one.name);
    const likely = one.probabilities.map((p) => `${p.class} ${percent(p.probability)}`).join(", ");
    return [
      `Image ${one.name}`,
      state.class === ASIDE ? "set aside" : `class ${state.class}`,
      state.class === one.class
        ? `confidence ${percent(one.confidence)}`
        : `moved by hand, read as ${one.class} with ${percent(one.confidence)}`,
      ...one.flags.map((text) => `flag: ${text}`),
      `most probable ${likely}`,
      state.turned === one.turned ? null : "turned by hand",
      state.checked ? "checked" : null,
    ].filter((text) => text !== null).join("; ");
  }

  function picture(one) {
    const state = states.get(shown.cell).chromosomes.get(one.name);
    const image = make("img", { src: one.image, alt: "", draggable: false });
    image.style.setProperty("--w", one.width_px);
    image.style.setProperty("--h", one.height_px);
    if (state.turned !== one.turned) image.classList.add("upside-down");
    return image;
  }

  function chromosomeElement(one) {
    const state = states.get(shown.cell).chromosomes.get(one.name);
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
        tabIndex: one.name === selected ? 0 : -1,
        onfocus: () => select(one.name),
        onpointerenter: (event) => event.pointerType !== "touch" && showTip(one, button),
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
    if (one.name === selected) button.classList.add("selected");
    return button;
  }

  function slotElement(name, counts) {
    const members = membersOf(name).map(chromosomeElement);
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
        slot.firstChild.append(make("span", { className: "hint" }, "drop here what is left out"));
      }
    } else if (!isUsual(name, counts)) {
      slot.classList.add("unusual");
      label.append(make("span", { className: "copies" }, ` ×${counts[name]}`));
    }
    return slot;
  }

  function renderKaryogram() {
    const hadFocus = byId("karyogram").contains(document.activeElement);
    const counts = countsNow(shown);
    const classesOf = Object.fromEntries(report.groups.map((group) => [group.name, group.classes]));
    const rows = ROWS.map((names, place) => {
      const groups = names.map((name) =>
        make(
          "div",
          { className: "group" },
          make("div", { className: "slots" }, ...classesOf[name].map((c) => slotElement(c, counts))),
          make("span", { className: "group-name" }, name),
        ),
      );
      if (place === ROWS.length - 1) groups.push(slotElement(ASIDE, counts));
      return make("div", { className: "row" }, ...groups);
    });
    byId("karyogram").replaceChildren(...rows);
    setScale();
    if (hadFocus) chromosomeButton(selected)?.focus({ preventScroll: true });
  }

  /**
   * One scale for the whole cell: all rows fit into the window, and the page when printed.
   * It follows from the classes as read, so that nothing jumps when a chromosome is moved.
   */
  function setScale() {
    const widths = shown.chromosomes.map((one) => one.width_px).sort((a, b) => a - b);
    const usualWidth = widths[Math.floor(widths.length / 2)] ?? 1;
    const classesOf = new Map(report.groups.map((group) => [group.name, group.classes]));
    const rows = ROWS.map((names) => {
      const classes = names.flatMap((name) => classesOf.get(name));
      const members = classes.map((name) => shown.chromosomes.filter((one) => one.class === name));
      const all = members.flat();
      return {
        height: Math.max(1, ...all.map((one) => one.height_px)),
        width: sum(
          members.map((some) => Math.max(sum(some.map((one) => one.width_px)), 2 * usualWidth)),
        ),
        gaps: classes.length * GAP_OF_SLOTS_PX + names.length * GAP_OF_GROUPS_PX + 6 * all.length,
      };
    });
    const fit = (width, height) =>
      Math.max(
        LEAST_SCALE,
        Math.min(
          (height - rows.length * ROW_TEXT_PX) / sum(rows.map((row) => row.height)),
          ...rows.map((row) => (width - row.gaps) / row.width),
        ),
      );
    const area = byId("karyogram");
    const top = area.getBoundingClientRect().top + window.scrollY;
    const screen = fit(area.clientWidth - 24, window.innerHeight - top - BELOW_KARYOGRAM_PX);
    area.style.setProperty("--screen-scale", zoom * screen);
    area.style.setProperty("--print-scale", fit(PRINT_WIDTH_PX, PRINT_HEIGHT_PX));
    area.style.setProperty("--slot", 2 * usualWidth);
  }

  const chromosomeButton = (image) =>
    image === null ? null : document.querySelector(`.chromosome[data-image="${CSS.escape(image)}"]`);

  function select(image) {
    if (image !== selected) typed = "";
    selected = image;
    for (const button of document.querySelectorAll(".chromosome")) {
      const isSelected = button.dataset.image === image;
      button.classList.toggle("selected", isSelected);
      button.tabIndex = isSelected ? 0 : -1;
    }
    renderDetails();
  }

  function likelyTable(one) {
    const rows = one.probabilities.map((p) => {
      const bar = make("span", { className: "level" });
      bar.style.width = `${100 * p.probability}%`;
      return make(
        "tr",
        {},
        make("th", { scope: "row" }, p.class),
        make("td", { className: "wide" }, make("span", { className: "bar" }, bar)),
        make("td", {}, percent(p.probability)),
        make("td", { className: "quiet" }, percent(p.alone)),
      );
    });
    const names = ["Class", "", "In the cell", "Alone"];
    const head = names.map((text) => make("th", { scope: "col" }, text));
    return make(
      "table",
      { className: "likely" },
      make("thead", {}, make("tr", {}, ...head)),
      make("tbody", {}, ...rows),
    );
  }

  function renderDetails() {
    const one = shown.chromosomes.find((candidate) => candidate.name === selected);
    if (one === undefined) {
      byId("details").replaceChildren(make("p", { className: "quiet" }, "No chromosome chosen."));
      return;
    }
    const state = states.get(shown.cell).chromosomes.get(one.name);
    const focusedId = document.activeElement?.id;
    const options = [...report.classes, ASIDE].map((name) =>
      make("option", { value: name, selected: name === state.class }, name),
    );
    const choice = make(
      "select",
      { id: "class-choice", onchange: (event) => move(one.name, event.target.value) },
      ...options,
    );
    const turnedText = one.turned
      ? `came upside down (${percent(one.turned_probability)}), turned by the program`
      : "came upright";
    byId("details").replaceChildren(
      make("div", { className: "film" }, picture(one)),
      make(
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
            : `moved by hand; read as ${one.class}, ${percent(one.confidence)}`,
        ),
        ...one.flags.map((text) => make("p", { className: "flag" }, `⚑ ${text}`)),
        likelyTable(one),
        make("p", { className: "quiet" }, `length ${one.length_px.toFixed(1)} px · ${turnedText}`),
      ),
      make(
        "div",
        { className: "tools" },
        make("label", {}, "Move to class ", choice),
        action("turn", "Turn", "Turn upside down (t)", () => turn(one.name)),
        action("aside", "Set aside", "Leave it out of the count (a)", () => move(one.name, ASIDE)),
        make(
          "label",
          {},
          make("input", {
            type: "checkbox",
            id: "checked",
            checked: state.checked,
            onchange: () => check(one.name),
          }),
          "Checked",
        ),
        typed === ""
          ? null
          : make("p", { className: "typed", id: "typed" }, `Move to ${typed}_ · Enter`),
      ),
    );
    if (focusedId) byId("details").querySelector(`#${CSS.escape(focusedId)}`)?.focus();
  }

  function renderTrail() {
    const entries = saved.audit.filter((entry) => entry.cell === shown.cell).reverse();
    const shownAs = (entry, value) => {
      if (entry.field === "class") return value;
      return value ? entry.field : `not ${entry.field}`;
    };
    const items = entries.map((entry) =>
      make(
        "li",
        {},
        make("time", { dateTime: entry.time }, entry.time.slice(0, 19).replace("T", " ")),
        make("span", { className: "who" }, entry.reviewer || "not named"),
        make(
          "span",
          {},
          `${entry.action}: ${entry.image || "cell"} `,
          make("b", {}, `${shownAs(entry, entry.from)} → ${shownAs(entry, entry.to)}`),
        ),
      ),
    );
    byId("trail").replaceChildren(
      make("h3", {}, `Audit trail of this cell (${entries.length} of ${saved.audit.length})`),
      items.length > 0
        ? make("ol", {}, ...items)
        : make("p", { className: "quiet" }, "No change yet."),
    );
  }

  function renderFrame() {
    const legend = [
      ["sure", `at least ${100 * report.sure_confidence} %`],
      ["fair", `${100 * report.doubtful_confidence} to ${100 * report.sure_confidence} %`],
      ["doubtful", `below ${100 * report.doubtful_confidence} %`],
      ["by-hand", "moved by hand"],
    ];
    byId("legend").replaceChildren(
      make("span", {}, "Confidence"),
      ...legend.map(([kind, text]) =>
        make("span", {}, make("span", { className: `swatch ${kind}` }), text),
      ),
      make("span", {}, make("span", { className: "mark flagged" }, "!"), "flagged"),
      make("span", {}, make("span", { className: "mark turned" }, "↻"), "turned by hand"),
      make("span", {}, make("span", { className: "mark checked" }, "✓"), "checked"),
      make("span", { id: "film-note" }, ""),
    );
    const facts = Object.entries(report.facts).map(
      ([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    facts.push(`digest of the cells ${report.digest.slice(0, 12)}`);
    byId("facts").textContent = facts.join(" · ");
    byId("reviewer").value = saved.reviewer;
    showFilm();
  }

  function showFilm() {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    const film = saved.film || (dark ? "bright" : "dark");
    document.body.dataset.film = film;
    byId("film-note").textContent =
      film === "dark"
        ? "Images are shown inverted: dark on white."
        : "Images are shown as read: bright on black.";
  }

  function invertFilm() {
    saved.film = document.body.dataset.film === "dark" ? "bright" : "dark";
    writeStorage();
    showFilm();
  }

  function showTip(one, element) {
    if (drag !== null) return;
    const tip = byId("tip");
    const state = states.get(shown.cell).chromosomes.get(one.name);
    const head = state.class === one.class
      ? `${one.class} · ${percent(one.confidence)}`
      : `${state.class} by hand · read as ${one.class}, ${percent(one.confidence)}`;
    tip.replaceChildren(
      make("strong", {}, head),
      make("span", { className: "quiet" }, one.name),
      ...one.flags.map((text) => make("p", { className: "flag" }, `⚑ ${text}`)),
      likelyTable(one),
    );
    tip.hidden = false;
    const at = element.getBoundingClientRect();
    const left = Math.min(at.right + 8, window.innerWidth - tip.offsetWidth - 8);
    const top = Math.min(at.top, window.innerHeight - tip.offsetHeight - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${Math.max(8, top)}px`;
  }

  function hideTip() {
    byId("tip").hidden = true;
  }

  // ---------------------------------------------------------------- pointer
  let drag = null;

  function startDrag(event, one, button) {
    if (event.button !== 0) return;
    button.focus({ preventScroll: true });
    drag = { image: one.name, button, x: event.clientX, y: event.clientY, ghost: null, slot: null };
    button.setPointerCapture(event.pointerId);
    button.onpointermove = moveDrag;
    button.onpointerup = endDrag;
    button.onpointercancel = stopDrag;
  }

  function moveDrag(event) {
    if (drag === null) return;
    const distance = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
    if (drag.ghost === null) {
      if (distance < DRAG_STARTS_PX) return;
      hideTip();
      drag.ghost = drag.button.querySelector("img").cloneNode();
      drag.ghost.classList.add("ghost");
      byId("karyogram").append(drag.ghost);
      drag.button.classList.add("dragged");
      document.body.classList.add("dragging");
    }
    if (event.clientY > window.innerHeight - SCROLL_EDGE_PX) window.scrollBy(0, SCROLL_STEP_PX);
    if (event.clientY < SCROLL_EDGE_PX) window.scrollBy(0, -SCROLL_STEP_PX);
    drag.ghost.style.left = `${event.clientX}px`;
    drag.ghost.style.top = `${event.clientY}px`;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    drag.slot?.classList.remove("target");
    drag.slot = under?.closest(".slot") ?? null;
    drag.slot?.classList.add("target");
  }

  function endDrag() {
    const { image, slot, ghost } = drag ?? {};
    stopDrag();
    if (ghost && slot) move(image, slot.dataset.class);
  }

  function stopDrag() {
    if (drag === null) return;
    drag.ghost?.remove();
    drag.slot?.classList.remove("target");
    drag.button.classList.remove("dragged");
    document.body.classList.remove("dragging");
    drag.button.onpointermove = null;
    drag.button.onpointerup = null;
    drag.button.onpointercancel = null;
    drag = null;
  }

  // ---------------------------------------------------------------- keyboard
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
      // Chromosomes stand on the bottom of their row.
      const down = sign * (at.bottom - from.bottom);
      if (down < 30) continue;
      const cost = 4 * down + Math.abs((at.left + at.right) / 2 - centre);
      if (cost < least) [best, least] = [other, cost];
    }
    return best;
  }

  function chromosomeKey(event, button) {
    const image = button.dataset.image;
    const key = event.key;
    if (key.startsWith("Arrow")) neighbour(button, key)?.focus();
    else if (/^[0-9]$/.test(key)) typed = (typed + key).slice(-2);
    else if (key === "Backspace") typed = typed.slice(0, -1);
    else if (key === "Enter") moveToTyped(image);
    else if (CLASS_OF_KEY[key.toLowerCase()]) move(image, CLASS_OF_KEY[key.toLowerCase()]);
    else if (key === "a" || key === "Delete") move(image, ASIDE);
    else if (key === "t") turn(image);
    else if (key === "c") check(image);
    else return false;
    renderDetails();
    return true;
  }

  function moveToTyped(image) {
    if (typed === "") return;
    const name = String(Number(typed));
    if (report.classes.includes(name)) move(image, name);
    else say(`There is no class ${typed}.`);
    typed = "";
  }

  function onKey(event) {
    const isText = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (event.key === "Escape") {
      stopDrag();
      hideTip();
      typed = "";
      renderDetails();
      return;
    }
    if (isText || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "z" && event.key.toLowerCase() !== "y") return;
      event.preventDefault();
      if (event.shiftKey || event.key.toLowerCase() === "y") redo();
      else undo();
      return;
    }
    const button = event.target.closest?.(".chromosome");
    if (button && chromosomeKey(event, button)) event.preventDefault();
    else if (event.key === "n") step(1);
    else if (event.key === "p") step(-1);
  }

  // ---------------------------------------------------------------- export
  function correctedReport() {
    return {
      format: report.format,
      research_note: report.research_note,
      draft_note: report.draft_note,
      exported: localTime(new Date()),
      reviewer: saved.reviewer,
      facts: report.facts,
      digest: report.digest,
      cells: report.cells.map((cell) => {
        const state = states.get(cell.cell);
        return {
          cell: cell.cell,
          iscn_read: cell.iscn,
          iscn_corrected: draftOf(cell),
          counts_read: cell.counts,
          counts_corrected: countsNow(cell),
          margin: cell.margin,
          flags: cell.flags,
          unread: cell.unread,
          reviewed: state.reviewed,
          chromosomes: cell.chromosomes.map((one) => {
            const now = state.chromosomes.get(one.name);
            return {
              name: one.name,
              class_read: one.class,
              class_corrected: now.class,
              confidence: one.confidence,
              probabilities: one.probabilities,
              turned_read: one.turned,
              turned_corrected: now.turned,
              length_px: one.length_px,
              flags: one.flags,
              checked: now.checked,
            };
          }),
        };
      }),
      audit: saved.audit,
    };
  }

  function csv(rows) {
    const field = (value) => {
      const text = String(value);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    return rows.map((row) => `${row.map(field).join(",")}\n`).join("");
  }

  function correctedCsv() {
    const columns = [
      "cell", "image", "class_read", "class_corrected", "confidence", "turned", "flags", "checked",
    ];
    const rows = correctedReport().cells.flatMap((cell) =>
      cell.chromosomes.map((one) => [
        cell.cell,
        one.name,
        one.class_read,
        one.class_corrected,
        one.confidence.toFixed(6),
        one.turned_corrected,
        one.flags.join("; "),
        one.checked,
      ]),
    );
    return csv([columns, ...rows]);
  }

  function auditCsv() {
    const columns = ["time", "reviewer", "cell", "image", "action", "field", "from", "to"];
    return csv([columns, ...saved.audit.map((entry) => columns.map((name) => entry[name]))]);
  }

  function download(ending, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const name = `karyotypes-${report.digest.slice(0, 8)}-${ending}`;
    make("a", { href: address, download: name }).click();
    // The browser reads the Blob after this turn.
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // ---------------------------------------------------------------- start
  function start() {
    readStorage();
    renderFrame();
    selected = shown.chromosomes[0]?.name ?? null;
    render();
    document.addEventListener("keydown", onKey);
    byId("filter-text").addEventListener("input", refilter);
    byId("filter-kind").addEventListener("change", refilter);
    byId("reviewer").addEventListener("input", (event) => {
      saved.reviewer = event.target.value.trim();
      writeStorage();
    });
    byId("export-json").addEventListener("click", () =>
      download("corrected.json", "application/json", `${JSON.stringify(correctedReport(), null, 2)}\n`),
    );
    byId("export-csv").addEventListener("click", () =>
      download("corrected.csv", "text/csv", correctedCsv()),
    );
    byId("export-audit").addEventListener("click", () =>
      download("audit.csv", "text/csv", auditCsv()),
    );
    byId("print").addEventListener("click", () => window.print());
    window.addEventListener("resize", setScale);
    // The same report in a second tab: take over its changes instead of losing them.
    window.addEventListener("storage", (event) => {
      if (event.key !== STORAGE_KEY) return;
      readStorage();
      renderFrame();
      render();
    });
    window.addEventListener("beforeunload", (event) => {
      if (!storageWorks && saved.audit.length > 0) event.preventDefault();
    });
    // For tests and for the console: read only.
    globalThis.karyotypeReport = Object.freeze({ draftIscn, correctedReport });
  }

  start();
})();
