"""docs/states.md is drawn from the models, and current."""

import pytest
from django.core.management import CommandError, call_command

from ssp.core import states


def test_the_drawn_states_are_current() -> None:
    call_command("write_states", check=True)


def test_a_stale_page_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "page", lambda: "another machine")

    with pytest.raises(CommandError, match="write_states"):
        call_command("write_states", check=True)


def test_every_state_machine_is_drawn() -> None:
    drawn = {model.__name__ for model, _field in states.machines()}

    assert {"Application", "Contract", "Envelope"} <= drawn
