"""The user's acceptance test by clicking: trigger the DAG, watch it run, see the messages, see the rows."""
import json

from console import Console


def test_trigger_watch_and_see_messages_and_rows(fresh, browser):
    console = Console(browser, fresh.console).open()
    console.logged_in()

    console.follow("DAGs")
    console.shows("user_automation")
    console.shows("every day at 00:00 UTC")
    console.click("[data-trigger=user_automation]")

    # The run appears, runs, tells its log line by line, and ends: without a reload.
    marker = "still the same page"
    browser.execute_script("window.marker = arguments[0]", marker)
    console.one("[data-run-state=running]")
    console.one("[data-task-state=running]")
    console.wait(lambda: len(console.all(".log .line")) >= 3, what="live log lines")
    assert console.all("[data-run-state=running]"), "the lines came while the run was going on"
    console.one("[data-run-state=success]", 40)
    console.one("[data-task-state=success]")
    assert browser.execute_script("return window.marker") == marker

    console.follow("Topics")
    console.follow("users_created")
    value = console.wait(lambda: console.one("tr[data-offset] td:nth-child(6)").text, what="a message")
    assert value.startswith('{"id":"')
    console.click("tr[data-offset] button")
    shown = console.one("tr.detail pre + h3 + pre").text
    assert json.loads(shown)["first_name"]

    console.follow("Tables")
    console.follow("created_users")
    console.shows("partition key")
    console.wait(lambda: len(console.all("table.data tbody tr")) >= 1, what="rows")
    columns = [cell.text for cell in console.all("table.data thead th")]
    assert columns[0] == "id" and set(columns) == {"id", "first_name", "last_name", "gender", "address", "post_code", "email", "username",
                                                   "dob", "registered_date", "phone", "picture"}

    console.follow("Overview")
    console.wait(lambda: int(console.count_of("topic:users_created")) >= 1, what="messages on the overview")
    console.wait(lambda: int(console.count_of("table:spark_streams.created_users")) >= 1, what="rows on the overview")

    assert console.complaints() == []
    assert all(address.startswith(fresh.console) for address in console.requested())


def test_messages_and_counters_move_without_reload(fresh, browser):
    console = Console(browser, fresh.console).open("/topics/users_created").logged_in()
    console.shows("No message here.")
    console.browser.switch_to.new_window("tab")
    other = Console(browser, fresh.console).open("/dags")
    other.click("[data-trigger=user_automation]")
    other.one("[data-run-state=running]")
    browser.switch_to.window(browser.window_handles[0])
    console.wait(lambda: len(console.all("tr[data-offset]")) >= 1, what="messages pushed to an open page")
    before = int(console.all("tr[data-offset]")[0].get_attribute("data-offset"))
    console.wait(lambda: int(console.all("tr[data-offset]")[0].get_attribute("data-offset")) > before, what="further messages")


def test_a_run_can_be_ended_and_run_again(fresh, browser):
    console = Console(browser, fresh.console).open("/dags/user_automation").logged_in()
    console.click("button[data-trigger]")
    console.one("[data-run-state=running]")
    console.click("button", "Mark failed")
    console.one("[data-run-state=failed]")
    console.shows("SO-W013")
    console.click("button", "Retry what failed")
    console.one("[data-run-state=running]")
    console.shows("try 2 of")
    console.one("[data-run-state=success]", 40)


def test_the_pause_switch_is_remembered(fresh, browser):
    console = Console(browser, fresh.console).open("/dags").logged_in()
    console.click("[role=switch][aria-checked=true]")
    console.one("[role=switch][aria-checked=false]")
    browser.refresh()
    console.one("[role=switch][aria-checked=false]")
    console.shows("paused")
