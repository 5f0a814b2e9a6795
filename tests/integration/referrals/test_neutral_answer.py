"""C12: nothing a partner can measure tells a person SeMI knows from one owned, barred, or lost in a race.

Each refusal is the same page, writes the same rows and does the same work, statement by statement. Clocks are
left to `bench/neutral_answer.py`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from partners.models import Partner
from partners.services.endings import end_partnerships, give_notice
from referrals import queries
from referrals.models import Referral
from referrals.rules import Person
from referrals.services import registration
from referrals.services.claims import object_to_contact
from referrals.services.contacts import import_known_contacts
from ssp.core.models import OutboxMessage
from tests.factories.referrals import active_partner, confirmed_warm, registered
from tests.integration.referrals.conftest import deliver_all, signed_in
from tests.mailserver import Inbox
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_monday"), pytest.mark.clause("C12")]
JANE = "jane@acme.example"
PERSON = {
    "first_name": "Jane", "last_name": "Doe", "email": JANE, "company_name": "Acme", "title": "Lead",
    "relation": "We worked together.", "agreed": "on",
}  # fmt: skip
CASE = {
    "title": "Search", "problem": "Nobody finds anything.", "data": "Manuals", "who_feels_it": "Support",
    "expected_value": "Two hours",
}  # fmt: skip


def known(monkeypatch: pytest.MonkeyPatch) -> None:
    content = f"email,first_name,last_name,company\n{JANE},Jane,Doe,Acme\n".encode()
    import_known_contacts(content=content, file_name="crm.csv", by=None, at=MONDAY)


def owned(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(active_partner("Leila Haddad"), email=JANE, first_name="Jane", last_name="Doe")


def barred(monkeypatch: pytest.MonkeyPatch) -> None:
    owned(monkeypatch)
    object_to_contact(referral=Referral.objects.get(email=JANE), at=MONDAY)


def known_and_owned(monkeypatch: pytest.MonkeyPatch) -> None:
    owned(monkeypatch)
    known(monkeypatch)


def owned_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """They changed employers under one address: nobody at Acme is known."""
    registered(active_partner("Leila Haddad"), email=JANE, company_name="Another")


def owned_by_who_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their partner left by notice, and a window keeps the claim: it is looked at, and holds (C12)."""
    before = MONDAY - timedelta(days=30)
    leaver = active_partner("Leila Haddad")
    case = confirmed_warm(
        registered(leaver, at=before, email=JANE, first_name="Jane", last_name="Doe", company_name="Acme")
    )
    assert case.window_ends_on is not None
    give_notice(partner=leaver, last_on=(MONDAY - timedelta(days=9)).date(), by=leaver.user, at=before)
    end_partnerships(at=MONDAY)
    deliver_all()
    assert Referral.objects.of_left_partners(at=MONDAY).filter(email=JANE).exists()


def lost_in_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rival's claim that is committed after everything was looked up, and before ours is inserted."""
    rival = active_partner("Leila Haddad")
    real = queries.what_semi_knew

    def looked_up_too_early(person: Person, **facts: Any) -> dict[str, object]:
        evidence = real(person, **facts)
        with unseen():
            Referral.objects.create(
                partner=rival,
                company=facts["company"],
                identity=facts["identity"],
                registered_at=MONDAY,
                registered_on=MONDAY.date(),
                registered_by=rival.user,
            )
        return evidence

    monkeypatch.setattr(registration.queries, "what_semi_knew", looked_up_too_early)


CAUSES: list[Callable[[pytest.MonkeyPatch], None]] = [
    known,
    owned,
    barred,
    known_and_owned,
    owned_elsewhere,
    owned_by_who_left,
    lost_in_a_race,
]


class Watch:
    """Notes each statement without its values; lists of values count as one."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.looks = True

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.looks:
            shape = re.sub(r"(%s(, )?)+", "%s", sql)
            self.statements.append(re.sub(r'"s\d+_x\d+"|s\d+_x\d+', "savepoint", shape))
        return execute(sql, params, many, context)


watch = Watch()


@contextmanager
def unseen() -> Iterator[None]:
    watch.looks = False
    yield
    watch.looks = True


def drafted(client: Client) -> Client:
    client.post("/referrals/new/", PERSON)
    client.post("/referrals/new/use-case/", CASE)
    return client


def refused(partner: Partner, cause: Callable[[pytest.MonkeyPatch], None]) -> dict[str, Any]:
    """Let a partner be refused for a cause, in a world of its own; return all that can be measured."""
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        cause(patch)
        client = drafted(signed_in(partner))
        OutboxMessage.objects.all().delete()
        watch.statements = []
        with connection.execute_wrapper(watch):
            answer = client.post("/referrals/new/send/")
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
        own = re.findall(r"/referrals/refusals/(\d+)/", page)  # each its own: the 100th is longer
        page = re.sub(r"/referrals/refusals/\d+/", "/referrals/refusals//", page)
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() not in ("x-request-id", "set-cookie", "content-security-policy")
        }
        headers["Content-Length"] = str(int(headers["Content-Length"]) - sum(map(len, own)))
        measured = {
            "status": answer.status_code,
            "page": re.sub(r'nonce="[^"]+"', "", page),
            "headers": headers,
            "cookies": sorted(answer.cookies),
            "statements": list(watch.statements),
            "owed": sorted(OutboxMessage.objects.values_list("kind", flat=True)),
        }
        transaction.set_rollback(True)
    return measured


def test_no_cause_can_be_told_from_another_and_each_did_look(ines: Partner) -> None:
    refused(ines, known)  # what is done once in a process is done
    measured = {cause.__name__: refused(ines, cause) for cause in CAUSES}
    first = measured["known"]
    assert "We can’t take this introduction" in first["page"]
    assert any("referrals_knowncontact" in each for each in first["statements"])
    assert sum(each.startswith("INSERT") for each in first["statements"]) >= 4
    for name in first:
        assert first[name], name
        assert {cause: each[name] == first[name] for cause, each in measured.items()} == dict.fromkeys(
            measured, True
        ), name


def test_an_early_refusal_would_be_seen(ines: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard off: who is known is refused before the claim is tried, as one would first write it."""
    real = registration.claim

    def hasty(**facts: Any) -> Referral:
        if facts["refused"]:
            raise registration.NotEligible
        return real(**facts)

    monkeypatch.setattr(registration, "claim", hasty)
    assert refused(ines, known)["statements"] != refused(ines, lost_in_a_race)["statements"]


@pytest.mark.parametrize("cause", [known, owned, barred])
def test_no_refusal_sends_a_mail(
    ines: Partner,
    cause: Callable[[pytest.MonkeyPatch], None],
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cause(monkeypatch)
    OutboxMessage.objects.all().delete()
    drafted(signed_in(ines)).post("/referrals/new/send/")
    deliver_all()
    assert not inbox.messages


def test_an_alert_changes_nothing_that_the_partner_sees(ines: Partner) -> None:
    """The refusal that makes a pattern is measured like the one before it."""
    known(pytest.MonkeyPatch())
    client, seen = drafted(signed_in(ines)), []
    for _ in range(5):
        watch.statements = []
        with connection.execute_wrapper(watch):
            client.post("/referrals/new/send/")
        seen.append(list(watch.statements))
        deliver_all()
    assert seen[1:] == [seen[1]] * 4
