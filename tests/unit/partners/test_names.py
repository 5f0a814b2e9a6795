"""Names as they are compared (C22)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from partners.rules import folded_legal_name, folded_person

pytestmark = pytest.mark.clause("C22")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vos & Partners B.V.", "VOS PARTNERS"),
        ("Marchetti Advisory S.r.l.", "Marchetti Advisory"),
        ("Müller Beratung GmbH & Co. KG", "Muller Beratung"),
        ("Łódź Data sp. z o.o.", "Lodz Data Sp z o o"),
        ("O'Neill Ltd.", "ONeill Limited"),
    ],
)
def test_case_accents_and_legal_form_make_no_other_firm(one: str, other: str) -> None:
    assert folded_legal_name(one) == folded_legal_name(other)


def test_another_word_is_another_firm() -> None:
    assert folded_legal_name("Vos & Partners") != folded_legal_name("Vos & Daughters")


def test_a_firm_that_is_called_like_a_legal_form_keeps_its_name() -> None:
    assert folded_legal_name("SAS AB") == "sas ab"


@pytest.mark.parametrize("other", ["Vos, Piéter", "PIETER  VOS", "pieter vos"])
def test_a_name_is_the_same_in_any_order_and_spelling(other: str) -> None:
    assert folded_person(other) == folded_person("Pieter Vos")


def test_letters_of_another_typeface_are_no_other_name() -> None:
    assert folded_person("𝕻𝖎𝖊𝖙𝖊𝖗 Ｖｏｓ") == folded_person("Pieter Vos")


@given(st.text())
@example("𝕬")
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded_person(folded_person(text)) == folded_person(text)
