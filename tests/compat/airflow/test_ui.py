"""The user's acceptance test in Airflow's own pages: log in as admin/admin, switch the DAG on, trigger it, see it succeed, read our lines."""
import time
import urllib.parse

from airflow_api import DAG, TASK
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By


class Pages:
    """Looks for what is on the page until it is there: both consoles draw themselves late and again."""

    def __init__(self, browser, airflow):
        self.browser, self.airflow = browser, airflow

    def open(self, path):
        self.browser.get(self.airflow.url + path)

    def wait(self, condition, what, seconds=90):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if answer := condition():
                    return answer
            except WebDriverException:
                pass  # drawn anew while we looked
            assert time.monotonic() < deadline, f"waited {seconds} s for {what} at {self.browser.current_url}:\n{self.text()[:2000]}"
            time.sleep(0.3)

    def text(self):
        return self.browser.find_element(By.TAG_NAME, "body").text

    def shown(self, selector):
        return [each for each in self.browser.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()]

    def click(self, selector, last=False):
        def try_it():
            found = self.shown(selector)
            if found:
                found[-1 if last else 0].click()
            return bool(found)
        self.wait(try_it, f"{selector} to click")

    def log_in(self):
        self.open("/" if self.airflow.is_3 else "/login/")
        for name in ("username", "password"):
            self.wait(lambda: self.shown(f"input[name={name}]"), f"the field {name}")[0].send_keys("admin")
        self.click("[type=submit]")
        self.wait(lambda: "login" not in self.browser.current_url, "the page behind the login")


def switch_on(pages):
    if pages.airflow.is_3:
        pages.open(f"/dags/{DAG}")
        pages.click("[data-testid=toggle-pause]")
    else:
        pages.open("/home")
        pages.click(f"label:has(#toggle-{DAG})")
    pages.wait(lambda: not pages.airflow.dag()["is_paused"], "the DAG to be on")


def trigger(pages):
    if pages.airflow.is_3:
        pages.click("[data-testid=trigger-dag-button]")
        pages.wait(lambda: pages.shown("[role=dialog]"), "the dialog")
        pages.wait(lambda: [each for each in pages.shown("[role=dialog] button") if each.text.strip() == "Trigger" and each.is_enabled()],
                   "its button")[-1].click()
    else:
        pages.open(f"/dags/{DAG}/grid")
        pages.click("a[aria-label='Trigger DAG']")


def log_page(pages, run):
    run = urllib.parse.quote(run, safe="")
    return f"/dags/{DAG}/runs/{run}/tasks/{TASK}" if pages.airflow.is_3 else f"/dags/{DAG}/grid?dag_run_id={run}&task_id={TASK}&tab=logs"


def test_trigger_and_read_the_log(browser, airflow):
    airflow.pause(True)
    before = {run["dag_run_id"] for run in airflow.runs()}
    pages = Pages(browser, airflow)
    pages.log_in()
    switch_on(pages)
    trigger(pages)

    def manual_run():
        return next((run["dag_run_id"] for run in airflow.runs() if run["run_type"] == "manual" and run["dag_run_id"] not in before), None)

    run = pages.wait(manual_run, "a new run")
    assert airflow.wait(run, timeout=200) == "success"
    pages.open(log_page(pages, run))
    pages.wait(lambda: "the run begins" in pages.text() and "3 rows into users_created" in pages.text(), "our lines in the log")
    assert "success" in pages.text().lower()
