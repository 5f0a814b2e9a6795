"""What each process is told: our own parts first, replaced one by one by what the person set."""

import os
from collections.abc import MutableMapping
from pathlib import Path

import environ

from ssp.sandbox import slack
from ssp.sandbox.keys import ensure_keys
from ssp.sandbox.stack.processes import ROOT
from ssp.sandbox.stack.state import State

# What `./dev manage` needs to reach an active run.
SHARED = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "EMAIL_URL", "SITE_URL", "PORT")
SHARED_PREFIXES = ("SSP_", "DOCUSIGN_", "SLACK_", "SANDBOX_")


def read(*, test: bool) -> dict[str, str]:
    """Return the environment with `.env` beneath it; tests do not listen to a person's `.env`."""
    file = Path(os.environ.get("SSP_ENV_FILE") or ROOT / ".env")
    if file.is_file() and not test:
        environ.Env.read_env(file)
    own = {
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "ssp.settings",
        "SSP_ENV": "test" if test else "development",
        "SSP_SANDBOX": "on",
    }
    return {**os.environ, **own}


def add_sandbox(env: MutableMapping[str, str], state: State) -> None:
    """Point mail and signing at the local stand-ins, unless the person named the real ones."""
    port = int(env.setdefault("PORT", "8000"))
    env.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
    env["SSP_STATE"] = str(state.path)
    ports = state.ports("oauth", "api", "smtp")
    for name, number in ports.items():
        env[f"SANDBOX_{name.upper()}_PORT"] = str(number)
    env["SSP_SANDBOX_URL"] = f"http://127.0.0.1:{ports['api']}"
    env.setdefault("EMAIL_URL", f"smtp://127.0.0.1:{ports['smtp']}")
    if not any(name.startswith("DOCUSIGN_") for name in env):
        env.update(ensure_keys(state.path, oauth_port=ports["oauth"], api_port=ports["api"], web_port=port))
    if not any(name.startswith("SLACK_") for name in env):
        env["SLACK_API_URL"] = f"{env['SSP_SANDBOX_URL']}{slack.API_PATH}"
        env["SLACK_BOT_TOKEN"] = slack.BOT_TOKEN


def shared(env: MutableMapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in env.items() if k in SHARED or k.startswith(SHARED_PREFIXES)}
