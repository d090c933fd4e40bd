"""13: other answers than the notebook's."""

import json
from collections.abc import Mapping

from answering import Answers

REMOVE_APP = "!docker rm -f ex-13-1-app\n"
MINE = "!docker image prune -a -f --filter label=ex-13-1=test"
MOUNTS = {"keepStorage": "2GB", "filter": ["type=exec.cachemount", "unused-for=168h"]}
WHOLE = {"keepStorage": "20GB", "all": True}


def daemon(*rules: Mapping[str, object], enabled: object = True) -> str:
    settings = {"builder": {"gc": {"enabled": enabled, "policy": list(rules)}}}
    return f"open('../work/13-3/daemon.json', 'w').write({json.dumps(settings)!r})"


# The names of Engine 28 where the engine knows them.
TODAY = f"""\
import docker
release = int(docker.from_env().version()["Version"].split(".")[0])
text = {json.dumps({"builder": {"gc": {"enabled": True, "policy": [MOUNTS, WHOLE]}}})!r}
name = "maxUsedSpace" if release >= 28 else "keepStorage"
open("../work/13-3/daemon.json", "w").write(text.replace("keepStorage", name))
"""

ANSWERS = {
    "13-1": Answers(
        right=(
            REMOVE_APP + "!docker rmi ex-13-1-v1 ex-13-1-v2 ex-13-1-v3",
            "!docker container prune -f --filter label=ex-13-1=test\n" + MINE,
        ),
        wrong={
            "이미지가 #개 남았다: ex-13-1-v1": "",
            # a stopped container holds one of them
            "이미지가 1개 남았다: ex-13-1-v2": MINE,
            "이미지가 3개 남았다": "!docker image prune -f --filter label=ex-13-1=test",
            "ex-13-1-release 이미지가 없다": REMOVE_APP
            + "!docker image prune -a -f --filter label=ex-13-1",
        },
    ),
    "13-2": Answers(
        right=(
            "!docker rm ex-13-2-db && docker volume prune -f",
            "import docker\n"
            "client = docker.from_env()\n"
            "client.containers.get('ex-13-2-db').remove(v=True, force=True)",
        ),
        wrong={
            "ex-13-2-db 컨테이너가 아직 있다": "!docker volume prune -f",
            "익명 볼륨이 1개 남았다": "!docker rm ex-13-2-db",
            "ex-13-2-data 볼륨이 없다": "!docker rm -v ex-13-2-db && docker volume rm ex-13-2-data",
            "ledger가 시작할 때와 다르다": "!docker rm -v ex-13-2-db"
            " && docker volume rm ex-13-2-data && docker volume create ex-13-2-data",
        },
    ),
    "13-3": Answers(
        right=(
            daemon(
                {"keepStorage": "2048MB", "filter": ["unused-for=10080m", "type=exec.cachemount"]},
                {"keepStorage": "5GB", "filter": ["unused-for=720h"]},
                {"keepStorage": "10GB", "all": True},
            ),
            daemon(
                {
                    "filter": ["type==exec.cachemount", "unused-for=168h0m0s"],
                    "keepStorage": "2 GiB",
                },
                {"all": True, "keepStorage": "20g"},
            ),
            TODAY,
        ),
        wrong={
            "엔진이 모르는 이름이 있다: keepStorag": "",
            "번째다": daemon(WHOLE, MOUNTS),
            "시간으로 읽을 수 없다": daemon({**MOUNTS, "filter": ["unused-for=7d"]}, WHOLE),
            "캐시 마운트만 고르는 규칙이 없다": daemon(
                {"keepStorage": "2GB", "filter": ["unused-for=168h"]}, WHOLE
            ),
            "캐시 마운트의 규칙이 #시간": daemon({**MOUNTS, "keepStorage": "200MB"}, WHOLE),
            "전체를 지키는 규칙이 없다": daemon(MOUNTS, {"keepStorage": "20GB"}),
            "전체의 한도가 #GB다": daemon(MOUNTS, {"keepStorage": "100GB", "all": True}),
            "enabled가 true가 아니다": daemon(MOUNTS, WHOLE, enabled=False),
            "엔진이 이 daemon.json을 거절한다": daemon(MOUNTS, WHOLE, enabled="yes"),
            "올바른 JSON이 아니다": "open('../work/13-3/daemon.json', 'w').write('{')",
        },
    ),
}
