"""What is measured, a chapter a module, each with its SUBJECTS."""

from importlib import import_module
from importlib.util import find_spec

from bench.measuring import Subject

CHAPTERS = {  # the module, and what it can't do without
    "check": "referrals.similar_names",
    "table": "ssp.dashboard.table",
    "records": "ssp.dashboard.records",
}


def every_subject() -> list[Subject]:
    """Return all subjects, chapter by chapter."""
    modules = [import_module(f"{__name__}.{name}") for name, needs in CHAPTERS.items() if find_spec(needs)]
    return [subject for module in modules for subject in module.SUBJECTS]
