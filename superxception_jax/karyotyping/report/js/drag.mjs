// Moving a chromosome to another class with the pointer.

import { byId } from "./dom.mjs";
import { moveTo } from "./edits.mjs";
import { hideTip } from "./tip.mjs";

const DRAG_STARTS_PX = 5;
const SCROLL_EDGE_PX = 50;
const SCROLL_STEP_PX = 16;

let drag = null;

// A button that was drawn anew hears nothing more of its pointer.
export const isDragging = () => drag !== null && drag.button.isConnected;

export function startDrag(event, one, button) {
  // A second finger neither starts a drag nor takes over that of the first.
  if (event.button !== 0 || (isDragging() && event.pointerId !== drag.pointer)) return;
  stopDrag();
  button.focus({ preventScroll: true });
  // What the focus left may have made a correction, which draws the chromosomes anew.
  if (!button.isConnected) return;
  drag = {
    image: one.name, button, pointer: event.pointerId,
    x: event.clientX, y: event.clientY, ghost: null, slot: null,
  };
  button.setPointerCapture(event.pointerId);
  button.onpointermove = continueDrag;
  button.onpointerup = endDrag;
  button.onpointercancel = cancelDrag;
}

function continueDrag(event) {
  if (event.pointerId !== drag?.pointer) return;
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

function endDrag(event) {
  if (event.pointerId !== drag?.pointer) return;
  const { image, slot, ghost } = drag;
  stopDrag();
  if (ghost && slot) moveTo(image, slot.dataset.class);
}

function cancelDrag(event) {
  if (event.pointerId === drag?.pointer) stopDrag();
}

export function stopDrag() {
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
