// The size at which the chromosomes of the shown cell are drawn.

import { classesOfGroup, ROWS } from "./data.mjs";
import { byId } from "./dom.mjs";
import { sum } from "./text.mjs";
import { view } from "./view.mjs";

// Size of the karyogram on an A4 page in landscape.
const PRINT_WIDTH_PX = 960;
const PRINT_HEIGHT_PX = 560;
// On the screen images are reduced by hand only. On paper a karyogram is one page, however large
// they are; its least scale is for rows of so many chromosomes that the gaps alone fill the page.
const LEAST_SCREEN_SCALE = 1;
const LEAST_PRINT_SCALE = 0.1;
const ROW_TEXT_PX = 68;
const BELOW_KARYOGRAM_PX = 40;
const GAP_OF_SLOTS_PX = 14;
const GAP_OF_GROUPS_PX = 26;
const GAP_OF_CHROMOSOMES_PX = 6;
const SIDES_PX = 24;
const LEAST_ZOOM = 0.5;
const MOST_ZOOM = 4;

export function setZoom(value) {
  view.zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, value));
  setScale();
}

function sizeOfRow(cell, names, usualWidth) {
  const classes = names.flatMap((name) => classesOfGroup.get(name));
  const members = classes.map((name) => cell.chromosomes.filter((one) => one.class === name));
  const all = members.flat();
  return {
    height: Math.max(1, ...all.map((one) => one.height_px)),
    width: sum(
      members.map((some) => Math.max(sum(some.map((one) => one.width_px)), 2 * usualWidth)),
    ),
    gaps:
      classes.length * GAP_OF_SLOTS_PX +
      names.length * GAP_OF_GROUPS_PX +
      all.length * GAP_OF_CHROMOSOMES_PX,
  };
}

/**
 * Return the width of a usual chromosome, and the scale at which all rows fit into a size.
 * It depends on the automatic classes, so that nothing jumps when a chromosome is moved.
 */
function measure(cell) {
  const widths = cell.chromosomes.map((one) => one.width_px).sort((a, b) => a - b);
  const usualWidth = widths[Math.floor(widths.length / 2)] ?? 1;
  const rows = ROWS.map((names) => sizeOfRow(cell, names, usualWidth));
  const fit = (width, height, least) =>
    Math.max(
      least,
      Math.min(
        (height - rows.length * ROW_TEXT_PX) / sum(rows.map((row) => row.height)),
        ...rows.map((row) => (width - row.gaps) / row.width),
      ),
    );
  return { usualWidth, fit };
}

/** Set the size of the printed chromosomes of a cell on the element of its karyogram. */
export function setPrintScale(area, cell) {
  const { usualWidth, fit } = measure(cell);
  area.style.setProperty("--print-scale", fit(PRINT_WIDTH_PX, PRINT_HEIGHT_PX, LEAST_PRINT_SCALE));
  area.style.setProperty("--slot", 2 * usualWidth);
}

/** Set one scale for the whole shown cell, on the screen and in print. */
export function setScale() {
  if (view.one !== null || view.cell.chromosomes === undefined) return;
  const { fit } = measure(view.cell);
  const area = byId("karyogram");
  const top = area.getBoundingClientRect().top + window.scrollY;
  const width = area.clientWidth - SIDES_PX;
  const height = window.innerHeight - top - BELOW_KARYOGRAM_PX;
  const screen = fit(width, height, LEAST_SCREEN_SCALE);
  area.style.setProperty("--screen-scale", view.zoom * screen);
  setPrintScale(area, view.cell);
}
