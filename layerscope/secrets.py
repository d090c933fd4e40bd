"""Files whose names say that they hold secrets, in any layer, seen or hidden."""

from __future__ import annotations

import re
from dataclasses import dataclass

from layerscope.analysis import root_filesystem
from layerscope.model import Image, Kind

# Reason, and what the path (without a leading "/") must match.
_PATTERNS = [
    (why, re.compile(rf"(?:.*/)?(?:{pattern})"))
    for why, pattern in (
        ("SSH 개인 키", r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?"),
        ("환경 변수 파일", r"\.env(?:\.(?!example$|sample$|template$|dist$)[^/]+)?"),
        ("개인 키나 키 저장소", r"[^/]+\.(?:key|p12|pfx|jks|keystore|ppk|kdbx)"),
        ("인증서나 개인 키", r"(?:[^/]*(?:key|private)[^/]*)\.pem"),
        ("AWS 자격 증명", r"\.aws/(?:credentials|config)"),
        (
            "구글 클라우드 자격 증명",
            r"application_default_credentials\.json|[^/]*service[-_]account[^/]*\.json",
        ),
        ("Azure 자격 증명", r"\.azure/(?:accessTokens|msal_token_cache)\.(?:json|bin)"),
        ("쿠버네티스 설정", r"\.kube/config|kubeconfig"),
        ("레지스트리 로그인", r"\.docker/config\.json|\.dockercfg"),
        (
            "패키지 저장소 토큰",
            r"\.npmrc|\.pypirc|\.gem/credentials|\.cargo/credentials(?:\.toml)?",
        ),
        ("로그인 정보", r"\.netrc|_netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.htpasswd"),
        ("Git 저장소", r"\.git/config"),
        ("테라폼 상태", r"[^/]+\.tfstate(?:\.backup)?"),
        ("셸 기록", r"\.(?:bash|zsh|python|psql|mysql)_history"),
        (
            "비밀로 이름 붙은 파일",
            r"(?:secrets?|credentials?|passwords?)(?:\.(?:ya?ml|json|txt|toml|ini|env))?",
        ),
    )
]
# Places where such names are ordinary: certificates that ship with systems and test suites, and
# the state of Debian's pam-auth-update, a file called "password".
_HARMLESS = re.compile(
    r"(?:var/lib/pam/|usr/share/|usr/lib/python|usr/local/lib/python|etc/ssl/certs/|usr/include/)|.*/(?:tests?|site-packages|node_modules)/"
)


@dataclass(slots=True)
class Suspect:
    """A file that looks like a secret by its name; nobody looked inside."""

    path: str
    layer: int
    size: int  # bytes
    reason: str
    visible: bool  # False: deleted or overwritten later, and still in what everybody pulls


def suspects(image: Image) -> list[Suspect]:
    """Regular files that look like secrets, in layer order."""
    final = root_filesystem(image)
    found = []
    for layer in image.layers:
        for entry in layer.entries:
            if entry.kind is not Kind.FILE or not entry.size:
                continue
            why = reason(entry.path)
            if why is not None:
                placed = final.get(entry.path)
                visible = placed is not None and placed[0] == layer.index
                found.append(Suspect(entry.path, layer.index, entry.size, why, visible))
    return found


def reason(path: str) -> str | None:
    """Why a path (without a leading "/") looks like a secret, in Korean; None: it does not."""
    if _HARMLESS.match(path):
        return None
    return next((why for why, pattern in _PATTERNS if pattern.fullmatch(path)), None)
