// Elements of the page: find, make, announce.

export const byId = (id) => document.getElementById(id);

/** Make an element; texts become text nodes, so that no name is ever read as HTML. */
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
  // A lone sign says nothing when it is read aloud.
  if (text.length === 1) button.setAttribute("aria-label", title);
  return button;
}

/** Replace the children of an element; what had the focus in it by its id keeps it. */
export function replaceKeepingFocus(element, children) {
  const focusedId = document.activeElement?.id;
  element.replaceChildren(...children);
  if (focusedId) element.querySelector(`#${CSS.escape(focusedId)}`)?.focus();
}

/** Tell a screen reader. */
export function say(text) {
  byId("live").textContent = text;
}
