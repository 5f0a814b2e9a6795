# ruff: noqa: S608 - SQL of constants alone
"""What holds statements and contests across rows: numbers in turn, sums that add up, answers that stay."""

import pgtrigger

from commissions.guards import _refuse

NUMBERED_IN_TURN = pgtrigger.Trigger(  # with the unique number: no gap, whoever writes, whatever rolls back
    name="statement_numbered_in_turn",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NEW.sequence <> 1 + coalesce((SELECT max(s.sequence) FROM commissions_statement s
                                          WHERE s.kind = NEW.kind AND s.year = NEW.year), 0) THEN
            {_refuse("statement_numbered_in_turn", "statements are numbered without gaps")}
        END IF;
        RETURN NEW;
    """,
)

SAYS_WHAT_THE_PAYOUT_SAYS = pgtrigger.Trigger(
    name="statement_says_what_the_payout_says",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("paid", "record")],
    func=f"""
        IF NEW.payout_id IS NULL THEN RETURN NEW; END IF;
        SELECT p.* INTO paid FROM commissions_payout p WHERE p.id = NEW.payout_id;
        IF (NEW.partner_id, NEW.currency) IS DISTINCT FROM (paid.partner_id, paid.currency) THEN
            {_refuse("statement_says_what_the_payout_says", "the payout is another partner''s")}
        END IF;
        IF NEW.kind = 'payout' AND (NEW.year, NEW.sequence, NEW.net, NEW.vat) IS DISTINCT FROM
           (paid.statement_year, paid.statement_sequence, paid.entries_total, paid.vat) THEN
            {_refuse("statement_says_what_the_payout_says", "other sums, or another number")}
        END IF;
        IF NEW.kind = 'cancellation' AND (paid.failed_at IS NULL
           OR (NEW.net, NEW.vat) IS DISTINCT FROM (-paid.entries_total, -paid.vat)) THEN
            {_refuse("statement_says_what_the_payout_says", "a failed payout is cancelled, whole")}
        END IF;
        RETURN NEW;
    """,
)

LINE_SAYS_WHAT_IT_IS = pgtrigger.Trigger(
    name="statement_line_says_what_it_is",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM commissions_statement s JOIN commissions_commission c ON c.id = NEW.commission_id
             WHERE s.id = NEW.statement_id AND s.kind = 'month' AND c.partner_id = s.partner_id
               AND c.currency = s.currency AND c.amount = NEW.amount
            UNION ALL
            SELECT 1 FROM commissions_statement s JOIN commissions_payout p ON p.id = NEW.payout_id
              JOIN commissions_payoutrun r ON r.id = p.run_id
             WHERE s.id = NEW.statement_id AND s.kind = 'month' AND p.partner_id = s.partner_id
               AND p.currency = s.currency AND r.approved_at IS NOT NULL
               AND (NEW.what, NEW.amount) IN (('payout', -p.entries_total), ('failed', p.entries_total))
               AND (NEW.what = 'payout' OR p.failed_at IS NOT NULL)
        ) THEN {_refuse("statement_line_says_what_it_is", "of another partner, currency or amount")}
        END IF;
        RETURN NEW;
    """,
)


def _adds_up(statement: str, name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(  # when the transaction ends: the lines together, after the month before
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
            IF EXISTS (
                SELECT 1 FROM commissions_statement s WHERE s.id = NEW.{statement} AND s.kind = 'month'
                   AND (s.net <> (SELECT coalesce(sum(l.amount), 0) FROM commissions_statementline l
                                   WHERE l.statement_id = s.id)
                        OR s.opening <> coalesce((
                            SELECT b.opening + b.net FROM commissions_statement b
                             WHERE b.partner_id = s.partner_id AND b.currency = s.currency
                               AND b.kind = 'month' AND b.month < s.month
                             ORDER BY b.month DESC LIMIT 1), 0)
                        OR EXISTS (
                            SELECT 1 FROM commissions_statement a
                             WHERE a.partner_id = s.partner_id AND a.currency = s.currency
                               AND a.kind = 'month' AND a.month > s.month AND a.id < s.id))
            ) THEN {_refuse("statement_adds_up", "a month is its lines, after the month before")}
            END IF;
            RETURN NULL;
        """,
    )


STATEMENT_ADDS_UP = _adds_up("id", "statement_adds_up")
LINES_ADD_UP = _adds_up("statement_id", "statement_lines_add_up")

CONTESTED_BY_ITS_PARTNER = pgtrigger.Trigger(
    name="contested_entry_by_its_partner",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NEW.answered_at IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM commissions_commission c JOIN partners_partner p ON p.id = c.partner_id
             WHERE c.id = NEW.commission_id AND p.user_id = NEW.contested_by_id
               AND (NEW.statement_id IS NULL OR EXISTS (
                    SELECT 1 FROM commissions_statement s
                     WHERE s.id = NEW.statement_id AND s.partner_id = c.partner_id))
        ) THEN {_refuse("contested_entry_by_its_partner", "who earned an entry contests it")}
        END IF;
        RETURN NEW;
    """,
)

CONTEST_IS_ANSWERED_ONCE = pgtrigger.Trigger(
    name="contested_entry_answered_once",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func=f"""
        IF (NEW.commission_id, NEW.statement_id, NEW.text, NEW.contested_by_id, NEW.contested_at)
             IS DISTINCT FROM
           (OLD.commission_id, OLD.statement_id, OLD.text, OLD.contested_by_id, OLD.contested_at)
           OR (OLD.escalated_at IS NOT NULL AND NEW.escalated_at IS DISTINCT FROM OLD.escalated_at)
           OR OLD.answered_at IS NOT NULL THEN
            {_refuse("contested_entry_answered_once", "what was said stays")}
        END IF;
        IF NEW.answered_by_id = NEW.contested_by_id OR EXISTS (
            SELECT 1 FROM commissions_contestedentry c
             WHERE c.commission_id = NEW.commission_id AND c.id <> NEW.id
               AND c.answered_by_id = NEW.answered_by_id
        ) THEN {_refuse("contested_entry_answered_by_another", "somebody else answers")}
        END IF;
        RETURN NEW;
    """,
)
