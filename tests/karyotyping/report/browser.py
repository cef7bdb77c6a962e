"""A headless Chromium that shows a report, and the actions of a person in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
DRIVER = shutil.which("chromedriver")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1000",
)
LONGEST_WAIT_S = 20


def start_browser(profile: Path) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER or "chromium"
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


class Page:
    """The actions of a test on the page."""

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def wait(self, selector: str):
        """Return an element as soon as it is there."""
        WebDriverWait(self.driver, LONGEST_WAIT_S, poll_frequency=0.02).until(
            lambda _: self.all(selector)
        )
        return self.find(selector)

    def wait_until(self, is_true: Callable[[], bool]) -> None:
        WebDriverWait(self.driver, LONGEST_WAIT_S, poll_frequency=0.02).until(lambda _: is_true())

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until an element has a text; the error shows the text that it has instead."""
        try:
            WebDriverWait(self.driver, LONGEST_WAIT_S, poll_frequency=0.02).until(
                lambda _: self.all(selector) and self.text(selector) == text
            )
        except TimeoutException:
            assert self.text(selector) == text

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def show(self, cell: str) -> None:
        self.find(f"[data-cell='{cell}']").click()

    def members(self, name: str) -> list[str]:
        found = self.all(f".slot[data-class='{name}'] .chromosome")
        return [one.get_attribute("data-image") for one in found]

    def chromosome(self, image: str):
        return self.find(f".chromosome[data-image='{image}']")

    def press(self, image: str, *keys: str) -> None:
        self.driver.execute_script("arguments[0].focus()", self.chromosome(image))
        self.type(*keys)

    def type(self, *keys: str) -> None:
        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def chord(self, *held: str, key: str) -> None:
        actions = ActionChains(self.driver)
        for one in held:
            actions.key_down(one)
        actions.send_keys(key)
        for one in reversed(held):
            actions.key_up(one)
        actions.perform()

    def drag(self, image: str, name: str) -> None:
        slot = self.find(f".slot[data-class='{name}']")
        ActionChains(self.driver, duration=20).drag_and_drop(self.chromosome(image), slot).perform()

    def corrected(self, name: str) -> dict[str, Any]:
        """Return a cell as the page exports it."""
        report = self.driver.execute_script("return karyotypeReport.correctedReport()")
        (cell,) = (one for one in report["cells"] if one["cell"] == name)
        return cell

    def download(self, button: str, ending: str) -> str:
        self.find(button).click()
        # The browser first makes an empty file of this name, and then puts the whole one there.
        self.wait_until(lambda: any(one.stat().st_size for one in self.downloaded(ending)))
        (file,) = self.downloaded(ending)
        return file.read_text(encoding="utf-8")

    def downloaded(self, ending: str) -> list[Path]:
        return list(self.downloads.glob(f"*{ending}"))
