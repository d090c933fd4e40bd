# The lab's image: published or built here, and what it is built from.

stand_in=docker-anatomy/stand-in
when_online="네트워크를 확인하고 다시: make lab  (네트워크 없이: make lab BUNDLE=묶음 파일)"

# A release's checkout names its published images in .env.
export LAB_IMAGE=${LAB_IMAGE:-docker-anatomy/lab}
# A lab with another engine has an image of its own, which is always built here.
usual_engine() { [ "${LAB_ENGINE:-current}" = current ]; }
case $LAB_IMAGE in *-"${LAB_ENGINE:-}") ;; *) usual_engine || LAB_IMAGE=$LAB_IMAGE-$LAB_ENGINE ;; esac
hub_image=${WORKSHOP_IMAGE:-$(from_env_file WORKSHOP_IMAGE)}
hub_image=${hub_image:-docker-anatomy/hub}
export LAB_PULL=never # compose's part: this script pulls by itself, so that one sees it

version() { sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml; }

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# Debian's base image: from Docker Hub, or a stand-in made from Debian packages.
need_base() {
    local hub
    hub=$(sed -n 's/^FROM \(.*\) AS debian$/\1/p' lab/Dockerfile)
    if [ -n "${LAB_BASE:-}" ] || has_image "$hub"; then return; fi
    if ! have_stand_ins; then
        say "데비안 베이스 이미지를 받는다"
        if pull "$hub"; then return; fi
        { command -v apt-get >/dev/null && may_be_root; } ||
            fail "데비안 베이스 이미지를 받지 못했다" "$why" "$remedy"
        say "$why"
        say "같은 이미지를 데비안 패키지로 만든다 (1~2분 걸린다). 공식 이미지를 쓰려면 Ctrl+C로 멈추고: $remedy"
        make_stand_ins
    fi
    export LAB_BASE=$stand_in/debian:trixie-slim
}

# What they are made by is written on them: when that changes, they are made anew.
stand_in_recipe() { find lab/bases/debian lab/bases/python -type f | LC_ALL=C sort | xargs cat | sha256 | cut -c1-12; }
have_stand_ins() {
    [ "$(docker image inspect -f '{{index .Config.Labels "org.docker-anatomy.recipe"}}' "$stand_in/python:3.13" 2>/dev/null)" = "$(stand_in_recipe)" ]
}

made_stand_ins() { [ "${LAB_BASE:-}" = "$stand_in/debian:trixie-slim" ]; }

# After a pull that failed: $why and $remedy are Docker Hub's.
make_stand_ins() {
    command -v mmdebstrap >/dev/null ||
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap debian-archive-keyring >/dev/null 2>&1 ||
        fail "mmdebstrap을 설치하지 못했다" "apt 저장소에 닿지 않는다. Docker Hub에서는: $why" "$remedy"
    as_root env PATH="$PATH" lab/bases/debian/make "$stand_in/debian" "$(stand_in_recipe)" >/dev/null ||
        fail "베이스 이미지를 만들지 못했다" "데비안 패키지 저장소에 닿지 않는다. Docker Hub에서는: $why" "$remedy"
    { make_stand_in slim python:3.13-slim && make_stand_in full python:3.13; } || {
        docker rmi "$stand_in/debian:trixie" "$stand_in/debian:trixie-slim" "$stand_in/python:3.13-slim" >/dev/null 2>&1 || true
        fail "파이썬 베이스 이미지를 만들지 못했다" "데비안 패키지를 받지 못했다. Docker Hub에서는: $why" "$remedy"
    }
    # What they replaced: untagged images with our label, no others.
    docker image prune -f --filter label=org.docker-anatomy=base >/dev/null
}

make_stand_in() { # STAGE IMAGE
    docker build -q --build-arg "DEBIAN=$stand_in/debian:trixie" --build-arg "DEBIAN_SLIM=$stand_in/debian:trixie-slim" \
        --target "$1" -t "$stand_in/$2" lab/bases/python >/dev/null
}

# The lab's image: the published one where this is a release, else what the sources make.  The tests'
# stage (LAB_TARGET) is never published.
need_image() {
    if [ "${LAB_TARGET:-lab}" != lab ] || ! usual_engine || ! take_published "$LAB_IMAGE" lab; then
        build
        ! usual_engine || also_named "$LAB_IMAGE" lab
        return
    fi
    also_named "$LAB_IMAGE" lab
    take_network
    [ -z "$(git --no-optional-locks status --porcelain -- lab/rootfs layerscope coach notebooks exercises solutions samples 2>/dev/null)" ] ||
        say "$LAB_IMAGE 이미지를 쓴다. 고친 파일은 들어 있지 않다 (넣어서 만들기: LAB_IMAGE=docker-anatomy/lab 을 붙여 다시 부른다)"
}

# References whose first part is a host (a dot, a port or localhost) name their registry.  All others
# are Docker Hub's, where docker-anatomy/lab could be anybody's: never pulled, always built.
names_registry() { case ${1%%/*} in "$1") false ;; *.* | *:* | localhost) true ;; *) false ;; esac; }

# What documents and other Dockerfiles call a published image (docker-anatomy/lab): here it is ours, so
# that nobody asks Docker Hub for it.  Of labs by other names nothing bears the course's.
also_named() { # IMAGE KIND
    [ "${LAB_NAME:-docker-anatomy}" != docker-anatomy ] || ! names_registry "$1" ||
        docker tag "$1" "docker-anatomy/$2"
}

# A published image, on this engine or else from its registry.  Status 1: there is none, build it.
take_published() { # IMAGE KIND
    local kind found
    names_registry "$1" || return 1
    if ! has_image "$1"; then
        say "$1 이미지를 받는다"
        pull "$1" || {
            say "이미지를 받지 못해 이 컴퓨터에서 만든다. $why"
            return 1
        }
    fi
    kind=$(docker image inspect -f '{{index .Config.Labels "org.docker-anatomy"}}' "$1")
    [ "$kind" = "$2" ] ||
        fail "도커 해부학의 이미지가 아니다" "org.docker-anatomy=$2 레이블이 없다: $1" "docker rmi $1  (그다음 다시 부른다)"
    found=$(docker image inspect -f '{{index .Config.Labels "org.opencontainers.image.version"}}' "$1")
    [ "$found" = "$(version)" ] ||
        fail "이미지와 소스의 판이 다르다" "이미지의 판은 ${found:-없고}, 소스의 판은 $(version): $1" \
            "docker rmi $1  (그다음 다시 부른다. 이 이름을 직접 골랐다면 LAB_IMAGE를 지운다)"
}

build() {
    take_network
    need_base
    has_image "$LAB_IMAGE" || say "실습실 이미지를 만든다 (처음 한 번, 3~5분)"
    # compose writes its project's name into the image, which is the same for labs of all names.
    local progress=/tmp/docker-anatomy-build.$$.log COMPOSE_PROJECT_NAME=docker-anatomy
    LAB_VERSION=$(version)
    export LAB_VERSION COMPOSE_PROJECT_NAME
    if [ -t 1 ] || ! has_image "$LAB_IMAGE"; then
        compose build lab 2>&1 | tee "$progress" | show_progress
    else
        compose build lab >"$progress" 2>&1
    fi || {
        tail -n 15 "$progress" >&2
        # A base that came by a name of its own (LAB_BASE).
        ! grep -q 'failed to \(resolve source metadata\|authorize\)' "$progress" || ! explain_pull "${LAB_BASE:-}" "$progress" ||
            fail "실습실 이미지를 빌드하지 못했다" "$why" "$remedy"
        ! grep -q 'unmet dependencies\|has no installation candidate' "$progress" ||
            fail "실습실 이미지를 빌드하지 못했다" "데비안의 가장 새 엔진이 지금의 안정판에 설치되지 않는다 (전체 기록: $progress)" \
                "LAB_ENGINE=stable make lab  (안정판의 Docker 26.1로 연다)"
        fail "실습실 이미지를 빌드하지 못했다" "위에 나온 단계가 실패했다 (전체 기록: $progress)" "$when_online"
    }
    rm -f "$progress"
    # What the build replaced: untagged images with our label, no others.
    docker image prune -f --filter label=org.docker-anatomy=lab >/dev/null
}
