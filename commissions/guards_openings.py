# ruff: noqa: S608 - SQL of constants alone
"""What holds opening balances: two people's word, one entry for exactly what is open, and no way back once
something rests on it (invariants 8, 9 and 12).
"""

import pgtrigger

from commissions.guards import _refuse

IMPORT_STAYS_APPROVED = pgtrigger.Trigger(
    name="opening_import_stays_approved",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF OLD.committed_at IS NOT NULL THEN
            {_refuse("opening_import_stays_approved", "what was approved is never changed")}
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        IF (NEW.uploaded_by_id, NEW.uploaded_at, NEW.sha256)
           IS DISTINCT FROM (OLD.uploaded_by_id, OLD.uploaded_at, OLD.sha256) THEN
            {_refuse("opening_import_stays_approved", "who handed a file in stays who did")}
        END IF;
        RETURN NEW;
    """,
)

# Whoever accrues holds the deal: an opening comes before all that the deal earns here, or not at all.
OPENING_BY_TWO_PEOPLE = pgtrigger.Trigger(
    name="opening_by_two_people",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("of_it", "record")],
    func=f"""
        PERFORM 1 FROM referrals_deal d WHERE d.id = NEW.deal_id FOR NO KEY UPDATE;
        IF NOT EXISTS (SELECT 1 FROM commissions_openingimport i WHERE i.id = NEW.opening_import_id
                          AND i.committed_by_id <> i.uploaded_by_id) THEN
            {_refuse("opening_by_two_people", "somebody other than who handed it in approves it")}
        END IF;
        IF NEW.undone_at IS NOT NULL THEN
            {_refuse("opening_by_two_people", "what is taken back was there before")}
        END IF;
        SELECT u.id AS use_case, u.partner_id AS partner, u.outcome, d.stage,
               coalesce(d.signed_on BETWEEN u.window_starts_on AND u.window_ends_on, false) AS in_time
          INTO of_it FROM referrals_deal d JOIN referrals_usecase u ON u.id = d.use_case_id
         WHERE d.id = NEW.deal_id;
        IF of_it.stage <> 'won' OR NOT of_it.in_time OR of_it.outcome <> '' THEN
            {_refuse("opening_by_two_people", "the deal pays nothing")}
        END IF;
        IF NOT EXISTS (SELECT 1 FROM partners_contract c WHERE c.id = NEW.contract_id
                          AND c.partner_id = of_it.partner AND c.status = 'signed') THEN
            {_refuse("opening_by_two_people", "the contract is another partner''s or not signed")}
        END IF;
        IF EXISTS (SELECT 1 FROM commissions_commission c
                    WHERE c.use_case_id = of_it.use_case AND c.kind <> 'opening') THEN
            {_refuse("opening_by_two_people", "the deal has earned here already")}
        END IF;
        RETURN NEW;
    """,
)

# Locked like this, an entry can't be put into a payout at the same moment (its foreign key waits).
OPENING_STAYS = pgtrigger.Trigger(
    name="opening_stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func=f"""
        IF OLD.undone_at IS NOT NULL
           OR to_jsonb(NEW) - 'undone_at' - 'undone_by_id' IS DISTINCT FROM
              to_jsonb(OLD) - 'undone_at' - 'undone_by_id' THEN
            {_refuse("opening_stays", "an opening is never changed, and taken back once")}
        END IF;
        IF NEW.undone_at IS NOT NULL THEN
            PERFORM 1 FROM referrals_deal d WHERE d.id = NEW.deal_id FOR NO KEY UPDATE;
            PERFORM 1 FROM commissions_commission c JOIN commissions_openingsum s ON s.id = c.opening_id
              WHERE s.opening_id = NEW.id FOR UPDATE OF c;
            IF EXISTS (
                SELECT 1 FROM commissions_payoutentry e
                  JOIN commissions_commission c ON c.id = e.commission_id
                  JOIN commissions_openingsum s ON s.id = c.opening_id
                 WHERE s.opening_id = NEW.id AND e.released_at IS NULL) THEN
                {_refuse("opening_stays", "its balance is in a payout")}
            END IF;
            IF EXISTS (SELECT 1 FROM commissions_commission c
                         JOIN referrals_deal d ON d.use_case_id = c.use_case_id
                        WHERE d.id = NEW.deal_id AND c.kind <> 'opening') THEN
                {_refuse("opening_stays", "the deal has earned here since")}
            END IF;
        END IF;
        RETURN NEW;
    """,
)

SUM_WITH_ITS_OPENING = pgtrigger.Trigger(
    name="opening_sum_with_its_opening",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF EXISTS (SELECT 1 FROM commissions_opening o
                    WHERE o.id = NEW.opening_id AND o.undone_at IS NOT NULL)
           OR EXISTS (SELECT 1 FROM commissions_commission c
                        JOIN commissions_openingsum s ON s.id = c.opening_id
                       WHERE s.opening_id = NEW.opening_id) THEN
            {_refuse("opening_sum_with_its_opening", "a sum comes with its opening")}
        END IF;
        RETURN NEW;
    """,
)


def _is_in_the_ledger(sums: str, name: str, operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(  # when the transaction ends: what is open is in the ledger, once
        name=name,
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
        func=f"""
            IF EXISTS (
                SELECT 1 FROM commissions_openingsum s JOIN commissions_opening o ON o.id = s.opening_id
                 WHERE {sums} AND CASE WHEN o.undone_at IS NULL THEN s.earned - s.paid ELSE 0 END <> (
                       SELECT coalesce(sum(c.amount), 0) FROM commissions_commission c
                        WHERE c.opening_id = s.id)
            ) THEN {_refuse("opening_is_in_the_ledger", "what is open becomes an entry, once")}
            END IF;
            RETURN NULL;
        """,
    )


SUM_IN_THE_LEDGER = _is_in_the_ledger("s.id = NEW.id", "opening_sum_in_the_ledger", pgtrigger.Insert)
OPENING_IN_THE_LEDGER = _is_in_the_ledger("o.id = NEW.id", "opening_in_the_ledger", pgtrigger.Update)
# What a deal earned before, it earned by its model: the first invoice existed then (C5).
ELECTION_BEFORE_AN_OPENING = pgtrigger.Trigger(
    name="election_change_before_an_opening",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        PERFORM 1 FROM referrals_deal d WHERE d.use_case_id = NEW.use_case_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT 1 FROM commissions_opening o JOIN referrals_deal d ON d.id = o.deal_id
                    WHERE d.use_case_id = NEW.use_case_id AND o.undone_at IS NULL) THEN
            {_refuse("election_change_before_an_opening", "it earned before by its model")}
        END IF;
        RETURN NEW;
    """,
)

_ENTRY = "commission_by_its_opening"  # the lock on the sum lets two writers of it read what the other wrote

ENTRY_BY_ITS_OPENING = pgtrigger.Trigger(
    name="commission_by_its_opening",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    condition=pgtrigger.Condition("NEW.kind = 'opening'"),
    declare=[("of_it", "record"), ("before", "numeric")],
    func=f"""
        SELECT s.currency, s.earned - s.paid AS open, o.as_of, o.contract_id, o.undone_at, d.use_case_id,
               u.partner_id
          INTO of_it
          FROM commissions_openingsum s JOIN commissions_opening o ON o.id = s.opening_id
          JOIN referrals_deal d ON d.id = o.deal_id JOIN referrals_usecase u ON u.id = d.use_case_id
         WHERE s.id = NEW.opening_id FOR NO KEY UPDATE OF s;
        IF NOT FOUND OR (NEW.currency, NEW.earned_on, NEW.contract_id, NEW.use_case_id, NEW.partner_id)
           IS DISTINCT FROM
           (of_it.currency, of_it.as_of, of_it.contract_id, of_it.use_case_id, of_it.partner_id) THEN
            {_refuse(_ENTRY, "it says something else than its opening")}
        END IF;
        SELECT coalesce(sum(c.amount), 0) INTO before
          FROM commissions_commission c WHERE c.opening_id = NEW.opening_id;
        IF NEW.due <> (CASE WHEN of_it.undone_at IS NULL THEN of_it.open ELSE 0 END)
           OR before + NEW.amount <> NEW.due THEN
            {_refuse(_ENTRY, "exactly what is open, once")}
        END IF;
        -- What takes back an amount that was owed counts from the day that counted from, at once.
        IF NEW.payable_on <
           (CASE WHEN NEW.amount > 0 AND of_it.open > 0 THEN NEW.earned_on + 30 ELSE NEW.earned_on END) THEN
            {_refuse(_ENTRY, "it is held for 30 days, as any other")}
        END IF;
        RETURN NEW;
    """,
)
