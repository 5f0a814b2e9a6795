"""The house's own rules, kept by a tool instead of by memory."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[2]
OURS = {"core", "docusign", "partners", "referrals", "commissions", "dashboard"}


def tracked(*patterns: str) -> list[Path]:
    """Files git knows (or would add); outside a checkout, every file of those patterns."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = found.stdout.split("\n") if found.returncode == 0 else []
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_migration_of_ours_can_be_taken_back() -> None:
    stuck = [
        f"{app}.{name}: {operation.describe()}"
        for (app, name), migration in MigrationLoader(None).graph.nodes.items()
        if app in OURS
        for operation in migration.operations
        if not operation.reversible
    ]
    assert stuck == []


def test_files_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 500
    }
    assert long == {}


def test_pages_hold_no_inline_script_or_style() -> None:
    """Strict CSP (design.md, 9); e-mails and PDFs are no pages."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=[\"']|javascript:", re.I)
    guilty = [
        str(path.relative_to(ROOT))
        for path in tracked("templates/*.html", "templates/**/*.html")
        if "emails" not in path.parts and "email" not in path.parts and inline.search(path.read_text())
    ]
    assert guilty == []


def test_no_machine_and_no_registry_is_named() -> None:
    machine = re.compile(
        r"(?<![\w.~$}-])/(?:root|work|home)/[a-z]|https?://[\w.-]*(?:pypi|npmjs|pythonhosted)\.org"
    )
    guilty = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path in tracked()
        if path.suffix not in {".png", ".woff2"} and (hit := machine.search(path.read_text(errors="ignore")))
    ]
    assert guilty == []


def test_no_module_is_a_drawer() -> None:
    """Names say what a module is about; signals hide what calls what."""
    drawers = {"utils.py", "helpers.py", "signals.py", "common.py", "misc.py"}
    assert [str(p) for p in tracked("*.py") if p.name in drawers] == []
