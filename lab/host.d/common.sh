# What lab/host, workshop/host and tests/machine begin with: where they stand and how they speak.
# They and these files run on macOS's /bin/bash, too, which is 3.2 (tests/repository/test_shell.py).

# Paths that the caller gives are his, not the repository's.
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
absolute() { case $1 in /*) echo "$1" ;; *) echo "$caller/$1" ;; esac; }
[ -z "${BUNDLE:-}" ] || BUNDLE=$(absolute "$BUNDLE")

# compose reads .env by itself; what it takes from there holds here, too.  The environment wins, and
# of two lines the last; quotes, a comment behind the value and Windows' line ends are not part of it.
from_env_file() { # NAME [FILE]
    { tr -d '\r' <"${2:-.env}" | sed -n "s/^ *\(export \)\{0,1\} *$1=//p" | tail -n 1 |
        sed -e 's/[[:space:]]#.*//' -e 's/[[:space:]]*$//' -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'$/\1/"; } 2>/dev/null || true
}
for setting in LAB_NAME LAB_PORT LAB_STORE LAB_ENGINE LAB_IMAGE; do
    [ -n "${!setting:-}" ] || export "$setting=$(from_env_file "$setting")"
    [ -n "${!setting}" ] || unset "$setting"
done

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
# What happened / why / the next command.
fail() {
    printf '\n문제: %s\n  왜: %s\n다음: %s\n' "$1" "$2" "$3" >&2
    exit 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Asked before anything is made: compose would name a volume after whatever is written there.
need_choices() { # COMMAND
    case ${LAB_STORE:-containerd} in
        containerd | overlay2) ;;
        *) fail "이미지 저장소의 이름이 틀렸다" "LAB_STORE는 containerd나 overlay2인데 '$LAB_STORE'(이)라고 적었다" \
            "LAB_STORE=overlay2 $1  (기본인 containerd로 열려면: unset LAB_STORE)" ;;
    esac
    case ${LAB_ENGINE:-current} in
        current | stable | 29) ;;
        *) fail "실습실 엔진의 이름이 틀렸다" "LAB_ENGINE은 current, stable, 29 가운데 하나인데 '$LAB_ENGINE'(이)라고 적었다" \
            "LAB_ENGINE=stable $1  (기본인 current로 열려면: unset LAB_ENGINE)" ;;
    esac
}

# YES=1 answers for him who calls from a script.
confirm() { # QUESTION
    local answer=''
    [ "${YES:-}" != 1 ] || return 0
    printf '%s\n계속하려면 yes를 입력하세요: ' "$1"
    read -r answer || true
    [ "$answer" = yes ] || { say "아무것도 지우지 않았다"; exit 1; }
}
