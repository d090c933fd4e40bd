"""13: cleaning up, and only what is ours."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

import docker
from docker.models.volumes import Volume

from coach.exercise import exercise
from coach.verdict import NotYetError, expect
from coach.workbench import Workbench

BASE = "debian:trixie-slim"
BASES = (BASE, "python:3.13-slim", "python:3.13")


# ---- 13-1 ----------------------------------------------------------------------------------------


def _start_1(bench: Workbench) -> None:
    """Three images of a test, one of them used by a stopped container, and a release."""
    client = bench.client
    if bench.has(f"{bench.name}-release"):
        return
    kinds = {"v1": "test", "v2": "test", "v3": "test", "release": "release"}
    for name, kind in kinds.items():
        dockerfile = f'FROM {BASE}\nRUN echo {uuid.uuid4().hex} > /id\nCMD ["cat", "/id"]\n'
        label = f"--label={bench.name}={kind}"
        bench.build(dockerfile, None, label, tag=f"{bench.name}-{name}")
    client.containers.run(f"{bench.name}-v2", name=f"{bench.name}-app", network_mode="none")


@exercise(
    "13-1",
    "레이블로 내 것만 지운다",
    8,
    (
        "`docker image prune`에 무엇을 더해야 이름 있는 이미지까지 지우고, 무엇을 더해야 그 범위가 "
        "좁아질까?",
        "`docker image ls --filter label=ex-13-1=test`로 먼저 보자. 지운 뒤에도 남는 것이 있다면, "
        "누가 그것을 붙들고 있나?",
        "`docker ps -a`에는 멈춘 컨테이너도 나온다. 컨테이너를 먼저, 이미지를 나중에 지운다.",
    ),
    start=_start_1,
)
def only_ours(bench: Workbench) -> str:
    for name in BASES:
        bench.inspect(name)
    bench.inspect(f"{bench.name}-release")
    wanted = {"label": f"{bench.name}=test"}
    left = bench.client.images.list(filters=wanted)
    names = sorted(tag.removesuffix(":latest") for image in left for tag in image.tags)
    users = bench.client.containers.list(
        all=True, filters={"name": f"{bench.name}-app"}, ignore_removed=True
    )
    expect(
        not left,
        f"레이블이 {bench.name}=test인 이미지가 {len(left)}개 남았다"
        + (f": {', '.join(names)}" if names else "."),
        "컨테이너가 쓰는 이미지는 `prune -a`도 지우지 않는다. 멈춘 컨테이너도 쓰는 것이다."
        if users
        else "`image prune`만으로는 이름 있는 이미지가 지워지지 않는다.",
    )
    expect(
        not users,
        f"이미지는 지웠지만 그것으로 만든 {bench.name}-app 컨테이너가 남았다.",
        "억지로(`rmi -f`) 지우면 이름만 사라지고 컨테이너는 남는다.",
    )
    return "시험용 이미지와 컨테이너만 사라지고, 배포용 이미지와 베이스 이미지는 그대로다."


# ---- 13-2 ----------------------------------------------------------------------------------------

MARKER = "ex-13-2.marker"


def _anonymous(bench: Workbench) -> list[Volume]:
    """The anonymous volumes that the exercise's container was given."""
    volumes = bench.client.volumes.list()
    return [one for one in volumes if (Path(one.attrs["Mountpoint"]) / MARKER).exists()]


def _start_2(bench: Workbench) -> None:
    """A stopped "database" with its data in a named volume and its cache in an anonymous one."""
    client = bench.client
    data = f"{bench.name}-data"
    if any(volume.name == data for volume in client.volumes.list()):
        return
    for volume in _anonymous(bench):  # of an earlier life
        try:
            volume.remove(force=True)
        except docker.errors.APIError:
            continue
    ledger = uuid.uuid4().hex
    client.volumes.create(data, labels={bench.name: ledger})
    # As `docker run -v /cache` does.  With --mount the engine would not mark it as anonymous.
    made = client.api.create_container(
        BASE,
        ["sh", "-c", f"echo {ledger} > /data/ledger; touch /cache/{MARKER}"],
        name=f"{bench.name}-db",
        volumes=["/cache"],
        host_config=client.api.create_host_config(binds=[f"{data}:/data"], network_mode="none"),
    )
    container = client.containers.get(made["Id"])
    container.start()
    container.wait()


@exercise(
    "13-2",
    "데이터는 남기고 치운다",
    8,
    (
        "`docker inspect ex-13-2-db`의 Mounts를 보자. 볼륨이 몇 개이고, 이름은 무엇인가?",
        "컨테이너를 지우면 볼륨도 함께 지워질까? "
        "`docker rm --help`에서 볼륨에 관한 옵션을 찾아보자.",
        "이미 컨테이너를 지웠다면 `docker volume ls -f dangling=true`로 남은 것을 찾는다. "
        "이름이 긴 16진수면 익명 볼륨이다.",
    ),
    start=_start_2,
)
def data_kept(bench: Workbench) -> str:
    data = f"{bench.name}-data"
    try:
        volume = bench.client.volumes.get(data)
    except docker.errors.NotFound as error:
        raise NotYetError(
            f"{data} 볼륨이 없다.",
            "이름 있는 볼륨까지 지우는 명령은 하나뿐이었다. 데이터는 돌아오지 않는다. "
            f"다시 시작: coach reset {bench.id}",
        ) from error
    ledger = Path(volume.attrs["Mountpoint"]) / "ledger"
    wanted = (volume.attrs["Labels"] or {}).get(bench.name)
    kept = ledger.read_text("utf-8", "replace").strip() if ledger.is_file() else None
    expect(
        wanted is not None and kept == wanted,
        f"{data} 볼륨의 ledger가 시작할 때와 다르다.",
        "같은 이름으로 볼륨을 새로 만들었거나 내용을 고쳤다. 볼륨은 그대로 두어야 한다.",
    )
    containers = bench.client.containers.list(
        all=True, filters={"name": f"{bench.name}-db"}, ignore_removed=True
    )
    expect(
        not containers,
        f"{bench.name}-db 컨테이너가 아직 있다.",
        "멈춘 컨테이너도 볼륨을 붙들고 있다. 그래서 볼륨만 먼저 지울 수는 없다.",
    )
    left = _anonymous(bench)
    expect(
        not left,
        f"컨테이너가 쓰던 익명 볼륨이 {len(left)}개 남았다.",
        "컨테이너를 지우는 것과 그 익명 볼륨을 지우는 것은 다른 일이다. "
        "주인을 잃은 익명 볼륨은 이렇게 쌓인다.",
    )
    return "컨테이너와 익명 볼륨은 사라지고, 이름 있는 볼륨의 데이터는 그대로다."


# ---- 13-3 ----------------------------------------------------------------------------------------

BROKEN_POLICY = """\
{
  "builder": {
    "gc": {
      "enabled": true,
      "policy": [
        {"keepStorage": "20GB"},
        {"keepStorag": "2GB", "filter": ["unused-for=7d"]}
      ]
    }
  }
}
"""
GIB = 1 << 30
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": GIB, "t": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?", re.I)
_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
Rule = dict[str, Any]


def _names(bench: Workbench) -> set[str]:
    """The names that this engine knows in a rule.

    Engine 28 split ``keepStorage`` in three and still reads it (moby, daemon/config/builder.go).
    """
    names = {"all", "filter", "keepStorage"}
    if int(bench.client.version()["Version"].split(".")[0]) >= 28:
        names |= {"reservedSpace", "maxUsedSpace", "minFreeSpace"}
    return names


def _size(rule: Rule) -> int:
    """What the rule leaves, in bytes, read as the engine reads it (GB is 1024³).

    BuildKit cleans down to ``maxUsedSpace`` but never below ``reservedSpace``, of which
    ``keepStorage`` is the old name (cache/manager.go, calculateKeepBytes).
    """
    reserved = rule.get("reservedSpace") or rule.get("keepStorage", "0")
    return max(_bytes(reserved), _bytes(rule.get("maxUsedSpace", "0")))


def _bytes(text: object) -> int:
    found = _SIZE.fullmatch(str(text))
    if found is None:
        raise NotYetError(
            f"규칙에 적은 {text!r}: 크기로 읽을 수 없다.",
            "수와 단위로 적는다. 단위는 kB, MB, GB, TB다.",
        )
    return int(float(found[1]) * _UNITS[found[2].lower()])


def _filters(rule: Rule) -> dict[str, str]:
    found = {}
    for one in rule.get("filter", []):
        key, equals, value = str(one).partition("=")
        expect(equals, f"filter의 {one!r}에 `=`가 없다.", "`이름=값`으로 적는다.")
        found[key] = value.lstrip("=")
    return found


def _seconds(text: str) -> int:
    """A duration as Go writes it: 168h, 90m."""
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        raise NotYetError(
            f"unused-for에 적은 {text!r}: 시간으로 읽을 수 없다.",
            "Go의 시간 표기에는 날(d)이나 주(w)가 없다. `dockerd --validate`는 알려 주지 않는다.",
        )
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _rules(bench: Workbench) -> list[Rule]:
    """The policy of the learner's file; the engine itself reads the file first."""
    try:
        settings = json.loads(bench.text("daemon.json"))
    except ValueError as error:
        raise NotYetError("daemon.json이 올바른 JSON이 아니다.", str(error)) from error
    path = str(bench.folder / "daemon.json")
    done = subprocess.run(
        ["dockerd", "--validate", "--config-file", path],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    expect(
        done.returncode == 0,
        "엔진이 이 daemon.json을 거절한다.",
        (done.stderr.strip().splitlines() or ["까닭을 말하지 않았다"])[-1],
    )
    gc = settings.get("builder", {}).get("gc", {})
    expect(
        gc.get("enabled") is True,
        "builder.gc.enabled가 true가 아니다.",
        "가비지 컬렉션이 꺼져 있으면 정책이 있어도 아무 일도 일어나지 않는다.",
    )
    rules = gc.get("policy") or []
    expect(len(rules) >= 2, f"policy에 규칙이 {len(rules)}개 있다. 두 가지 요구가 있었다.")
    known = _names(bench)
    for number, rule in enumerate(rules, 1):
        unknown = sorted(set(rule) - known)
        expect(
            not unknown,
            f"{number}번째 규칙에 엔진이 모르는 이름이 있다: {', '.join(unknown)}",
            "`dockerd --validate`는 규칙 안의 오타를 알려 주지 않고 조용히 버린다.",
        )
    return list(rules)


def _start_3(bench: Workbench) -> None:
    bench.provide("daemon.json", BROKEN_POLICY)


@exercise(
    "13-3",
    "스스로 청소하는 빌더",
    12,
    (
        "규칙은 위에서부터 적용된다. 좁은 규칙과 넓은 규칙 가운데 어느 것이 먼저여야 할까?",
        "규칙에는 `all`과 `filter`와 크기가 있다. 크기의 이름은 28부터 `maxUsedSpace`이고, 그 전의 "
        "`keepStorage`도 28이 읽는다. `filter`에 `type=exec.cachemount`와 `unused-for=…`를 적을 수 "
        "있다.",
        "`all`이 없으면 이미지와 나누어 쓰는 기록이나 내부 기록은 세지 않는다. "
        "‘모두 합쳐서’라면 필요하다. 시간은 168h처럼 적는다.",
    ),
    start=_start_3,
)
def policy(bench: Workbench) -> str:
    rules = _rules(bench)
    sizes = [_size(rule) for rule in rules]
    filters = [_filters(rule) for rule in rules]
    spans = [_seconds(one["unused-for"]) if "unused-for" in one else None for one in filters]
    mounts = [index for index, one in enumerate(filters) if one.get("type") == "exec.cachemount"]
    expect(
        mounts,
        "캐시 마운트만 고르는 규칙이 없다.",
        "캐시 기록의 종류는 `docker buildx du --verbose`의 Type에 나온다.",
    )
    narrow = mounts[0]
    expect(
        spans[narrow] == 7 * 24 * 3600 and sizes[narrow] == 2 * GIB,
        f"캐시 마운트의 규칙이 {(spans[narrow] or 0) // 3600}시간, {sizes[narrow] / GIB:g}GB다. "
        "기대한 것은 일주일, 2GB.",
    )
    whole = [index for index, rule in enumerate(rules) if rule.get("all") and not filters[index]]
    expect(
        whole,
        "필터 없이 전체를 지키는 규칙이 없다.",
        "`all`이 참이고 `filter`가 없는 규칙만 모든 기록을 센다.",
    )
    wide = whole[-1]
    expect(
        0 < sizes[wide] <= 20 * GIB,
        f"전체의 한도가 {sizes[wide] / GIB:g}GB다. 기대한 것은 20GB 이하(0보다 크게).",
    )
    expect(
        narrow < wide,
        f"전체를 지키는 규칙이 {wide + 1}번째, 캐시 마운트의 규칙이 {narrow + 1}번째다.",
        "넓은 규칙이 먼저 오면 다시 얻기 쉬운 것과 어려운 것을 가리지 않고 지운다.",
    )
    return (
        f"캐시 마운트는 일주일·{sizes[narrow] / GIB:g}GB, 전체는 {sizes[wide] / GIB:g}GB. "
        "순서도 좁은 것에서 넓은 것으로 되어 있다."
    )
