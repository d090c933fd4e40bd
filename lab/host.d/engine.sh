# The engine of this machine: found, started or installed, and what it has room for.

need_kib=6000000 # image, engine data and builds
# docker-compose 1 builds with BuildKit only when told to.
export DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1

may_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
compose() { if docker compose version >/dev/null 2>&1; then docker compose "$@"; else docker-compose "$@"; fi; }
has_compose() { docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null; }
engine_answers() { docker info >/dev/null 2>&1; }
# docker 23 and later build through the buildx plugin; a client without it cannot use BuildKit.
has_buildkit() { command -v "${1:-docker}" >/dev/null && "${1:-docker}" build --help >/dev/null 2>&1; }

# More than one client may be installed; the first that can build leads the PATH.
choose_client() {
    local client
    if has_buildkit; then return; fi
    for client in $(type -ap docker); do
        if has_buildkit "$client"; then
            PATH=$(dirname "$client"):$PATH
            return
        fi
    done
}

tools_complete() { choose_client; command -v docker >/dev/null && has_buildkit && has_compose; }

# Debian and Ubuntu name these packages differently from release to release: take what there is.
install_engine() {
    local package packages=()
    say "Docker Engine을 배포판 패키지로 설치한다 (1분쯤 걸린다)"
    as_root apt-get update -qq || return 1
    for package in docker.io docker-cli docker-buildx docker-compose-v2 docker-compose iptables; do
        [ "$package" = docker-compose ] && [[ " ${packages[*]:-} " == *" docker-compose-v2 "* ]] && continue
        apt-cache policy "$package" | sed -n 's/ *Candidate: //p' | grep -qv none && packages+=("$package")
    done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-upgrade --no-install-recommends \
        ${packages[@]+"${packages[@]}"} >/tmp/docker-anatomy-apt.log 2>&1 || { tail -5 /tmp/docker-anatomy-apt.log >&2; return 1; }
    hash -r
}

start_engine() {
    say "Docker Engine을 시작한다"
    if [ -d /run/systemd/system ]; then
        as_root systemctl start docker
    elif ! as_root service docker start >/dev/null 2>&1; then
        # No service manager at all (a container, a minimal virtual machine).
        as_root sh -c 'setsid dockerd >/var/log/docker.log 2>&1 </dev/null &'
    fi
    for _ in $(seq 60); do
        as_root docker info >/dev/null 2>&1 && return
        sleep 0.5
    done
    return 1
}

# An engine that runs, though this user may not speak to it.
need_permission() {
    [[ $(docker info 2>&1 >/dev/null) != *"permission denied"* ]] ||
        fail "Docker Engine이 있지만 쓸 권한이 없다" "$(id -un) 사용자가 docker 그룹에 없다" \
            "sudo usermod -aG docker $(id -un) && newgrp docker  (그다음 make lab)"
}

# In a WSL distribution that Docker Desktop leaves alone, its `docker` prints advice and fails.
lacks_wsl_integration() { [[ $(docker --version 2>&1) == *"WSL integration"* ]]; }

# How to start the engine that was chosen; status 1: none was.
explain_start() {
    if [ -n "${DOCKER_HOST:-}" ]; then
        echo "unset DOCKER_HOST  (또는 그 주소의 엔진을 켠다)"
        return
    fi
    case $(docker context inspect -f '{{.Name}}' 2>/dev/null) in
        colima*) echo "colima start" ;;
        orbstack) echo "orb start" ;;
        desktop-linux) echo "Docker Desktop을 켠다" ;;
        rancher-desktop) echo "Rancher Desktop을 켠다  (Preferences > Container Engine에서 dockerd(moby)를 고른다)" ;;
        rootless) echo "systemctl --user start docker" ;;
        *) return 1 ;;
    esac
}

explain_install() {
    case $(uname -s) in
        Darwin)
            if engine_answers; then
                echo "brew install docker-buildx docker-compose  (끝에 나오는 안내대로 ~/.docker/config.json도 고친다)"
            else
                echo "Docker Desktop을 설치하고 실행하세요: https://docs.docker.com/desktop/setup/install/mac-install/"
            fi ;;
        Linux)
            if lacks_wsl_integration; then
                echo "Docker Desktop의 Settings > Resources > WSL integration에서 이 배포판을 켠다  (그다음 make lab)"
            elif command -v apt-get >/dev/null; then
                echo "sudo apt-get install docker.io docker-compose  (그다음 make lab)"
            else
                echo "배포판 안내를 따라 설치하세요: https://docs.docker.com/engine/install/"
            fi ;;
        *) echo "Docker Desktop을 설치하고 실행하세요: https://docs.docker.com/desktop/setup/install/windows-install/" ;;
    esac
}

need_engine() {
    local chosen
    if engine_answers && tools_complete; then return; fi
    need_permission
    if ! engine_answers && explain_start >/dev/null; then
        chosen=${DOCKER_HOST:+DOCKER_HOST=$DOCKER_HOST}
        fail "Docker Engine이 응답하지 않는다" "${chosen:-docker context에서 고른 엔진} 에 연결할 수 없다" "$(explain_start)"
    fi
    if ! engine_answers; then
        if command -v dockerd >/dev/null; then
            if may_be_root; then start_engine || true; fi
        elif command -v apt-get >/dev/null && may_be_root; then
            install_engine ||
                fail "Docker Engine을 설치하지 못했다" "apt-get이 실패했다 (네트워크를 확인한다)" "sudo apt-get update"
            engine_answers || start_engine || true
        else
            fail "Docker Engine이 없다" "응답하는 엔진이 없고, 설치할 권한(root 또는 암호 없는 sudo)도 없다" "$(explain_install)"
        fi
    fi
    need_permission
    engine_answers ||
        fail "Docker Engine이 시작되지 않았다" "$(tail -n 1 /var/log/docker.log 2>/dev/null || echo '엔진이 꺼져 있다')" \
            "sudo systemctl start docker  (systemd가 없으면: sudo dockerd)"
    # Parts are added to the distribution's own engine only; another one's packages would clash.
    tools_complete || { dpkg -s docker.io >/dev/null 2>&1 && may_be_root && install_engine; } || true
    tools_complete ||
        fail "docker 명령에 buildx나 compose 플러그인이 없다" "이미지를 빌드하고 실습실을 띄우는 데 쓴다" "$(explain_install)"
}

free_kib() { # of the engine's disk; empty where that disk is in a virtual machine
    local root
    root=$(docker info -f '{{.DockerRootDir}}' 2>/dev/null)
    [ -d "$root" ] && df -Pk "$root" | awk 'NR == 2 { print $4 }'
}

need_disk() {
    local free
    free=$(free_kib || true)
    [ -z "$free" ] || [ "$free" -ge "$need_kib" ] ||
        fail "디스크가 모자란다" "실습실을 만드는 데 6 GB가 필요한데 $((free / 1000)) MB 남았다" "docker system df"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
