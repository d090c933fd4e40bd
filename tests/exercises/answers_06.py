"""06: other answers than the notebook's."""

from answering import Answers

UPPER = (
    "import os, pathlib, shutil\n"
    "lower, upper = (pathlib.Path('../work/06-1', one) for one in ('lower', 'upper'))\n"
)


def layer(**files: str) -> str:
    """A cell that writes layer.tar; ``__`` stands for a dot, ``_0`` for a slash."""
    named = {name.replace("_0", "/").replace("__", "."): text for name, text in files.items()}
    return (
        "import io, tarfile\n"
        "with tarfile.open('../work/06-2/layer.tar', 'w') as tar:\n"
        f"    for name, text in {named!r}.items():\n"
        "        entry = tarfile.TarInfo(name)\n"
        "        entry.size = len(text.encode())\n"
        "        tar.addfile(entry, io.BytesIO(text.encode()))\n"
    )


NEW = {"conf_0c__conf": "c = 3\n", "hello__txt": "안녕\n"}
MARKS = {"data_0__wh__old__csv": "", "conf_0__wh__a__conf": "", "conf_0__wh__b__conf": ""}

# What docker alone can tell: the paths with "C", and the bytes of a fresh container.
DOCKER = """
import docker, io, tarfile
client = docker.from_env()
used = client.containers.get("ex-06-3")
def files(container):
    stream, _ = container.get_archive("/opt/app")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        return {f"/opt/{one.name}": tar.extractfile(one).read() for one in tar if one.isreg()}
changed = [row["Path"] for row in used.diff() if row["Path"].startswith("/opt/app/")]
now = files(used)
fresh = client.containers.create("ex-06-3")
try:
    then = files(fresh)
finally:
    fresh.remove()
same = [path for path in changed if path in then and then[path] == now.get(path)]
def write(paths):
    with open("../work/06-3/same.txt", "w") as file:
        file.write("\\n".join(paths))
"""

ANSWERS = {
    "06-1": Answers(
        right=(
            # conf made anew, without the mark
            "%%sh\nset -e\ncd ../work/06-1/upper\nrm report.txt\nmkdir plain\n"
            "mv conf/new.conf plain/\nrmdir conf\nmv plain conf",
        ),
        wrong={
            "보이지 않는 파일이 3개": "",
            "보이지 않는 파일이 2개": "!rm ../work/06-1/upper/report.txt",
            "복사본이 #개": UPPER
            + "(upper / 'report.txt').unlink()\nshutil.copy(lower / 'report.txt', upper)",
            "conf/new.conf의 내용이": "!cd ../work/06-1/upper && rm -r report.txt conf",
            "lower의 파일 #개가 처음과 다르다": "!rm ../work/06-1/lower/report.txt",
        },
    ),
    "06-2": Answers(
        right=(
            layer(**MARKS, **NEW),
            # made of files and packed by tar
            "%%sh\nset -e\ncd ../work/06-2\nmkdir -p tree/data tree/conf\n"
            "touch tree/data/.wh.old.csv tree/conf/.wh..wh..opq\n"
            "echo 'c = 3' > tree/conf/c.conf\necho 안녕 > tree/hello.txt\n"
            "tar -C tree -cf layer.tar .\nrm -r tree",
        ),
        wrong={
            "layer.tar 파일이 없다": "",
            "않아야 할 파일이 3개 보인다": layer(**NEW),
            "않아야 할 파일이 1개 보인다: data/old.csv": layer(
                data_0old__csv="", conf_0__wh____wh____opq="", **NEW
            ),
            "장치 파일이 #개": "%%sh\nset -e\ncd ../work/06-2\nmkdir -p tree/data\n"
            "mknod tree/data/old.csv c 0 0\ntar -C tree -cf layer.tar .\nrm -r tree",
            "바뀌지 않은 파일이 #개 다시 담겼다": layer(**MARKS, **NEW, data_0keep__csv="3,4\n"),
            "있어야 할 파일이 #개 없다": layer(**MARKS, hello__txt="안녕\n"),
            "레이어로 읽을 수 없다": "open('../work/06-2/layer.tar', 'w').write('hello')",
        },
    ),
    "06-3": Answers(
        right=(DOCKER + "write(same)",),
        wrong={
            "same.txt 파일이 없다": "",
            "내용이 달라진 파일이 #개": DOCKER + "write(path for path in changed if path in then)",
            "올라오지 않은 파일이 #개": DOCKER
            + "write(path for path in then if then[path] == now.get(path))",
            "찾지 못한 파일이 #개": DOCKER + "write(same[:1])",
            "경로가 아닌 줄이 #개": DOCKER + "write(path.split('/')[-1] for path in same)",
            "새로 생겼거나 지워진 파일이 #개": DOCKER + "write({*now} - {*then})",
        },
    ),
}
