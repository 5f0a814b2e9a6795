"""The table of introductions: what it finds, in which order, page by page, whatever the address says."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.http import QueryDict

from referrals.models import Deal, Referral, UseCase
from referrals.services.deals import lose_deal, update_deal, win_deal
from ssp.core.models import User
from ssp.dashboard import table
from ssp.dashboard.filters import COLUMNS, SORTS, VIEWS, Filters
from tests.factories.referrals import active_partner, confirmed_warm, registered, seller, use_case
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()


def found(**said: object) -> list[str]:
    page = table.page_of(Filters(**said), on=TODAY)  # type: ignore[arg-type]
    return [line.referral.last_name for line in page.lines]


def walked(filters: Filters, size: int) -> Iterator[tuple[int, int]]:
    after: str | None = None
    while True:
        page = table.page_of(filters, after=after, on=TODAY, size=size)
        yield from (line.place for line in page.lines)
        after = page.next
        if not after:
            return


@pytest.fixture
def seven() -> list[Referral]:
    """Two windows, four claims, one person without a use case; several end on one day."""
    tom = seller()
    ines = active_partner()
    people = [confirmed_warm(starts_at=MONDAY - timedelta(days=days)).referral for days in (40, 10)] + [
        registered(ines, at=MONDAY - timedelta(days=n % 2), last_name=f"Claim{n}") for n in range(4)
    ]
    use_case(ines, referral=people[-1], title="Another")
    UseCase.objects.filter(referral=people[2]).update(referral=None)
    Referral.objects.filter(pk=people[1].pk).update(seller=tom)
    return [person for person in people if person]


# --- the order ----------------------------------------------------------------------
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("sort", SORTS)
def test_pages_of_any_order_hold_every_row_once(seven: list[Referral], sort: str, down: bool) -> None:
    filters = Filters(view="all", sort=sort, descending=down)
    whole = [line.place for line in table.page_of(filters, on=TODAY, size=100).lines]

    assert len(whole) == len(set(whole)) == 7
    assert list(walked(filters, size=2)) == whole
    assert [line.place for line in table.every_line(filters, on=TODAY)] == whole


def test_what_ends_first_is_on_top_and_what_has_no_end_at_the_bottom(seven: list[Referral]) -> None:
    ended = seven[3]
    Referral.objects.filter(pk=ended.pk).update(status="lapsed", claim_ended_at=MONDAY)
    for down in (False, True):
        lines = table.page_of(Filters(view="all", descending=down), on=TODAY).lines
        days = [line.ends_on for line in lines[:-1] if line.ends_on]
        assert lines[-1].referral == ended
        assert days == sorted(days, reverse=down)
        assert len(days) == 6


@pytest.mark.parametrize("after", ["", "x", "2026-11-23.1", "2026-13-45.1.1", "-.1.0' --", "9" * 50, "-.0.0"])
def test_a_place_that_nobody_gave_out_is_the_first_page(seven: list[Referral], after: str) -> None:
    first = table.page_of(Filters(), on=TODAY, size=2)
    assert table.page_of(Filters(), after=after, on=TODAY, size=2).lines == first.lines


def test_the_place_goes_on_when_its_row_has_left_the_view(seven: list[Referral]) -> None:
    page = table.page_of(Filters(), on=TODAY, size=1)
    following = table.page_of(Filters(), after=page.next, on=TODAY, size=1)
    Referral.objects.filter(pk=page.lines[0].referral.pk).update(status="lapsed", claim_ended_at=MONDAY)

    again = table.page_of(Filters(), after=page.next, on=TODAY, size=1)

    assert again.lines[0].place == following.lines[0].place


def test_a_place_names_nobody(seven: list[Referral]) -> None:
    page = table.page_of(Filters(sort="person"), on=TODAY, size=1)
    assert page.next == f"-.{page.lines[0].referral.pk}.{page.lines[0].place[1]}"


# --- the search -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "q",
    [
        "müller",
        "Muller",
        "MÜL",
        "halden",
        "anouk",
        "claims",
        "anouk halden",
        "mü",
        "h",
        "retail müller triage",
    ],
)
def test_the_search_finds_each_word_in_person_company_partner_or_use_case(q: str) -> None:
    anouk = active_partner("Anouk Visser")
    person = registered(anouk, last_name="Müller", company_name="Halden Retail")
    use_case(anouk, referral=person, title="Claims triage")
    registered(last_name="Novak", company_name="Danubia")

    assert found(q=q) == ["Müller", "Müller"]


@pytest.mark.parametrize("q", ["halden novak", "%", "_", "üll%r", "' OR 1=1", "zz", "\\"])
def test_the_search_finds_nobody_by_what_isnt_there(q: str) -> None:
    registered(last_name="Müller", company_name="Halden Retail")
    assert found(q=q) == []


def test_a_search_that_finds_many_is_still_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "FOUND", 1)
    for name in ("Abel", "Abels", "Born"):
        registered(last_name=name)

    assert sorted(found(q="abel")) == ["Abel", "Abels"]
    assert found(q="abel born") == []


def test_nobody_is_found_by_the_name_of_a_removed_person() -> None:
    gone = registered(last_name="Popescu")
    gone.first_name = gone.last_name = gone.email = gone.title = gone.relation = ""
    gone.save()

    assert found(view="all", q="popescu") == []
    assert found(view="all") == [""]


# --- the filters ---------------------------------------------------------------------------
def test_filters_combine(seven: list[Referral]) -> None:
    tom = User.objects.get(full_name="Tom Brandt", referrals=seven[1])
    ids = {"seller": str(tom.pk), "partner": str(seven[1].partner_id)}

    assert found(**ids) == [seven[1].last_name]
    assert found(**ids, stage="warm", closing="60") == []
    assert found(**ids, stage="warm", introduced_from=TODAY - timedelta(days=10)) == [seven[1].last_name]
    assert found(**ids, introduced_until=TODAY - timedelta(days=11)) == []


def test_nobody_yet_finds_those_without_a_seller(seven: list[Referral]) -> None:
    assert len(found(seller="none")) == 5


def test_windows_that_close_are_found_by_how_soon() -> None:
    case = confirmed_warm(starts_at=MONDAY - timedelta(days=160))
    assert case.window_ends_on is not None
    left = case.window_ends_on - timedelta(days=10)
    for closing, on, hits in (("14", left, 1), ("3", left, 0), ("over", left + timedelta(days=11), 1)):
        page = table.page_of(Filters(closing=closing), on=on)
        assert len(page.lines) == hits, closing


def test_registered_from_and_until_count_both_days() -> None:
    registered(at=MONDAY, last_name="Today")
    assert found(registered_from=TODAY, registered_until=TODAY) == ["Today"]
    assert found(registered_from=TODAY + timedelta(days=1)) == []
    assert found(registered_until=TODAY - timedelta(days=1)) == []


def test_stages_are_those_of_the_deal_or_the_person() -> None:
    tom = seller()
    won, lost = confirmed_warm(), confirmed_warm()
    win_deal(deal=Deal.objects.get(use_case=won), signed_on=TODAY + timedelta(days=3), by=tom, at=LATE)
    lose_deal(deal=Deal.objects.get(use_case=lost), reason="No budget", by=tom, at=LATE)
    waiting = registered(last_name="Waiting")

    def people(stage: str) -> list[int]:
        page = table.page_of(Filters(view="all", stage=stage), on=TODAY)
        return [line.referral.pk for line in page.lines]

    assert people("won") == [won.referral_id]
    assert people("lost") == [lost.referral_id]
    assert people("registered") == [waiting.pk]


LATE = MONDAY + timedelta(days=9)


@pytest.mark.parametrize("view", VIEWS)
def test_the_number_of_a_view_is_that_of_its_rows(seven: list[Referral], view: str) -> None:
    filters = Filters(view=view)
    assert table.count_of(filters, on=TODAY) == len(table.page_of(filters, on=TODAY, size=100).lines)


def test_counting_stops_where_nobody_looks(seven: list[Referral]) -> None:
    assert table.count_of(Filters(view="all"), on=TODAY, at_most=3) == 4


# --- what decides a use case ----------------------------------------------------------------
def test_a_use_case_is_decided_with_its_deal_whatever_is_saved_over_it() -> None:
    tom, case = seller(), confirmed_warm()
    stale = UseCase.objects.get(pk=case.pk)
    deal = Deal.objects.get(use_case=case)
    update_deal(
        deal=deal,
        expected_net=None,
        expected_on=None,
        currency="EUR",
        customer_reference="",
        reseller_name="",
        by=tom,
        at=LATE,
    )
    case.refresh_from_db()
    assert not case.is_decided

    win_deal(deal=deal, signed_on=TODAY + timedelta(days=3), by=tom, at=LATE)
    stale.save()

    case.refresh_from_db()
    assert case.is_decided


# --- the address ---------------------------------------------------------------------------
def test_the_address_says_the_same_again() -> None:
    said = (
        "view=won&q=halden+r&seller=none&partner=7&stage=lost&closing=14&country=NL"
        "&introduced_from=2026-01-31&sort=-company&col=stage&col=role"
    )
    filters = Filters.read(QueryDict(said))

    assert Filters.read(QueryDict(filters.query)) == filters
    assert filters == Filters(
        view="won",
        q="halden r",
        seller="none",
        partner="7",
        stage="lost",
        closing="14",
        country="NL",
        introduced_from=date(2026, 1, 31),
        sort="company",
        descending=True,
        columns=("stage", "role"),
    )


@pytest.mark.parametrize(
    "said",
    [
        "view=x&seller=1x&partner=-1&stage=%00&closing=9&country=nl&sort=--ends&col=password",
        "seller=" + "9" * 40,
        "introduced_from=2026-02-30&registered_until=yesterday",
        "partner=%D9%A1&seller=%C2%B2",
    ],
)
def test_what_cant_be_understood_counts_as_not_said(said: str) -> None:
    assert Filters.read(QueryDict(said)) == Filters()


def test_clearing_the_filters_keeps_view_order_and_columns() -> None:
    filters = Filters(view="won", q="x", sort="company", columns=tuple(COLUMNS))
    assert filters.cleared == Filters(view="won", sort="company", columns=tuple(COLUMNS))
