"""scratch에 담을 파이썬을 모은다: 실행 파일, 표준 라이브러리, 공유 라이브러리.

    python gather.py --into 목적지 [확장 모듈이 있는 폴더...]

자리는 묻거나 재어서 안다(sysconfig, ldd). 그래서 파이썬이 /usr에 있든 /usr/local에 있든 같다.
"""

import argparse
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

STDLIB = Path(sysconfig.get_path("stdlib"))

# 뺀 것과 까닭. 이름은 표준 라이브러리의 모듈이나 확장 모듈이다.
LEFT_OUT = {
    "파이썬 자신의 시험": "test _test* _ctypes_test _xxtestfuzz xxlimited* xxsubtype __phello__",
    "창과 그림판": "idlelib tkinter _tkinter turtle turtledemo",
    "꾸러미 설치": "ensurepip venv",
    "터미널": "curses _curses _curses_panel readline",
    "help()의 본문": "pydoc_data",
    "옛 문법 변환": "lib2to3",
    "이 서비스에 없는 데이터베이스": "sqlite3 _sqlite3 dbm _dbm _gdbm",
}
# 압축을 푸는 zlib조차 불러오기 전에 쓰이므로 압축하지 않는 것.
BEFORE_ZLIB = ("__init__", "aliases", "ascii", "latin_1", "utf_8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("folders", type=Path, nargs="*")
    arguments = parser.parse_args()
    image = arguments.into

    python = Path(sys._base_executable)
    extensions = [one for one in (STDLIB / "lib-dynload").glob("*.so") if wanted(one)]
    for path in [python, *extensions]:
        keep(path, image)
    keep_stdlib(image)

    binaries = [python, *extensions]
    binaries += [one for folder in arguments.folders for one in folder.rglob("*.so*")]
    libraries = needed(binaries)
    for path in libraries:
        keep(path, image)
    index_libraries(libraries, image)
    keep_system(image)


def wanted(path: Path) -> bool:
    """모듈 하나(파일이나 폴더)를 담을 것인가."""
    names = " ".join(LEFT_OUT.values()).split()
    name = path.name.partition(".")[0]
    return not any(Path(name).match(pattern) for pattern in names)


def keep(path: Path, image: Path) -> None:
    """같은 자리에 둔다. 링크이면 링크째로, 가리키는 것까지."""
    copy = image / path.relative_to("/")
    if copy.exists() or copy.is_symlink():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        copy.symlink_to(path.readlink())
        keep(Path(os.path.normpath(path.parent / path.readlink())), image)
    else:
        shutil.copy2(path, copy)


def keep_stdlib(image: Path) -> None:
    """표준 라이브러리를 바이트코드로 바꾸어 pythonXY.zip에 넣는다. 파이썬이 으레 찾는 자리다."""
    name = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    keep(STDLIB / "os.py", image)  # 파이썬은 이 파일로 표준 라이브러리의 자리를 알아본다
    sources = [
        path
        for top in sorted(STDLIB.iterdir())
        if wanted(top) and top.name not in ("site-packages", "dist-packages")
        for path in ([top] if top.is_file() else sorted(top.rglob("*")))
        if path.suffix == ".py" and path.exists()
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(image / STDLIB.parent.relative_to("/") / name, "w") as archive,
    ):
        compiled = Path(folder, "pyc")
        for path in sources:
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH  # 원본이 없으니 견줄 것도 없다
            py_compile.compile(str(path), compiled, doraise=True, invalidation_mode=mode)
            entry = zipfile.ZipInfo(str(path.relative_to(STDLIB)) + "c")  # 시각이 늘 같다
            early = path in (STDLIB / "encodings" / f"{one}.py" for one in BEFORE_ZLIB)
            archive.writestr(
                entry,
                compiled.read_bytes(),
                zipfile.ZIP_STORED if early else zipfile.ZIP_DEFLATED,
                compresslevel=9,
            )


def needed(binaries: Iterable[Path]) -> list[Path]:
    """ldd가 말하는 공유 라이브러리와 동적 링커."""
    found = set()
    for binary in binaries:
        told = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
        if "not found" in told:
            raise SystemExit(f"{binary}에 필요한 라이브러리가 없다.\n{told}")
        found |= {Path(path) for path in re.findall(r"(/\S+) \(0x", told)}
    # ldd가 모르는 것이 하나 있다: glibc는 스레드를 끝낼 때 이것을 실행 중에 연다.
    known = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    found |= {Path(path) for path in re.findall(r"libgcc_s\.so\.1 .*=> (\S+)", known)[:1]}
    return sorted(found)


def index_libraries(libraries: list[Path], image: Path) -> None:
    """동적 링커가 찾아볼 목록(ld.so.cache)을 새로 쓴다."""
    folders = sorted({str(path.parent) for path in libraries})
    (image / "etc").mkdir(exist_ok=True)
    (image / "etc/ld.so.conf").write_text("\n".join(folders) + "\n")
    subprocess.run(["ldconfig", "-r", image], check=True)
    shutil.rmtree(image / "var", ignore_errors=True)  # ldconfig가 저를 위해 남긴 것


def keep_system(image: Path) -> None:
    """배포판이 으레 주던 것: 사용자, 이름 풀이, 인증 기관, 임시 폴더."""
    (image / "etc/passwd").write_text(
        "root:x:0:0:root:/:/nonexistent\napp:x:10001:10001:app:/:/nonexistent\n"
    )
    (image / "etc/group").write_text("root:x:0:\napp:x:10001:\n")
    for path in ("/etc/nsswitch.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if Path(path).exists():
            keep(Path(path), image)
    (image / "tmp").mkdir()
    (image / "tmp").chmod(0o1777)


if __name__ == "__main__":
    main()
