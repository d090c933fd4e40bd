"""03: other answers than the notebook's."""

from answering import Answers


def change(name: str, *lines: str) -> str:
    """Edits a config.json."""
    return "\n".join(
        (
            "import json, pathlib",
            f"path = pathlib.Path('../work/{name}/config.json').resolve()",
            "config = json.loads(path.read_text())",
            "process, linux = config['process'], config['linux']",
            *lines,
            "_ = path.write_text(json.dumps(config))",
        )
    )


USER = "process['user'] = {'uid': 1000, 'gid': 1000}"
NAME = "config['hostname'] = 'anatomy'"
LESSON = "process['env'].append('LESSON=03')"
PLACE = "process['cwd'] = '/data'"

ALONE = "linux['namespaces'] = [s for s in linux['namespaces'] if s['type'] != 'network']"
BIND = (
    "config['mounts'].append({'destination': '/data', 'type': 'bind',"
    " 'source': str(path.parent / 'shared'), 'options': ['bind', 'ro']})"
)

UNPACK = (
    "!rm -rf ../work/03-3/bundle ../work/03-3/layout\n"
    "!skopeo copy -q docker-daemon:ex-03-3:latest oci:../work/03-3/layout:latest\n"
    "!umoci unpack --image ../work/03-3/layout:latest ../work/03-3/bundle\n"
)
READ_ONLY = "config['root']['readonly'] = True"
DROP = "process['capabilities'] = {kind: [] for kind in process['capabilities']}"
MEMORY = "linux['resources'] = {'memory': {'limit': 32 * 2**20}}"


def unpacked(*lines: str) -> str:
    return UNPACK + change("03-3/bundle", *lines)


ANSWERS = {
    "03-1": Answers(
        right=(
            change(
                "03-1",
                "process['user'] = {'uid': 1000, 'gid': 1000, 'additionalGids': [1000]}",
                "process['env'] = ['PATH=/bin', 'LESSON=03', 'TERM=xterm']",
                "config |= {'hostname': 'anatomy', 'domainname': 'example'}",
                "process |= {'cwd': '/data', 'terminal': True, 'args': ['sh']}",
            ),
        ),
        wrong={
            "사용자와 그룹: '0:0'이다": "",
            "사용자와 그룹: '1000:0'이다": change("03-1", "process['user']['uid'] = 1000"),
            "호스트 이름: 'runc'이다": change("03-1", USER, "process['hostname'] = 'anatomy'"),
            "환경 변수 LESSON: ''이다": change("03-1", USER, NAME, "config['env'] = ['LESSON=03']"),
            "작업 디렉터리: '/'이다": change("03-1", USER, NAME, LESSON),
            "루트 파일 시스템: 'rw'이다": change(
                "03-1",
                "process['user'] = {'uid': 1000, 'gid': 1000}",
                NAME,
                LESSON,
                PLACE,
                "config['root']['readonly'] = False",
            ),
            "JSON이 아니다": "_ = open('../work/03-1/config.json', 'w').write('{')",
            "실행하지 못했다": change("03-1", "process['cwd'] = 'data'"),
        },
    ),
    "03-2": Answers(
        right=(
            # joins the lab's by its path instead, and a relative source
            change(
                "03-2",
                "space = next(s for s in linux['namespaces'] if s['type'] == 'network')",
                "space['path'] = '/proc/1/ns/net'",
                "config['mounts'].append({'destination': '/data', 'type': 'none',"
                " 'source': 'shared', 'options': ['rbind', 'bind', 'ro']})",
            ),
        ),
        wrong={
            "네트워크 네임스페이스를 따로 갖는다": "",
            "함께 쓴다: pid, network": change(
                "03-2",
                "linux['namespaces'] = [s for s in linux['namespaces']"
                " if s['type'] not in ('network', 'pid')]",
                BIND,
            ),
            "/data/note에서 ''을 읽었다": change("03-2", ALONE),
            "/data에 쓸 수 있다": change("03-2", ALONE, BIND.replace(", 'ro'", "")),
        },
    ),
    "03-3": Answers(
        right=(
            unpacked(READ_ONLY, DROP, "linux['resources'] = {'memory': {'limit': 33554432}}"),
            # the file system of a stopped container, the settings by hand
            "!rm -rf ../work/03-3/bundle && mkdir -p ../work/03-3/bundle/rootfs\n"
            "!docker create --name ex-03-3-box ex-03-3 >/dev/null\n"
            "!docker export ex-03-3-box | tar -x -C ../work/03-3/bundle/rootfs\n"
            "!docker inspect ex-03-3 >../work/03-3/image.json; docker rm ex-03-3-box >/dev/null\n"
            "!runc spec --bundle ../work/03-3/bundle\n"
            + change(
                "03-3/bundle",
                "image = json.loads(pathlib.Path('../work/03-3/image.json').read_text())[0]",
                "image = image['Config']",
                "process['args'] = image['Entrypoint'] + image['Cmd']",
                "process['env'], process['cwd'] = image['Env'], image['WorkingDir']",
                "process['user'] = {'uid': int(image['User']), 'gid': 0}",
                READ_ONLY,
                DROP,
                MEMORY,
            ),
        ),
        wrong={
            "bundle/config.json 파일이 없다": "",
            "process.args가": unpacked("process['args'] = ['app.txt']"),
            "루트 파일 시스템: 'rw'이다": unpacked(DROP, MEMORY),
            "사용자: '0'이다": unpacked(READ_ONLY, "process['user']['uid'] = 0", MEMORY),
            "캐퍼빌리티가 남아 있다": unpacked(
                READ_ONLY, "process['capabilities']['effective'] = []", MEMORY
            ),
            "메모리 한도가 None이다": unpacked(READ_ONLY, DROP),
            "메모리 한도가 #이다": unpacked(
                READ_ONLY, DROP, "linux['resources'] = {'memory': {'limit': 32_000_000}}"
            ),
        },
    ),
}
