"""What goes to production: the image, the compose file, and each service's own command at work.

There may be no Docker engine where this runs, so the commands are taken from docker-compose.yml and started
without one, under production settings, on the test run's PostgreSQL and Redis.
"""

import http.client
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ssp.sandbox.stack.processes import ROOT, die_with_parent
from tests.mailserver import Inbox, MailServer
from tests.queues import a_queue
from tests.running import a_free_port, an_empty_database, clean_environment, eventually, get

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
FROM_THE_PROXY = {"Host": "partners.example", "X_Forwarded_Proto": "https"}
INVITE = """
from ssp.core import clock, staff
from ssp.core.models import User
from ssp.core.roles import Role
staff.invite_staff(email="seller@semi.example", full_name="A Seller", role=Role.SALES,
                   by=User.objects.get(), at=clock.now())
"""


def waits_for(service: str) -> dict[str, str]:
    return {name: rule["condition"] for name, rule in SERVICES[service].get("depends_on", {}).items()}


# --- the shape ----------------------------------------------------------------
def test_the_services_are_those_of_the_architecture() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS}


@pytest.mark.parametrize("service", OURS)
def test_our_services_run_without_privileges(service: str) -> None:
    described = SERVICES[service]

    assert described["user"].split(":")[0] not in {"0", "root"}
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_nothing_starts_before_the_database_is_migrated(service: str) -> None:
    assert waits_for(service) == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }
    assert waits_for("migrate") == {"postgres": "service_healthy"}


@pytest.mark.parametrize("service", ["postgres", "redis", "web", "worker"])
def test_services_that_can_be_asked_say_whether_they_are_healthy(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]


def test_no_secret_is_committed() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", name):
                assert value.startswith("${"), name
    assert subprocess.run(
        ["git", "check-ignore", "-q", ".env.production"], cwd=ROOT, check=False
    ).returncode in {0, 128}


def test_the_image_is_built_in_stages_and_does_not_run_as_root() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    last_stage = dockerfile[dockerfile.rindex("\nFROM ") :]

    assert len(re.findall(r"^FROM ", dockerfile, re.MULTILINE)) == 3
    assert re.search(r"^USER (?!0|root)", last_stage, re.MULTILINE)
    assert "--require-hashes" in dockerfile
    assert "collectstatic" in last_stage
    assert re.search(r"^HEALTHCHECK ", last_stage, re.MULTILINE)
    assert re.search(r"^CMD (\[.+\])$", last_stage, re.MULTILINE)[1] == _as_json(SERVICES["web"]["command"])  # type: ignore[index]


def _as_json(command: list[str]) -> str:
    return "[" + ", ".join(f'"{part}"' for part in command) + "]"


def test_the_stand_ins_stay_out_of_the_image() -> None:
    assert "ssp/sandbox" in (ROOT / ".dockerignore").read_text().splitlines()


def test_each_variable_of_the_settings_is_explained() -> None:
    read = set(re.findall(r'(?:env\.\w+|secret)\(\s*"([A-Z_]+)"', (ROOT / "ssp/settings.py").read_text()))
    explained = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs/operations.md").read_text()))

    assert read - explained == set()


# --- at work --------------------------------------------------------------------
@dataclass
class Production:
    """The application's services, started by their own commands under production settings."""

    env: dict[str, str]
    folder: Path
    inbox: Inbox
    running: dict[str, "subprocess.Popen[bytes]"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['PORT']}"

    def finish(self, *command: str, **env: str) -> str:
        done = subprocess.run(
            command, cwd=ROOT, env=self.env | env, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, service: str) -> None:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.running[service] = subprocess.Popen(
                [part.replace("/tmp/", f"{self.folder}/") for part in SERVICES[service]["command"]],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(30)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    mail = MailServer()
    mail.start()
    port = a_free_port()
    with an_empty_database() as database:
        env = clean_environment() | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SSP_ENV_FILE": os.devnull,
            "SSP_ENV": "production",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "IDENTITY_HASH_KEY": secrets.token_urlsafe(48),
            "FIELD_ENCRYPTION_KEY": secrets.token_urlsafe(48),
            "ALLOWED_HOSTS": "partners.example,127.0.0.1",
            "SITE_URL": "https://partners.example",
            "SEMI_ADDRESS": "Keizersgracht 1\\n1015 CJ Amsterdam",
            "SEMI_VAT_NUMBER": "NL000000000B01",
            "DATABASE_URL": database,
            **a_queue(9),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
            "MEDIA_ROOT": str(folder / "files"),
            "STATIC_ROOT": str(folder / "static"),
            "BEAT_TICK_SECONDS": "1",
            "PORT": str(port),
            "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",  # not on every address of this machine
        }
        services = Production(env, folder, mail.inbox, {})
        try:
            services.finish(*SERVICES["migrate"]["command"])
            services.finish("python", "manage.py", "collectstatic", "--noinput", "--ignore", "src")
            for name in ("web", "worker", "beat"):
                services.start(name)
            yield services
        finally:
            services.stop()
            mail.stop()


def test_the_site_is_ready_when_database_queue_and_worker_answer(production: Production) -> None:
    eventually(lambda: get(f"{production.url}/readyz", **FROM_THE_PROXY)[0] == 200, what="/readyz")

    assert get(f"{production.url}/healthz", **FROM_THE_PROXY) == (200, '{"status": "ok"}')


def test_a_page_is_served_with_its_static_files(production: Production) -> None:
    eventually(lambda: get(f"{production.url}/healthz")[0] == 200, what="/healthz")

    status, page = get(f"{production.url}/accounts/login/", **FROM_THE_PROXY)
    static_files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert status == 200
    assert static_files
    assert {get(production.url + path, **FROM_THE_PROXY)[0] for path in static_files} == {200}


def test_plain_http_is_sent_to_https_and_a_foreign_host_is_refused(production: Production) -> None:
    eventually(lambda: get(f"{production.url}/healthz")[0] == 200, what="/healthz")

    connection = http.client.HTTPConnection("127.0.0.1", int(production.env["PORT"]), timeout=10)
    connection.request("GET", "/", headers={"Host": "partners.example"})
    answer = connection.getresponse()
    connection.close()

    assert (answer.status, answer.headers["Location"]) == (301, "https://partners.example/")
    assert get(f"{production.url}/", Host="evil.example", X_Forwarded_Proto="https")[0] == 400


def test_what_a_nudge_missed_is_found_by_beat_and_done_by_the_worker(production: Production) -> None:
    """The whole way: a row in the outbox, beat's tick through Redis, the worker, a mail over SMTP."""
    create = ("create_administrator", "boss@semi.example", "--name", "Boss", "--password-from-stdin")
    subprocess.run(
        ["python", "manage.py", *create],
        cwd=ROOT,
        env=production.env,
        input=b"a long enough secret\n",
        check=True,
    )

    production.finish("python", "manage.py", "shell", "-c", INVITE, REDIS_URL="redis://127.0.0.1:1/0")

    (mail,) = eventually(lambda: production.inbox.to("seller@semi.example"), what="the invitation")
    assert "https://partners.example/" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize("service", ["web", "worker"])
def test_the_health_check_of_a_service_finds_it_healthy(production: Production, service: str) -> None:
    eventually(lambda: get(f"{production.url}/readyz", **FROM_THE_PROXY)[0] == 200, what="/readyz")
    kind, *command = SERVICES[service]["healthcheck"]["test"]

    assert kind == "CMD"
    production.finish(*(part.replace(":8000/", f":{production.env['PORT']}/") for part in command))


def test_django_has_no_objection_to_the_deployment(production: Production) -> None:
    found = production.finish("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert "no issues (0 silenced)" in found


def test_production_refuses_the_sandbox_and_missing_secrets(production: Production) -> None:
    for wrong, complaint in (({"SSP_SANDBOX": "on"}, "SSP_SANDBOX"), ({"SECRET_KEY": ""}, "SECRET_KEY")):
        done = subprocess.run(
            ["python", "manage.py", "check"],
            cwd=ROOT,
            env=production.env | wrong,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode != 0
        assert (
            f"ImproperlyConfigured: {complaint}" in done.stderr or complaint in done.stderr.splitlines()[-1]
        )
