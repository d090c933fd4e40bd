# The network of this machine: a company's CA and package index.

# Written to lab/network (never committed, never in a layer), read by the build and the lab.
# By names of this call's own, as another lab may be opened from this checkout at the same moment.
take_network() {
    local ca=${LAB_CA:-} file index extra trusted
    for file in "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}" "${SSL_CERT_FILE:-}"; do
        [ -z "$ca" ] && [ -f "$file" ] && ca=$file
    done
    if [ -n "$ca" ]; then
        cat "$ca" >lab/network/ca.crt.$$
    else
        cat /usr/local/share/ca-certificates/*.crt >lab/network/ca.crt.$$ 2>/dev/null || true
    fi
    index=${PIP_INDEX_URL:-} extra=${PIP_EXTRA_INDEX_URL:-} trusted=${PIP_TRUSTED_HOST:-}
    {
        [ -z "$index$extra$trusted" ] || echo "[global]"
        [ -z "$index" ] || echo "index-url = $index"
        [ -z "$extra" ] || echo "extra-index-url = $extra"
        [ -z "$trusted" ] || echo "trusted-host = $trusted"
    } >lab/network/pip.conf.$$
    chmod 600 lab/network/pip.conf.$$ # an index address may carry a password
    for file in ca.crt pip.conf; do
        # Untouched when equal: a new time stamp would cost a rebuild.
        if [ ! -s "lab/network/$file.$$" ]; then
            rm -f "lab/network/$file" "lab/network/$file.$$"
        elif cmp -s "lab/network/$file.$$" "lab/network/$file"; then
            rm "lab/network/$file.$$"
        else
            mv "lab/network/$file.$$" "lab/network/$file"
        fi
    done
    # Read by lab-bases: what a bundle brings is not asked of Docker Hub.
    rm -f lab/network/offline
    [ -z "${BUNDLE:-}" ] || touch lab/network/offline
}
