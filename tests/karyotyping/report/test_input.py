"""Fingers and keys of a person: what they mean, and what they must not do."""

from __future__ import annotations

TWO_FINGERS = """
// Pointers that only a script knows cannot be captured.
const capture = Element.prototype.setPointerCapture;
Element.prototype.setPointerCapture = () => {};
const fire = (type, finger, button, down) => {
  const at = button.getBoundingClientRect();
  const place = { clientX: at.left + at.width / 2 + down, clientY: at.top + at.height / 2 + down };
  button.dispatchEvent(new PointerEvent(type, {
    pointerId: finger, pointerType: "touch", isPrimary: finger === 1, bubbles: true, ...place,
  }));
};
const [one, other] = arguments;
fire("pointerdown", 1, one, 0);
fire("pointerdown", 2, other, 0);
fire("pointermove", 2, other, 2);
fire("pointermove", 1, one, 2);
fire("pointerup", 1, one, 2);
fire("pointerup", 2, other, 2);
Element.prototype.setPointerCapture = capture;"""


def changes(page):
    """Return the changes of the audit trail, without time and person."""
    audit = page.driver.execute_script("return karyotypeReport.correctedReport()")["audit"]
    return [(one["image"], one["action"], one["from"], one["to"]) for one in audit]


def test_two_fingers_move_no_chromosome(page):
    page.show("Cell 001")
    one, other = (page.chromosome(page.members(name)[0]) for name in ("1", "8"))
    page.driver.execute_script(TWO_FINGERS, one, other)
    assert changes(page) == []
    assert page.all(".ghost") == []
    # Both fingers are gone: they hold no later drag back.
    image = page.members("21")[0]
    page.drag(image, "22")
    assert changes(page) == [(image, "move", "21", "22")]
