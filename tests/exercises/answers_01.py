"""01: other answers than the notebook's."""

import json

from answering import Answers

PID = "$(docker inspect -f '{{.State.Pid}}' ex-01-1)"
OUT = "../work/01-1/chain.txt"
HOST = {"Memory": 64 << 20, "ReadonlyRootfs": True}
ORDER = {"Image": "debian:trixie-slim", "Cmd": ["uname", "-n"], "Hostname": "anatomy"}


def order(**changed: object) -> str:
    text = json.dumps({**ORDER, "HostConfig": HOST, **changed})
    return f"open('../work/01-2/create.json', 'w').write({text!r})"


def runtime(text: str) -> str:
    return f"open('../work/01-3/runtime', 'w').write({text!r})"


ANSWERS = {
    "01-1": Answers(
        right=(
            f"%%sh\npid={PID}\nwhile [ $pid -gt 0 ]; do\n  echo $pid\n"
            f"  pid=$(ps -o ppid= -p $pid | tr -d ' ')\ndone >{OUT}",
        ),
        wrong={
            "chain.txt 파일이 없다": "",
            "첫 줄의 #번은 이 컨테이너의 프로세스가 아니다": f"!echo 1 > {OUT}",
            "#번의 부모로 #번을 적었지만": (
                f"%%sh\n{{ echo {PID}; cat /run/docker/containerd/containerd.pid; echo; echo 1; }}"
                f" >{OUT}"
            ),
            "족보가 #줄이다": f"%%sh\npid={PID}\n{{ echo $pid; ps -o ppid= -p $pid; }} >{OUT}",
            "숫자가 아닌 것": f"!echo sleep containerd-shim s6-svscan > {OUT}",
        },
    ),
    "01-2": Answers(
        right=(
            order(Cmd=["cat", "/etc/hostname"]),
            order(Cmd=["-n"], Entrypoint=["uname"], HostConfig={**HOST, "MemorySwap": 64 << 20}),
        ),
        wrong={
            "기대한 것은 'anatomy'": "",
            "메모리 한도가 #바이트다": order(HostConfig={**HOST, "Memory": 64_000_000}),
            "엔진이 주문을 거절했다": order(HostConfig={**HOST, "Memory": "64m"}),
            # not where it belongs: the engine takes no notice of it
            "루트 파일 시스템에 쓸 수 있다": order(
                ReadonlyRootfs=True, HostConfig={"Memory": 64 << 20}
            ),
            "종료 코드 #로 끝났다": order(Cmd=["sh", "-c", "uname -n > /name && cat /name"]),
            "올바른 JSON이 아니다": "open('../work/01-2/create.json', 'a').write(',')",
        },
    ),
    "01-3": Answers(
        right=(
            runtime(
                "#!/usr/bin/env python3\nimport json, os, sys\n"
                "if 'create' in sys.argv:\n"
                "    path = sys.argv[sys.argv.index('--bundle') + 1] + '/config.json'\n"
                "    config = json.load(open(path))\n"
                "    config['process']['env'].append('SEEN_BY=ex-01-3')\n"
                "    json.dump(config, open(path, 'w'))\n"
                "os.execvp('runc', ['runc', *sys.argv[1:]])\n"
            ),
        ),
        wrong={
            "환경 변수 SEEN_BY가 None이다": "",
            "원래 있던 환경 변수 PATH의 값이 None이다": runtime(
                '#!/bin/bash\nif [ "$5" = create ]; then\n'
                '  jq \'.process.env = ["SEEN_BY=ex-01-3"]\' "$7/config.json" >"$7/new"\n'
                '  mv "$7/new" "$7/config.json"\nfi\nexec runc "$@"\n'
            ),
            "실행할 수 없다": "!chmod 644 ../work/01-3/runtime",
            "runc가 말하는 상태가": runtime("#!/bin/bash\nexport SEEN_BY=ex-01-3\n"),
            "runtime create: 종료 코드 #로": runtime(
                "#!/bin/bash\nset -e\njq '.process.env += [\"SEEN_BY=ex-01-3\"]' config.json\n"
                'exec runc "$@"\n'
            ),
        },
    ),
}
