// Small karyograms of the cells of a case, drawn while they are in view and emptied when they
// are not, so that a thousand of them take the memory of a few.

import { countsNow, correctionCount, draftText, membersOf } from "./cells.mjs";
import { classesOfGroup, ROWS } from "./data.mjs";
import { make } from "./dom.mjs";
import { ownName } from "./labels.mjs";
import { isLoaded, loadCell, tellMissing } from "./load.mjs";
import { showCell } from "./navigate.mjs";
import { chromosomeState, revision, states } from "./state.mjs";
import { plural, sum } from "./text.mjs";

const WIDTH_PX = 200;
const HEIGHT_PX = 132;
const GAP_PX = 2;
const NEAR_PX = "300px";
const FAR_PX = "1500px";
const ADDED_AT_ONCE = 40;
// While the page is scrolled, thumbnails wait for a pause, but not for long.
const PAUSE_MILLISECONDS = 120;
const LONGEST_WAIT_MILLISECONDS = 600;

// Canvas → the cell to draw on it, in the order in which they came into view.
const wanted = new Map();
let isDrawing = false;
let scrolledAt = -Infinity;
window.addEventListener("scroll", () => { scrolledAt = performance.now(); }, { passive: true });

const observer = new IntersectionObserver(
  (changes) => {
    for (const { target, isIntersecting } of changes) {
      if (isIntersecting) wanted.set(target, target.cell);
      else clear(target);
    }
    drawWanted();
  },
  { rootMargin: NEAR_PX },
);

function clear(canvas) {
  wanted.delete(canvas);
  canvas.width = 0;
  canvas.drawnAt = undefined;
}

const wait = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

async function waitForPause() {
  const until = performance.now() + LONGEST_WAIT_MILLISECONDS;
  while (performance.now() < Math.min(until, scrolledAt + PAUSE_MILLISECONDS)) {
    await wait(PAUSE_MILLISECONDS / 2);
  }
  await wait(0);
}

/** Draw one at a time, with a pause for the page in between. */
async function drawWanted() {
  if (isDrawing) return;
  isDrawing = true;
  while (wanted.size > 0) {
    const [canvas, cell] = wanted.entries().next().value;
    wanted.delete(canvas);
    try {
      await loadCell(cell);
      await drawCell(canvas, cell);
    } catch (error) {
      tellMissing(error);
    }
    await waitForPause();
  }
  isDrawing = false;
}

async function decoded(one) {
  const image = new Image();
  image.src = one.image;
  await image.decode();
  return image;
}

async function drawCell(canvas, cell) {
  const { chromosomes } = cell;
  const images = await Promise.all(chromosomes.map(decoded));
  if (!canvas.isConnected || !isLoaded(cell)) return;
  const pictures = new Map(chromosomes.map((one, place) => [one.name, images[place]]));
  const ratio = window.devicePixelRatio || 1;
  canvas.width = WIDTH_PX * ratio;
  canvas.height = HEIGHT_PX * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
  const rows = ROWS.map((names) =>
    names.flatMap((name) => classesOfGroup.get(name)).map((name) => membersOf(cell, name)));
  const height = (row) => Math.max(1, ...row.flat().map((one) => one.height_px));
  const width = (row) => sum(row.flat().map((one) => one.width_px));
  const gaps = (row) => GAP_PX * (row.flat().length + row.length);
  const scale = Math.min(
    (HEIGHT_PX - GAP_PX * (rows.length + 1)) / sum(rows.map(height)),
    ...rows.map((row) => (WIDTH_PX - gaps(row)) / Math.max(1, width(row))),
  );
  let bottom = 0;
  for (const row of rows) {
    bottom += height(row) * scale + GAP_PX;
    // What is left is shared between the classes.
    const between = (WIDTH_PX - width(row) * scale - GAP_PX * row.flat().length) / (row.length + 1);
    let left = between;
    for (const members of row) {
      for (const one of members) {
        drawOne(context, pictures.get(one.name), one, { left, bottom, scale,
          turned: chromosomeState(cell, one).turned !== one.turned });
        left += one.width_px * scale + GAP_PX;
      }
      left += between;
    }
  }
  if (document.body.dataset.film === "dark") {
    context.globalCompositeOperation = "difference";
    context.fillStyle = "white";
    context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
  }
  canvas.drawnAt = revision;
}

function drawOne(context, pixels, one, { left, bottom, scale, turned }) {
  const [width, height] = [one.width_px * scale, one.height_px * scale];
  context.save();
  context.translate(left + width / 2, bottom - height / 2);
  if (turned) context.rotate(Math.PI);
  context.drawImage(pixels, -width / 2, -height / 2, width, height);
  context.restore();
}

/** Return a button with a small karyogram of a cell, which shows the cell. */
function thumbnail(cell) {
  const canvas = make("canvas", { width: 0, height: HEIGHT_PX });
  canvas.cell = cell;
  canvas.setAttribute("aria-hidden", "true");
  observer.observe(canvas);
  const corrections = correctionCount(cell);
  const marks = [
    plural(sum(Object.values(countsNow(cell))), "chromosome"),
    corrections > 0 ? plural(corrections, "correction") : null,
    states.get(cell.cell).reviewed ? "✓ reviewed" : null,
  ];
  const button = make(
    "button",
    { type: "button", className: "thumbnail", onclick: () => showCell(cell) },
    make("span", { className: "plate" }, canvas),
    make("span", { className: "name" }, ownName(cell)),
    make("span", { className: "iscn" }, draftText(cell)),
    make("span", { className: "quiet" }, marks.filter((text) => text !== null).join(" · ")),
  );
  button.dataset.thumbnail = cell.cell;
  return button;
}

/**
 * Fill an area with the thumbnails of cells: the first ones now, more whenever the last one comes
 * near, by scrolling or by the keyboard.
 */
export function fillThumbnails(area, cells) {
  const added = cells.slice(0, ADDED_AT_ONCE).map(thumbnail);
  area.append(...added);
  const rest = cells.slice(ADDED_AT_ONCE);
  if (rest.length === 0) return;
  const end = new IntersectionObserver((changes) => {
    if (!changes.some((change) => change.isIntersecting)) return;
    end.disconnect();
    if (area.isConnected) fillThumbnails(area, rest);
  }, { rootMargin: FAR_PX });
  end.observe(added.at(-1));
}

/** Forget the thumbnails of a page that is shown no more. */
export function dropThumbnails(area) {
  for (const canvas of area.querySelectorAll("canvas")) {
    observer.unobserve(canvas);
    clear(canvas);
  }
}
