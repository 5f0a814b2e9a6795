# ruff: noqa: S608 - SQL of constants alone
"""What crosses rows and fits no constraint: triggers that make invariants 8 to 13 final.

Each raises a check violation that carries its own name, so that `constraint_as` can turn it into a refusal.
"""

from functools import partial
from typing import Any

import pgtrigger

ZERO_DECIMALS = (
    "'BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF'"
)
THREE_DECIMALS = "'BHD','IQD','JOD','KWD','LYD','OMR','TND'"


def _refuse(name: str, message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';"


_refuse_entry = partial(_refuse, "commission_by_the_programme")


def update_of(*columns: str) -> Any:
    return pgtrigger.UpdateOf(*columns)  # type: ignore[no-untyped-call,unused-ignore]


ENTRY_BY_THE_PROGRAMME = pgtrigger.Trigger(  # invariants 8, 9 and 10
    name="commission_by_the_programme",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Condition("NEW.kind <> 'opening'"),  # those by their opening (guards_openings)
    declare=[
        ("bill", "record"),
        ("deal", "record"),
        ("fact", "record"),
        ("source", "record"),
        ("before", "numeric"),
        ("unrounded", "numeric"),
        ("half", "numeric"),
    ],
    func=f"""
        -- The row lock makes two writers of one invoice wait for each other, so that sums are read whole.
        SELECT i.* INTO bill FROM commissions_invoice i WHERE i.id = NEW.invoice_id FOR NO KEY UPDATE;
        SELECT d.stage, d.signed_on, u.id AS use_case_id, u.outcome, u.window_starts_on, u.window_ends_on,
               p.id AS partner_id, p.recruiter_id, p.bonus_slot
          INTO deal
          FROM referrals_deal d JOIN referrals_usecase u ON u.id = d.use_case_id
          JOIN partners_partner p ON p.id = u.partner_id
         WHERE d.id = bill.deal_id;
        IF NOT FOUND OR deal.use_case_id <> NEW.use_case_id THEN
            {_refuse_entry("the invoice belongs to another use case")}
        END IF;
        SELECT f.kind, f.happened_on, i.deal_id INTO fact
          FROM commissions_fact f JOIN commissions_invoice i ON i.id = f.invoice_id WHERE f.id = NEW.fact_id;
        IF fact.deal_id IS DISTINCT FROM bill.deal_id OR fact.happened_on <> NEW.earned_on THEN
            {_refuse_entry("the fact is of another deal or another day")}
        END IF;
        IF NEW.currency <> bill.currency THEN {_refuse_entry("currencies are never mixed")} END IF;
        IF NOT EXISTS (SELECT 1 FROM partners_contract c WHERE c.id = NEW.contract_id
                       AND c.partner_id = NEW.partner_id AND c.status = 'signed') THEN
            {_refuse_entry("the contract is another partner''s or not signed")}
        END IF;

        IF NEW.kind = 'bonus' THEN
            IF NEW.partner_id IS DISTINCT FROM deal.recruiter_id OR deal.bonus_slot IS NULL THEN
                {_refuse_entry("a bonus goes to the recruit''s recruiter, for a recruit with a slot")}
            END IF;
            IF NEW.source_entry_id IS NOT NULL THEN
                SELECT c.kind, c.fact_id, c.invoice_id INTO source
                  FROM commissions_commission c WHERE c.id = NEW.source_entry_id;
                IF source.kind = 'bonus' OR source.fact_id <> NEW.fact_id
                   OR source.invoice_id <> NEW.invoice_id THEN
                    {_refuse_entry("a bonus never comes from a bonus, and shares its source''s fact")}
                END IF;
            ELSIF EXISTS (SELECT 1 FROM partners_contract c
                          WHERE c.id = NEW.contract_id AND c.bonus_basis = 'commission') THEN
                {_refuse_entry("a bonus on commissions has a source")}
            END IF;
        ELSE
            IF NEW.partner_id <> deal.partner_id THEN
                {_refuse_entry("the use case is another partner''s")}
            END IF;
            IF EXISTS (SELECT 1 FROM commissions_commission c WHERE c.use_case_id = NEW.use_case_id
                       AND c.kind NOT IN (NEW.kind, 'bonus', 'opening')) THEN
                {_refuse_entry("one use case pays by one model")}
            END IF;
        END IF;

        IF NEW.amount > 0 THEN
            IF deal.stage <> 'won' OR deal.window_starts_on IS NULL
               OR deal.signed_on NOT BETWEEN deal.window_starts_on AND deal.window_ends_on THEN
                {_refuse_entry("the deal was not signed within its window")}
            END IF;
            IF deal.outcome = 'reseller' THEN {_refuse_entry("the use case was closed as reseller")} END IF;
            -- What was refunded since is an entry of its own: facts that came together are written in turn.
            IF NOT EXISTS (SELECT 1 FROM commissions_fact f WHERE f.invoice_id = NEW.invoice_id
                           AND f.kind = 'payment' AND f.gross > 0) THEN
                {_refuse_entry("nothing was paid")}
            END IF;
        END IF;

        SELECT coalesce(sum(c.amount), 0) INTO before FROM commissions_commission c
         WHERE c.invoice_id = NEW.invoice_id AND c.kind = NEW.kind;
        IF before + NEW.amount < 0 THEN {_refuse_entry("a sum never falls below zero")} END IF;
        IF before + NEW.amount <> NEW.due THEN
            {_refuse_entry("an entry is due less what was written")}
        END IF;
        half := CASE WHEN bill.currency IN ({ZERO_DECIMALS}) THEN 0.5
                     WHEN bill.currency IN ({THREE_DECIMALS}) THEN 0.0005 ELSE 0.005 END;
        unrounded := CASE WHEN NEW.paid_denominator = 0 THEN 0 ELSE
            NEW.rate_percent / 100 * NEW.eligible_net
            * least(1, NEW.paid_numerator / NEW.paid_denominator) END;
        IF abs(NEW.due - unrounded) > half + 0.00001
           OR (NEW.kind <> 'bonus' AND NEW.eligible_net > bill.net) THEN
            {_refuse_entry("more or less than the formula")}
        END IF;
        RETURN NEW;
    """,
)

INVOICE_STAYS = pgtrigger.Trigger(
    name="invoice_stays_as_it_came",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func=f"""
        -- A wrong match is taken back while it earned nothing; an invoice never moves from deal to deal.
        IF OLD.deal_id IS NOT NULL AND NEW.deal_id IS DISTINCT FROM OLD.deal_id
           AND (NEW.deal_id IS NOT NULL OR EXISTS (
                SELECT 1 FROM commissions_commission c LEFT JOIN commissions_fact f ON f.id = c.fact_id
                 WHERE c.invoice_id = OLD.id OR f.invoice_id = OLD.id)) THEN
            {_refuse("invoice_stays_as_it_came", "an invoice keeps the deal that it earned for")}
        END IF;
        IF (NEW.source, NEW.reference, NEW.issued_on, NEW.currency, NEW.net, NEW.gross)
           IS DISTINCT FROM (OLD.source, OLD.reference, OLD.issued_on, OLD.currency, OLD.net, OLD.gross) THEN
            {_refuse("invoice_stays_as_it_came", "an invoice is never changed: a credit note is a new fact")}
        END IF;
        RETURN NEW;
    """,
)

RUN_STAYS_DECIDED = pgtrigger.Trigger(
    name="payout_run_stays_decided",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func=f"""
        IF (NEW.currency, NEW.prepared_by_id, NEW.prepared_at)
             IS DISTINCT FROM (OLD.currency, OLD.prepared_by_id, OLD.prepared_at)
           OR (OLD.approved_at IS NOT NULL AND (NEW.approved_by_id, NEW.approved_at, NEW.discarded_at)
               IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at, OLD.discarded_at))
           OR (OLD.discarded_at IS NOT NULL AND NEW.discarded_at IS DISTINCT FROM OLD.discarded_at) THEN
            {_refuse("payout_run_stays_decided", "an approval or a return is never taken back")}
        END IF;
        RETURN NEW;
    """,
)

PAID_AFTER_APPROVAL = pgtrigger.Trigger(  # invariant 13
    name="payout_paid_after_approval",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        IF (NEW.paid_on IS NOT NULL OR NEW.statement_sequence IS NOT NULL) AND NOT EXISTS (
            SELECT 1 FROM commissions_payoutrun r WHERE r.id = NEW.run_id AND r.approved_by_id IS NOT NULL
              AND r.approved_by_id <> r.prepared_by_id AND r.discarded_at IS NULL
        ) THEN {_refuse("payout_paid_after_approval", "somebody other than the preparer approves first")}
        END IF;
        IF TG_OP = 'UPDATE' THEN
            IF (NEW.run_id, NEW.partner_id, NEW.currency, NEW.entries_total, NEW.vat_percent, NEW.vat,
                NEW.vat_note)
                 IS DISTINCT FROM
               (OLD.run_id, OLD.partner_id, OLD.currency, OLD.entries_total, OLD.vat_percent, OLD.vat,
                OLD.vat_note)
               OR (OLD.statement_sequence IS NOT NULL AND (NEW.statement_year, NEW.statement_sequence)
                   IS DISTINCT FROM (OLD.statement_year, OLD.statement_sequence))
               OR (OLD.paid_on IS NOT NULL AND NEW.paid_on IS DISTINCT FROM OLD.paid_on)
               OR (OLD.failed_at IS NOT NULL AND (NEW.failed_at, NEW.paid_on, NEW.returned_on)
                   IS DISTINCT FROM (OLD.failed_at, OLD.paid_on, OLD.returned_on)) THEN
                {_refuse("payout_paid_after_approval", "a payout is never changed")}
            END IF;
        END IF;
        RETURN NEW;
    """,
)

ENTRY_FITS_PAYOUT = pgtrigger.Trigger(  # invariant 12
    name="payout_entry_fits",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        IF TG_OP = 'UPDATE'
           AND ((NEW.payout_id, NEW.commission_id) IS DISTINCT FROM (OLD.payout_id, OLD.commission_id)
                OR OLD.released_at IS NOT NULL) THEN
            {_refuse("payout_entry_fits", "an entry stays in its payout")}
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM commissions_payout p JOIN commissions_commission c ON c.id = NEW.commission_id
             WHERE p.id = NEW.payout_id AND c.partner_id = p.partner_id AND c.currency = p.currency
        ) THEN {_refuse("payout_entry_fits", "an entry of another partner or currency")}
        END IF;
        IF TG_OP = 'INSERT' AND EXISTS (
            SELECT 1 FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
             WHERE p.id = NEW.payout_id AND (r.approved_at IS NOT NULL OR r.discarded_at IS NOT NULL)
        ) THEN {_refuse("payout_entry_fits", "the run is decided already")}
        END IF;
        IF NEW.released_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
             WHERE p.id = NEW.payout_id AND (p.failed_at IS NOT NULL OR r.discarded_at IS NOT NULL)
        ) THEN {_refuse("payout_entry_fits", "only a failed or returned payout frees its entries")}
        END IF;
        RETURN NEW;
    """,
)


BY_TAX_STATUS = pgtrigger.Trigger(  # VAT by the partner's tax status, confirmed before the first payout
    name="payout_by_tax_status",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM commissions_taxstatus t
             WHERE t.partner_id = NEW.partner_id AND t.vat_percent = NEW.vat_percent
        ) THEN {_refuse("payout_by_tax_status", "VAT follows the tax status that finance confirmed")}
        END IF;
        RETURN NEW;
    """,
)


def _equals(payout: str, name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(  # invariant 12, when the transaction ends
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        timing=pgtrigger.Deferred,
        func=f"""
            IF EXISTS (
                SELECT 1 FROM commissions_payout p WHERE p.id = NEW.{payout}
                   AND (p.entries_total IS DISTINCT FROM (
                          SELECT coalesce(sum(c.amount), 0) FROM commissions_payoutentry e
                            JOIN commissions_commission c ON c.id = e.commission_id WHERE e.payout_id = p.id)
                        OR p.currency <> (SELECT r.currency FROM commissions_payoutrun r
                                          WHERE r.id = p.run_id))
            ) THEN {_refuse("payout_equals_its_entries", "a payout equals its entries")}
            END IF;
            RETURN NULL;
        """,
    )


PAYOUT_EQUALS_ENTRIES = _equals("id", "payout_equals_its_entries")
ENTRIES_EQUAL_PAYOUT = _equals("payout_id", "payout_entries_equal_it")


def append_only(name: str) -> pgtrigger.Protect:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


def never_deleted(name: str) -> pgtrigger.Protect:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Delete)


# C18: another use case pays for this need. The lock waits for a sales lead who is linking it at this moment.
NOT_FOR_A_DUPLICATE = pgtrigger.Trigger(
    name="commission_not_for_a_duplicate",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("outcome_now", "text")],
    func=f"""
        IF NEW.amount > 0 THEN
            SELECT u.outcome INTO outcome_now FROM referrals_usecase u WHERE u.id = NEW.use_case_id FOR SHARE;
            IF outcome_now = 'duplicate' THEN
                {_refuse("commission_not_for_a_duplicate", "another use case pays for this need")}
            END IF;
        END IF;
        RETURN NEW;
    """,
)


WRITTEN: Any = pgtrigger.Referencing(new="written")  # type: ignore[no-untyped-call,unused-ignore]

# Write-offs change nothing (Arithmetic), and neither does a match that was taken back: no entry names them.
NOT_BY_A_SILENT_FACT = pgtrigger.Trigger(
    name="commission_not_by_a_silent_fact",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Statement,
    referencing=WRITTEN,
    func=f"""
        IF EXISTS (SELECT 1 FROM written w JOIN commissions_fact f ON f.id = w.fact_id
                    WHERE f.kind IN ('write_off', 'unmatch')) THEN
            {_refuse("commission_not_by_a_silent_fact", "write-offs change nothing")}
        END IF;
        RETURN NULL;
    """,
)
