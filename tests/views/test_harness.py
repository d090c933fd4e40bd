"""The frame: mounting, fallback, print, and the harness's own alarms."""

from __future__ import annotations

import base64
import gzip
import json

from layerscope.views.base import Table, View, human, pack, unpack


def test_payload_survives_bytes_that_are_no_utf8():
    data = {"path": b"caf\xe9".decode("utf-8", "surrogateescape")}
    assert unpack(pack(data)) == data
    json.loads(gzip.decompress(base64.b64decode(pack(data))))
