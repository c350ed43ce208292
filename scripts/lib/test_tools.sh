# What only scripts/test needs: a throw-away database, the accessibility
# checker and the referees. Sourced, never run.
# shellcheck shell=bash

AXE_CORE_VERSION=4.14.1
AXE_CORE_SHA256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

# A browser and its driver. Ubuntu keeps its own in a snap.
need_browser() {
    if command -v chromedriver >/dev/null && { command -v chromium || command -v chromium-browser; } >/dev/null; then
        return 0
    fi
    if grep -q '^ID=ubuntu' /etc/os-release; then
        need_packages chromium-browser chromium-chromedriver
    else
        need_packages chromium chromium-driver
    fi
}

target_dir() {
    cargo metadata --no-deps --offline --format-version 1 |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}

# start_test_postgres WORK BIN: a Postgres below WORK, and DATABASE_URL for a
# role like the one in production: it may create databases and roles, no more.
start_test_postgres() {
    local work=$1 bin=$2
    local cluster=$work/postgres password
    # Postgres refuses to run as root.
    local drop_root=()
    mkdir -m 700 "$cluster"
    if is_root; then
        chown nobody:nogroup "$cluster"
        drop_root=(--reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all)
    fi
    say "Starting PostgreSQL for the tests"
    (
        cd /
        exec setpriv "${drop_root[@]}" --pdeathsig INT -- "$bin/initdb" -D "$cluster/data" -U postgres \
            -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 --no-sync
    ) >"$work/initdb.log" 2>&1 </dev/null || { cat "$work/initdb.log" >&2; die "initdb failed."; }
    # Nothing here outlives the run, so nothing has to reach the disk.
    (
        cd /
        exec setpriv "${drop_root[@]}" --pdeathsig INT -- "$bin/postgres" -D "$cluster/data" -k "$cluster" \
            -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
            -c max_connections=200 -c shared_buffers=128MB -c max_wal_size=2GB
    ) >"$work/postgres.log" 2>&1 </dev/null &
    TEST_POSTGRES=$!
    local tries=0
    until "$bin/pg_isready" -q -h "$cluster" -U postgres; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || { cat "$work/postgres.log" >&2; die "PostgreSQL for the tests did not start."; }
        sleep 0.1
    done
    password=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
    "$bin/psql" -h "$cluster" -U postgres -d template1 -qX -v ON_ERROR_STOP=1 <<SQL
-- Databases that tests create are copies of this one.
create extension vector;
create role cloudgen login createdb createrole password '$password';
create database cloudgen owner cloudgen;
SQL
    export DATABASE_URL="postgres://cloudgen:$password@localhost/cloudgen?host=$cluster"
}

stop_test_postgres() {
    [ -n "${TEST_POSTGRES:-}" ] || return 0
    # Throw-away data: no need for it to tidy up.
    kill -QUIT "$TEST_POSTGRES" 2>/dev/null || true
    wait "$TEST_POSTGRES" 2>/dev/null || true
}

# Fetches the accessibility checker once, and prints where its script is.
fetch_axe_core() {
    local into work
    into=$(cache_dir)/axe-core-$AXE_CORE_VERSION
    if [ ! -r "$into/axe.min.js" ]; then
        command -v npm >/dev/null || need_packages npm
        mkdir -p "$(cache_dir)"
        work=$(mktemp -d "$(cache_dir)/fetch.XXXXXX")
        say "Fetching axe-core $AXE_CORE_VERSION"
        if ! (cd "$work" && npm pack --silent "axe-core@$AXE_CORE_VERSION" >/dev/null </dev/null); then
            rm -rf "$work"
            die "could not download axe-core $AXE_CORE_VERSION with npm."
        fi
        if ! sha256_is "$work/axe-core-$AXE_CORE_VERSION.tgz" "$AXE_CORE_SHA256"; then
            rm -rf "$work"
            die "the download of axe-core $AXE_CORE_VERSION is not the one we pinned (SHA-256 differs)."
        fi
        tar -xzf "$work/axe-core-$AXE_CORE_VERSION.tgz" -C "$work"
        rm -rf "$into"
        mv "$work/package" "$into"
        rm -rf "$work"
    fi
    echo "$into/axe.min.js"
}

# need_venv REQUIREMENTS: sets VENV to an environment that holds them. A new
# list makes a new environment, so an old one is never half right.
need_venv() {
    local key
    key=$(sha256sum "$1" | cut -c 1-12)
    VENV=$(cache_dir)/venv-$key
    [ ! -e "$VENV/complete" ] || return 0
    need_pip
    python3 -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
    say "Installing the referees' tools"
    rm -rf "$VENV"
    python3 -m venv "$VENV"
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -r "$1" >&2
    touch "$VENV/complete"
}
