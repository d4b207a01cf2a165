"""docs/howto/schema-registry.md: its commands give what it says."""
import json
import pathlib
import re
import subprocess

HOWTO = pathlib.Path(__file__).resolve().parents[3] / "docs" / "howto" / "schema-registry.md"


def test_the_commands_of_the_howto(own_server):
    server = own_server()
    blocks = re.findall(r"```sh\n(.*?)```\n```json\n(.*?)```", HOWTO.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 3
    for commands, expected in blocks:
        script = commands.replace("localhost:8081", server.endpoints["registry"]).replace("\ncurl", "\necho\ncurl")
        done = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        assert [json.loads(line) for line in done.stdout.splitlines()] == [json.loads(line) for line in expected.splitlines()]
