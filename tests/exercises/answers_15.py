"""15: other answers than the notebook's."""

from answering import Answers

BUILD = "!docker build -q -t ex-15-2 ../work/15-2"
TOUCH = "RUN find guestbook -exec touch -d @1767225600 {} +\n"
COMPILE = "RUN python -m compileall -q guestbook\n"


def blobs(source: str) -> str:
    """A cell that writes the lines of ``found`` after this source."""
    return (
        "import json, pathlib\n"
        "work = pathlib.Path('../work/15-1')\n"
        "def blob(name, digest):\n"
        "    return json.loads((work / name / 'blobs' / digest.replace(':', '/')).read_text())\n"
        "index = json.loads((work / 'want/index.json').read_text())['manifests']\n"
        "amd, arm = (blob('want', one['digest']) for one in index)\n"
        "old = json.loads((work / 'have/index.json').read_text())['manifests'][0]\n"
        "old = blob('have', old['digest'])\n"
        "had = {part['digest'] for part in [old['config'], *old['layers']]}\n"
        f"{source}\n"
        "_ = (work / 'blobs.txt').write_text('\\n'.join(found))"
    )


def image(*lines: str) -> str:
    text = "FROM python:3.13-slim\nWORKDIR /app\nCOPY guestbook guestbook\n" + "".join(lines)
    return f"_ = open('../work/15-2/Dockerfile', 'w').write({text!r})\n{BUILD}"


def pack(*changes: tuple[str, str], dockerfile: tuple[str, str] | None = None) -> str:
    """A cell that changes texts of pack.py, and of the Dockerfile."""
    source = (
        "import pathlib\npath = pathlib.Path('../work/15-3/pack.py')\ntext = path.read_text()\n"
    )
    for old, new in changes:
        source += f"assert {old!r} in text\ntext = text.replace({old!r}, {new!r})\n"
    source += "_ = path.write_text(text)\n"
    if dockerfile:
        source += (
            "path = pathlib.Path('../work/15-3/Dockerfile')\n"
            f"_ = path.write_text(path.read_text().replace({dockerfile[0]!r}, {dockerfile[1]!r}))\n"
        )
    return source


SORTED = ("in words:", "in sorted(words):")
FIXED_ID = ("str(uuid.uuid4())", "str(uuid.uuid5(uuid.NAMESPACE_URL, 'words'))")
NO_DATE = ("RUN date > built-at.txt", "RUN echo 2026-01-01 > built-at.txt")
ZIP = (
    'bundle.write("words.txt")\n    bundle.writestr("index.json", index)',
    'import os\n    [os.utime(one, (10**9, 10**9)) for one in ("words.txt", "index.json")]\n'
    '    bundle.write("words.txt")\n    bundle.write("index.json")',
)

ANSWERS = {
    "15-1": Answers(
        right=(
            "%%sh\nset -e\ncd ../work/15-1\n"
            "m=$(jq -r '.manifests[] | select(.platform.architecture == \"arm64\") | .digest'"
            " want/index.json)\n"
            "jq -r '.config.digest, .layers[].digest' want/blobs/sha256/${m#sha256:} |\n"
            "while read -r d; do [ -e have/blobs/sha256/${d#sha256:} ] || echo $d; done"
            " > blobs.txt",
        ),
        wrong={
            "blobs.txt 파일이 없다": "",
            "1번째 줄이 다이제스트가 아니다": blobs(
                "found = [part['digest'][7:19] for part in arm['layers']]"
            ),
            "이미 가진 블롭이 #개": blobs("found = [part['digest'] for part in arm['layers']]"),
            "받지 않을 블롭이 #개": blobs(
                "found = [part['digest'] for part in [amd['config'], *amd['layers']]]"
            ),
            "빠진 블롭이 #개": blobs(  # the repacked layer taken for the one that is there
                "found = [arm['config']['digest'], arm['layers'][-1]['digest']]"
            ),
            "want에 없는 다이제스트가 #개": blobs("found = ['sha256:' + '0' * 64]"),
        },
    ),
    "15-2": Answers(
        right=(
            image(TOUCH, COMPILE, "USER 1000\n"),
            image(
                "RUN python -m compileall -q --invalidation-mode checked-hash guestbook\n", TOUCH
            ),
        ),
        wrong={
            "낡은 .pyc가 #개다": BUILD,
            ".pyc가 없는 원본이 #개다": image(TOUCH),
            "시각이 2026-01-01T00:00:00Z가 아니다": image(COMPILE),
        },
    ),
    "15-3": Answers(
        right=(
            pack(SORTED, FIXED_ID, ZIP, dockerfile=NO_DATE),
            pack(
                SORTED,
                ("str(uuid.uuid4())", "'words'"),
                (
                    'bundle.write("words.txt")\n    bundle.writestr("index.json", index)',
                    'for one in ("words.txt", "index.json"):\n'
                    "        bundle.writestr(zipfile.ZipInfo(one), Path(one).read_bytes())",
                ),
                dockerfile=("RUN date", "RUN date -d 2026-01-01"),
            ),
        ),
        wrong={
            "파일 #개가 다르다: app/built-at.txt": pack(SORTED, FIXED_ID, ZIP),
            "파일 #개가 다르다: app/index.json": pack(FIXED_ID, ZIP, dockerfile=NO_DATE),
            "파일 #개가 다르다: app/words.zip": pack(SORTED, FIXED_ID, dockerfile=NO_DATE),
            "/app/built-at.txt 파일이 없다": pack(
                SORTED, FIXED_ID, ZIP, dockerfile=("RUN date > built-at.txt\n", "")
            ),
            "words.zip에 든 파일이 #개다": pack(
                SORTED,
                FIXED_ID,
                ('bundle.write("words.txt")', "pass"),
                dockerfile=NO_DATE,
            ),
        },
    ),
}
