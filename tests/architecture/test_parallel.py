"""The test run's own division of work: it went unnoticed once that nothing was grouped any more."""

import os
import subprocess
import sys
from pathlib import Path

from ssp.sandbox.stack.processes import ROOT

WHERE = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    (Path(__file__).parent / f"by-{os.environ['PYTEST_XDIST_WORKER']}-{number}").touch()
"""


def test_tests_that_share_an_installation_are_run_by_one_worker(tmp_path: Path) -> None:
    for directory in ("functional", "unit"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / f"test_{directory}.py").write_text(WHERE)
    options = ["-p", "tests.parallel", "-p", "no:randomly", "-p", "no:django", "-p", "no:cacheprovider"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--numprocesses=2", "-c", os.devnull, *options, tmp_path],
        env=env | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=True,
        timeout=60,
    )

    by = [path.name.split("-")[1] for path in (tmp_path / "functional").glob("by-*")]
    assert len(by) == 6
    assert len(set(by)) == 1  # ungrouped, each worker begins with two of them
