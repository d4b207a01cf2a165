"""The console's JSON, as its pages read it."""
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest


class Api:
    """GET /api/streamops/... with the token of the data directory."""

    def __init__(self, server):
        self.base = server.console + "/api/streamops/"
        with open(f"{server.data}/auth/token", encoding="utf-8") as file:
            self.token = file.read().strip()

    def get(self, path, **query):
        url = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def later(self, path, **query):
        """The same, or nothing while the cluster behind it is away."""
        try:
            return self.get(path, **query)
        except urllib.error.HTTPError as error:
            assert error.code == 503, error.read()
            return None

    def refusal(self, path, **query):
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.get(path, **query)
        return caught.value.code, json.load(caught.value)["error"]["code"]
