"""One person, however the address is written (C12)."""

import pytest

from ssp.core.identity import canonical_email, identity_of
from ssp.core.links import hash_token, new_token, token_of


@pytest.mark.clause("C12")
@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Joanna.Pohl@Halden.example", "joanna.pohl@halden.example"),
        (" joanna.pohl+work@halden.example", "joanna.pohl@halden.example"),
        ("jo.anna.pohl@gmail.com", "joannapohl@gmail.com"),
        ("Jo.Anna.Pohl+x@googlemail.com", "joannapohl@gmail.com"),
    ],
)
def test_case_plus_tags_and_gmail_dots_make_no_new_person(written: str, canonical: str) -> None:
    assert canonical_email(written) == canonical
    assert identity_of(written) == identity_of(canonical)


@pytest.mark.clause("C12")
def test_dots_outside_gmail_tell_people_apart() -> None:
    assert identity_of("jo.pohl@halden.example") != identity_of("jopohl@halden.example")


def test_an_identity_can_not_be_computed_without_the_key(settings) -> None:
    before = identity_of("joanna@halden.example")
    settings.IDENTITY_HASH_KEY = "another key"
    assert identity_of("joanna@halden.example") != before


def test_a_link_is_the_same_at_every_retry_and_found_by_its_hash() -> None:
    salt, stored = new_token("confirmation")
    token = token_of("confirmation", salt)
    assert token == token_of("confirmation", salt)
    assert hash_token(token) == stored
    assert token_of("objection", salt) != token
    assert len(token) >= 22
