"""Every page in both themes and on a small screen: nothing broken, nothing unreadable, nothing from elsewhere."""
import os
import pathlib

import pytest
from browser import open_browser
from console import Console
from selenium.webdriver.common.keys import Keys

PAGES = {"overview": "/", "dags": "/dags", "dag": "/dags/user_automation", "topics": "/topics", "topic": "/topics/users_created",
         "groups": "/groups", "tables": "/tables", "table": "/tables/spark_streams/created_users", "schemas": "/schemas", "errors": "/errors",
         "missing": "/nothing"}

# Each piece of text that is seen, with less contrast to what is behind it than WCAG AA asks for.
LOW_CONTRAST = """
const parse = (text) => { const c = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  c.clearRect(0, 0, 1, 1); c.fillStyle = text; c.fillRect(0, 0, 1, 1); const d = c.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
const ground = (element) => { const layers = []; for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
  layers.push(c); if (c[3] === 1) break; } let out = [255, 255, 255, 1]; for (const layer of layers.reverse()) out = over(layer, out); return out; };
const light = (c) => { const f = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
const bad = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
  if (!text || element.closest('[hidden], noscript, :disabled, .fresh') || element.getClientRects().length === 0) continue;
  const style = getComputedStyle(element), under = ground(element), a = light(over(parse(style.color), under)), b = light(under);
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), size = parseFloat(style.fontSize);
  const wanted = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700) ? 3 : 4.5;
  if (ratio < wanted) bad.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
}
return bad;
"""

# Controls without a name for those who cannot see them.
NAMELESS = """
return [...document.querySelectorAll('button, a, input, select, textarea')].filter((e) => e.getClientRects().length > 0 &&
  !(e.textContent.trim() || e.getAttribute('aria-label') || e.title || e.labels?.length)).map((e) => e.outerHTML.slice(0, 120));
"""


def keep_picture(browser, name):
    """Keeps a picture of the page where STREAMOPS_SHOTS says, for people to look at."""
    if folder := os.environ.get("STREAMOPS_SHOTS"):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        browser.save_screenshot(str(pathlib.Path(folder) / f"{name}.png"))


def settled(console, name):
    if name == "overview":
        console.one("[data-records='topic:users_created']")
    else:
        console.wait(lambda: "Loading" not in console.text() and len(console.one("main").text) > 20, what=name)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_whole_and_readable(filled, dark):
    browser = open_browser(dark=dark)
    try:
        console = Console(browser, filled.console).open()
        console.one("#user")
        keep_picture(browser, f"login-{'dark' if dark else 'light'}")
        assert browser.execute_script(LOW_CONTRAST) == []
        console.logged_in()
        for name, path in PAGES.items():
            console.open(path)
            settled(console, name)
            keep_picture(browser, f"{name}-{'dark' if dark else 'light'}")
            assert browser.execute_script(LOW_CONTRAST) == [], name
            assert browser.execute_script(NAMELESS) == [], name
        assert console.complaints() == []
        assert all(address.startswith(filled.console) for address in console.requested())
    finally:
        browser.quit()


def test_no_page_is_wider_than_a_small_screen(filled):
    browser = open_browser(width=390, height=840)
    try:
        console = Console(browser, filled.console).open().logged_in()
        for name, path in PAGES.items():
            console.open(path)
            settled(console, name)
            keep_picture(browser, f"{name}-small")
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, name
    finally:
        browser.quit()


def test_a_wrong_password_says_what_is_wrong_and_what_to_do(filled, browser):
    console = Console(browser, filled.console).open().login(password="nimda")
    console.shows("SO-A002")
    console.shows("admin with the password admin")


def test_the_keyboard_is_enough(filled, browser):
    console = Console(browser, filled.console).open()
    console.one("#user")
    active = lambda: browser.switch_to.active_element  # noqa: E731
    active().send_keys("admin", Keys.TAB)
    active().send_keys("admin", Keys.ENTER)
    console.one("a.nav")
    browser.find_element("css selector", "body").send_keys(Keys.TAB)
    assert active().text == "Skip to content"
    for _ in range(20):
        active().send_keys(Keys.TAB)
        if active().text == "DAGs":
            break
    active().send_keys(Keys.ENTER)
    console.one("[data-trigger=user_automation]")
    assert active().get_attribute("id") == "main"


def test_the_control_center_opens_at_topics(filled, browser):
    console = Console(browser, "http://" + filled.endpoints["control_center"]).open().logged_in()
    console.shows("users_created")
    assert browser.current_url.endswith("/topics")


def test_an_unknown_dag_and_a_lost_server_are_told(pipeline, browser):
    from server import Server
    with Server(pipeline, "--trigger", "never") as server:
        console = Console(browser, server.console).open("/dags/nobody").logged_in()
        console.shows("SO-W008")
        console.shows("live")
        server.kill()
        console.shows("reconnecting")
        server.start()
        console.one("#user", 30)  # sessions end with the process: it asks for the password again
