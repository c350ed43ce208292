"""Starts a server and its worker on a database of their own, and lets schemathesis call them with keys of each role.

Before that a receiver hears the server's webhooks and verifies every one, also those of what
was acknowledged while server, worker and their connections to the database were killed.
"""

import hashlib
import http.client
import itertools
import json
import os
import pathlib
import re
import secrets
import shutil
import socket
import string
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
import zlib

import psycopg

WORK = pathlib.Path(sys.argv[1])
HERE = pathlib.Path(__file__).parent
TOOLS = pathlib.Path(os.environ["TOOLS"])
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SCOPES = re.findall(r'^    \w+ "([a-z]+:[a-z]+)"', pathlib.Path("src/platform/access.rs").read_text(), re.M)
EVERYTHING = "examples,coverage,fuzzing,stateful"
# Who calls: role, mode, scopes, cases for each operation, phases. The owner reaches all that
# a key can; of the others it is the refusals that are new, for which few cases do.
CALLERS = {
    "narrow": ("owner", "live", ["sessions:read"], 1, "examples,fuzzing"),
    "viewer": ("viewer", "live", SCOPES, 1, "examples,fuzzing"),
    "member": ("member", "live", SCOPES, 1, "examples,fuzzing"),
    "test": ("owner", "test", SCOPES, 1, "examples,fuzzing,stateful"),
    # At the end, as it may remove the others.
    "owner": ("owner", "live", SCOPES, 8, EVERYTHING),
}
# It is operations that are judged here, not how many of them a plan gives.
NO_QUOTA = """
create function free() returns trigger language plpgsql as 'begin new.used := 0; return new; end';
create trigger free before insert or update on quota for each row execute function free();
"""
# Nothing takes longer; what does is a fault.
SECONDS = 900


def new_key(mode: str) -> str:
    body = "".join(secrets.choice(ALPHABET) for _ in range(30))
    crc, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        check = ALPHABET[digit] + check
    return f"cg_{mode}_{body}{check}"


def furnish(db: psycopg.Connection) -> dict[str, str]:
    """An organisation with a key for each caller, and no limits in the way."""
    org, keys = uuid.uuid4(), {}
    db.execute("insert into org (id, name, slug, plan, created_at) values (%s, 'Acme', 'acme', 'enterprise', now())", [org])
    db.execute("insert into workspace (id, org_id, name, slug, created_at) values (%s, %s, 'Main', 'main', now())", [uuid.uuid4(), org])
    for name, (role, mode, scopes, *_) in CALLERS.items():
        account, key, secret = uuid.uuid4(), uuid.uuid4(), new_key(mode)
        db.execute(
            "insert into account (id, email, name, email_verified_at, created_at) values (%s, %s, %s, now(), now())",
            [account, f"{name}@example.com", name.title()],
        )
        db.execute("insert into member (org_id, account_id, role, created_at) values (%s, %s, %s, now())", [org, account, role])
        db.execute(
            "insert into api_key (id, org_id, account_id, name, mode, origin, scopes, last4, created_at)"
            " values (%s, %s, %s, 'referee', %s, 'key', %s, %s, now())",
            [key, org, account, mode, scopes, secret[-4:]],
        )
        db.execute(
            "insert into api_key_secret (hash, org_id, key_id, created_at) values (%s, %s, %s, now())",
            [hashlib.sha256(secret.encode()).digest(), org, key],
        )
        keys[name] = secret
    db.commit()
    return keys


class Caller:
    def __init__(self, base: str, key: str):
        self.base, self.key = base, key

    def __call__(self, method: str, path: str, body: dict | None = None, more: dict | None = None) -> dict:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"} | (more or {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")


def things(call: Caller) -> dict[str, list]:
    """What there is to be found, as dictionaries of schemathesis: by the place of their ids."""
    found: dict[str, list] = {it: [] for it in ("session", "message", "share", "operation", "workspace", "member", "component")}
    for text in ("A web shop with PostgreSQL for 20,000 users", "A REST API with a queue, for 100 users"):
        made = call("POST", "/analyze", {"text": text})
        found["session"].append(made["session_id"])
        found["message"].append(made["answer"]["id"])
        found["component"] += [it["id"] for it in made["analysis"]["options"][1]["components"][:3]]
        for form in ("terraform", "cloudformation"):
            body = {"session_id": made["session_id"], "option": "better", "format": form}
            found["operation"].append(call("POST", "/implement", body)["id"])
        found["share"].append(call("POST", f"/sessions/{made['session_id']}/shares", {})["id"])
    found["workspace"] = [it["id"] for it in call("GET", "/workspaces")["items"]]
    found["member"] = [it["account_id"] for it in call("GET", "/members")["items"] if it["role"] != "owner"]
    return found


# Which operations take an id of what.
PLACES = [
    ("^/api/v1/sessions/", {"path.id": "session", "path.message_id": "message", "path.component": "component"}),
    ("^/api/v1/artifacts/", {"path.session_id": "session"}),
    ("^/api/v1/operations/", {"path.id": "operation"}),
    ("^/api/v1/workspaces/", {"path.id": "workspace"}),
    ("^/api/v1/members/", {"path.id": "member"}),
]


def configuration(found: dict[str, list]) -> pathlib.Path:
    """The expectations, and ids of what is there: half of the calls go to something that exists."""
    lines = [(HERE / "schemathesis.toml").read_text()]
    for pattern, parameters in PLACES:
        lines += ["[[operations]]", f"include-path-regex = {json.dumps(pattern)}", "include-method = ['GET', 'POST', 'PATCH']"]
        pairs = [f"{json.dumps(at)} = {{ dictionary = {json.dumps(of)}, probability = 0.5 }}" for at, of in parameters.items()]
        lines.append(f"parameters = {{ {', '.join(pairs)} }}")
    lines.append("[dictionaries]")
    lines += [f"{name} = {{ values = {json.dumps(values)} }}" for name, values in found.items()]
    path = WORK / "schemathesis.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


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


def judge(name: str, key: str, base: str, config: pathlib.Path) -> bool:
    *_, cases, phases = CALLERS[name]
    report, started = WORK / f"{name}.log", time.monotonic()
    # One worker: in threads, Python 3.11 parses source (to describe a strategy) with a state that
    # they share, and fails at random: "AST constructor recursion depth mismatch".
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", config, "run", f"{base}/api/v1/openapi.json",
        "--url", base, "--header", f"Authorization: Bearer {key}", "--seed", "1", "--workers", "1", "--no-color",
        "--max-examples", str(cases), "--phases", phases,
    ]  # fmt: skip
    with report.open("w") as log:
        code = subprocess.run(command, cwd=WORK, stdout=log, stderr=subprocess.STDOUT, timeout=SECONDS).returncode
    text = report.read_text()
    made = re.search(r"^\s*(\d[\d,]*) generated.*$", text, re.M)
    verdict = "no finding" if code == 0 else "findings"
    print(f"schemathesis as {name}: {made.group(0).strip() if made else 'see below'}, {verdict}, {time.monotonic() - started:.0f} s", flush=True)
    if code != 0 or not made:
        at = text.find("= FAILURES =")
        print(text[max(at - 100, 0):][:20000] if at >= 0 else text[-6000:])
    return code == 0 and bool(made)


class Program:
    """The server and its worker, as processes that can be killed."""

    def __init__(self, environment: dict[str, str], base: str):
        self.environment, self.base = environment, base
        self.running: dict[str, subprocess.Popen] = {}
        for name in ("serve", "worker"):
            self.start(name)

    def start(self, name: str) -> None:
        command = [os.environ["CLOUDGEN"], name] + (["--without-jobs"] if name == "serve" else [])
        with (WORK / "server.log").open("a") as log:
            self.running[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        if name == "serve":
            wait(f"{self.base}/readyz", self.running[name])

    def kill(self, name: str) -> None:
        if self.running[name].poll() is not None:
            sys.exit(f"{name} has ended by itself")
        self.running[name].kill()
        self.running[name].wait()
        self.start(name)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(30)


class Receiver:
    """Verifies what comes with the library of the specification, by the secrets that it is told."""

    def __init__(self):
        self.known = WORK / "secrets"
        self.known.touch()
        self.process = subprocess.Popen(["node", TOOLS / "webhooks.mjs", self.known], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/"

    def know(self, *those: str) -> None:
        # Whole at any moment, as it is read whenever a message comes.
        part = self.known.with_suffix(".part")
        part.write_text("".join(f"{it}\n" for it in those))
        part.replace(self.known)

    def heard(self) -> list[dict]:
        """Ends it, and tells what came."""
        self.process.terminate()
        return [json.loads(line) for line in self.process.stdout.read().splitlines()]


def settled(call: Caller, at: str) -> int:
    for _ in range(600):
        if not call("GET", f"{at}/deliveries?status=pending")["items"]:
            break
        time.sleep(0.2)
    return len(call("GET", f"{at}/deliveries?status=delivered&limit=100")["items"])


# Each of them so often, and some posts between.
KILLS = 4


def survived(call: Caller, program: Program, url: str) -> bool:
    """Of what is acknowledged while things are killed, every message arrives and is genuine."""
    receiver, told, operations, stop = Receiver(), set(), [], threading.Event()
    hook = call("POST", "/webhooks", {"url": receiver.url, "events": ["session.created", "analysis.completed", "artifacts.ready"]})
    receiver.know(hook["secret"])
    at = f"/webhooks/{hook['id']}"
    progress, unclear = threading.Semaphore(0), 0

    def insist(path: str, body: dict) -> dict:
        """Asks under one key until there is a clear answer."""
        nonlocal unclear
        more = {"Idempotency-Key": str(uuid.uuid4())} | ({"Prefer": "respond-async"} if path == "/implement" else {})
        while True:
            try:
                return call("POST", path, body, more)
            except urllib.error.HTTPError as err:
                if err.code < 500 and b"idempotency_key_in_use" not in err.read():
                    raise
            except (OSError, ValueError, http.client.HTTPException):
                pass
            unclear += 1
            time.sleep(0.05)

    def write(number: int) -> None:
        for n in itertools.count():
            if stop.is_set():
                return
            session = insist("/analyze", {"text": "A queue and a function", "title": f"{number}-{n}"})["session_id"]
            told.update((it, session) for it in ("session.created", "analysis.completed"))
            # Done by the worker, after the answer.
            operations.append(insist("/implement", {"session_id": session, "option": "best"})["id"])
            told.add(("artifacts.ready", session))
            progress.release()

    writers = [threading.Thread(target=write, args=[it], daemon=True) for it in range(3)]
    for it in writers:
        it.start()
    with psycopg.connect(url, autocommit=True) as db:
        for kill in range(KILLS * 3):
            for _ in range(2):
                if not progress.acquire(timeout=60):
                    sys.exit("nothing is acknowledged any more")
            match kill % 3:
                case 0:
                    program.kill("serve")
                case 1:
                    program.kill("worker")
                case _:
                    db.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
                    )
    stop.set()
    for it in writers:
        it.join(120)
    deadline = time.monotonic() + 120
    for it in operations:
        while call("GET", f"/operations/{it}")["state"] == "running":
            if time.monotonic() > deadline:
                sys.exit(f"operation {it} does not end")
            time.sleep(0.2)
    settled(call, at)
    titles = [it["title"] for it in pages(call, "/sessions")]
    call("DELETE", at)
    heard = receiver.heard()
    bad = [it for it in heard if not it["genuine"] or it["altered"]]
    lost = told - {(it["type"], it["subject"]) for it in heard if it["genuine"]}
    twice = {it for it in titles if titles.count(it) > 1}
    print(f"webhooks: {len(told) - len(lost)} of {len(told)} acknowledged changes told and verified, through {KILLS * 3} kills", flush=True)
    if bad or lost or twice or not unclear:
        print(f"  not genuine: {bad}\n  lost: {lost}\n  twice: {twice}\n  answers that were unclear: {unclear}")
        return False
    return True


def pages(call: Caller, path: str):
    cursor = ""
    while cursor is not None:
        part = call("GET", f"{path}?limit=100&cursor={cursor}")
        yield from part["items"]
        cursor = part["next"]


def verified(call: Caller) -> bool:
    """Changes things, rotates the secret, changes more: every message has to be genuine."""
    receiver = Receiver()
    hook = call("POST", "/webhooks", {"url": receiver.url})
    at = f"/webhooks/{hook['id']}"
    receiver.know(hook["secret"])
    made = call("POST", "/analyze", {"text": "A web shop with PostgreSQL for 20,000 users"})
    call("POST", "/implement", {"session_id": made["session_id"]})
    settled(call, at)
    new = call("POST", f"{at}/rotate", {"overlap_hours": 1})["secret"]
    receiver.know(hook["secret"], new)
    settled(call, at)
    # During the overlap a message is signed with both; from here on only the new one is known.
    receiver.know(new)
    call("PATCH", f"/sessions/{made['session_id']}", {"title": "Renamed"})
    call("POST", f"{at}/test", {"type": "artifacts.failed"})
    told = settled(call, at)
    call("DELETE", at)
    heard = receiver.heard()
    bad = [it for it in heard if not it["genuine"] or it["altered"]]
    missing = {"analysis.completed", "artifacts.ready", "session.renamed", "artifacts.failed"} - {it["type"] for it in heard}
    print(f"webhooks: {len(heard) - len(bad)} of {told} verified by standardwebhooks", flush=True)
    if bad or missing or len({it["id"] for it in heard}) < told:
        print(f"  not genuine: {bad}\n  missing: {missing}")
        return False
    return True


def main() -> int:
    name = f"referee_{uuid.uuid4().hex[:12]}"
    outer = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    outer.execute(f"create database {name}")
    url = re.sub(r"/[^/?]+(\?|$)", rf"/{name}\1", os.environ["DATABASE_URL"], count=1)
    base = f"http://127.0.0.1:{free_port()}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CLOUDGEN")} | {
        "DATABASE_URL": url,
        "CLOUDGEN_BIND": base.removeprefix("http://"),
        "CLOUDGEN_PUBLIC_URL": base,
        "CLOUDGEN_DATA_DIR": str(WORK / "data"),
        "CLOUDGEN_OUTBOUND_ALLOW": "127.0.0.1",
    }
    program = Program(environment, base)
    try:
        with psycopg.connect(url) as db:
            keys = furnish(db)
        call = Caller(base, keys["owner"])
        fine = [verified(call)]
        config = configuration(things(call))
        with psycopg.connect(url, autocommit=True) as db:
            db.execute(NO_QUOTA)
        fine.append(survived(call, program, url))
        fine += [judge(name, key, base, config) for name, key in keys.items()]
        return 0 if all(fine) else 1
    finally:
        program.stop()
        outer.execute(f"drop database if exists {name} with (force)")
        if keep := os.environ.get("KEEP"):
            shutil.copytree(WORK, keep, dirs_exist_ok=True)


sys.exit(main())
