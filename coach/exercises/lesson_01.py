"""01: what happens at docker run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker

from coach import service
from coach.exercise import exercise
from coach.verdict import NotYetError, expect
from coach.workbench import Workbench

BASE = "debian:trixie-slim"
MIB = 1 << 20


# ---- 01-1 ----------------------------------------------------------------------------------------


def _start_1(bench: Workbench) -> None:
    with suppress(docker.errors.NotFound):
        if bench.client.containers.get(bench.name).status == "running":
            return
        bench.client.containers.get(bench.name).remove(force=True)
    bench.client.containers.run(BASE, ["sleep", "infinity"], name=bench.name, detach=True)


def _parent(pid: int) -> int:
    # The name of the program, in parentheses, may hold anything, so what follows the last one.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


@exercise(
    "01-1",
    "컨테이너의 족보를 적는다",
    5,
    (
        "컨테이너 안에서 보는 PID와 밖에서 보는 PID는 다르다. 엔진은 밖의 것을 안다.",
        "`docker inspect`의 `State`에 PID가 있다. 부모는 `ps -o ppid= -p PID`로 묻는다.",
        "부모의 부모도 같은 방법으로 묻는다. PID 1에 닿으면 끝이다.",
    ),
    start=_start_1,
)
def lineage(bench: Workbench) -> str:
    state = bench.container()["State"]
    expect(
        state["Running"],
        f"{bench.name} 컨테이너가 돌고 있지 않다 (상태: {state['Status']}).",
        f"멈추었다면 다시 차린다: coach reset {bench.id}",
    )
    chain = [int(state["Pid"])]
    while chain[-1] > 1:
        chain.append(_parent(chain[-1]))
    lines = bench.text("chain.txt").split()
    expect(lines, "chain.txt가 비어 있다.", "PID를 한 줄에 하나씩 적는다.")
    expect(
        all(line.isdecimal() for line in lines),
        "chain.txt에 숫자가 아닌 것이 있다.",
        "이름이 아니라 PID를 한 줄에 하나씩 적는다.",
    )
    found = [int(line) for line in lines]
    expect(
        found[0] == chain[0],
        f"첫 줄의 {found[0]}번은 이 컨테이너의 프로세스가 아니다.",
        "컨테이너 안에서 본 PID이거나, 다른 프로세스의 것일 수 있다.",
    )
    for child, parent, right in zip(found, found[1:], chain[1:], strict=False):
        expect(
            parent == right,
            f"{child}번의 부모로 {parent}번을 적었지만, 커널의 말은 다르다.",
            "엔진의 부품이라고 부모인 것은 아니다. 커널에게 묻자.",
        )
    expect(
        len(found) == len(chain),
        f"족보가 {len(found)}줄이다. PID 1까지는 {len(chain)}줄.",
        "빠뜨렸거나 더 적은 조상이 있다.",
    )
    return " ← ".join(f"{_name(pid)}({pid})" for pid in chain) + ". dockerd도 containerd도 없다."


# ---- 01-2 ----------------------------------------------------------------------------------------

ORDER = """\
{
  "Image": "debian:trixie-slim",
  "Cmd": ["uname", "-n"]
}
"""


def _start_2(bench: Workbench) -> None:
    bench.provide("create.json", ORDER)


@exercise(
    "01-2",
    "주문서를 손으로 쓴다",
    10,
    (
        "`docker run --help`에서 같은 일을 하는 옵션을 찾고, `strace`로 그 명령이 무엇을 보내는지 "
        "엿보자.",
        "이미 있는 컨테이너의 `docker inspect`에도 같은 이름의 항목이 있다. 메모리의 단위는 "
        "바이트다.",
        "컨테이너 자신의 것(Hostname, Cmd)과 호스트가 걸어 주는 것(HostConfig)은 자리가 다르다.",
    ),
    start=_start_2,
)
def ordered_by_hand(bench: Workbench) -> str:
    try:
        order = json.loads(bench.text("create.json"))
    except json.JSONDecodeError as error:
        raise NotYetError(
            f"create.json {error.lineno}번째 줄이 올바른 JSON이 아니다.",
            "쉼표, 따옴표, 괄호의 짝을 보자.",
        ) from error
    expect(isinstance(order, dict), "create.json이 JSON 객체({…})가 아니다.")
    facts, output = _carry_out(bench, order)
    expect(
        facts["Config"]["Image"] == BASE,
        f"이미지가 {facts['Config']['Image']!r}이다. 기대한 것은 {BASE!r}.",
    )
    code = facts["State"]["ExitCode"]
    expect(code == 0, f"컨테이너가 종료 코드 {code}로 끝났다.", "마지막 출력: " + output[-300:])
    expect(
        output.strip() == "anatomy",
        f"컨테이너의 출력이 {output.strip()[:60]!r}이다. 기대한 것은 'anatomy'.",
        "호스트 이름을 정하지 않으면 컨테이너 ID의 앞부분이 된다.",
    )
    host = facts["HostConfig"]
    expect(
        host["Memory"] == 64 * MIB,
        f"메모리 한도가 {host['Memory']:,}바이트다. 기대한 것은 {64 * MIB:,}.",
        "엔진은 모르는 자리에 적힌 항목을 말없이 지나친다. 0은 한도가 없다는 뜻이다.",
    )
    expect(
        host["ReadonlyRootfs"] is True,
        "루트 파일 시스템에 쓸 수 있다. 기대한 것은 읽기 전용.",
        "`docker inspect`에서 ReadonlyRootfs가 어디에 있는지 보자.",
    )
    return "주문서 하나로 이름, 메모리 한도, 읽기 전용이 모두 정해졌다. CLI가 보내는 것도 이것이다."


def _carry_out(bench: Workbench, order: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Sends the order as ``docker run`` would; what became of it, and its output."""
    labels = order.get("Labels") if isinstance(order.get("Labels"), dict) else {}
    order = {**order, "Labels": {**(labels or {}), **bench.labels}}
    client = bench.client
    name = f"check-{bench.id}-{uuid.uuid4().hex[:8]}"
    try:
        made = client.api.create_container_from_config(order, name)
    except docker.errors.APIError as error:
        raise NotYetError("엔진이 주문을 거절했다.", f"엔진의 말: {error.explanation}") from error
    container = client.containers.get(made["Id"])
    try:
        ran = service.run(container, 15)
        container.reload()
        return dict(container.attrs), ran.output
    except docker.errors.APIError as error:
        raise NotYetError(
            "만들어지기는 했지만 시작되지 않는다.", f"엔진의 말: {error.explanation}"
        ) from error
    except service.NoEndError as error:
        raise NotYetError(
            "컨테이너가 15초가 지나도 끝나지 않았다.", "Cmd가 기다리는 명령인지 보자."
        ) from error
    finally:
        container.remove(force=True, v=True)


# ---- 01-3 ----------------------------------------------------------------------------------------

FORWARDER = """\
#!/bin/bash
# shim이 runc 대신 부르는 프로그램. 지금은 받은 것을 그대로 runc에 넘긴다.
exec runc "$@"
"""


def _start_3(bench: Workbench) -> None:
    bench.provide("runtime", FORWARDER).chmod(0o755)


@exercise(
    "01-3",
    "runc 앞에 서는 런타임",
    20,
    (
        "이 프로그램은 컨테이너마다 여러 번, 다른 인자로 불린다. 6번에서 적은 기록을 다시 보자.",
        "프로세스의 환경 변수는 번들의 `config.json`에 있다. 번들의 자리는 `--bundle` 다음의 "
        "인자가 말해 준다.",
        "runc가 `config.json`을 읽는 것은 `create`할 때다. 그 앞에서 고치고, 나머지는 손대지 "
        "않는다. `jq`나 파이썬이면 된다.",
    ),
    start=_start_3,
)
def in_front_of_runc(bench: Workbench) -> str:
    runtime = bench.folder / "runtime"
    bench.text("runtime")
    expect(
        os.access(runtime, os.X_OK),
        "work/01-3/runtime을 실행할 수 없다.",
        "권한을 보자: `ls -l work/01-3`",
    )
    secret = uuid.uuid4().hex
    before = {"PATH": "/bin", "TOKEN": secret, "LONG": "두 낱말 = 하나"}
    output = _through(runtime, before)
    after = dict(line.partition("=")[::2] for line in output.splitlines())
    for name, value in before.items():
        expect(
            after.get(name) == value,
            f"원래 있던 환경 변수 {name}의 값이 {after.get(name)!r}이다. 기대한 것은 {value!r}.",
            "더하기만 하고, 이미 있던 것은 그대로 두어야 한다.",
        )
    expect(
        after.get("SEEN_BY") == "ex-01-3",
        f"컨테이너의 환경 변수 SEEN_BY가 {after.get('SEEN_BY')!r}이다. 기대한 것은 'ex-01-3'.",
        "runc가 번들을 읽기 전에 고쳐졌는지 보자.",
    )
    return "runc 앞에서 주문서를 고쳤다. GPU 런타임이 장치를 끼워 넣는 것도 이렇게 한다."


def _through(runtime: Path, variables: dict[str, str]) -> str:
    """What a container prints that the runtime creates, starts and deletes, as a shim asks it."""
    name = f"check-01-3-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        root, bundle, output = here / "root", here / "bundle", here / "output"
        (bundle / "rootfs/bin").mkdir(parents=True)
        shutil.copy("/usr/bin/busybox", bundle / "rootfs/bin/busybox")
        subprocess.run(["runc", "spec", "--bundle", str(bundle)], check=True, capture_output=True)
        config = json.loads((bundle / "config.json").read_text())
        config["process"] |= {
            "terminal": False,
            "args": ["/bin/busybox", "env"],
            "env": [f"{key}={value}" for key, value in variables.items()],
        }
        (bundle / "config.json").write_text(json.dumps(config, ensure_ascii=False))
        command = [str(runtime), "--root", str(root), "--log", str(here / "log")]
        plain = ["runc", "--root", str(root)]
        try:
            _call([*command, "create", "--bundle", str(bundle), name], output)
            _call([*command, "start", name], here / "said")
            state = {"status": "running"}
            for _ in range(100):
                done = subprocess.run([*plain, "state", name], capture_output=True, check=False)
                state = json.loads(done.stdout or b'{"status": "none"}')
                if state["status"] == "stopped":
                    break
                time.sleep(0.05)
            expect(
                state["status"] == "stopped",
                f"create와 start를 불렀지만 runc가 말하는 상태가 {state['status']!r}이다.",
                "받은 인자를 모두 그대로 runc에 넘기는지 보자.",
            )
            _call([*command, "delete", name], here / "said")
            return output.read_text("utf-8", "replace")
        finally:
            subprocess.run([*plain, "delete", "--force", name], capture_output=True, check=False)


def _call(command: list[str], output: Path) -> None:
    """One call of the runtime.  Raises NotYetError if it fails."""
    words = [word for word in ("create", "start", "delete") if word in command]
    with output.open("wb") as file, output.with_suffix(".err").open("w+b") as errors:
        try:
            code = subprocess.run(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=errors,
                timeout=20,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise NotYetError(
                f"runtime {words[0]}: 20초가 지나도 끝나지 않았다.",
                "할 일을 마치면 runc로 바뀌어야(`exec`) 한다.",
            ) from error
        except OSError as error:
            raise NotYetError(
                f"runtime {words[0]}: 실행할 수 없다 ({error.strerror}).",
                "첫 줄(`#!`)이 무엇으로 실행할지를 정한다.",
            ) from error
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace")
    log = output.parent / "log"
    if log.exists():
        said += log.read_text("utf-8", "replace")
    expect(
        code == 0,
        f"runtime {words[0]}: 종료 코드 {code}로 끝났다.",
        "마지막 말: " + (said.strip()[-300:] or "(없음)"),
    )
