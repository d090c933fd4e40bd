"""The progress board: a service of the hub that takes results from seats and shows who is where.

A seat reports with its own token, and the hub says whose that is: nobody reports for another.
Instructors (the hub's admins) see everybody, learners see themselves.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sql
from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from sqlalchemy.dialects import postgresql, sqlite
from tornado import web
from tornado.httpclient import AsyncHTTPClient

import coach.exercises  # noqa: F401  (registers them)
from coach.exercise import REGISTRY

FILES = Path(__file__).with_name("board")
SEAT = re.compile(r"s\d+")  # as sign-in names them
LONGEST_MESSAGE = 500
MOST_RESULTS = 20_000  # of one learner: a seat is its learner's, who may send anything
PAGE = 200  # users in an answer of the hub
COLUMNS = ("자리", "이름", "연습", "제목", "통과", "시도", "처음", "통과한 때", "마지막 메시지")


# ---- results: what came in, each once ----------------------------------------------------------

META = sql.MetaData()
RESULTS = sql.Table(
    "results",
    META,
    sql.Column("learner", sql.String(255), primary_key=True),
    # Where the result stands in which log: sent twice, it is kept once.
    sql.Column("log", sql.String(32), primary_key=True),
    sql.Column("place", sql.BigInteger, primary_key=True),
    sql.Column("exercise", sql.String(8), nullable=False),
    sql.Column("passed", sql.Boolean, nullable=False),
    sql.Column("at", sql.String(32), nullable=False),  # RFC 3339, UTC: sorts as it is
    sql.Column("message", sql.Text, nullable=False),
)


def valid(result: Any) -> dict[str, Any] | None:
    """A result as the board keeps it, or None: nonsense must not hold up what comes after it."""
    try:
        place, exercise, passed = result["place"], result["id"], result["passed"]
        at = datetime.fromisoformat(result["at"]).astimezone(UTC)
        message = result.get("message", "")
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None
    right = (
        type(place) is int
        and 0 <= place < 2**53
        and isinstance(exercise, str)
        and re.fullmatch(r"\d\d-\d", exercise, re.ASCII)
        and type(passed) is bool
        and isinstance(message, str)
    )
    if not right:
        return None
    return {
        "place": place,
        "exercise": exercise,
        "passed": passed,
        "at": at.isoformat(timespec="seconds"),
        # PostgreSQL takes no NUL.
        "message": message[:LONGEST_MESSAGE].replace("\0", ""),
    }


class Store:
    def __init__(self, url: str) -> None:
        self.engine = sql.create_engine(url, pool_pre_ping=True)
        META.create_all(self.engine)

    def add(self, learner: str, log: str, results: list[Any]) -> None:
        rows = [{"learner": learner, "log": log, **row} for row in map(valid, results) if row]
        insert = (postgresql if self.engine.name == "postgresql" else sqlite).insert(RESULTS)
        mine = sql.select(sql.func.count()).where(RESULTS.c.learner == learner)
        with self.engine.begin() as connection:
            if rows and (connection.scalar(mine) or 0) + len(rows) <= MOST_RESULTS:
                connection.execute(insert.on_conflict_do_nothing(), rows)

    def standings(self, learner: str | None = None) -> dict[str, dict[str, dict[str, Any]]]:
        """Learner, exercise: how it stands.  Passed once is passed."""
        query = sql.select(RESULTS).order_by(RESULTS.c.at, RESULTS.c.place)
        if learner is not None:
            query = query.where(RESULTS.c.learner == learner)
        found: dict[str, dict[str, dict[str, Any]]] = {}
        with self.engine.connect() as connection:
            for row in connection.execute(query):
                mine = found.setdefault(row.learner, {})
                cell = mine.setdefault(
                    row.exercise, {"tries": 0, "first": row.at, "passed": None, "message": ""}
                )
                if cell["passed"] is None:
                    cell["tries"] += 1
                    cell["message"] = row.message
                    cell["passed"] = row.at if row.passed else None
        return found


# ---- learners: whom the hub knows --------------------------------------------------------------


class Learners:
    def __init__(self, api: str, token: str) -> None:
        self.api, self.token = api, token
        self._known: dict[str, str] = {}
        self._asked = 0.0

    async def names(self) -> dict[str, str]:
        """Seat: name.  A seat that was opened ahead and nobody has taken yet is not among them."""
        if time.monotonic() - self._asked > 5:
            try:
                users = [user async for user in self._users()]
            except OSError:
                return self._known  # the hub is busy; names change seldom
            self._asked = time.monotonic()
            self._known = {
                user["name"]: info.get("display_name") or user["name"]
                for user in users
                for info in [user.get("user_info") or {}]
                if not user.get("admin") and (info or not SEAT.fullmatch(user["name"]))
            }
        return self._known

    async def _users(self) -> Any:
        client, offset = AsyncHTTPClient(), 0
        while True:
            answer = await client.fetch(
                f"{self.api}/users?limit={PAGE}&offset={offset}",
                headers={"Authorization": f"token {self.token}"},
            )
            users = json.loads(answer.body)
            for user in users:
                yield user
            offset += PAGE
            if len(users) < PAGE:
                return


# ---- pages -------------------------------------------------------------------------------------


class Page(HubOAuthenticated, web.RequestHandler):
    def initialize(self, store: Store, learners: Learners) -> None:
        self.store, self.learners = store, learners

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    async def rows(self) -> list[dict[str, Any]]:
        """Those that this person may see."""
        me = self.current_user
        if not me.get("admin"):
            name = (me.get("user_info") or {}).get("display_name") or me["name"]
            mine = self.store.standings(me["name"]).get(me["name"], {})
            return [{"id": me["name"], "name": name, "cells": mine}]
        names, standings = await self.learners.names(), self.store.standings()
        return [
            {"id": seat, "name": names.get(seat, seat), "cells": standings.get(seat, {})}
            for seat in sorted(names.keys() | standings.keys())
        ]


class Board(Page):
    @web.authenticated
    def get(self) -> None:
        # With this the page shows the hub that it is the one asking for the data.
        page = (FILES / "board.html").read_text(encoding="utf-8")
        self.write(page.replace("{{ xsrf }}", self.xsrf_token.decode()))


class Data(Page):
    def get_login_url(self) -> str:
        raise web.HTTPError(403)  # a page that refreshes itself is not sent to sign in

    @web.authenticated
    async def get(self) -> None:
        exercises = [{"id": one.id, "title": one.title} for _, one in sorted(REGISTRY.items())]
        self.write(
            {
                "now": datetime.now(UTC).isoformat(timespec="seconds"),
                "instructor": bool(self.current_user.get("admin")),
                "exercises": exercises,
                "learners": await self.rows(),
            }
        )


class Csv(Page):
    @web.authenticated
    async def get(self) -> None:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for row in await self.rows():
            for name, cell in sorted(row["cells"].items()):
                title = REGISTRY[name].title if name in REGISTRY else ""
                passed = "예" if cell["passed"] else "아니요"
                times = (cell["tries"], cell["first"], cell["passed"] or "")
                fields = (row["id"], row["name"], name, title, passed, *times, cell["message"])
                writer.writerow([plain(str(field)) for field in fields])
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="progress.csv"')
        # Without the mark, Excel reads Korean as another encoding.
        self.write("\ufeff" + text.getvalue())


def plain(field: str) -> str:
    """A field that a spreadsheet does not take for a formula."""
    return "'" + field if field.startswith(("=", "+", "-", "@", "\t", "\r")) else field


class Results(Page):
    """From seats.  Only a token counts, never a cookie: no other page can post for its visitor."""

    async def post(self) -> None:
        kind, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if kind != "token" or not token:
            raise web.HTTPError(403)
        user = await asyncio.to_thread(self.hub_auth.user_for_token, token)
        if not user or user["kind"] != "user":
            raise web.HTTPError(403)
        if not self.hub_auth.check_scopes(self.hub_scopes, user):
            raise web.HTTPError(403)
        try:
            body = json.loads(self.request.body)
            log, results = body["log"], body["results"]
        except (KeyError, TypeError, ValueError):
            raise web.HTTPError(400) from None
        if not isinstance(results, list) or not re.fullmatch("[0-9a-f]{32}", str(log)):
            raise web.HTTPError(400)
        await asyncio.to_thread(self.store.add, user["name"], log, results)
        self.set_status(204)


async def main() -> None:
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    parts = {
        "store": Store(os.environ["BOARD_DATABASE"]),
        "learners": Learners(os.environ["JUPYTERHUB_API_URL"], os.environ["JUPYTERHUB_API_TOKEN"]),
    }
    application = web.Application(
        [
            (prefix, Board, parts),
            (f"{prefix}data", Data, parts),
            (f"{prefix}progress.csv", Csv, parts),
            (f"{prefix}results", Results, parts),
            (f"{prefix}oauth_callback", HubOAuthCallbackHandler),
            (f"{prefix}(board\\.(?:css|js))", web.StaticFileHandler, {"path": str(FILES)}),
        ],
        cookie_secret=os.urandom(32),
    )
    # All of the container's addresses: seats come straight here, whatever the proxy speaks.
    port = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]).port or 80
    application.listen(port, max_body_size=1_000_000)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
