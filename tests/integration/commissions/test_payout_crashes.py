"""A process is killed before every statement of a payout, and before and after its commit; another goes on.

The children are forks with a connection of their own, which kill themselves with SIGKILL: nobody cleans up.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from commissions import payment_files, payouts, statement_papers, statements
from commissions.errors import NothingToPay, PayoutSettled, RunAlreadyDecided
from commissions.invariants import INVARIANTS
from commissions.models import (
    BankDetails,
    PaymentFile,
    Payout,
    PayoutEntry,
    PayoutRun,
    Statement,
    StatementFile,
    StatementLine,
)
from ssp.core.models import AuditEntry, OutboxMessage, User
from ssp.core.roles import Role
from tests.factories.commissions import bank_details
from tests.factories.core import UserFactory
from tests.factories.partners import PartnerFactory
from tests.integration.commissions.test_payouts import AT, ON, earns

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.clause("C5"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]
WRITTEN: tuple[type[Model], ...] = (
    PayoutRun,
    Payout,
    PayoutEntry,
    PaymentFile,
    Statement,
    StatementLine,
    StatementFile,
    AuditEntry,
    OutboxMessage,
)
Work = Callable[[], object]


class Life:
    """Two partners with something to be paid and the people who pay them, whichever process looks."""

    def __init__(self) -> None:
        self.nadia = UserFactory(roles=[Role.FINANCE])
        self.willem = UserFactory(roles=[Role.DIRECTOR])
        self.partners = [PartnerFactory(display_name=name) for name in ("Alma", "Bo")]
        for partner in self.partners:
            earns(partner, "1000")
            earns(partner, "500")

    @staticmethod
    def run() -> PayoutRun:
        return PayoutRun.objects.latest("pk")

    def prepare(self) -> object:
        return payouts.prepare_payout_run(currency="EUR", by=self.nadia, at=AT)

    def approve(self) -> object:
        return payouts.approve_payout_run(run=self.run(), by=self.willem, at=AT)

    def take_file(self) -> object:
        return payment_files.take_sepa_file(run=self.run(), by=self.nadia, at=AT)

    def mark_one(self) -> object:
        first = self.run().payouts.order_by("pk").first()
        assert first is not None
        return payouts.mark_paid(payout=first, paid_on=ON, by=self.nadia, at=AT)

    def mark_other_failed(self) -> object:
        last = self.run().payouts.order_by("pk").last()
        assert last is not None
        return payouts.mark_failed(payout=last, reason="Account closed", by=self.nadia, at=AT)

    def one_comes_back(self) -> object:
        first = self.run().payouts.order_by("pk").first()
        assert first is not None
        return payouts.mark_returned(payout=first, returned_on=ON, reason="AC04", by=self.nadia, at=AT)

    def mark_all(self) -> object:
        return payouts.mark_run_paid(run=self.run(), paid_on=ON, by=self.nadia, at=AT)

    def change_account(self) -> object:
        return bank_details(self.partners[0], number="DE89370400440532013000", at=AT)


@pytest.fixture
def life(monkeypatch: pytest.MonkeyPatch) -> Life:
    monkeypatch.setattr(payment_files, "try_valid_xml", lambda *_: None)  # a second, and no statement
    # Neither is a PDF one, and the threads that set it don't come along into a fork.
    monkeypatch.setattr(statement_papers, "render", lambda facts: facts["number"].encode())
    return Life()


class Killer:
    """Counts the statements of a child, and kills it before the one it was told, or around the commit."""

    def __init__(self, before: int, *, commit_each: bool = False) -> None:
        self.left, self.commit_each = before, commit_each

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.step()
        done = execute(sql, params, many, context)
        if self.commit_each and connection.in_atomic_block:
            assert connection.connection is not None
            connection.connection.commit()  # as if there were no transaction
        return done

    def step(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def commits(self, commit: Callable[[], None]) -> Callable[[], None]:
        def watched() -> None:
            self.step()  # all is written, nothing committed
            commit()
            self.step()  # committed, and nobody told: no nudge, no answer

        return watched


def killed(work: Work, *, before: int, commit_each: bool = False) -> bool:
    """Do `work` in a child that dies before its n-th step; tell whether it died rather than finished."""
    child = os.fork()
    if child == 0:
        try:
            connection.connection = None  # the parent's socket stays the parent's
            connection.ensure_connection()
            killer = Killer(before, commit_each=commit_each)
            connection._commit = killer.commits(connection._commit)  # type: ignore[method-assign]
            with connection.execute_wrapper(killer):
                work()
            os._exit(0)
        except BaseException:
            os._exit(9)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed instead of being killed"
    return False


def rows() -> str:
    """Return every written row, so that the same text means the same state."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{model._meta.db_table}' || to_jsonb(t)::text FROM {model._meta.db_table} t"
                for model in WRITTEN
            )
        )
        return "\n".join(sorted(row for (row,) in cursor.fetchall()))


def summary() -> list[Any]:
    """Return what is so, apart from ids: they are never used twice, not even those of what was lost."""
    return [
        sorted(PayoutRun.objects.values_list("currency", "prepared_by", "approved_by", "approved_at")),
        sorted(
            (
                p.partner.display_name,
                p.total,
                p.statement_number,
                str(p.paid_on),
                str(p.returned_on),
                p.failure,
                p.bank_details_id,
            )
            for p in Payout.objects.select_related("partner")
        ),
        sorted(PayoutEntry.objects.values_list("payout__partner", "commission", "released_at")),
        sorted(AuditEntry.objects.filter(action__startswith="payout").values_list("action", "by", "at")),
        sorted(OutboxMessage.objects.filter(kind__startswith="commissions.payout").values_list("kind")),
        list(PaymentFile.objects.values_list("payments", "total", "execute_on")),
        sorted(
            (s.number, s.partner.display_name, s.net, bytes(s.file.content).decode(), s.lines.count())
            for s in Statement.objects.select_related("partner", "file")
        ),
    ]


def dies_everywhere(work: Work) -> int:
    """Kill `work` before each of its steps in turn, until it gets through; return how often it died.

    After each death the state is what it was before, or, once it was committed, what it shall be: so that
    each further try is the resumption after a crash one step later.
    """
    before, step = rows(), 0
    while killed(work, before=step):
        after = rows()
        if after != before:
            return step + 1  # committed: the last death came after it
        step += 1
    raise AssertionError("it never died after its commit")


def without_a_crash(life: Life, *steps: Work) -> list[Any]:
    """Take the steps undisturbed, note the end, and take all of it back."""
    for step in steps:
        step()
    end = summary()
    with connection.cursor() as cursor:
        tables = ", ".join(model._meta.db_table for model in (PaymentFile, PayoutEntry, Payout, PayoutRun))
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        for table in (OutboxMessage._meta.db_table, AuditEntry._meta.db_table):
            cursor.execute(f"TRUNCATE {table} CASCADE")
    return end


def assert_the_invariants_hold() -> None:
    with connection.cursor() as cursor:
        for number, words, sql in INVARIANTS:
            cursor.execute(sql)
            assert cursor.fetchall() == [], f"{number}: {words}"


def test_a_payout_that_dies_at_every_statement_ends_where_an_undisturbed_one_does(life: Life) -> None:
    steps: list[Work] = [life.prepare, life.approve, life.take_file, life.mark_one, life.mark_other_failed]
    steps.append(life.one_comes_back)
    end = without_a_crash(life, *steps)

    deaths = [dies_everywhere(life.prepare)]
    with pytest.raises(NothingToPay):
        life.prepare()  # who saw no answer and presses again
    deaths += [dies_everywhere(step) for step in steps[1:]]

    assert summary() == end
    assert min(deaths) > 8  # each of them was really killed at many places
    assert_the_invariants_hold()
    for again, refusal in ((life.approve, RunAlreadyDecided), (life.mark_one, PayoutSettled)):
        with pytest.raises(refusal):
            again()
    assert summary() == end


def test_an_approval_that_sets_somebody_aside_and_a_run_marked_as_a_whole_survive_too(life: Life) -> None:
    life.prepare()
    life.change_account()

    dies_everywhere(life.approve)
    dies_everywhere(life.mark_all)

    states = {p.partner.display_name: (str(p.paid_on), bool(p.failed_at)) for p in Payout.objects.all()}
    assert states == {"Alma": ("None", True), "Bo": (str(ON), False)}
    statements.catch_up(at=AT)  # who was set aside had no statement, so there is nothing to cancel
    assert [each.partner.display_name for each in Statement.objects.all()] == ["Bo"]
    assert BankDetails.objects.count() == 3
    assert_the_invariants_hold()


@pytest.mark.parametrize("work", ["prepare", "approve"])
def test_without_its_transaction_a_crash_leaves_half_a_payout(work: str, life: Life) -> None:
    """The twin: the same deaths, each statement committed at once."""
    if work == "approve":
        life.prepare()
    before, step = rows(), 0
    while killed(getattr(life, work), before=step, commit_each=True) and rows() == before and step < 60:
        step += 1

    assert rows() != before
    if work == "prepare":
        assert PayoutRun.objects.count() == 1
        assert PayoutEntry.objects.count() < 4
    else:
        assert PayoutRun.objects.get().approved_at
        assert not Payout.objects.filter(statement_sequence__isnull=False).exists()


def test_the_deaths_are_counted_by_statement(life: Life) -> None:
    """A wrapper that never fires would make all of this pass."""
    assert killed(life.prepare, before=0)
    assert killed(life.prepare, before=3)
    assert not killed(life.prepare, before=10_000)
    assert PayoutRun.objects.get().prepared_at - AT == timedelta(0)
    assert User.objects.filter(pk=life.nadia.pk).exists()
