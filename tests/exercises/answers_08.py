"""08: other answers than the notebook's."""

from answering import Answers

BUILD_2 = "!docker build -q -t ex-08-2 ../work/08-2"


def answer(stored: str, hidden: str, both: str) -> str:
    return (
        "import json\nimport layerscope\n"
        "one = layerscope.analyze(layerscope.read('ex-08-1'))\n"
        "two = layerscope.analyze(layerscope.read('ex-08-1-more'))\n"
        "new = sum(layer.size for layer in two.image.layers[len(one.image.layers):])\n"
        f"numbers = {{'stored': {stored}, 'hidden': {hidden}, 'both': {both}}}\n"
        "open('../work/08-1/answer.json', 'w').write(json.dumps(numbers))"
    )


def file_2(dockerfile: str) -> str:
    return f"open('../work/08-2/Dockerfile', 'w').write({dockerfile!r})\n{BUILD_2}"


def image_3(*steps: str) -> str:
    dockerfile = "\n".join(("FROM debian:trixie-slim", *steps, ""))
    return (
        f"open('../work/08-3/Dockerfile', 'w').write({dockerfile!r})\n"
        "!docker build -q -t ex-08-3 ../work/08-3"
    )


BIG = "RUN mkdir /d && head -c 25000000 /dev/urandom > /d/big"

ANSWERS = {
    "08-1": Answers(
        right=(
            # every layer by hand, from the entries
            "import json\nimport layerscope\n"
            "def stored(name):\n"
            "    return {layer.diff_id: sum(entry.size for entry in layer.entries)"
            " for layer in layerscope.read(name).layers}\n"
            "one, two = stored('ex-08-1'), stored('ex-08-1-more')\n"
            "files = layerscope.root_filesystem(layerscope.read('ex-08-1'))\n"
            "seen = layerscope.analyze(layerscope.read('ex-08-1')).visible\n"
            "total = sum(one.values())\n"
            "both = sum((one | two).values())\n"
            "numbers = {'stored': total, 'hidden': total - seen, 'both': both}\n"
            "open('../work/08-1/answer.json', 'w').write(json.dumps(numbers))",
        ),
        wrong={
            "레이어에 든 파일의 합과 다르다": answer("one.visible", "one.hidden_bytes", "0"),
            "docker가 말하는 SIZE다": "import docker\nclient = docker.from_env()\n"
            "size = client.images.get('ex-08-1').attrs['Size']\n"
            + answer("size", "one.hidden_bytes", "0"),
            "숨은 바이트와 다르다": answer("one.size", "one.dive.inefficient_bytes", "0"),
            "따로 잰 합이다": answer("one.size", "one.hidden_bytes", "one.size + two.size"),
            "서로 다른 레이어를 더한 수와 다르다": answer("one.size", "one.hidden_bytes", "new"),
            "정수 셋이 있어야 한다": "open('../work/08-1/answer.json', 'w').write("
            '\'{"stored": "1 MB"}\')',
        },
    ),
    "08-2": Answers(
        right=(
            file_2(
                "FROM debian:trixie-slim\n"
                "RUN --mount=type=bind,source=source.bin,target=/tmp/source.bin"
                " mkdir /opt/tool && sha256sum < /tmp/source.bin > /opt/tool/digest"
                " && head -c 1000000 /tmp/source.bin > /opt/tool/data\n"
            ),
            # made outside of the build
            "!mkdir -p ../work/08-2/made && cd ../work/08-2 &&"
            " sha256sum < source.bin > made/digest && head -c 1000000 source.bin > made/data\n"
            + file_2("FROM debian:trixie-slim\nCOPY made /opt/tool\n"),
        ),
        wrong={
            "볼 수 없는 바이트가 #개다": BUILD_2,
            "빌드에만 쓰는 파일이 이미지에 보인다": file_2(
                "FROM debian:trixie-slim\nRUN mkdir /opt/tool\nCOPY source.bin /build/\n"
                "RUN sha256sum < /build/source.bin > /opt/tool/digest"
                " && head -c 1000000 /build/source.bin > /opt/tool/data\n"
            ),
            "/opt/tool/digest 파일이 없다": file_2(
                "FROM debian:trixie-slim AS made\nCOPY source.bin /\n"
                "RUN mkdir /out && head -c 1000000 /source.bin > /out/data\n"
                "FROM debian:trixie-slim\nCOPY --from=made /out /opt/tool\n"
            ),
            "바이트와 다르다": file_2(
                "FROM debian:trixie-slim\n"
                "RUN mkdir /opt/tool && echo > /opt/tool/digest && echo > /opt/tool/data\n"
            ),
            "위에 서 있지 않다": file_2("FROM scratch\nCOPY source.bin /opt/tool/data\n"),
        },
    ),
    "08-3": Answers(
        right=(
            image_3(BIG, "RUN rm -rf /d && ln -s /srv /d"),
            image_3(
                "RUN mkdir -p /opt/d/e && head -c 25000000 /dev/urandom > /opt/d/e/big",
                "RUN rm -r /opt/d && mkfifo /opt/d",
            ),
        ),
        wrong={
            "숨은 바이트가 #개다": image_3(BIG + " && rm -rf /d"),
            "화이트아웃으로 지운 것이다": image_3(BIG, "RUN rm -rf /d"),
            "dive가 #바이트의 낭비를 알아챘다": image_3(BIG, "RUN echo > /d/big"),
            "이미지가 없다": "",
        },
    ),
}
