"""Starts a server on a fresh database and lets schemathesis call it with a key of each role."""

import hashlib
import os
import pathlib
import re
import secrets
import socket
import string
import subprocess
import sys
import time
import urllib.request
import uuid
import zlib

import psycopg

WORK = pathlib.Path(sys.argv[1])
HERE = pathlib.Path(__file__).parent
SECONDS = float(os.environ.get("SECONDS_PER_ROLE", "50"))
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SCOPES = re.findall(r'^    \w+ "([a-z]+:[a-z]+)"', pathlib.Path("src/platform/access.rs").read_text(), re.M)
# The owner reaches all that a key can reach; the others show that refusals, too, are as described.
ROLES = {"owner": 12, "admin": 4, "member": 4, "viewer": 4}


def new_key() -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(30))
    crc, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = ALPHABET[digit] + check
    return f"cg_live_{body}{check}"


def furnish(db: psycopg.Connection) -> dict[str, str]:
    """An organisation with a member and a key of each role."""
    org, keys = uuid.uuid4(), {}
    db.execute("insert into org (id, name, slug, plan, created_at) values (%s, 'Acme', 'acme', 'enterprise', now())", [org])
    db.execute("insert into workspace (id, org_id, name, slug, created_at) values (%s, %s, 'Main', 'main', now())", [uuid.uuid4(), org])
    for role in ROLES:
        account, key, secret = uuid.uuid4(), uuid.uuid4(), new_key()
        db.execute(
            "insert into account (id, email, name, email_verified_at, created_at) values (%s, %s, %s, now(), now())",
            [account, f"{role}@example.com", role.title()],
        )
        db.execute("insert into member (org_id, account_id, role, created_at) values (%s, %s, %s, now())", [org, account, role])
        db.execute(
            "insert into api_key (id, org_id, account_id, name, mode, origin, scopes, last4, created_at)"
            " values (%s, %s, %s, 'referee', 'live', 'key', %s, %s, now())",
            [key, org, account, SCOPES, secret[-4:]],
        )
        db.execute(
            "insert into api_key_secret (hash, org_id, key_id, created_at) values (%s, %s, %s, now())",
            [hashlib.sha256(secret.encode()).digest(), org, key],
        )
        keys[role] = secret
    db.commit()
    return keys


def free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def wait(url: str, server: subprocess.Popen) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"the server did not start:\n{(WORK / 'server.log').read_text()[-2000:]}")


def judge(role: str, key: str, base: str) -> bool:
    report = WORK / f"{role}.log"
    command = [
        "schemathesis", "--config-file", str(HERE / "schemathesis.toml"), "run", f"{base}/api/v1/openapi.json",
        "--url", base, "--header", f"Authorization: Bearer {key}", "--seed", "1", "--workers", "2", "--no-color",
        "--max-examples", str(ROLES[role]), "--max-time", str(int(SECONDS)),
        "--phases", "examples,coverage,fuzzing,stateful",
    ]  # fmt: skip
    with report.open("w") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, timeout=SECONDS * 3 + 60).returncode
    text = report.read_text()
    cases = re.search(r"^\s*(\d[\d,]*) generated.*$", text, re.M)
    print(f"schemathesis as {role}: {cases.group(0).strip() if cases else 'see below'}, {'no finding' if code == 0 else 'findings'}", flush=True)
    if code != 0 or not cases:
        at = text.find("= FAILURES =")
        print(text[max(at - 200, 0):][:20000] if at >= 0 else text[-6000:])
    return code == 0 and bool(cases)


def main() -> int:
    name = f"referee_{uuid.uuid4().hex[:12]}"
    outer = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    outer.execute(f"create database {name}")
    url = re.sub(r"/[^/?]+(\?|$)", rf"/{name}\1", os.environ["DATABASE_URL"], count=1)
    base = f"http://127.0.0.1:{free_port()}"
    environment = dict(
        os.environ,
        DATABASE_URL=url,
        CLOUDGEN_BIND=base.removeprefix("http://"),
        CLOUDGEN_PUBLIC_URL=base,
        CLOUDGEN_DATA_DIR=str(WORK / "data"),
    )
    with (WORK / "server.log").open("w") as log:
        server = subprocess.Popen([os.environ["CLOUDGEN"], "serve"], env=environment, stdout=log, stderr=log)
    try:
        wait(f"{base}/readyz", server)
        with psycopg.connect(url) as db:
            keys = furnish(db)
        fine = [judge(role, key, base) for role, key in keys.items()]
        return 0 if all(fine) else 1
    finally:
        server.terminate()
        server.wait(30)
        outer.execute(f"drop database if exists {name} with (force)")


sys.exit(main())
