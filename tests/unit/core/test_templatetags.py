"""What pages and mails write: money, dates, deadlines, icons, fields."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template

from ssp.core import widgets
from ssp.core.templatetags import ssp

TODAY = date(2026, 11, 23)


def written(source: str, **context: object) -> str:
    return Template("{% load ssp %}" + source).render(Context({"today": TODAY, **context})).strip()


def tight(html: object) -> str:
    """The markup without the space around tags, which nobody sees."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", str(html))


# --- money and rates --------------------------------------------------------
@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234"), "EUR", "€1,234.00"),
        (Decimal("-500"), "EUR", "−€500.00"),
        (Decimal("1200"), "JPY", "¥1,200"),
        (Decimal("1.5"), "KWD", "KWD 1.500"),
        (Decimal("0"), "USD", "$0.00"),
    ],
)
def test_money_is_written_with_its_symbol_and_its_own_decimals(
    amount: Decimal, currency: str, text: str
) -> None:
    tag = written("{% money amount currency %}", amount=amount, currency=currency)

    assert tag == text
    assert written("{{ amount|money:currency }}", amount=amount, currency=currency) == text


def test_mixed_currencies_carry_the_code() -> None:
    assert written("{% money amount 'USD' code=True %}", amount=Decimal("-1200")) == "−USD 1,200.00"


def test_no_amount_is_nothing_rather_than_zero() -> None:
    assert written("{% money amount 'EUR' %}", amount=None) == ""


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (Decimal("10.00"), "10%"),
        (Decimal("12.50"), "12.5%"),
        (Decimal("100"), "100%"),
        (0, "0%"),
        (Decimal("-2.5"), "−2.5%"),
        (None, ""),
    ],
)
def test_rates_lose_needless_zeros_and_nothing_else(rate: Decimal | None, text: str) -> None:
    assert ssp.percent(rate) == text


# --- dates and times --------------------------------------------------------
def test_dates_are_written_out_and_never_as_numbers() -> None:
    assert ssp.day(date(2026, 12, 9)) == "9 Dec 2026"
    assert ssp.weekday_day(date(2026, 12, 9)) == "Wed 9 Dec 2026"


def test_an_instant_is_written_as_its_amsterdam_date_and_time() -> None:
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)

    assert ssp.day(late) == "1 Jul 2026"
    assert ssp.clock_time(late) == "00:30"


def test_a_date_in_a_page_is_readable_by_machines_too() -> None:
    page = written("{% date_tag on weekday=True %}", on=date(2026, 12, 9))

    assert page == '<time datetime="2026-12-09">Wed 9 Dec 2026</time>'


def test_no_date_is_nothing() -> None:
    assert written("{% date_tag on %}{{ on|day }}{{ on|weekday_day }}{{ on|days_left:today }}", on=None) == ""


def test_a_meeting_lasts_from_to_in_amsterdam() -> None:
    starts, ends = datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 14, 45, tzinfo=UTC)

    assert ssp.time_range(starts, ends) == "15:00 to 15:45"


@pytest.mark.parametrize(
    ("last_day", "left", "away", "urgency"),
    [
        (date(2026, 12, 24), "31 days left", "in 31 days", "calm"),
        (date(2026, 12, 23), "30 days left", "in 30 days", "soon"),
        (date(2026, 11, 27), "4 days left", "in 4 days", "soon"),
        (date(2026, 11, 26), "3 days left", "in 3 days", "last"),
        (date(2026, 11, 24), "1 day left", "in 1 day", "last"),
        (date(2026, 11, 23), "last day today", "today", "last"),
        (date(2026, 11, 22), "ended 1 day ago", "1 day ago", "last"),
        (date(2026, 11, 20), "ended 3 days ago", "3 days ago", "last"),
    ],
)
def test_the_last_day_is_inclusive_in_words_and_tone(
    last_day: date, left: str, away: str, urgency: str
) -> None:
    assert ssp.days_left(last_day, TODAY) == left
    assert ssp.in_days(last_day, TODAY) == away
    assert ssp.urgency(last_day, TODAY) == urgency


# --- the day meter ----------------------------------------------------------
@pytest.mark.clause("C2")
def test_the_window_meter_counts_days_and_marks_the_reminders() -> None:
    meter = ssp.deadline_meter(date(2026, 6, 9), date(2026, 12, 9), TODAY, "Window")

    assert (meter["total"], meter["gone"]) == (183, 167)
    assert meter["marks"] == [123, 153, 169, 180]
    assert meter["text"] == "16 days left, last day 9 Dec 2026"


@pytest.mark.clause("C12")
def test_the_claim_meter_has_no_marks() -> None:
    meter = ssp.deadline_meter(date(2026, 9, 28), date(2026, 11, 27), TODAY, "Claim", marks=False)

    assert (meter["total"], meter["gone"], meter["marks"]) == (60, 56, [])


@pytest.mark.parametrize(
    ("today", "gone"), [(date(2026, 1, 1), 0), (date(2027, 1, 1), 183), (date(2026, 6, 9), 0)]
)
def test_the_meter_never_leaves_its_track(today: date, gone: int) -> None:
    assert ssp.deadline_meter(date(2026, 6, 9), date(2026, 12, 9), today, "Window")["gone"] == gone


def test_a_period_of_no_days_still_has_a_track() -> None:
    assert ssp.deadline_meter(TODAY, TODAY, TODAY, "Window")["total"] == 1


def test_the_meter_speaks() -> None:
    page = written(
        "{% deadline starts ends today caption='Deal signed by' name=name %}",
        starts=date(2026, 6, 9),
        ends=date(2026, 12, 9),
        name="<Joanna>",
    )

    assert 'role="meter"' in page
    assert 'aria-label="Deal signed by: &lt;Joanna&gt;"' in page
    assert 'aria-valuetext="16 days left, last day 9 Dec 2026"' in page
    assert '<time datetime="2026-12-09">9 Dec 2026</time>' in page
    assert '<span class="days" data-urgency="soon">16 days left</span>' in page


# --- icons, addresses, people ------------------------------------------------
def test_icons_are_hidden_from_screen_readers_and_cannot_carry_markup() -> None:
    drawn = written("{% icon 'home' class=bad %}", bad='"><script>')

    assert 'aria-hidden="true"' in drawn
    assert "<script>" not in drawn


def test_an_address_that_does_not_exist_is_nothing() -> None:
    assert ssp.nav_url("nowhere:at_all") == ""
    assert ssp.nav_url("account_login").startswith("/")


def section(view_name: str, **context: object) -> str:
    request = SimpleNamespace(resolver_match=SimpleNamespace(view_name=view_name))
    source = "{% nav_link 'account_login' label icon='home' match='account_log* mfa_*' item='li' %}"
    return written(source, request=request, label="Sign <in>", **context)


@pytest.mark.parametrize("view_name", ["account_login", "account_logout", "mfa_index"])
def test_a_section_is_current_when_the_address_fits(view_name: str) -> None:
    assert 'aria-current="page"' in section(view_name)


def test_other_sections_are_not_current_and_labels_are_escaped() -> None:
    link = section("core:theme")

    assert "aria-current" not in link
    assert "Sign &lt;in&gt;" in link


def test_a_page_may_name_its_section_itself() -> None:
    assert "aria-current" in section("core:theme", nav="account_login")
    assert "aria-current" not in section("account_login", nav="mfa_index")


def test_a_section_without_an_address_is_left_out() -> None:
    assert written("{% nav_link 'nowhere:at_all' 'Nowhere' item='li' %}") == ""


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Sofie de Wit", "SW"), ("Ines Marchetti", "IM"), ("Cher", "C"), ("ada@semi.example", "A"), ("", "")],
)
def test_monograms(name: str, letters: str) -> None:
    assert ssp.initials(name) == letters


def test_unused_blocks_leave_no_gap_in_a_mail() -> None:
    assert ssp.tidy("\nHello\n\n\n  \n\nWhy\n--\nend \n\n") == "Hello\n\nWhy\n--\nend\n"


def test_a_tables_empty_heads_are_named_or_no_heads() -> None:
    table = ssp.heads_named('<tr><th class="original"></th><th>Role</th><th> </th></tr>')

    assert '<th class="original"><span class="visually-hidden">Row</span></th>' in table
    assert "<th>Role</th><td></td>" in table


def test_what_django_writes_itself_reads_like_the_rest() -> None:
    at = datetime(2026, 12, 9, 14, 5, tzinfo=UTC)

    assert written("{{ at }} · {{ on }}", at=at, on=at.date()) == "9 Dec 2026, 15:05 · 9 Dec 2026"


# --- forms ------------------------------------------------------------------
class Everything(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the <contract>.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    on = forms.DateField(widget=widgets.DateInput, initial=date(2026, 12, 9))
    country = forms.ChoiceField(choices=[("nl", "Netherlands")])
    proof = forms.FileField()
    medium = forms.ChoiceField(choices=[("video", "Video")], widget=forms.RadioSelect, label="How?")
    model = forms.ChoiceField(
        choices=[("x", "10%"), ("y", "25%")], widget=widgets.ChoiceList(hints={"x": "Up to 3 years."})
    )
    agreed = forms.BooleanField(label="They agreed")
    token = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("name", 'class="input"'),
        ("note", 'class="textarea"'),
        ("on", 'class="input"'),
        ("country", 'class="select"'),
        ("proof", 'class="file-input w-full"'),
        ("medium", 'class="radio"'),
        ("model", 'class="radio"'),
        ("agreed", 'class="checkbox"'),
    ],
)
def test_every_widget_gets_its_class_without_the_form_naming_one(field: str, expected: str) -> None:
    assert expected in str(Everything()[field])


def test_hidden_inputs_stay_plain() -> None:
    assert "class=" not in str(Everything()["token"])


def test_a_form_keeps_the_classes_it_names() -> None:
    class Narrow(forms.Form):
        code = forms.CharField(widget=forms.TextInput(attrs={"class": "font-mono"}))

    assert 'class="input font-mono"' in str(Narrow()["code"])


def test_no_placeholder_stands_in_for_a_label() -> None:
    class Foreign(forms.Form):
        code = forms.CharField(widget=forms.TextInput(attrs={"placeholder": "Code"}))

    assert "placeholder" not in str(Foreign()["code"])


def test_dates_fill_the_browsers_own_picker() -> None:
    assert 'type="date" name="on" value="2026-12-09"' in str(Everything()["on"])


def test_label_hint_problem_and_input_belong_together() -> None:
    field = tight(Everything({})["name"].as_field_group())

    assert '<label for="id_name">Name</label>' in field
    assert 'id="id_name_helptext">As on the &lt;contract&gt;.' in field
    assert 'id="id_name_error">' in field
    assert 'aria-describedby="id_name_helptext id_name_error"' in field
    assert 'aria-invalid="true"' in field
    assert field.index("id_name_helptext") < field.index("id_name_error") < field.index("<input")


def test_what_may_stay_empty_says_so_unless_it_is_a_filter() -> None:
    form = Everything()
    source = "{% include 'components/field.html' with field=field plain=plain only %}"

    assert "(optional)" in written(source, field=form["note"], plain=False)
    assert "(optional)" not in written(source, field=form["note"], plain=True)
    assert "(optional)" not in written(source, field=form["name"], plain=False)


def test_a_group_of_radios_is_a_fieldset_with_a_legend() -> None:
    field = tight(Everything({})["medium"].as_field_group())

    assert '<fieldset class="field" data-invalid aria-describedby="id_medium_error">' in field
    assert "<legend>How?</legend>" in field


def test_a_choice_with_a_consequence_says_it() -> None:
    field = Everything()["model"].as_field_group()

    assert '<label class="choice" for="id_model_0">' in field
    assert "<strong>10%</strong>" in field
    assert "Up to 3 years." in field


def test_the_error_summary_leads_to_each_field() -> None:
    page = written("{% include 'components/error_summary.html' with form=form only %}", form=Everything({}))

    assert "data-focus" in page
    assert '<a class="link-quiet" href="#id_name">Name: Fill this in.</a>' in page
    assert '<a class="link-quiet" href="#id_medium_0">How? Choose one.</a>' in page


def test_a_form_without_problems_has_no_summary() -> None:
    assert (
        written("{% include 'components/error_summary.html' with form=form only %}", form=Everything()) == ""
    )
