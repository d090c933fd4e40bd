# `make doctor`: is this machine fit for a lab, and what does it do that has not been tried?
#
# A row is 정상, 문제 (no lab opens like this) or 주의: a lab may open all the same, or opens and lacks
# something.  Doctor says so and stops nobody.  What the course settles by itself is not asked here:
# SELinux and remapped users (compose.yaml), the engine's cgroup namespace and MTU (lab-init).
# Where each answer of an engine was seen: tests/repository/test_host_doctor.py.

need_memory=1900                           # MB: "2 GB" of a virtual machine are a little less
lab_ranges="10.213.0.0/24 10.213.128.0/17" # what the lab's own engine gives its containers (lab-init)
tell_us="되든 안 되든 저장소의 이슈 ‘이 환경에서 해 보았다’로 알려 주세요"

row() { # OK NAME FOUND CAUSE FIX
    if [ "$1" = 0 ]; then printf '정상  %s: %s\n' "$2" "$3"; return; fi
    printf '문제  %s: %s\n      왜: %s\n      다음: %s\n' "$2" "$3" "$4" "$5"
    failures=1
}

warn() { # NAME FOUND CAUSE FIX
    printf '주의  %s: %s\n      왜: %s\n      다음: %s\n' "$@"
    warnings=1
}

answer() { if [ "$1" = 0 ]; then echo "$2"; else echo "$3"; fi; } # STATUS GOOD BAD

# What the engine says of itself ($about), in the words of `docker info`: a template would fail on
# Podman, whose answer has other fields, and on a client that lacks the newest.
told() { # KEY
    awk -v key="$1: " '{ sub(/^ */, "") } index($0, key) == 1 { print substr($0, length(key) + 1); exit }' <<<"$about"
}
has_option() { grep -qx "  $1" <<<"$about"; } # of "Security Options:", each on a line of its own

memory_of_engine() { # MB; nothing where it is not told
    told "Total Memory" | sed 's/ //' |
        awk '/MiB/ { print int($1 * 1.048576) } /GiB/ { print int($1 * 1073.741824) } /TiB/ { print int($1 * 1099512) }'
}

# To where every engine sees it.
move_home() { echo "mv '$PWD' ~/ && cd ~/'${PWD##*/}' && make lab"; }

on_wsl() { [[ $(uname -r) == *[Mm]icrosoft* ]]; }

# Empty where the course is tested: Docker Engine, run by root, on Linux.
kind_of_engine() {
    case "$(told "Operating System")|$(told Name)|$(told "Docker Root Dir")" in
        "Docker Desktop|"*) echo "Docker Desktop" ;;
        "OrbStack|"*) echo OrbStack ;;
        *"|colima"*) echo Colima ;;
        *"|lima-rancher-desktop|"* | "Rancher Desktop"*) echo "Rancher Desktop" ;;
        *"|/var/snap/docker/"*) echo "snap의 Docker" ;;
        *)
            if [[ $(docker --version 2>&1)$(docker version 2>&1) == *[Pp]odman* ]]; then echo Podman
            elif has_option rootless; then echo "rootless Docker"
            elif has_option selinux; then echo "SELinux를 켠 Docker"
            elif on_wsl; then echo "WSL 2의 Docker"
            fi ;;
    esac
}

in_virtual_machine() {
    case $kind in "Docker Desktop" | OrbStack | Colima | "Rancher Desktop") ;; *) false ;; esac
}

look_at_client() {
    local status=0 found why="명령이 설치되어 있지 않다"
    found=$(docker --version 2>/dev/null) || status=1
    if lacks_wsl_integration; then
        why="Docker Desktop이 이 WSL 배포판에 이어져 있지 않다"
    elif command -v podman >/dev/null; then
        why="Podman만 있다 (셸의 별명 docker=podman은 이 명령에 보이지 않는다)"
    fi
    row $status "docker 명령" "$(answer $status "$found" 없음)" "$why" "$(explain_install)"
}

look_at_engine() {
    local status free memory version
    version=$(told "Server Version")
    row 0 "Docker Engine" "${version:-$kind}, $(told "Storage Driver"), cgroup v$(told "Cgroup Version")"
    free=$(free_kib || true)
    if [ -z "$free" ] || [ "$free" -ge "$need_kib" ] || running; then status=0; else status=1; fi
    row $status "디스크" "${free:+$((free / 1000000)) GB 남음}$([ -n "$free" ] || echo '알 수 없음 (가상 머신 안)')" "6 GB가 필요하다" "docker system df"
    # Of the engine's machine, which on macOS and Windows is a virtual one.
    memory=$(memory_of_engine)
    if [ "${memory:-$need_memory}" -ge "$need_memory" ]; then status=0; else status=1; fi
    row $status "메모리" "${memory:-?} MB, 코어 $(told CPUs)개" "실습실에 2 GB가 필요하다" "$(explain_memory)"
}

explain_memory() {
    if on_wsl; then
        echo "Windows의 %UserProfile%\\.wslconfig에 [wsl2]와 memory=4GB 두 줄을 적고: wsl --shutdown"
        return
    fi
    case $kind in
        "Docker Desktop") echo "Docker Desktop의 Settings > Resources에서 4 GB로 늘린다" ;;
        Colima) echo "colima stop && colima start --memory 4" ;;
        OrbStack) echo "orb config set memory_mib 4096 && orb stop && orb start" ;;
        "Rancher Desktop") echo "rdctl set --virtual-machine.memory-in-gb 4" ;;
        *) echo "free -m  (쓰지 않는 프로그램을 닫는다. 가상 머신이라면 메모리를 늘린다)" ;;
    esac
}

# A lab that runs has answered this question.
look_at_kind() {
    case $kind in
        '') ;;
        Podman) warn "엔진의 종류" "$kind" "docker 명령의 뒤에 Podman이 있다. 이 과정은 Docker Engine에서만 시험했다" \
            "make lab  (안 되면 Docker Engine을 설치한다. $tell_us)" ;;
        "rootless Docker") warn "엔진의 종류" "$kind" "안쪽 엔진이 cgroup과 마운트를 다루는데 rootless에서는 막히는 곳이 있다 (moby/moby#44335). 시험하지 못했다" \
            "docker context use default  (root가 띄운 엔진을 쓴다)" ;;
        "snap의 Docker") warn "엔진의 종류" "$kind" "AppArmor에 갇혀 있어 홈 폴더 밖을 보지 못한다. 시험하지 못했다" \
            "make lab  (안 되면 snap 대신 배포판의 docker.io 패키지를 쓴다. $tell_us)" ;;
        "SELinux를 켠 Docker") warn "엔진의 종류" "$kind" "실습실은 SELinux의 레이블 없이 뜬다 (compose.yaml의 label=disable). 그런 컴퓨터에서는 시험하지 못했다" \
            "make lab  ($tell_us)" ;;
        *) warn "엔진의 종류" "$kind" "이 과정은 리눅스에 바로 설치한 Docker Engine에서만 시험했다" "make lab  ($tell_us)" ;;
    esac
}

# Of the engine's warnings those that change what lessons measure.
look_at_limits() {
    local missing fix="cat /sys/fs/cgroup/cgroup.controllers  (memory와 cpu가 있어야 한다)"
    missing=$(sed -n -e 's/^WARNING: No memory limit support$/메모리/p' -e 's/^WARNING: No cpu cfs quota support$/CPU/p' \
        -e 's/^WARNING: Running in rootless-mode without cgroups.*/메모리, CPU/p' <<<"$about" | paste -sd, - | sed 's/,\([^ ]\)/, \1/g')
    [ -n "$missing" ] || return 0
    if has_option rootless; then
        fix="cat /sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/cgroup.controllers  (memory와 cpu가 있어야 한다)"
    fi
    warn "자원 제한" "$missing 제한을 쓸 수 없음" "커널이나 systemd가 이 엔진에 cgroup 컨트롤러를 맡기지 않았다. 수업 03의 결과가 다르다" "$fix"
}

# An engine of the iptables kind has proven by running that the kernel has what the lab's needs.
look_at_firewall() {
    case $(told "Firewall Backend") in
        nftables*) warn "방화벽" "nftables" "실습실의 엔진은 iptables를 쓰는데, 그 커널 모듈이 이 컴퓨터에 있는지 바깥 엔진으로는 알 수 없다" \
            "sudo modprobe -a nft_compat xt_addrtype xt_conntrack xt_nat xt_MASQUERADE  (없다고 하면 배포판의 kernel-modules-extra)" ;;
    esac
}

# The device by which packets leave this machine; asking for a route sends none.
look_at_mtu() {
    local device uplink bridge
    device=$(ip -4 route get 198.51.100.1 2>/dev/null | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }' || true)
    uplink=$(ip -o link show dev "${device:-none}" 2>/dev/null | sed -n 's/.* mtu \([0-9]*\).*/\1/p' || true)
    bridge=$(docker network inspect -f '{{index .Options "com.docker.network.driver.mtu"}}' bridge 2>/dev/null || true)
    case $bridge in '' | *[!0-9]*) bridge=1500 ;; esac
    [ "${uplink:-$bridge}" -ge "$bridge" ] ||
        warn "MTU" "$device $uplink, 도커의 브리지 $bridge" "$device(으)로 나가기에 너무 큰 패킷이 사라져, 내려받거나 빌드하다가 멈출 수 있다" \
            "/etc/docker/daemon.json에 \"mtu\": ${uplink}을(를) 더하고: sudo systemctl restart docker"
}

# Routes but the default ones (0.0.0.0/0, or the two halves that VPNs set) into the lab's ranges.
# Linux: "10.0.0.0/8 via 10.8.0.5 dev tun0"; macOS leaves zeros out: "10  10.8.0.5  UGSc  utun4".
look_at_routes() {
    local found
    found=$({ ip -4 route show 2>/dev/null || netstat -rn -f inet 2>/dev/null || true; } | awk -v ranges="$lab_ranges" '
        function address(text,   part) { split(text, part, "."); return ((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4] }
        function bits(text,   half) { return split(text, half, "/") > 1 ? half[2] : 8 * split(text, half, ".") }
        function meet(one, other,   n) {
            n = 2 ^ (32 - (bits(one) < bits(other) ? bits(one) : bits(other)))
            return int(address(one) / n) == int(address(other) / n)
        }
        $1 ~ /^[0-9.]+(\/[0-9]+)?$/ && bits($1) > 1 {
            device = $4
            for (i = 2; i < NF; i++) if ($i == "dev") { device = $(i + 1); break }
            count = split(ranges, range, " ")
            for (i = 1; i <= count; i++) if (meet($1, range[i])) { print $1 " (" device ")"; exit }
        }')
    [ -z "$found" ] ||
        warn "겹치는 경로" "$found" "실습실 안에서는 ${lab_ranges/ /와 }이 안쪽 엔진의 것이라 그 대역의 서버에 닿지 않는다. 수업은 그대로 된다" \
            "회사의 DNS나 패키지 인덱스가 그 대역에 있을 때만 VPN을 끊고: make lab"
}

look_at_place() {
    local endpoint shared="홈 폴더"
    endpoint=$(docker context inspect -f '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
    case $endpoint in
        tcp://127.* | tcp://localhost* | tcp://\[::1\]*) ;;
        ssh://* | tcp://* | http*) warn "다른 컴퓨터의 엔진" "$endpoint" "실습실이 그 컴퓨터의 127.0.0.1:$port 에서 열려, 여기의 브라우저로는 열리지 않는다" \
            "ssh -L $port:127.0.0.1:$port 그_컴퓨터  (여기의 엔진을 쓰려면: docker context use default)" ;;
    esac
    ! on_wsl || return 0 # where engines see every distribution's files
    case "$kind:$(uname -s):$PWD/" in
        "Docker Desktop:Darwin:"/Users/* | "Docker Desktop:Darwin:"/Volumes/* | "Docker Desktop:Darwin:"/private/* | \
            "Docker Desktop:Darwin:"/tmp/* | "Docker Desktop:Darwin:"/var/folders/*) return 0 ;;
        "Docker Desktop:Darwin:"*) shared="/Users, /Volumes, /private, /tmp, /var/folders" ;;
        "snap의 Docker:"*:"$HOME"/.*) ;;
        "snap의 Docker:"*:"$HOME"/* | "Docker Desktop:"*:"$HOME"/* | Colima:*:"$HOME"/* | "Rancher Desktop:"*:"$HOME"/*) return 0 ;;
        "snap의 Docker:"* | "Docker Desktop:"* | Colima:* | "Rancher Desktop:"*) ;;
        *) return 0 ;;
    esac
    if [ "$kind" = "snap의 Docker" ]; then
        row 1 "저장소의 자리" "$PWD" "snap의 Docker는 $shared 밖과 숨긴 폴더를 보지 못한다" "$(move_home)"
    else
        warn "저장소의 자리" "$PWD" "$kind 이(가) 처음부터 나누어 쓰는 곳은 ${shared}뿐이라, lab/network의 회사 인증서가 실습실에 보이지 않거나 실습실이 열리지 않는다" \
            "$(move_home)  (또는 $kind 설정에서 이 폴더를 나눈다)"
    fi
}

# Windows' line ends: git leaves them out (.gitattributes), editors and copies do not.
look_at_line_ends() {
    local file
    file=$(grep -rlI $'\r' lab/host lab/host.d lab/rootfs lab/Dockerfile compose.yaml 2>/dev/null | head -n 1 || true)
    [ -z "$file" ] || row 1 "줄 끝" "CRLF: $file" "Windows에서 고치거나 복사한 파일이라 실습실의 스크립트가 실행되지 않는다" \
        "perl -pi -e 's/\\r\$//' \$(grep -rlI \$'\\r' lab compose.yaml)"
}

doctor() {
    local failures='' warnings='' about kind='' status why
    look_at_client
    if about=$(docker info 2>&1); then
        kind=$(kind_of_engine)
        look_at_engine
        running || look_at_kind
        look_at_limits
        if ! in_virtual_machine; then
            look_at_firewall
            look_at_mtu
        fi
        look_at_routes
        look_at_place
    else
        why=$(docker version 2>&1 >/dev/null | tail -n 1 || true)
        row 1 "Docker Engine" "응답 없음" "${why:-docker 명령이 답하지 않는다}" "$(explain_start || echo "make lab  (root라면 설치하고 시작한다)")"
    fi
    if tools_complete; then status=0; else status=1; fi
    row $status "BuildKit과 compose" "$(answer $status 있음 없음)" "이미지를 빌드하고 실습실을 띄우는 데 쓴다" "$(explain_install)"
    if running || ! port_taken "$port"; then status=0; else status=1; fi
    row $status "포트 $port" "$(answer $status '쓸 수 있음' '사용 중')" "다른 프로그램이 쓰고 있다" "LAB_PORT=$((port + 1)) make lab"
    look_at_line_ends
    if [ -n "${BUNDLE:-}" ] && engine_answers; then
        if (open_bundle && need_intact lab.tar.gz bases.tar.gz); then row 0 "묶음" "$BUNDLE"; else failures=1; fi
    fi
    if running; then
        docker exec "$name" coach doctor || failures=1
    fi
    [ -z "$failures" ] || return 1
    if running; then
        say "모두 정상이다${warnings:+ (주의할 것은 위에 있다)}"
    else
        say "준비됐다. 실습실을 연다: make lab${warnings:+  (먼저 위의 ‘주의’를 읽는다)}"
    fi
}
