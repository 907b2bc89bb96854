# What the scripts of this folder share; they source it from the project's folder.
# shellcheck shell=sh

results="$PWD/target/packages"
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"

# Root file systems keep their file's modes whoever makes them.
umask 022

# need COMMAND PACKAGE: installs the package where the command is missing
need() {
    if command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; then return; fi
    echo "installing: $2" >&2
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# The archive that this machine's own apt takes Debian from; empty: Debian's.
archive() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }'
}

# root SUITE [PACKAGE,...]: the folder of a minimal Debian with these packages, made where there is none
root() {
    folder="$results/roots/$1-$(printf '%s' "${2:-}" | cksum | cut -d ' ' -f 1)"
    if ! [ -d "$folder" ]; then
        need mmdebstrap mmdebstrap >&2
        echo "making a root of Debian $1 ..." >&2
        mkdir -p "$results/roots"
        $sudo rm -rf "$folder.new"
        # shellcheck disable=SC2046 # one word, or none
        $sudo mmdebstrap --mode=root --quiet --variant=minbase ${2:+"--include=$2"} \
            "$1" "$folder.new" $(archive) >&2
        $sudo mkdir -p "$folder.new/src" "$folder.new/made" "$folder.new/etc/ssl/certs"
        $sudo touch "$folder.new/etc/resolv.conf"
        $sudo mv "$folder.new" "$folder"
    fi
    printf '%s\n' "$folder"
}

# in_root ROOT COMMAND...: runs a command in a root that has the project, read-only, as /src and
# target/packages/work as /made. The mounts end with the command.
in_root() {
    mkdir -p "$results/work"
    in_root=$1
    shift
    # shellcheck disable=SC2016 # for the inner shell
    $sudo unshare --mount --pid --fork --kill-child sh -euc '
        root=$1 src=$2 work=$3
        shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/tmp"
        mount --bind "$src" "$root/src"
        mount -o remount,bind,ro "$root/src"
        mount --bind "$work" "$root/made"
        # Names and certificates, for what a build fetches.
        mount --bind /etc/ssl/certs "$root/etc/ssl/certs"
        mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
        exec chroot "$root" "$@"' sh "$in_root" "$PWD" "$results/work" \
        env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
        ${https_proxy:+"https_proxy=$https_proxy"} DEBIAN_FRONTEND=noninteractive "$@"
}

# What packaging takes in a root, and what building, checking and judging take besides.
packaging=debhelper
# shellcheck disable=SC2034 # for the scripts
building="$packaging,cargo,rustc,rust-src,gcc,libc6-dev,python3-venv,lintian,qemu-user"

project_version() {
    sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml
}

# debs ROOT ARCHITECTURE PROGRAMS OUT VERSION: packages of the programs, folders being below
# target/packages/work
debs() {
    in_root "$1" env SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" \
        DEBFULLNAME="${DEBFULLNAME:-$(git log -1 --format=%an)}" DEBEMAIL="${DEBEMAIL:-$(git log -1 --format=%ae)}" \
        sh /src/packages/debs "$2" "/made/$3" "/made/$4" "$5"
}
