"""File names that are safe to show, to save and to send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.filetypes import MAX_NAME, clean_name, ending_of


@pytest.mark.clause("C13")
@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("Deck 2027.pdf", "Deck 2027.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("deck\x00.pdf", "deck.pdf"),
        ('a"b\r\nSet-Cookie: x.pdf', "a-bSet-Cookie- x.pdf"),
        ("annexe\u202efdp.exe", "annexefdp.exe"),
        ("con.pdf", "con_.pdf"),
        ("Präsentation für Łódź.pptx", "Präsentation für Łódź.pptx"),
        ("Pra\u0308sentation.pptx", "Präsentation.pptx"),
        ("a  lot   of\tspace.pdf", "a lot ofspace.pdf"),
    ],
)
def test_a_name_is_cleaned(given_name: str, cleaned: str) -> None:
    assert clean_name(given_name) == cleaned


def test_a_long_name_keeps_its_ending() -> None:
    cleaned = clean_name("x" * 400 + ".pptx")

    assert len(cleaned) == MAX_NAME
    assert ending_of(cleaned) == ".pptx"


@given(st.text(max_size=300))
def test_no_name_leads_anywhere_else(name: str) -> None:
    cleaned = clean_name(name)

    assert 0 < len(cleaned) <= MAX_NAME
    assert not set(cleaned) & set('/\\:*?"<>|\r\n\x00\u202e')
    assert cleaned.strip(". ") == cleaned
    assert clean_name(cleaned) == cleaned
