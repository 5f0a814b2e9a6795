# ruff: noqa: S608 - SQL of constants alone
"""What holds the books together: months close in turn, and take in what is theirs alone."""

import pgtrigger


def _refuse(name: str, message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"


# An earlier month that is closed after a later one would book what the later one was to take in.
MONTHS_IN_TURN = pgtrigger.Trigger(
    name="journal_months_in_turn",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF EXISTS (SELECT 1 FROM commissions_journalmonth m
                    WHERE m.currency = NEW.currency AND m.month > NEW.month) THEN
            {_refuse("journal_months_in_turn", "a later month is closed already")}
        END IF;
        IF (NEW.closed_at AT TIME ZONE 'Europe/Amsterdam')::date < (NEW.month + interval '1 month')::date THEN
            {_refuse("journal_months_in_turn", "the month is not over")}
        END IF;
        RETURN NEW;
    """,
)

POSTING_FITS_MONTH = pgtrigger.Trigger(
    name="journal_posting_fits_month",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("book", "record"), ("of_it", "record")],
    func=f"""
        SELECT m.currency, (m.month + interval '1 month')::date AS next INTO book
          FROM commissions_journalmonth m WHERE m.id = NEW.journal_month_id;
        IF NEW.what = 'earned' THEN
            SELECT c.currency, c.earned_on AS happened_on INTO of_it
              FROM commissions_commission c WHERE c.id = NEW.commission_id;
        ELSE
            SELECT p.currency, CASE NEW.what
                     WHEN 'approved' THEN (r.approved_at AT TIME ZONE 'Europe/Amsterdam')::date
                     WHEN 'paid' THEN p.paid_on
                     WHEN 'returned' THEN p.returned_on
                     ELSE (p.failed_at AT TIME ZONE 'Europe/Amsterdam')::date END AS happened_on INTO of_it
              FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
             WHERE p.id = NEW.payout_id;
        END IF;
        IF of_it.currency IS DISTINCT FROM book.currency
           OR of_it.happened_on IS DISTINCT FROM NEW.happened_on OR NEW.happened_on >= book.next THEN
            {_refuse("journal_posting_fits_month", "another currency, another day, or a later month")}
        END IF;
        RETURN NEW;
    """,
)
