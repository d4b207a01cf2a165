"""A headless browser, and the reference pipeline cut down to a run of five seconds."""
import os

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from server import REFERENCE, Server

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DRIVER = os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")


def open_browser(width=1440, height=900, dark=False):
    options = Options()
    options.binary_location = CHROMIUM
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--window-size={width},{height}",
                 "--disable-background-networking", "--no-first-run", "--lang=en-US"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    scheme = "dark" if dark else "light"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
    return browser


@pytest.fixture
def browser():
    opened = open_browser()
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    text = REFERENCE.read_text(encoding="utf-8")
    assert "for: 1m" in text
    path = tmp_path_factory.mktemp("pipeline") / "pipeline.yaml"
    path.write_text(text.replace("for: 1m", "for: 5s"), encoding="utf-8")
    return str(path)


@pytest.fixture
def fresh(pipeline):
    """The pipeline on a new data directory, not triggered."""
    with Server(pipeline, "--trigger", "never") as running:
        yield running


@pytest.fixture(scope="module")
def filled(pipeline):
    """The pipeline with data in it: one run, triggered at start."""
    with Server(pipeline) as running:
        yield running
