"""Whatever order news of an envelope comes in, twice, late or never: the end is that of the ordered run (C6).

One history is what really happens at DocuSign, step by step. It is played twice: once with every message
heard at once and in order, and once with messages lost, doubled, late and shuffled, with polls in between and
workers that die half-way. A last poll is the safety net of both. Then the database says the same.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.models import Contract, ContractStatus, Partner
from partners.services.envelopes import resend_contract
from partners.services.signature import void_envelope
from partners.tasks import follow_envelopes
from ssp.core import clock
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from ssp.docusign.client import EnvelopeState
from ssp.docusign.models import ConnectEvent
from tests.factories.partners import ApplicantFactory, ContractFactory, PartnerFactory
from tests.integration.partners.conftest import Courier, approve_twice, deliver_kind
from tests.moments import MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.clause("C6"), pytest.mark.usefixtures("at_monday")]

ENDS = {
    "sign": (EnvelopeState.COMPLETED, "envelope-completed"),
    "decline": (EnvelopeState.DECLINED, "envelope-declined"),
    "expire": (EnvelopeState.VOIDED, "envelope-voided"),
    "void": (EnvelopeState.VOIDED, "envelope-voided"),
}
LIVES = st.tuples(st.booleans(), st.sampled_from(sorted(ENDS)))
# At most three envelopes: all but the last end so that another may be sent.
HISTORIES = st.tuples(
    st.lists(st.tuples(st.booleans(), st.sampled_from(["expire", "void"])), max_size=2), LIVES
).map(lambda parts: [*parts[0], parts[1]])
# What the road does with one message: how often it comes, how many steps late, and whether the worker dies.
ROADS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.booleans()), min_size=14, max_size=14)
POLLS = st.lists(st.booleans(), min_size=14, max_size=14)
PERFECT = [(1, 0, False)] * 14
LOST = [(0, 0, False)] * 14


class World:
    """One contract, one DocuSign, and the road between them."""

    def __init__(
        self, approved: Contract, courier: Courier, roads: list[tuple[int, int, bool]], polls: list[bool]
    ) -> None:
        self.courier, self.roads, self.polls = courier, list(roads), list(polls)
        self.late: list[tuple[int, str, str, bool]] = []
        self.step = self.told = 0
        self.contract = Contract.objects.get(pk=approved.pk)
        self.director = User.objects.with_role(Role.DIRECTOR).order_by("pk")[0]

    # --- what really happens ----------------------------------------------------------
    def live(self, history: list[tuple[bool, str]]) -> None:
        for number, (is_opened, end) in enumerate(history):
            if number:
                self._come_to_rest()
                resend_contract(contract=self.contract, by=self.director, at=MONDAY)
            self._send()
            envelope_id = f"envelope-{number}"
            self._happens(envelope_id, "envelope-sent")
            if is_opened:
                self.courier.states[envelope_id] = EnvelopeState.DELIVERED
                self._happens(envelope_id, "envelope-delivered")
            self._end(envelope_id, end)
        self._come_to_rest()
        while self.late:  # what comes even later than the poll, of old envelopes too
            self._arrive(self.late.pop())
        self._come_to_rest()

    def _send(self) -> None:
        dies = self._road()[2]
        if dies:
            with self._dying("partners.services.envelopes.note_sent"):
                deliver_kind("partners.send_envelope")
        deliver_kind("partners.send_envelope")

    def _end(self, envelope_id: str, end: str) -> None:
        state, event = ENDS[end]
        self.courier.moment = MONDAY - timedelta(minutes=1)
        reasons = {"expire": "Envelope has expired.", "decline": "The cap is too short."}
        self.courier.reason = reasons.get(end, "")
        if end == "void":
            void_envelope(contract=self.contract, reason="Wrong cap", by=self.director, at=MONDAY)
            if self._road()[2]:  # DocuSign voids it, and the worker dies before it is written down
                with self._dying("partners.services.signature.take_in"):
                    deliver_kind("partners.void_envelope")
            deliver_kind("partners.void_envelope")
        else:
            self.courier.states[envelope_id] = state
        self._happens(envelope_id, event)

    # --- the road ---------------------------------------------------------------------
    def _road(self) -> tuple[int, int, bool]:
        return self.roads.pop() if self.roads else (1, 0, False)

    def _happens(self, envelope_id: str, event: str) -> None:
        self.step += 1
        times, steps, dies = self._road()
        for number in range(1, times + 1):
            self.late.append((self.step + steps * number, envelope_id, event, dies))
        for message in [each for each in self.late if each[0] <= self.step]:
            self.late.remove(message)
            self._arrive(message)
        if self.polls and self.polls.pop():
            self._poll()

    def _arrive(self, message: tuple[int, str, str, bool]) -> None:
        _due, envelope_id, event, dies = message
        self.told += 1
        told = ConnectEvent.objects.create(
            envelope_id=envelope_id,
            event=event,
            generated_at=MONDAY,
            received_at=MONDAY,
            body_digest=f"{self.contract.pk}-{self.told}",
        )
        now = clock.wall()
        OutboxMessage.objects.create(
            kind="docusign.event",
            key=f"connect:{told.body_digest}",
            payload={"event_id": told.pk},
            created_at=now,
            next_try_at=now,
        )
        if dies:
            with self._dying("partners.services.starting.take_slot"):
                deliver_kind("docusign.event")
        deliver_kind("docusign.event")

    def _poll(self) -> None:
        self.contract.envelopes.update(polled_at=clock.wall() - timedelta(minutes=15))
        follow_envelopes()

    def _come_to_rest(self) -> None:
        deliver_kind("docusign.event")
        self._poll()
        self.contract.refresh_from_db()

    @contextmanager
    def _dying(self, where: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(where, lambda *args, **kwargs: 1 / 0)
            yield

    # --- what is left -------------------------------------------------------------------
    def remains(self) -> dict[str, Any]:
        """Return everything that counts, without the keys that differ between two worlds."""
        contract = Contract.objects.get(pk=self.contract.pk)
        partner = Partner.objects.get(pk=contract.partner_id)
        envelopes = list(contract.envelopes.order_by("pk"))
        owed = OutboxMessage.objects.exclude(kind="docusign.event").values_list("kind", "key")
        audited = AuditEntry.objects.exclude(action="envelope.delivered").values_list("action", flat=True)
        return {
            "contract": (contract.status, contract.version, contract.signed_at, contract.returned_reason),
            "partner": (partner.started_at, partner.bonus_slot, sorted(partner.user.roles)),
            "envelopes": [(each.status, each.closed_at, each.close_reason) for each in envelopes],
            "documents": Counter(contract.documents.values_list("kind", "version")),
            "owed": Counter(kind for kind, _key in owed),
            "audited": Counter(audited),
            "sent": len(self.courier.sent),
        }


@pytest.fixture
def approved() -> Contract:
    """A recruit's contract, approved twice: where every world begins."""
    contract = ContractFactory(partner=ApplicantFactory(recruiter=PartnerFactory()))
    approve_twice(contract)
    return contract


def play(
    approved: Contract,
    history: list[tuple[bool, str]],
    roads: list[tuple[int, int, bool]] = PERFECT,
    polls: Sequence[bool] = (),
) -> dict[str, Any]:
    """Play a history over that road in a world of its own; return what is left of it, and forget it."""
    courier = Courier()
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr("partners.handlers_docusign.signing_service", lambda: courier)
        patch.setattr("partners.tasks.signing_service", lambda: courier)
        patch.setattr("partners.documents.render_contract", lambda contract, approvals: b"%PDF-1.7 quick")
        patch.setattr("ssp.core.outbox.log", Mock())  # writing tracebacks takes longer than all the rest
        world = World(approved, courier, roads, list(polls))
        world.live(history)
        remains = world.remains()
        transaction.set_rollback(True)
    return remains


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=HISTORIES, roads=ROADS, polls=POLLS)
def test_any_road_leads_to_the_end_of_the_ordered_run(
    approved: Contract,
    history: list[tuple[bool, str]],
    roads: list[tuple[int, int, bool]],
    polls: list[bool],
) -> None:
    assert play(approved, history, roads, polls) == play(approved, history)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("sign", ContractStatus.SIGNED),
        ("decline", ContractStatus.DRAFT),
        ("expire", ContractStatus.UNSIGNED),
        ("void", ContractStatus.UNSIGNED),
    ],
)
def test_the_ordered_run_ends_where_the_programme_says(approved: Contract, end: str, status: str) -> None:
    remains = play(approved, [(True, "expire"), (True, end)])

    assert remains["contract"][0] == status
    assert remains["sent"] == 2


def test_a_road_that_loses_everything_is_walked_by_the_poll(approved: Contract) -> None:
    assert play(approved, [(False, "sign")], LOST) == play(approved, [(False, "sign")])


def test_the_comparison_notices_a_signature_that_nobody_heard_of(
    approved: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "_poll", lambda self: None)

    assert play(approved, [(False, "sign")], LOST) != play(approved, [(False, "sign")])
