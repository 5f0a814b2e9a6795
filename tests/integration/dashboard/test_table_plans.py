"""The table's queries run along indexes, and never sort everything: read from PostgreSQL's own plans."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ssp.dashboard import table
from ssp.dashboard.filters import Filters
from tests.factories.referrals import active_partner
from tests.moments import MONDAY

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()
PEOPLE = 6_000
SEED = """
    SET LOCAL session_replication_role = replica;
    INSERT INTO referrals_company (name, domain, key)
    SELECT 'Company ' || md5(n::text), n || '.example', 'company ' || md5(n::text)
    FROM generate_series(1, 2000) n;
    INSERT INTO referrals_referral (
        partner_id, company_id, first_name, last_name, email, title, relation, name_key, identity, evidence,
        status, registered_at, registered_on, agreement_attested, registered_by_id, partner_confirmed_at,
        vested_at, claim_last_on, claim_ended_at, objection_salt)
    SELECT {partner}, (SELECT min(id) FROM referrals_company) + n % 2000, md5('f' || n), md5('l' || n),
           '', '', '', md5('k' || n), md5('i' || n), '{{}}',
           (ARRAY['registered', 'lapsed', 'warm', 'warm'])[1 + n % 4],
           now(), DATE '2026-11-23' - n % 400, true, {user}, now(), CASE WHEN n % 4 > 1 THEN now() END,
           CASE WHEN n % 4 < 2 THEN DATE '2026-11-23' + n % 60 END, CASE WHEN n % 4 = 1 THEN now() END, ''
    FROM generate_series(1, {people}) n;
    INSERT INTO referrals_usecase (
        partner_id, referral_id, title, problem, data, who_feels_it, expected_value, defined_at, model,
        model_locked_at, window_starts_on, window_ends_on, extended_months, outcome, is_decided)
    SELECT partner_id, id, md5('t' || id), '', '', '', '', now(), 'recurring',
           now(), CASE WHEN status = 'warm' THEN registered_on END,
           CASE WHEN status = 'warm' THEN (registered_on + interval '6 months')::date END,
           0, '', status = 'warm' AND id % 3 > 0
    FROM referrals_referral;
    SET LOCAL session_replication_role = DEFAULT;
    SELECT gin_clean_pending_list(indexrelid) FROM pg_stat_user_indexes
     WHERE indexrelname ~ '(name|title)_part$|name_like$';  -- as autovacuum would
    ANALYZE;
"""


@pytest.fixture
def many() -> None:
    """6,000 people, put straight into the tables: half of them met, most of those decided."""
    partner = active_partner()
    with connection.cursor() as cursor:
        cursor.execute(SEED.format(partner=partner.pk, user=partner.user_id, people=PEOPLE))


@pytest.fixture
def walking(many: None) -> None:
    """Of some thousand rows, half are read as soon as 26; of 100,000, they aren't."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")


@pytest.fixture
def few_are_no_excuse(many: None) -> None:
    """Some thousand rows are read whole before an index of names is asked; 100,000 aren't."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def plans_of(filters: Filters, *, after: str | None = None) -> list[list[dict[str, Any]]]:
    """Return the nodes of the plan of each query that a page takes, with what really came by."""
    with CaptureQueriesContext(connection) as made:
        table.page_of(filters, after=after, on=TODAY)
    found = []
    with connection.cursor() as cursor:
        for query in made.captured_queries:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"])
            found.append(list(nodes(cursor.fetchone()[0][0]["Plan"])))
    return found


def indexes_in(plans: list[list[dict[str, Any]]]) -> set[str]:
    return {node["Index Name"] for plan in plans for node in plan if "Index Name" in node}


def most_sorted(plans: list[list[dict[str, Any]]]) -> int:
    """Return how many rows went into the largest sort."""
    return max(
        (
            int(part["Actual Rows"] * part["Actual Loops"])
            for plan in plans
            for node in plan
            if node["Node Type"] in ("Sort", "Incremental Sort")
            for part in node["Plans"]
        ),
        default=0,
    )


def compared_one_by_one(plans: list[list[dict[str, Any]]]) -> set[str]:
    """Return the tables whose names are read and compared row by row, instead of being found."""
    return {
        node["Relation Name"]
        for plan in plans
        for node in plan
        if "~~" in node.get("Filter", "") and node["Node Type"] != "Bitmap Heap Scan"
    }


def place(pages: int) -> str:
    return table.page_of(Filters(), on=TODAY, size=table.PAGE * pages).next


@pytest.mark.usefixtures("walking")
@pytest.mark.parametrize("pages", [0, 60])
def test_a_page_walks_along_the_indexes_of_windows_and_claims(pages: int) -> None:
    """A page, early or late, reads hardly more than it shows."""
    plans = plans_of(Filters(), after=place(pages) if pages else None)

    indexes = indexes_in(plans)
    assert "use_case_undecided_by_end" in indexes
    assert indexes & {"referral_claims_by_end", "referral_claims_due"}
    assert most_sorted(plans) < 3 * table.PAGE


@pytest.mark.usefixtures("walking")
def test_without_its_indexes_a_page_sorts_everything() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX use_case_undecided_by_end, use_case_by_window_end, referral_claims_by_end")
        cursor.execute("DROP INDEX referral_claims_due")

    assert most_sorted(plans_of(Filters())) > 500


@pytest.mark.usefixtures("few_are_no_excuse")
@pytest.mark.parametrize("q", ["abc12", "abc12 def", "ab"])
def test_a_search_asks_the_trigrams_of_every_name(q: str) -> None:
    plans = plans_of(Filters(view="all", q=q))

    wanted = {
        "referral_by_name_part",
        "company_by_name_part",
        "partner_by_name_part",
        "use_case_by_title_part",
    }
    assert wanted <= indexes_in(plans)
    assert compared_one_by_one(plans) == set()
    assert most_sorted(plans) < 500


@pytest.mark.usefixtures("many")
def test_nothing_of_an_emptied_name_is_left_in_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(show_trgm(upper('')))")
        assert cursor.fetchone() == (0,)
