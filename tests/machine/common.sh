# What tests/machine/disk and tests/machine/guest begin with.
. "$(dirname "$0")/../../lab/host.d/common.sh"
PATH=$PATH:/usr/sbin:/sbin
dir=${MACHINE_DIR:-/var/tmp/docker-anatomy-machine}

# Packages that this machine lacks, by a command or a file that each brings.
need() { # WHAT=PACKAGE...
    local missing=() pair
    for pair; do
        command -v "${pair%=*}" >/dev/null || [ -e "${pair%=*}" ] || missing+=("${pair#*=}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "패키지를 설치한다: ${missing[*]}"
    { as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
        fail "가상 머신에 필요한 프로그램이 없다" "설치하지 못했다: ${missing[*]}" "sudo apt-get install ${missing[*]}"
}
