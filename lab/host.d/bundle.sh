# The bundle: one file for machines without a network.
#
# A plain tar of four members:
#   manifest        text: format, version, architecture, images, SHA-256 of the archives
#   docker-anatomy  the course's own source
#   lab.tar.gz      `docker save` of the lab, with the lessons' wheels in it, and of the workshop's hub
#   bases.tar.gz    `docker save` of the lessons' base images

bundle_format="docker-anatomy bundle 1"

# The lessons' base images on their way to other machines: Docker Hub's or the stand-ins.
packed=docker-anatomy/base
packed_bases=("$packed/debian:trixie-slim" "$packed/python:3.13-slim" "$packed/python:3.13")

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }
# What an image is made of, said alike by both image stores; its ID is not.
contents() { docker image inspect -f '{{.Created}} {{.RootFS.Layers}}' "$1" 2>/dev/null | sha256; }
architecture() { docker version -f '{{.Server.Arch}}'; }

need_packed_bases() {
    local image
    need_base
    for image in "${packed_bases[@]}"; do
        image=${image#"$packed"/}
        if has_image "$stand_in/$image"; then
            docker tag "$stand_in/$image" "$packed/$image"
        elif ! has_image "$packed/$image"; then
            say "$image 베이스 이미지를 받는다"
            # Built, not pulled: the name python:3.13-slim on this engine is not ours to move.
            printf 'FROM %s\nLABEL org.docker-anatomy=base\n' "$image" |
                BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --progress=plain -t "$packed/$image" - 2>&1 |
                tee "$pull_log" | show_progress || {
                explain_pull "$image" "$pull_log" || true
                rm -f "$pull_log"
                fail "$image 베이스 이미지를 받지 못했다" "$why" "$remedy"
            }
            rm -f "$pull_log"
        fi
    done
}

# A tar of what git tracks or would track: no build output, and none of lab/network's secrets.
sources() {
    local file
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        tar --null -T - -cf -
}

write_manifest() { # FOLDER IMAGE...
    local image archive
    echo "$bundle_format"
    echo "version $(version)"
    echo "revision $(git describe --always --dirty)"
    echo "architecture $(architecture)"
    for image in "${@:2}"; do echo "image $image $(contents "$image")"; done
    for archive in lab.tar.gz bases.tar.gz; do echo "sha256 $archive $(sha256 <"$1/$archive")"; done
}

write_bundle() { # FOLDER FILE IMAGE...
    mkdir "$1/docker-anatomy" &&
        docker save "${@:3}" | gzip -1 >"$1/lab.tar.gz" &&
        docker save "${packed_bases[@]}" | gzip -1 >"$1/bases.tar.gz" &&
        sources | tar -xf - -C "$1/docker-anatomy" &&
        write_manifest "$1" "${@:3}" >"$1/manifest" &&
        # The variable keeps macOS from adding members of its own (._manifest).
        COPYFILE_DISABLE=1 tar --numeric-owner -cf "$2" -C "$1" manifest docker-anatomy lab.tar.gz bases.tar.gz
}

bundle() {
    local why
    need_engine
    file=${BUNDLE:-$PWD/build/docker-anatomy-$(version)-$(architecture).tar}
    BUNDLE= # named the file to write, not one to read
    why=$(git rev-parse --git-dir 2>&1 >/dev/null) ||
        fail "묶음에 담을 소스를 고를 수 없다 (git이 추적하는 파일만 담는다)" "${why%%$'\n'*}" "git clone으로 받은 폴더에서 다시: make bundle"
    workshop/host build
    need_packed_bases

    mkdir -p build "$(dirname "$file")"
    work=$(mktemp -d "$PWD/build/bundle.XXXXXX")
    trap 'rm -rf "$work" "$file.part"' EXIT
    say "이미지를 압축해 담는다 (30초쯤 걸린다)"
    write_bundle "$work" "$file.part" "$LAB_IMAGE" "$hub_image" ||
        fail "묶음을 쓰지 못했다" "위의 오류 (디스크에 2 GB가 비어 있어야 한다)" "df -h build"
    mv "$file.part" "$file"
    say "묶음을 만들었다: $file ($(($(wc -c <"$file") / 1000000)) MB)"
}

# The values of a field of the manifest.
said() { sed -n "s/^$1 //p" <<<"$manifest"; }

# Reads the manifest of $BUNDLE.  Its members are only ever read as a stream: none of their names
# becomes a path on this disk.
open_bundle() {
    local again="묶음을 다시 받은 뒤: make lab BUNDLE=파일" here names kinds
    { [ -f "$BUNDLE" ] && [ -r "$BUNDLE" ]; } ||
        fail "묶음 파일을 열 수 없다" "없거나 읽을 권한이 없다: $BUNDLE" "ls -l '$(dirname "$BUNDLE")'"
    manifest=$(tar -xOf "$BUNDLE" manifest 2>/dev/null | head -c 4096 | LC_ALL=C tr -cd 'a-zA-Z0-9 \n./:_-' || true)
    [[ $manifest == "$bundle_format"$'\n'* ]] ||
        fail "도커 해부학의 묶음이 아니다" "다른 파일이거나, 손상되었거나, 더 새로운 판의 묶음이다: $BUNDLE" "$again"
    here=$(architecture)
    [ "$(said architecture)" = "$here" ] ||
        fail "다른 CPU의 묶음이다" "묶음은 $(said architecture), 이 컴퓨터의 엔진은 $here 용이다" "$here 컴퓨터에서 만든 묶음으로: make lab BUNDLE=파일"
    { names=$(tar -tf "$BUNDLE" 2>/dev/null) && kinds=$(tar -tvf "$BUNDLE" 2>/dev/null | cut -c1); } ||
        fail "묶음이 손상되었다" "파일이 중간에 끊겼다: $BUNDLE" "$again"
    if grep -qvE '^(manifest|(lab|bases)\.tar\.gz|docker-anatomy/.*)$' <<<"$names" ||
        grep -qE '(^|/)\.\.(/|$)' <<<"$names" || grep -qv '[-d]' <<<"$kinds"; then
        fail "묶음을 믿을 수 없다" "묶음에 없어야 할 파일이나 링크가 들어 있다: $BUNDLE" "$again"
    fi
}

need_intact() { # MEMBER...
    local member
    for member; do
        [ "$(tar -xOf "$BUNDLE" "$member" 2>/dev/null | sha256)" = "$(said "sha256 $member")" ] ||
            fail "묶음이 손상되었다" "${member}의 SHA-256이 적힌 값과 다르다 (복사하다 끊겼을 수 있다)" "묶음을 다시 받은 뒤: make lab BUNDLE=파일"
    done
}

bundle_is_loaded() {
    local image expected
    while read -r image expected; do
        [ "$(contents "$image")" = "$expected" ] || return 1
    done < <(said image)
}

# What `build` is where there is a network.
load_bundle() {
    open_bundle
    take_network
    if bundle_is_loaded; then return; fi
    need_disk
    say "묶음을 확인한다: $BUNDLE"
    need_intact lab.tar.gz bases.tar.gz
    say "이미지를 엔진에 넣는다 (1분쯤 걸린다)"
    tar -xOf "$BUNDLE" lab.tar.gz | docker load ||
        fail "이미지를 엔진에 넣지 못했다" "위의 docker load 오류" "docker system df"
    # What the load replaced: untagged images with our labels, no others.
    docker image prune -f --filter label=org.docker-anatomy >/dev/null
}

# The lessons' base images as bases.tar in a folder: the /bundle of a workshop's seat (see lab-bases).
bases() { # FOLDER
    local stamp
    need_engine
    if [ -n "${BUNDLE:-}" ]; then
        open_bundle
        stamp=$(said "sha256 bases.tar.gz")
    else
        need_packed_bases
        stamp=$(for image in "${packed_bases[@]}"; do contents "$image"; done)
    fi
    [ ! -f "$1/bases.tar" ] || [ "$(cat "$1/stamp")" != "$stamp" ] || return 0
    mkdir -p "$1"
    if [ -n "${BUNDLE:-}" ]; then
        need_intact bases.tar.gz
        tar -xOf "$BUNDLE" bases.tar.gz | gunzip >"$1/bases.tar.part"
    else
        docker save "${packed_bases[@]}" >"$1/bases.tar.part"
    fi || fail "베이스 이미지를 쓰지 못했다" "위의 오류" "df -h $1"
    mv "$1/bases.tar.part" "$1/bases.tar"
    echo "$stamp" >"$1/stamp"
}
