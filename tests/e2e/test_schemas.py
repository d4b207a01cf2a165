"""The console's page of schemas: subjects of the registry, their versions with text, and what new ones must be."""
import json
import urllib.parse
import urllib.request

import pytest
from console import Console

SUBJECT = "orders+returns-value"
FIRST = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}
SECOND = {**FIRST, "fields": [*FIRST["fields"], {"name": "price", "type": "double", "default": 0.0}]}


def ask(base, method, path, body):
    request = urllib.request.Request(base + path, data=json.dumps(body).encode(), method=method,
                                     headers={"Content-Type": "application/vnd.schemaregistry.v1+json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture
def registry(fresh):
    base = "http://" + fresh.endpoints["registry"]
    for schema in (FIRST, SECOND):
        ask(base, "POST", f"/subjects/{urllib.parse.quote(SUBJECT)}/versions", {"schema": json.dumps(schema)})
    ask(base, "PUT", f"/config/{urllib.parse.quote(SUBJECT)}", {"compatibility": "FULL"})
    return base


def test_subjects_versions_texts_and_compatibility(fresh, registry, browser):
    console = Console(browser, fresh.console).open().logged_in()
    console.follow("Schemas")
    console.shows("BACKWARD")
    console.follow(SUBJECT)
    console.shows("FULL")
    newest, older = console.wait(lambda: (found := console.all("main details")) if len(console.all("main details")) == 2 else None)
    assert "Version 2" in newest.text and "newest" in newest.text and '"price"' in newest.text
    assert "Version 1" in older.text and '"id"' not in older.text, "an older version is folded"
    older.find_element("css selector", "summary").click()
    console.wait(lambda: json.loads(older.find_element("css selector", "pre").text) == FIRST)
    ask(registry, "PUT", f"/config/{urllib.parse.quote(SUBJECT)}", {"compatibility": "NONE"})
    console.click("button", "Refresh")
    console.shows("NONE")


def test_nothing_there_and_a_subject_that_nobody_knows(fresh, browser):
    console = Console(browser, fresh.console).open("/schemas").logged_in()
    console.shows("No schema yet.")
    console.open("/schemas/nobody-value")
    console.shows("SO-G108")
