"""The console as a person uses it: finds things by what is written on them, and waits until they are there."""
import json

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait


class Console:
    def __init__(self, browser, url):
        self.browser = browser
        self.url = url

    def open(self, path="/"):
        self.browser.get(self.url + path)
        return self

    def wait(self, condition, seconds=15, what="it"):
        """Pages draw themselves anew while they are looked at: what has gone meanwhile is looked for again."""
        waiting = WebDriverWait(self.browser, seconds, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException])
        return waiting.until(lambda _: condition(), f"waited {seconds} s for {what}")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, seconds=15):
        return self.wait(lambda: next((found for found in self.all(selector) if found.is_displayed()), None), seconds, selector)

    def text(self):
        return self.browser.find_element(By.TAG_NAME, "body").text

    def shows(self, words, seconds=15):
        self.wait(lambda: words in self.text(), seconds, words)

    def click(self, selector, words=None):
        """Clicks what the selector finds, and, where words are given, has exactly these written on it."""
        def try_it():
            for found in self.all(selector):
                if found.is_displayed() and (words is None or found.text == words):
                    found.click()
                    return True
            return False
        self.wait(try_it, what=f"{selector} {words or ''} to click")

    def follow(self, words):
        self.click("a", words)

    def count_of(self, node):
        """The big number on a card of the overview."""
        return self.wait(lambda: self.one(f"[data-records='{node}']").text, what=node).replace(",", "")

    def login(self, user="admin", password="admin"):
        self.one("#user").send_keys(user)
        self.one("#password").send_keys(password)
        self.one("button[type=submit]").click()
        return self

    def logged_in(self):
        self.login()
        self.one("a.nav")
        return self

    def complaints(self):
        """What the browser's console says is wrong; scripts that fail, policies that were broken, answers of 4xx and 5xx."""
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requested(self):
        """Every address that the pages asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        return {message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent" and message["params"].get("documentURL", "").startswith("http")}
