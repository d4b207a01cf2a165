"""The golden files hold what Spark says: asked again, it says the same."""
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


def spark_python():
    """A Python that has Spark's client: a virtual environment of its own, as the client is large."""
    for place in (os.environ.get("STREAMOPS_SPARK_PYTHON"), ROOT / "build/venv-spark/bin/python", sys.executable):
        if not place or not pathlib.Path(place).exists():
            continue
        if subprocess.run([place, "-c", "import pyspark.sql.connect.session"], capture_output=True, check=False).returncode == 0:
            return str(place)
    pytest.skip("no Python with Spark's client: ./dev golden installs it")


@pytest.fixture
def spark40(spark):
    if not spark.number.startswith("4.0"):
        pytest.skip("the golden files, and the tool, are for Spark 4.0")
    return spark


def golden(spark, *words):
    return subprocess.run([spark_python(), ROOT / "tools/golden/golden.py", "--remote", spark.endpoints["remote"], *words], capture_output=True,
                          text=True, timeout=1800, check=False)


def test_expressions_and_streams_are_answered_as_before(spark40):
    run = golden(spark40, "--check")
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


def test_a_wrong_answer_is_told(spark40, tmp_path):
    file = tmp_path / "wrong.test"
    file.write_text("# Spark 4.0.0\n1 + 1 ==> int 3\n1 / 0 ==> error DIVIDE_BY_ZERO\n", encoding="utf-8")
    run = golden(spark40, "--check", str(file))
    assert run.returncode == 1
    assert "- 1 + 1 ==> int 3" in run.stdout and "+ 1 + 1 ==> int 2" in run.stdout
    assert "DIVIDE_BY_ZERO" not in run.stdout
