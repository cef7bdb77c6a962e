// Elements of the page: find, make, announce.

export const byId = (id) => document.getElementById(id);

/** Make an element; texts become text nodes, so that no name is ever parsed as HTML. */
export function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function actionButton(id, text, title, onclick, disabled = false) {
  const button = make("button", { type: "button", id, title, onclick, disabled }, text);
  // A screen reader needs words instead of a single sign.
  if (text.length === 1) button.setAttribute("aria-label", title);
  return button;
}

/** Replace the children of an element; the child of the same id keeps the focus. */
export function replaceKeepingFocus(element, children) {
  const focusedId = document.activeElement?.id;
  element.replaceChildren(...children);
  if (focusedId) element.querySelector(`#${CSS.escape(focusedId)}`)?.focus();
}

/** Focus what took the place of an element that was drawn anew before it had the focus. */
export function focusAgain(element) {
  if (element === null || element.isConnected) return;
  const { id, dataset } = element;
  const same = id ? `#${CSS.escape(id)}` : `[data-image="${CSS.escape(dataset.image ?? "")}"]`;
  document.querySelector(same)?.focus({ preventScroll: true });
}

/** Tell a screen reader. */
export function say(text) {
  byId("live").textContent = text;
}
