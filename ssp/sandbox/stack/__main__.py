"""./dev's second half, in the project's own Python: run, test, check, manage, bench, reset."""

import contextlib
import http.client
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ssp.sandbox.people import DEMO_PASSWORD, DEMO_PEOPLE
from ssp.sandbox.stack import checks, environment, state
from ssp.sandbox.stack.embedded import PostgreSQL, Valkey
from ssp.sandbox.stack.processes import ROOT, Failed, Process, Stopped, Supervisor, say

PYTHON = sys.executable
THREADS = ("--workers", "2", "--worker-class", "gthread", "--threads", "4")
EVERYTHING = ("--numprocesses=2",)  # while one starts installations, the other gets on


def state_path(env: dict[str, str]) -> Path:
    return Path(env.get("SSP_STATE") or ROOT / "var").resolve()


@contextlib.contextmanager
def stack(env: dict[str, str], place: state.State, *, queue: bool = True) -> Iterator[Supervisor]:
    """Bring up the database and the queue, where the environment names none; stop all at the end."""
    with place:
        supervisor = Supervisor(changed=place.record_processes)
        try:
            env["SSP_STATE"] = str(place.path)
            if not env.get("DATABASE_URL"):
                env["DATABASE_URL"] = PostgreSQL(place).start(supervisor)
            if queue and not env.get("REDIS_URL"):
                env["REDIS_URL"], env["CACHE_URL"] = Valkey(place).start(supervisor)
            yield supervisor
        finally:
            supervisor.stop()


@contextlib.contextmanager
def ephemeral_stack(env: dict[str, str], *, queue: bool = True) -> Iterator[Supervisor]:
    directory = Path(tempfile.mkdtemp(prefix="ssp-test-"))
    directory.chmod(0o711)
    try:
        with stack(env, state.State(directory / "state", durable=False), queue=queue) as supervisor:
            yield supervisor
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def manage(env: dict[str, str], *arguments: str) -> Process:
    return Process(name="manage", argv=[PYTHON, "manage.py", *arguments], env=env)


# --- the commands ------------------------------------------------------------
def run() -> int:
    started = time.monotonic()
    env = environment.read(test=False)
    port = int(env.setdefault("PORT", "8000"))
    if not state.is_free(port):
        raise Failed(f"Port {port} is in use. Choose another: PORT={port + 1} ./dev run")
    place = state.State(state_path(env), durable=env.get("SSP_FSYNC") != "off")
    database_is_ours = not env.get("DATABASE_URL")
    with stack(env, place) as supervisor:
        environment.add_sandbox(env, place)
        state.write_private(place.environment_file, environment.shared(env))
        say(f"==> PostgreSQL and Valkey are up ({time.monotonic() - started:.1f} s); migrating")
        if supervisor.run(manage(env, "migrate", "--noinput", "--verbosity=0")):
            raise Failed("The database could not be migrated.")
        for process in application(env, place):
            supervisor.start(process)
        with_demo = env.get("SSP_DEMO") != "off"
        if with_demo:
            tell_the_demo(env, place, supervisor, database_is_ours=database_is_ours)
        supervisor.wait_for(lambda: answers(port), what="The website")
        say(welcome(port, time.monotonic() - started, with_demo=with_demo))
        supervisor.attend()
    return 0


def tell_the_demo(
    env: dict[str, str], place: state.State, supervisor: Supervisor, *, database_is_ours: bool
) -> None:
    """Tell the demo story where the database is empty. Asking costs seconds: of our own database we know."""
    told = place.path / "demo-told"
    if database_is_ours and told.exists():
        return
    say("==> telling the demo story, where the database is empty")
    if supervisor.run(manage(env, "demo")):
        raise Failed("The demo data could not be written; SSP_DEMO=off goes without.")
    if database_is_ours:
        told.touch()


def application(env: dict[str, str], place: state.State) -> list[Process]:
    celery = [PYTHON, "-m", "celery", "-A", "ssp"]
    gunicorn = [PYTHON, "-m", "gunicorn", "--no-control-socket"]
    schedule = place.path / "beat-schedule"
    commands = {
        "sandbox": [PYTHON, "-m", "ssp.sandbox.serve"],
        # Threads: no proxy stands in front here, and a browser's idle connections would hold sync workers.
        "web": [*gunicorn, "ssp.wsgi", "--bind", f"127.0.0.1:{env['PORT']}", "--preload", *THREADS],
        "worker": [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"],
        "beat": [*celery, "beat", "--schedule", str(schedule), "--pidfile="],
    }
    return [Process(name=name, argv=argv, env=env) for name, argv in commands.items()]


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def welcome(port: int, seconds: float, *, with_demo: bool) -> str:
    site = f"http://127.0.0.1:{port}"
    lines = [f"Ready in {seconds:.1f} s:  {site}/", ""]
    if with_demo:
        lines += [f"Sign in with the password  {DEMO_PASSWORD}"]
        width = max(len(person.email) for person in DEMO_PEOPLE)
        for person in DEMO_PEOPLE:
            roles = ", ".join(role.value.replace("_", " ") for role in person.roles) or "applicant"
            lines.append(f"  {person.email:<{width}}  {roles:<13}  {person.name}")
    lines += [
        "",
        f"{site}/sandbox/  has the mailbox, the DocuSign and Slack stand-ins, the clock and staff's codes.",
        "",
    ]
    lines += ["Ctrl-C stops everything and keeps the data; ./dev reset starts over."]
    rule = "─" * max(map(len, lines))
    return "\n".join(["", rule, *lines, rule, ""])


def test(*arguments: str) -> int:
    env = environment.read(test=True)
    with ephemeral_stack(env) as supervisor:
        if not arguments:
            say("==> checks")
            if not checks.run(env):
                raise Failed("The checks found something (above), so no test was run.")
            say("==> tests")
        argv = [PYTHON, "-m", "pytest", *(arguments or EVERYTHING)]
        return supervisor.run(Process(name="pytest", argv=argv, env=env))


def check() -> int:
    env = environment.read(test=True)
    with ephemeral_stack(env, queue=False):
        return 0 if checks.run(env) else 1


def manage_command(*arguments: str) -> int:
    env = environment.read(test=False)
    path = state_path(env)
    try:
        place = state.State(path)
        with stack(env, place) as supervisor:
            environment.add_sandbox(env, place)
            state.write_private(place.environment_file, environment.shared(env))
            return supervisor.run(manage(env, *arguments))
    except state.Busy:
        env |= state.environment_of_active_run(path)
        argv = [PYTHON, "manage.py", *arguments]
        os.execve(PYTHON, argv, env)


def bench(*arguments: str) -> int:
    env = environment.read(test=True)
    with ephemeral_stack(env, queue=False) as supervisor:
        return supervisor.run(Process(name="bench", argv=[PYTHON, "-m", "bench", *arguments], env=env))


def reset() -> int:
    path = state_path(environment.read(test=False))
    state.remove(path)
    say(f"==> removed {path}")
    return 0


COMMANDS = {
    "run": run,
    "test": test,
    "check": check,
    "manage": manage_command,
    "bench": bench,
    "reset": reset,
}


def main(command: str, *arguments: str) -> int:
    try:
        return COMMANDS[command](*arguments)
    except Failed as failure:
        say(f"==> {failure}")
        return 1
    except (Stopped, KeyboardInterrupt):
        return 0 if command == "run" else 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
