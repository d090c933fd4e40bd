#!/opt/venv/bin/python
"""What `make workshop` and instructors ask of the hub: the command `workshop` in its container."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import requests
from jupyterhub.utils import url_escape_path
from signin import STATE, Roster, codes

API = "http://127.0.0.1:8081/hub/api"
WAIT = 900.0


def ask(method: str, path: str, **more: Any) -> requests.Response:
    token = codes()["starter"]
    return requests.request(
        method, API + path, headers={"Authorization": f"token {token}"}, timeout=60, **more
    )


def show_codes() -> int:
    print(codes()["class"], codes()["instructor"], sep="\n")
    return 0


def start(names: list[str]) -> int:
    """Opens seats ahead of time.  The hub itself decides how many start at once."""
    if len(names) == 1 and names[0].isdecimal():
        # Sign-in gives seats away by number.
        names = [f"s{number:02}" for number in range(1, int(names[0]) + 1)]
    elif names == ["-"]:
        names = sys.stdin.read().split()
    waiting = {}
    for name in names:
        path = f"/users/{url_escape_path(name)}"
        for request in (f"{path}", f"{path}/server"):
            # 409: there is such a user already; 400: the seat is open or about to be.
            answer = ask("POST", request)
            if not answer.ok and answer.status_code not in {400, 409}:
                print(f"{name}: {answer.json()['message']}", file=sys.stderr)
                return 1
        waiting[name] = path
    deadline = time.monotonic() + WAIT
    while waiting and time.monotonic() < deadline:
        time.sleep(1)
        for name, path in list(waiting.items()):
            server = ask("GET", path).json().get("servers", {}).get("")
            if server is None:
                print(f"{name}: 열지 못했다. 이유는 허브의 docker logs에 있다", file=sys.stderr)
                return 1
            if server["ready"]:
                print(f"{name}: 열렸다", flush=True)
                del waiting[name]
    if waiting:
        print(f"아직 열리지 않았다: {' '.join(waiting)}", file=sys.stderr)
    return 1 if waiting else 0


def forget(name: str) -> int:
    if not Roster(STATE / "roster.json").forget_word(name):
        print(f"{name}: 이런 이름은 명단에 없다", file=sys.stderr)
        return 1
    print(f"{name}: 다음에 들어올 때 낱말을 새로 정한다. 자리와 작업은 그대로다")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="workshop")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("codes", help="수업 코드와 강사 코드")
    verbs.add_parser("start", help="자리를 미리 연다").add_argument(
        "names", nargs="+", help="자리 수, 또는 이름들 ('-'이면 표준 입력에서 읽는다)"
    )
    verbs.add_parser("forget", help="낱말을 잊은 사람이 새로 정하게 한다").add_argument("name")
    given = parser.parse_args()
    if given.verb == "codes":
        return show_codes()
    return start(given.names) if given.verb == "start" else forget(given.name)


if __name__ == "__main__":
    sys.exit(main())
