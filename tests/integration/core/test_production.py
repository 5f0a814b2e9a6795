"""What production asks of the settings, and what it answers to whom."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from django.test import Client, RequestFactory

ROOT = Path(__file__).resolve().parents[3]
NEEDED = dict.fromkeys(("SECRET_KEY", "IDENTITY_HASH_KEY", "FIELD_ENCRYPTION_KEY"), "x" * 60)


def under_production(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "SSP_ENV": "production",
        "SSP_ENV_FILE": os.devnull,
        **NEEDED,
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def test_production_refuses_debug() -> None:
    done = under_production("import ssp.settings", DEBUG="on")
    assert "ImproperlyConfigured" in done.stderr


def test_production_counts_the_proxy_in_front() -> None:
    done = under_production("from ssp import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)")
    assert done.stdout.strip() == "1"


def test_behind_the_proxy_each_visitor_has_limits_of_their_own(settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    request = RequestFactory().get(
        "/", REMOTE_ADDR="10.0.0.2", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    )
    assert get_adapter().get_client_ip(request) == "198.51.100.7"  # what the proxy saw, not what was claimed


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_a_probe_needs_no_name_of_ours(client: Client, settings, monkeypatch, path: str) -> None:
    monkeypatch.setattr("ssp.core.health.CHECKS", {"nothing": lambda: None})
    settings.ALLOWED_HOSTS = ["partners.example"]
    assert client.get(path, headers={"Host": "127.0.0.1:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "is_named"),
    [("https://partners.example", False), ("http://partners.example", True), ("http://127.0.0.1:8000", True)],
)
def test_a_deployment_check_wants_links_that_work(settings, address: str, is_named: bool) -> None:
    from ssp.core.checks import links_lead_home

    settings.SITE_URL = address
    assert ([error.id for error in links_lead_home(None)] == ["ssp.E001"]) is is_named
