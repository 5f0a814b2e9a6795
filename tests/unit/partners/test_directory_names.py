"""Names as the directory sorts, searches and addresses them (C16)."""

import pytest

from partners.rules import fold, search_of, slug_of, sort_name_of

pytestmark = pytest.mark.clause("C16")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Leila Haddad", "leila-haddad"),
        ("Siri Nygård", "siri-nygard"),
        ("Wrocław & Søn", "wroclaw-son"),
        ("  O'Neill,  J.  ", "o-neill-j"),
        ("李小龙", "partner"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_name_becomes_an_address(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_long_name_becomes_a_short_address() -> None:
    assert len(slug_of("Anna-Maria " * 30)) <= 60


def test_names_are_sorted_by_their_last_word() -> None:
    names = ["Karl Jensen", "Leila Haddad", "Émile Zola", "Bram de Jong"]
    assert sorted(names, key=sort_name_of) == ["Leila Haddad", "Karl Jensen", "Bram de Jong", "Émile Zola"]


def test_a_comma_means_or() -> None:
    assert search_of("Documents, search or claims") == "documents or search or claims"


def test_accents_and_case_make_no_difference() -> None:
    assert fold("NYGÅRD Straße") == "nygard strasse"
