"""Texts at rest: read with the key and the purpose they were written for, and with nothing else."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from ssp.core.sealing import seal, unseal


def test_what_was_sealed_is_read_again_and_shows_nothing_itself() -> None:
    sealed = seal("links", "https://chat.example/x")

    assert unseal("links", sealed) == "https://chat.example/x"
    assert "chat" not in sealed
    assert seal("links", "https://chat.example/x") != sealed


def test_nothing_stays_nothing() -> None:
    assert seal("links", "") == unseal("links", "") == ""


def test_another_purpose_or_key_opens_nothing(settings) -> None:
    sealed = seal("links", "https://chat.example/x")

    with pytest.raises(ImproperlyConfigured):
        unseal("tokens", sealed)
    settings.FIELD_ENCRYPTION_KEY = "another"
    with pytest.raises(ImproperlyConfigured):
        unseal("links", sealed)
