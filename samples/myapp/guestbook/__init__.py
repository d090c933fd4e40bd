"""A guest book: leave a line, read the lines of others."""

from __future__ import annotations

import os
import platform

import markupsafe
from flask import Flask, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from guestbook.store import Store

VERSION = "1.0.0"
LONGEST = 200  # characters of one line


def create_app() -> Flask:
    """The application.  GUESTBOOK_DATA names the folder of its lines; without it they are lost."""
    app = Flask(__name__)
    store = Store(os.environ.get("GUESTBOOK_DATA"))

    @app.get("/")
    def index() -> str:
        return render_template("index.html", lines=store.lines())

    @app.post("/")
    def write() -> tuple[str, int] | Response:
        line = request.form.get("line", "").strip()
        if not 0 < len(line) <= LONGEST:
            return f"한 줄은 1자에서 {LONGEST}자까지다.\n", 400
        store.add(line)
        return redirect(url_for("index"))

    @app.get("/healthz")
    def health() -> Response:
        """What the tests and a health check ask; says whether the compiled part is in use."""
        return jsonify(
            version=VERSION,
            python=platform.python_version(),
            compiled=markupsafe._escape_inner.__module__ == "markupsafe._speedups",
            writable=store.writable(),
        )

    return app
