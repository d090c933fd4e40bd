"""02: other answers than the notebook's."""

from answering import Answers

FOLDER_1 = "../work/02-1"

READ = """
import hashlib, json, tarfile
with tarfile.open('../work/02-1/image.tar') as tar:
    entry = json.load(tar.extractfile('manifest.json'))[0]
    raw = tar.extractfile(entry['Config']).read()
config = json.loads(raw)
answer = {
    'entrypoint': config['config']['Entrypoint'],
    'token': config['config']['Env'][-1].split('=')[1],
    'layers': len(entry['Layers']),
    'config': 'sha256:' + hashlib.sha256(raw).hexdigest(),
}
"""
WRITE = "_ = open('../work/02-1/answer.json', 'w').write(json.dumps(answer))\n"


def answer_1(change: str) -> str:
    return f"{READ}{change}\n{WRITE}"


BUILD_2 = "docker build -q -t ex-02-2 -"

#: A layer made by hand, stacked on what ``docker save`` wrote.
STACK = """
import hashlib, io, json, tarfile, docker
client = docker.DockerClient(base_url='unix:///var/run/docker.sock')
saved = io.BytesIO(b''.join(client.images.get('ex-02-2-base').save(named=True)))
with tarfile.open(fileobj=saved) as tar:
    (entry,) = json.load(tar.extractfile('manifest.json'))
    config = json.load(tar.extractfile(entry['Config']))
    blobs = {name: tar.extractfile(name).read() for name in entry['Layers']}
whiteout = io.BytesIO()
with tarfile.open(fileobj=whiteout, mode='w') as tar:
    tar.addfile(tarfile.TarInfo('srv/.wh.secret.txt'))
layer = whiteout.getvalue()
config['rootfs']['diff_ids'].append('sha256:' + hashlib.sha256(layer).hexdigest())
config.pop('history', None)
names = {f'{number}.tar': blobs[name] for number, name in enumerate(entry['Layers'])}
names['last.tar'] = layer
names['config.json'] = json.dumps(config).encode()
entry = {'Config': 'config.json', 'RepoTags': ['ex-02-2:latest'],
         'Layers': [name for name in names if name.endswith('.tar')]}
names['manifest.json'] = json.dumps([entry]).encode()
made = io.BytesIO()
with tarfile.open(fileobj=made, mode='w') as tar:
    for name, data in names.items():
        one = tarfile.TarInfo(name)
        one.size = len(data)
        tar.addfile(one, io.BytesIO(data))
client.images.load(made.getvalue())
"""

#: The chain of 02-3 with one link forgotten, or none.
CHAIN = """
import gzip, hashlib, json, pathlib
folder = pathlib.Path('../work/02-3')
layout = folder / 'layout'
sha = lambda data: 'sha256:' + hashlib.sha256(data).hexdigest()
path_of = lambda digest: layout / 'blobs' / digest.replace(':', '/')
index = json.loads((layout / 'index.json').read_text())
manifest = json.loads(path_of(index['manifests'][0]['digest']).read_bytes())
config = json.loads(path_of(manifest['config']['digest']).read_bytes())
new = (folder / 'new-layer.tar.gz').read_bytes()
def put(data, old, **more):
    path_of(sha(data)).write_bytes(data)
    return {**old, 'digest': sha(data), 'size': len(data), **more}
def documents():
    manifest['config'] = put(json.dumps(config).encode(), manifest['config'])
    index['manifests'][0] = put(json.dumps(manifest).encode(), index['manifests'][0])
    (layout / 'index.json').write_text(json.dumps(index))
    blob = lambda one: 'blobs/' + one['digest'].replace(':', '/')
    docker = {'Config': blob(manifest['config']), 'RepoTags': ['ex-02-3:latest'],
              'Layers': [blob(one) for one in manifest['layers']]}
    (layout / 'manifest.json').write_text(json.dumps([docker]))
"""
LOAD = "!tar -cf {folder}/image.tar -C {layout} . && docker load -q -i {folder}/image.tar\n"
LAYER = "manifest['layers'][1] = put(new, manifest['layers'][1])\n"
DIFF_ID = "config['rootfs']['diff_ids'][1] = sha(gzip.decompress(new))\n"

ANSWERS = {
    "02-1": Answers(
        right=(answer_1(""), answer_1("answer['note'] = '덧붙인 말'")),
        wrong={
            "answer.json 파일이 없다": "",
            "token 항목이 없다": answer_1("del answer['token']"),
            "answer.json의 내용이 JSON이 아니다": (
                f"_ = open('{FOLDER_1}/answer.json', 'w').write('cat /motd')"
            ),
            "entrypoint가": answer_1("answer['entrypoint'] = config['config']['Cmd']"),
            "token이": answer_1("answer['token'] = config['config']['Env'][-1]"),
            "layers가 #이다. 이 이미지의 레이어는 #개다": answer_1(
                "answer['layers'] = len(config['history'])"
            ),
            "설정의 다이제스트가 아니다": answer_1(
                "answer['config'] = config['rootfs']['diff_ids'][0]"
            ),
        },
    ),
    "02-2": Answers(
        right=(
            STACK,
            # the change of a container, kept as a layer
            "!docker run --name ex-02-2-box ex-02-2-base /bin/busybox rm /srv/secret.txt\n"
            """!docker commit --change 'CMD ["/bin/busybox", "ls", "/srv"]' """
            "ex-02-2-box ex-02-2 && docker rm ex-02-2-box",
        ),
        wrong={
            "ex-02-2 이미지가 없다": "",
            "아직 보인다 (#바이트). 더한 레이어는 0개다": "!docker tag ex-02-2-base ex-02-2",
            "아직 보인다 (0바이트). 더한 레이어는 1개다": (
                f"%%sh\n{BUILD_2} <<'END'\nFROM ex-02-2-base\n"
                'RUN ["/bin/busybox", "truncate", "-s", "0", "/srv/secret.txt"]\nEND'
            ),
            "아래 레이어가 ex-02-2-base의 것과 다르다": (
                f"%%sh\n{BUILD_2} <<'END'\nFROM scratch\n"
                "COPY --from=ex-02-2-base /bin/busybox /bin/busybox\n"
                "COPY --from=ex-02-2-base /srv/keep.txt /srv/keep.txt\nEND"
            ),
            "keep.txt까지 사라졌다": (
                f"%%sh\n{BUILD_2} <<'END'\nFROM ex-02-2-base\n"
                'RUN ["/bin/busybox", "rm", "-r", "/srv"]\nEND'
            ),
            "더한 레이어에 파일 내용이 #바이트 있다": (
                f"%%sh\n{BUILD_2} <<'END'\nFROM ex-02-2-base\n"
                'RUN ["/bin/busybox", "sh", "-c", "busybox rm /srv/secret.txt; '
                'busybox touch /srv/keep.txt"]\nEND'
            ),
        },
    ),
    "02-3": Answers(
        right=(
            # the layer without compression: another digest, the same DiffID
            CHAIN
            + "manifest['layers'][1] = put(gzip.decompress(new), manifest['layers'][1],"
            + " mediaType='application/vnd.oci.image.layer.v1.tar')\n"
            + DIFF_ID
            + "documents()\n"
            + LOAD,
        ),
        wrong={
            "2번째 레이어가 new-layer.tar.gz의 내용이 아니다": "",
            "diff_ids #개가 레이어를 푼 해시와 다르다": CHAIN + LAYER + "documents()\n",
            "블롭의 이름은": CHAIN
            + "_ = path_of(manifest['layers'][1]['digest']).write_bytes(new)\n",
            "의 크기가 #이라고 적혀 있지만": CHAIN
            + LAYER
            + DIFF_ID
            + "manifest['layers'][1]['size'] += 1\ndocuments()\n",
            "이름의 블롭이 없다": CHAIN
            + LAYER
            + "manifest['layers'][1]['digest'] = sha(gzip.decompress(new))\ndocuments()\n",
            "ex-02-3 이미지가 없다": CHAIN + LAYER + DIFF_ID + "documents()\n",
        },
    ),
}
