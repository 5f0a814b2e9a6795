"""`./dev run`, with its real processes: it serves, heals, stops, and finds its data again."""

import json
import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from ssp.sandbox.stack import environment
from ssp.sandbox.stack.processes import STOP_SIGNALS, Failed, Process, Supervisor
from ssp.sandbox.stack.state import Busy, State, is_alive, remove
from tests.queues import a_queue
from tests.running import Installation, a_free_port, an_empty_database, eventually, get

ALL = {"postgres", "valkey", "sandbox", "web", "worker", "beat"}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory that the account of the embedded PostgreSQL can reach."""
    with tempfile.TemporaryDirectory(prefix="ssp-test-") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.fixture(scope="module")
def installation(place: Path) -> Iterator[Installation]:
    installation = Installation(place / "shared", port=a_free_port(), env={"SSP_DEMO": "off"})
    installation.start()
    yield installation
    installation.stop()


def run_sql(installation: Installation, statement: str) -> list[tuple[object, ...]]:
    url = installation.told["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_run_has_all_its_parts_and_they_work(installation: Installation) -> None:
    eventually(installation.is_working, what="/readyz")

    assert set(installation.pids) == ALL
    assert get(f"{installation.url}/healthz")[0] == 200
    assert all(is_alive(pid) for pid in installation.pids.values())


@pytest.mark.parametrize("name", sorted(ALL))
def test_what_is_killed_is_started_again_and_works(installation: Installation, name: str) -> None:
    installation.kill_and_wait_for_another(name)

    eventually(installation.is_working, what=f"/readyz after {name} died")
    assert f"{name} ended with -9; starting it again" in installation.log


def test_a_command_beside_a_run_uses_its_database(installation: Installation) -> None:
    table = f"seen_{secrets.token_hex(4)}"
    run_sql(installation, f"CREATE TABLE {table} ()")

    shown = installation.command("manage", "inspectdb", table)

    assert f"db_table = '{table}'" in shown.stdout, shown.stderr


def test_a_second_run_on_the_same_data_is_refused(installation: Installation) -> None:
    installation.environ["PORT"], port = str(a_free_port()), installation.environ["PORT"]
    second = installation.command("run")
    installation.environ["PORT"] = port

    assert second.returncode == 1
    assert "is in use by another ./dev" in second.stdout


def test_a_taken_port_is_refused_in_one_line(installation: Installation) -> None:
    second = installation.command("run")

    assert second.returncode == 1
    assert second.stdout.strip().startswith(f"==> Port {urlsplit(installation.url).port} is in use.")


def test_reset_is_refused_while_it_runs(installation: Installation) -> None:
    refused = installation.command("reset")

    assert refused.returncode == 1
    assert installation.state.exists()
    assert get(f"{installation.url}/healthz")[0] == 200


def test_ctrl_c_keeps_the_data_a_second_run_finds_it_and_reset_forgets_it(place: Path) -> None:
    installation = Installation(place / "kept", port=a_free_port(), env={"SSP_DEMO": "off"})
    installation.start()
    run_sql(installation, "CREATE TABLE kept AS SELECT 'here' AS note")
    ports = json.loads((installation.state / "ports.json").read_text())

    assert installation.stop(signal.SIGINT) == 0
    installation.start()
    try:
        assert run_sql(installation, "SELECT note FROM kept") == [("here",)]
        assert json.loads((installation.state / "ports.json").read_text()) == ports
    finally:
        assert installation.stop(signal.SIGTERM) == 0

    assert installation.command("reset").returncode == 0
    assert not installation.state.exists()


def test_nothing_survives_a_supervisor_that_was_killed(place: Path) -> None:
    installation = Installation(place / "killed", port=a_free_port(), env={"SSP_DEMO": "off"})
    installation.start()

    assert installation.stop(signal.SIGKILL) == -signal.SIGKILL

    installation.start()
    eventually(installation.is_working, what="/readyz after a kill -9 of everything")
    installation.stop()


def test_addresses_in_the_environment_replace_the_embedded_parts(place: Path) -> None:
    with an_empty_database() as database:
        given = {"DATABASE_URL": database, **a_queue(7), "SSP_DEMO": "off"}
        installation = Installation(place / "given", port=a_free_port(), env=given)
        installation.start()
        try:
            assert set(installation.pids) == ALL - {"postgres", "valkey"}
            assert run_sql(installation, "SELECT count(*) > 0 FROM django_migrations") == [(True,)]
        finally:
            installation.stop()


# --- what is told to the processes ---------------------------------------------
def test_mail_and_signing_go_to_the_stand_ins_unless_real_ones_are_named(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        sandboxed: dict[str, str] = {}
        environment.add_sandbox(sandboxed, state)
        real = {"EMAIL_URL": "smtp://mail.example", "DOCUSIGN_INTEGRATION_KEY": "mine"}
        environment.add_sandbox(real, state)

    assert sandboxed["DOCUSIGN_OAUTH_HOST"] == f"127.0.0.1:{sandboxed['SANDBOX_OAUTH_PORT']}"
    assert sandboxed["EMAIL_URL"] == f"smtp://127.0.0.1:{sandboxed['SANDBOX_SMTP_PORT']}"
    assert real["EMAIL_URL"] == "smtp://mail.example"
    assert [name for name in real if name.startswith("DOCUSIGN_")] == ["DOCUSIGN_INTEGRATION_KEY"]


def test_a_state_directory_has_one_user_and_secrets_in_it_are_private(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        state.record_processes({"web": os.getpid()})

        assert (tmp_path / "processes.json").stat().st_mode & 0o077 == 0
        with pytest.raises(Busy), State(tmp_path):
            pass
        with pytest.raises(Busy):
            remove(tmp_path)


def test_only_a_state_directory_is_ever_removed(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()

    with pytest.raises(Failed):
        remove(tmp_path)

    assert (tmp_path / "precious").exists()


# --- the supervisor ---------------------------------------------------------------
@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    supervisor = Supervisor(changed=lambda pids: None)
    yield supervisor
    supervisor.stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_what_keeps_dying_is_given_up_and_its_last_words_are_told(supervisor: Supervisor) -> None:
    supervisor.start(Process(name="doomed", argv=["sh", "-c", "echo no disk left; exit 3"], quiet=True))

    with pytest.raises(Failed, match=r"doomed keeps ending, now with 3\.\nno disk left"):
        supervisor.attend()


def test_a_command_is_run_to_its_end_and_its_code_is_returned(supervisor: Supervisor) -> None:
    assert supervisor.run(Process(name="command", argv=["sh", "-c", "exit 4"])) == 4
