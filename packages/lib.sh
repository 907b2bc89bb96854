# What the scripts of this folder share; they source it from the project's folder.
# shellcheck shell=sh

results="$PWD/target/packages"
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"

# Of Debian's archive, for all its releases.
keys=/usr/share/keyrings/debian-archive-keyring.gpg

# Root file systems keep their file's modes whoever makes them.
umask 022

# only_option OPTION WORD...: refuses any other word
only_option() {
    only_option=$1
    shift
    [ $# = 0 ] || [ "$*" = "$only_option" ] || {
        echo "$0: $* is not $only_option" >&2
        exit 2
    }
}

# need COMMAND PACKAGE: installs the package where the command is missing
need() {
    if command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; then return; fi
    tests/apt-install "$2"
}

# The archive that this machine's own apt takes Debian from, or else Debian's public one.
archive() {
    # shellcheck disable=SC2016 # apt's variables
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2>/dev/null |
        grep -m 1 . || echo http://deb.debian.org/debian
}

# root SUITE [PACKAGE,...]: the folder of a minimal Debian with these packages, made where there is none. Who asks
# while another one makes a root in this tree waits for it.
root() {
    folder="$results/roots/$1-$(printf '%s' "${2:-}" | cksum | cut -d ' ' -f 1)"
    mkdir -p "$results/roots"
    (
        flock 9
        [ -d "$folder" ] || make_root "$@"
    ) 9>"$results/roots/lock"
    printf '%s\n' "$folder"
}

# make_root SUITE [PACKAGE,...]: what `root` does while it has the lock
make_root() {
    need mmdebstrap mmdebstrap >&2
    for pause in 5 20 60 last; do
        echo "making a root of Debian $1 ..." >&2
        $sudo rm -rf --one-file-system "$folder.new"
        # Only what a mirror says that is being renewed is worth another try.
        if $sudo mmdebstrap --mode=root --quiet --variant=minbase ${2:+"--include=$2"} --keyring="$keys" \
            "$1" "$folder.new" "$(archive)" 2>"$results/roots/log"; then
            break
        fi
        cat "$results/roots/log" >&2
        grep -qE 'unexpected size|Hash Sum mismatch' "$results/roots/log" || return 1
        echo "the mirror is renewing its package index of $1" >&2
        [ "$pause" != last ] || return 1
        sleep "$pause"
    done
    $sudo mkdir -p "$folder.new/src" "$folder.new/made" "$folder.new/etc/ssl/certs"
    $sudo touch "$folder.new/etc/resolv.conf"
    $sudo mv "$folder.new" "$folder"
}

# in_root ROOT COMMAND...: runs a command in a root that has the project, read-only, as /src and
# target/packages/scratch as /made. The mounts end with the command.
in_root() {
    mkdir -p "$results/scratch"
    in_root=$1
    shift
    # shellcheck disable=SC2016 # for the inner shell
    $sudo unshare --mount --pid --fork --kill-child sh -euc '
        root=$1 src=$2 scratch=$3
        shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/tmp"
        mount --bind "$src" "$root/src"
        mount -o remount,bind,ro "$root/src"
        mount --bind "$scratch" "$root/made"
        # Names and certificates, for what a build fetches.
        mount --bind /etc/ssl/certs "$root/etc/ssl/certs"
        mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
        exec chroot "$root" "$@"' sh "$in_root" "$PWD" "$results/scratch" \
        env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
        NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
        ${https_proxy:+"https_proxy=$https_proxy"} DEBIAN_FRONTEND=noninteractive "$@"
}

# What packaging takes in a root, and what building, checking and judging take besides.
packaging=debhelper
# shellcheck disable=SC2034 # for the scripts
building="$packaging,cargo,rustc,rust-src,build-essential,python3-venv,lintian,qemu-user,curl"
# What bundling the page's terminal takes.
# shellcheck disable=SC2034 # for the scripts
bundling=nodejs,npm

project_version() {
    sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml
}

# Whether this is a clone, and git is there and may look at it.
cloned() {
    [ -e .git ] && git rev-parse HEAD >/dev/null 2>&1
}

# made SECONDS|NAME|EMAIL: when and by whom this state was committed. A clone asks git; in a source archive
# git has written it into packages/commit. A tree that has neither is as old as its change log.
made() {
    case $1 in
    SECONDS) line=1 format=%ct otherwise="$(stat -c %Y CHANGELOG.md)" ;;
    NAME) line=2 format=%an otherwise="nobody" ;;
    EMAIL) line=3 format=%ae otherwise="nobody@localhost" ;;
    esac
    if cloned; then
        git log -1 --format="$format"
        return
    fi
    written="$(sed -n "${line}p" packages/commit)"
    case $written in
    '$'*) echo "$otherwise" ;;
    *) echo "$written" ;;
    esac
}

# The files that belong to the project, each ended by a zero byte.
sources() {
    if cloned; then
        git ls-files -z --cached --others --exclude-standard
    else
        find . \( -path ./target -o -path ./tests/.cache -o -path ./tests/outside/target -o -name .git \) -prune -o \
            ! -type d -print0
    fi
}

# of_this_tree PACKAGE...: says which packages these are, and fails where one is older than what packages are made of
of_this_tree() {
    for package in "$@"; do
        echo "${package##*/}, built $(date -r "$package" '+%F %T')"
        # shellcheck disable=SC2016 # for the inner shell
        newer="$(sources | grep -zEv '(^|/)(tests|\.ci)/|\.md$' |
            xargs -0 sh -c 'find "$@" -newer "$0" 2>/dev/null' "$package" | head -n 1)"
        [ -z "$newer" ] || {
            echo "$0: ${package##*/} is older than $newer: packages/build makes it anew" >&2
            return 1
        }
    done
}

# stamped ROOT COMMAND...: a command in a root that is told when and for whom the packages are made
stamped() {
    stamped=$1
    shift
    in_root "$stamped" env SOURCE_DATE_EPOCH="$(made SECONDS)" \
        DEBFULLNAME="${DEBFULLNAME:-$(made NAME)}" DEBEMAIL="${DEBEMAIL:-$(made EMAIL)}" \
        "$@"
}

# debs ROOT ARCHITECTURE PROGRAMS OUT VERSION: packages of the programs, folders being below
# target/packages/scratch
debs() {
    stamped "$1" sh /src/packages/debs "$2" "/made/$3" "/made/$4" "$5"
}
