"""Sign-in for a room of learners: the class code, a name, and a word of the learner's own.

The first to sign in with a name takes the next seat and keeps it by the word: whoever has the same
name, or only pretends to, does not get in.  Names are people's (Korean, with spaces); the hub, its
containers and volumes know the seat by its number.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import secrets
import time
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

from jupyterhub.auth import Authenticator
from tornado import web
from traitlets import Integer, Unicode, default

STATE = Path(os.environ.get("WORKSHOP_STATE", "/srv/workshop"))
INSTRUCTOR = "instructor"
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that reads like something else
LONGEST_NAME, SHORTEST_WORD, LONGEST_FIELD = 30, 4, 200


def keep(path: Path, content: Any) -> None:
    """Whole or not at all, and for nobody else to read."""
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    new.replace(path)


def codes() -> dict[str, str]:
    """The class code, the instructor's, and the token by which seats are started ahead of time.

    Random, made once for each workshop.
    """
    path = STATE / "codes.json"
    if not path.exists():
        letters = "".join(secrets.choice(ALPHABET) for _ in range(24))
        keep(
            path,
            {
                "class": f"{letters[:4]}-{letters[4:8]}",
                "instructor": letters[8:],
                "starter": secrets.token_hex(32),
            },
        )
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    if os.environ.get("WORKSHOP_CODE"):
        found["class"] = os.environ["WORKSHOP_CODE"]
    return found


def same_code(given: str, code: str) -> bool:
    """In constant time.  How it was typed (capitals, hyphens, spaces) does not matter."""

    def plain(text: str) -> bytes:
        text = unicodedata.normalize("NFKC", text).casefold()
        return text.replace("-", "").replace(" ", "").encode()

    return hmac.compare_digest(plain(given), plain(code)) and plain(code) != b""


def display_name(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def hashed(word: str, salt: str) -> str:
    return hashlib.scrypt(word.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()


class Patience:
    """Too many failures in a while, and further tries are refused, right or wrong."""

    def __init__(self, failures: int, seconds: float) -> None:
        self.failures, self.seconds = failures, seconds
        self._seen: dict[str, list[float]] = defaultdict(list)

    def check(self, key: str) -> None:
        now = time.monotonic()
        self._seen[key] = [at for at in self._seen[key] if now - at < self.seconds]
        if len(self._seen[key]) >= self.failures:
            raise web.HTTPError(
                429, f"너무 여러 번 틀렸다. {self.seconds / 60:.0f}분 뒤에 다시 들어오세요."
            )
        if not self._seen[key]:
            del self._seen[key]

    def failed(self, key: str) -> None:
        self._seen[key].append(time.monotonic())


class Roster:
    """Who sits where: a small file, because the hub's own database knows no words."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    @staticmethod
    def key(name: str) -> str:
        return unicodedata.normalize("NFKC", name).casefold()

    def add(self, name: str, salt: str, word: str) -> dict[str, str]:
        people = self.read()
        # Numbers are not used again: a forgotten learner's seat keeps its work for that learner.
        number = 1 + max((int(entry["seat"][1:]) for entry in people.values()), default=0)
        entry = {"seat": f"s{number:02}", "name": name, "salt": salt, "word": word}
        keep(self.path, people | {self.key(name): entry})
        return entry

    def forget_word(self, name: str) -> bool:
        """The next to sign in with this name chooses a new word, and gets the same seat."""
        people = self.read()
        if self.key(name) not in people:
            return False
        people[self.key(name)] |= {"salt": "", "word": ""}
        keep(self.path, people)
        return True

    def give_word(self, name: str, salt: str, word: str) -> None:
        people = self.read()
        people[self.key(name)] |= {"salt": salt, "word": word}
        keep(self.path, people)


class ClassCode(Authenticator):
    seats = Integer(30, config=True, help="How many learners this machine takes")
    roster_file = Unicode(config=True)

    @default("roster_file")
    def _default_roster_file(self) -> str:
        return str(STATE / "roster.json")

    @default("allow_all")
    def _default_allow_all(self) -> bool:
        return True  # who has the code may come in

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.roster = Roster(Path(self.roster_file))
        self.wrong_codes = Patience(failures=20, seconds=60)
        self.wrong_words = Patience(failures=10, seconds=300)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any]:
        code, word = data.get("code", ""), data.get("word", "").strip()
        name = display_name(data.get("username", ""))
        if max(len(code), len(word), len(name)) > LONGEST_FIELD:
            raise web.HTTPError(403, "너무 길다. 다시 적어 주세요.")
        # Whom the proxy saw: the last in the list, since it adds to what a client may have written.
        address = handler.request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        self.wrong_codes.check(address)
        right = codes()
        learner, instructor = same_code(code, right["class"]), same_code(code, right["instructor"])
        if instructor:
            return {"name": INSTRUCTOR, "admin": True, "user_info": {"display_name": "강사"}}
        if not learner:
            self.wrong_codes.failed(address)
            raise web.HTTPError(403, "수업 코드가 맞지 않는다. 강사가 알려 준 코드를 확인하세요.")
        entry = await self.seat_of(name, word)
        return {
            "name": entry["seat"],
            "admin": False,
            "user_info": {"display_name": entry["name"], "name": entry["name"]},
        }

    async def seat_of(self, name: str, word: str) -> dict[str, str]:
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise web.HTTPError(403, f"이름을 {LONGEST_NAME}자 안으로 적어 주세요.")
        if len(word) < SHORTEST_WORD:
            raise web.HTTPError(403, f"나만 아는 낱말을 {SHORTEST_WORD}자 이상 적어 주세요.")
        key = self.roster.key(name)
        self.wrong_words.check(key)
        salt = self.roster.read().get(key, {}).get("salt") or secrets.token_hex(16)
        given = await asyncio.to_thread(hashed, word, salt)
        # From here to the end nothing waits: two who are new at the same moment come one by one.
        people = self.roster.read()
        if key not in people:
            if len(people) >= self.seats:
                raise web.HTTPError(403, f"자리 {self.seats}개가 모두 찼다. 강사에게 알려 주세요.")
            return self.roster.add(name, salt, given)
        if not people[key]["word"]:
            self.roster.give_word(name, salt, given)
        elif not hmac.compare_digest(given, people[key]["word"]):
            self.wrong_words.failed(key)
            raise web.HTTPError(
                403,
                "이 이름으로 앉은 사람이 있고, 낱말이 다르다. 본인이면 처음에 정한 낱말을 적고, "
                "이름이 같은 다른 사람이면 이름 뒤에 한 글자를 붙이세요.",
            )
        return people[key]
