"""A headless browser, and the reference pipeline cut down to a run of five seconds."""
import pytest
from browser import open_browser
from server import REFERENCE, Server


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
