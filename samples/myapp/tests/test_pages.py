"""The guest book as a visitor sees it.

Against a running server where APP_URL names one (http://127.0.0.1:8000), else in this process.
"""

from __future__ import annotations

import json
import os
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ.get("APP_URL", "").rstrip("/")


def _ask(path: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of the answer, redirects followed."""
    if not URL:
        from guestbook import create_app  # noqa: PLC0415  (not there when only the URL is)

        global _client  # noqa: PLW0603
        _client = globals().get("_client") or create_app().test_client()
        answer = _client.open(
            path, method="POST" if form else "GET", data=form, follow_redirects=True
        )
        return answer.status_code, answer.data
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(URL + path, data, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Pages(unittest.TestCase):
    def test_front_page_is_korean_html(self) -> None:
        status, body = _ask("/")
        self.assertEqual(status, 200)
        self.assertIn("방명록", body.decode())

    def test_line_is_kept_and_escaped(self) -> None:
        mark = uuid.uuid4().hex
        status, body = _ask("/", {"line": f"<b>{mark}</b>"})
        self.assertEqual(status, 200)
        self.assertIn(f"&lt;b&gt;{mark}&lt;/b&gt;", body.decode())
        self.assertIn(mark, _ask("/")[1].decode())

    def test_empty_and_long_lines_are_refused(self) -> None:
        self.assertEqual(_ask("/", {"line": " "})[0], 400)
        self.assertEqual(_ask("/", {"line": "가" * 201})[0], 400)

    def test_style_and_logo_are_served(self) -> None:
        self.assertIn(b"color-scheme", _ask("/static/style.css")[1])
        self.assertIn(b"<svg", _ask("/static/logo.svg")[1])

    def test_health_tells_that_the_compiled_part_is_in_use(self) -> None:
        status, body = _ask("/healthz")
        health = json.loads(body)
        self.assertEqual(status, 200)
        self.assertTrue(health["compiled"])
        self.assertTrue(health["writable"])


if __name__ == "__main__":
    unittest.main()
