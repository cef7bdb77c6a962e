"""Fingers and keys of a person: what they mean, and what they must not do."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

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

PRESS = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', arguments[0]))"


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


def test_typing_in_the_menu_of_classes_is_one_change(page):
    page.show("Cell 001")
    image = page.members("21")[0]
    page.press(image)
    page.find("#class-choice").send_keys("12")
    page.type(Keys.ARROW_DOWN, Keys.ARROW_UP)
    assert changes(page) == [], "nothing is changed before Enter"
    assert page.text("#chosen") == "Move to class 12 · press Enter"
    page.type(Keys.ENTER)
    assert changes(page) == [(image, "move", "21", "12")]
    assert page.driver.execute_script("return document.activeElement.id") == "class-choice"
    assert not page.find("#chosen").is_displayed()


def test_a_choice_in_the_menu_of_classes_can_be_left_or_given_up(page):
    page.show("Cell 001")
    image = page.members("21")[0]
    page.press(image)
    page.find("#class-choice").send_keys("12")
    page.type(Keys.ESCAPE)
    assert page.find("#class-choice").get_attribute("value") == "21"
    page.type(Keys.ARROW_DOWN, Keys.TAB)
    moved = (image, "move", "21", "22")
    assert changes(page) == [moved]
    assert page.driver.execute_script("return document.activeElement.id") == "turn"
    page.chord(Keys.CONTROL, key="z")
    page.find("#class-choice").send_keys(Keys.ARROW_DOWN)
    page.chord(Keys.CONTROL, key="z")
    undone = (image, "undo", "22", "21")
    assert changes(page) == [moved, undone, moved, undone]
    # A click elsewhere leaves the menu, too.
    page.find("#class-choice").send_keys(Keys.ARROW_DOWN)
    other = page.members("1")[0]
    page.chromosome(other).click()
    assert changes(page) == [moved, undone, moved, undone, moved]
    assert page.text("#details h3").endswith(f"image {other}")


def test_letters_do_not_depend_on_caps_lock_or_alphabet(page):
    page.show("Cell 001")
    image = page.members("21")[0]
    page.press(image)

    def press(key, code="", **held):
        page.driver.execute_script(PRESS, {"key": key, "code": code, "bubbles": True, **held})

    press("A", "KeyA")
    press("я", "KeyZ", ctrlKey=True)
    assert changes(page) == [(image, "move", "21", "set aside"), (image, "undo", "set aside", "21")]
    press("С", "KeyC", shiftKey=False)  # A Cyrillic letter, with Caps Lock.
    assert changes(page)[2:] == [(image, "check", False, True)]
    shown = page.text("#cell-head h2")
    # Of Latin letters and signs, what is on the key counts, not where the key is.
    for key, code in (("é", "KeyN"), (";", "KeyN"), ("'", "KeyP"), ("ß", "KeyN"), ("Dead", "KeyN")):
        press(key, code)
    press("n", "KeyN", isComposing=True)
    assert (page.text("#cell-head h2"), len(changes(page))) == (shown, 3)
    press("P", "KeyL")
    before = page.text("#cell-head h2")
    press("N", "KeyK")
    assert (before != shown, page.text("#cell-head h2")) == (True, shown)
    press("?", "KeyM", shiftKey=True)
    assert page.find("#help").is_displayed()
