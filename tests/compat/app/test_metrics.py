"""GET /metrics, read with a parser of Prometheus' text format (0.0.4)."""
import re
import time
import urllib.error
import urllib.request

import pytest
from server import REFERENCE, Server

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')


def parse(text):
    """{name: (type, help, {labels: value})}; any line that the format does not know fails the test."""
    assert text.endswith("\n")
    families, current = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, help_text = line.split(" ", 3)
            assert name not in families, f"{name} comes twice"
            families[name], current = ["untyped", help_text, {}], name
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind in ("counter", "gauge", "histogram")
            families[name][0] = kind
        else:
            found = re.fullmatch(rf"({NAME})(?:\{{(.*)\}})? (-?[0-9.e+]+)", line)
            assert found, line
            name, labels, value = found.groups()
            part = name.removeprefix(current)
            assert name == current + part and part in (("_bucket", "_sum", "_count") if families[current][0] == "histogram" else ("",)), line
            rest, pairs = labels or "", []
            while rest:
                label = LABEL.match(rest)
                assert label, line
                pairs.append(label.groups())
                rest = rest[label.end():]
            pairs += [("part", part)] if part else []
            assert tuple(pairs) not in families[current][2], line
            families[current][2][tuple(pairs)] = float(value)
    return families


def fetch(server, headers=None):
    with urllib.request.urlopen(urllib.request.Request(server.console + "/metrics", headers=headers or {}), timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.read().decode()


@pytest.fixture(scope="module")
def line():
    with Server(str(REFERENCE)) as running:
        yield running


def test_the_metrics_of_a_running_line(line):
    stream = (("stream", "user_automation.created_users"),)
    deadline = time.monotonic() + 20
    while True:
        families = parse(fetch(line))
        rows = families.get("streamops_stream_rows_total", ["", "", {}])[2].get(stream, 0)
        if rows > 0 or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert rows > 0
    for name in ("streamops_stream_records_total", "streamops_task_polls_total", "streamops_kafka_requests_total", "process_cpu_seconds_total"):
        assert families[name][0] == "counter" and all(value > 0 for value in families[name][2].values()), name
    for name in ("streamops_stream_lag_records", "streamops_kafka_connections", "process_resident_memory_bytes"):
        assert families[name][0] == "gauge", name
    for name in ("streamops_stream_latency_seconds", "streamops_stream_checkpoint_seconds"):
        kind, _, series = families[name]
        assert kind == "histogram"
        buckets = [(float(dict(labels)["le"]), count) for labels, count in series.items() if dict(labels).get("le")]
        assert buckets == sorted(buckets) and [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1] == (float("inf"), series[(*stream, ("part", "_count"))]) and buckets[-1][1] > 0
        assert 0 < series[(*stream, ("part", "_sum"))] < 60 * buckets[-1][1]

    def each_record_is_timed():
        now = parse(fetch(line))
        return now["streamops_stream_latency_seconds"][2][(*stream, ("part", "_count"))] == now["streamops_stream_records_total"][2][stream]
    assert any(each_record_is_timed() for _ in range(20))  # an epoch may end while the page is written
    assert families["process_resident_memory_bytes"][2][()] > 1_000_000
    assert families["streamops_build_info"][2] == {(("version", "0.1.0"),): 1.0}
    for name, (kind, help_text, _) in families.items():
        assert help_text.strip() and (kind != "counter" or name.endswith("_total")), name


def test_counters_only_grow(line):
    before, after = parse(fetch(line)), parse(fetch(line))
    for name, (kind, _, series) in before.items():
        for labels, value in series.items() if kind == "counter" else ():
            assert after[name][2][labels] >= value, name


def test_nothing_but_reading(line):
    request = urllib.request.Request(line.console + "/metrics", data=b"", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code == 404
