# Images from Docker Hub or another registry: how far they have come, and why they do not.

pull_log=/tmp/docker-anatomy-pull.$$.log # what the engine says of the pull that goes on

# Status 1: it did not come, and $why and $remedy say so.
pull() { # IMAGE
    local status=0
    docker pull "$1" 2>"$pull_log" || status=1
    [ $status = 0 ] || explain_pull "$1" "$pull_log" || true
    rm -f "$pull_log"
    return $status
}

# Sets $why and $remedy by what the engine said.  The words are those of Engine 26 and 28 in both
# stores and of BuildKit; tests/host/test_hub.py has each of these happen.  Status 1: nothing known.
explain_pull() { # IMAGE LOG
    local from='' registry='Docker Hub' words
    if names_registry "$1"; then from=" ${1%%/*}" registry=${1%%/*}; fi
    words=$(grep -i 'error\|denied' "$2" | tail -n 1)
    words=${words:-$(tail -n 1 "$2")}
    words=${words#*왜: } # lab-bases says it so
    remedy=$when_online
    case $(cat "$2") in
        # Counted per account or, without one, per address: docs.docker.com/docker-hub/usage/pulls
        *toomanyrequests* | *"429 Too Many Requests"* | *"pull rate limit"*)
            why="${registry}의 내려받기 한도를 넘었다. 로그인하지 않은 사람은 같은 인터넷 주소를 쓰는 모두와 한도를 나누어 쓴다"
            remedy="docker login$from  (그다음 다시 부른다. 계정이 없으면 몇 시간 뒤에, 또는 묶음으로: make lab BUNDLE=묶음 파일)" ;;
        *"incorrect username or password"* | *unauthorized* | *"401 Unauthorized"*)
            why="저장해 둔 ${registry} 로그인이 맞지 않는다. 암호가 바뀌었거나 토큰이 끝났다"
            remedy="docker logout$from  (공개 이미지는 로그인 없이도 받는다. 그다음 다시 부른다)" ;;
        *proxyconnect* | *"Proxy Authentication Required"*)
            why="엔진이 프록시를 지나지 못했다"
            remedy="docker info | grep -i proxy  (엔진의 프록시 주소다. 고치고 엔진을 다시 켠 뒤 다시 부른다)" ;;
        *x509* | *"tls: "*)
            why="${registry}의 인증서를 엔진이 믿지 않는다. 회사의 네트워크가 TLS를 열어 보면 그렇다"
            remedy="회사의 CA를 이 컴퓨터에 넣고 엔진을 다시 켠다: sudo cp 회사.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates && sudo systemctl restart docker" ;;
        *"no such host"* | *"server misbehaving"* | *"name resolution"*)
            why="${registry}의 이름을 찾지 못했다. 네트워크가 끊겼거나 DNS가 막혔다" ;;
        *EOF* | *"connection reset"* | *"broken pipe"* | *"short read"*)
            why="받는 도중에 연결이 끊겼다" ;;
        *[Tt]imeout* | *"timed out"* | *"deadline exceeded"* | *"connection refused"* | *unreachable* | *"no route to host"*)
            why="${registry}에서 답이 없다. 방화벽이 막았거나 줄이 몹시 느리다" ;;
        *"no space left"*)
            why="디스크가 가득 찼다"
            remedy="docker system df" ;;
        *)
            why=$words
            return 1 ;;
    esac
    why="$why ($words)"
}

# Of a build's log, one line for each step that really runs, and for each tenth of a layer that comes.
show_progress() {
    awk '
        $2 ~ /^sha256:/ && $3 ~ /MB$/ && $4 == "/" && $5 ~ /MB$/ {
            tenth = int(10 * $3 / $5)
            if (tenth != told[$2]) { print "   ", substr($2, 8, 12) ":", $3, "/", $5; fflush() }
            told[$2] = tenth
            next
        }
        /^#[0-9]+ \[|^ => |ERROR/ && !seen[$0]++ { print substr($0, 1, 110); fflush() }'
}
