# ruff: noqa: S608 - SQL of constants alone
"""Triggers about where payouts go: a payout has an account that has rested, and keeps it."""

import pgtrigger

from commissions.guards import _refuse, update_of
from partners.models.triggers import canonical

FREEZE = "interval '72 hours'"

DETAILS_BY_THE_PARTNER = pgtrigger.Trigger(
    name="bank_details_by_the_partner",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    declare=[("owner", "record")],
    func=f"""
        -- The row lock lets an approval that is under way end first: it looks at the newest account.
        SELECT p.user_id INTO owner FROM partners_partner p WHERE p.id = NEW.partner_id FOR NO KEY UPDATE;
        IF owner.user_id IS DISTINCT FROM NEW.entered_by_id THEN
            {_refuse("bank_details_by_the_partner", "only the partner says where their money goes")}
        END IF;
        IF EXISTS (SELECT 1 FROM commissions_bankdetails b
                    WHERE b.partner_id = NEW.partner_id AND b.entered_at > NEW.entered_at) THEN
            {_refuse("bank_details_by_the_partner", "an account is never entered before the one it follows")}
        END IF;
        RETURN NEW;
    """,
)


def stays_but(name: str, column: str) -> pgtrigger.Trigger:
    """Forbid every change but to an encrypted column, which a new key may write anew."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF to_jsonb(NEW) - '{column}' IS DISTINCT FROM to_jsonb(OLD) - '{column}' THEN
                {_refuse(name, "this row is never changed")}
            END IF;
            RETURN NEW;
        """,
    )


PAYOUT_TO_A_RESTING_ACCOUNT = pgtrigger.Trigger(
    name="payout_to_a_resting_account",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NEW.bank_details_id IS NULL THEN  -- who writes without one (the release before) gets the newest
            SELECT max(b.id) INTO NEW.bank_details_id
              FROM commissions_bankdetails b WHERE b.partner_id = NEW.partner_id;
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM commissions_bankdetails b JOIN commissions_payoutrun r ON r.id = NEW.run_id
             WHERE b.id = NEW.bank_details_id AND b.partner_id = NEW.partner_id
               AND b.entered_at + {FREEZE} <= r.prepared_at
               AND NOT EXISTS (SELECT 1 FROM commissions_bankdetails n
                                WHERE n.partner_id = b.partner_id AND n.id > b.id)
        ) THEN
            {_refuse("payout_to_a_resting_account", "an account rests for 72 hours before money goes to it")}
        END IF;
        RETURN NEW;
    """,
)

PAYOUT_KEEPS_ITS_ACCOUNT = pgtrigger.Trigger(
    name="payout_keeps_its_account",
    when=pgtrigger.Before,
    operation=update_of("bank_details_id"),
    func=f"""
        IF NEW.bank_details_id IS DISTINCT FROM OLD.bank_details_id THEN
            {_refuse("payout_keeps_its_account", "a payout goes to the account it was prepared for")}
        END IF;
        RETURN NEW;
    """,
)

RUN_TO_THE_NEWEST_ACCOUNTS = pgtrigger.Trigger(
    name="payout_run_to_the_newest_accounts",
    when=pgtrigger.Before,
    operation=update_of("approved_at"),
    func=f"""
        IF OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL THEN
            -- Who enters an account at this moment waits for the approval, or the approval for them.
            PERFORM 1 FROM partners_partner p JOIN commissions_payout o ON o.partner_id = p.id
              WHERE o.run_id = NEW.id ORDER BY p.id FOR SHARE OF p;
            IF EXISTS (
                SELECT 1 FROM commissions_payout o
                 WHERE o.run_id = NEW.id AND o.failed_at IS NULL
                   AND o.bank_details_id IS DISTINCT FROM (
                       SELECT max(b.id) FROM commissions_bankdetails b WHERE b.partner_id = o.partner_id)
            ) THEN
                {_refuse("payout_run_to_the_newest_accounts", "an account was changed since")}
            END IF;
        END IF;
        RETURN NEW;
    """,
)

FILE_OF_AN_APPROVED_RUN = pgtrigger.Trigger(
    name="payment_file_of_an_approved_run",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (SELECT 1 FROM commissions_payoutrun r WHERE r.id = NEW.run_id AND r.currency = 'EUR'
                          AND r.approved_at IS NOT NULL AND r.discarded_at IS NULL) THEN
            {_refuse("payment_file_of_an_approved_run", "a payment file is of an approved run in euro")}
        END IF;
        RETURN NEW;
    """,
)

KEEP_FORMER_ADDRESS = pgtrigger.Trigger(
    name="user_former_address_is_kept",
    when=pgtrigger.After,
    operation=update_of("email"),
    condition=pgtrigger.Condition("lower(OLD.email) IS DISTINCT FROM lower(NEW.email)"),
    func="""
        INSERT INTO commissions_formeraddress (user_id, email, replaced_at)
             VALUES (OLD.id, OLD.email, clock_timestamp());
        RETURN NULL;
    """,
)

# --- the tax status is about what the partner was when finance confirmed it -------------------------
TAX_STATUS_OF_THEN = pgtrigger.Trigger(
    name="tax_status_says_of_what",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func="""
        SELECT p.country, p.tax_number, p.legal_name
          INTO NEW.of_country, NEW.of_tax_number, NEW.of_legal_name
          FROM partners_partner p WHERE p.id = NEW.partner_id;
        RETURN NEW;
    """,
)

PAYOUT_BY_PRESENT_TAX_STATUS = pgtrigger.Trigger(
    name="payout_by_the_present_tax_status",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM commissions_taxstatus t JOIN partners_partner p ON p.id = t.partner_id
             WHERE t.partner_id = NEW.partner_id
               AND (t.of_country, t.of_tax_number, t.of_legal_name) = (p.country, p.tax_number, p.legal_name)
        ) THEN {_refuse("payout_by_the_present_tax_status", "what finance confirmed it for has changed")}
        END IF;
        RETURN NEW;
    """,
)

# --- nobody decides alone about money that they get --------------------------------------------------
IS_PAID = f"""p.user_id = decider.id OR {canonical("theirs.email")} = {canonical("decider.email")}"""

TAX_STATUS_BY_ANOTHER = pgtrigger.Trigger(
    name="tax_status_confirmed_by_another",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        IF EXISTS (
            SELECT 1 FROM partners_partner p JOIN core_user theirs ON theirs.id = p.user_id
              JOIN core_user decider ON decider.id = NEW.confirmed_by_id
             WHERE p.id = NEW.partner_id AND ({IS_PAID})
        ) THEN {_refuse("tax_status_confirmed_by_another", "who is paid doesn''t confirm their own VAT")}
        END IF;
        RETURN NEW;
    """,
)

RUN_APPROVED_BY_NOBODY_IT_PAYS = pgtrigger.Trigger(
    name="payout_run_approved_by_nobody_it_pays",
    when=pgtrigger.Before,
    operation=update_of("approved_by_id"),
    func=f"""
        IF NEW.approved_by_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM commissions_payout o JOIN partners_partner p ON p.id = o.partner_id
              JOIN core_user theirs ON theirs.id = p.user_id
              JOIN core_user decider ON decider.id = NEW.approved_by_id
             WHERE o.run_id = NEW.id AND ({IS_PAID})
        ) THEN {_refuse("payout_run_approved_by_nobody_it_pays", "who is paid doesn''t approve it")}
        END IF;
        RETURN NEW;
    """,
)

RUN_BY_THE_PRESENT_TAX_STATUS = pgtrigger.Trigger(
    name="payout_run_by_the_present_tax_status",
    when=pgtrigger.Before,
    operation=update_of("approved_at"),
    func=f"""
        IF OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL AND EXISTS (
            SELECT 1 FROM commissions_payout o JOIN partners_partner p ON p.id = o.partner_id
              LEFT JOIN commissions_taxstatus t ON t.partner_id = p.id AND t.vat_percent = o.vat_percent
                    AND (o.vat_treatment = '' OR t.treatment = o.vat_treatment)
                    AND (t.of_country, t.of_tax_number, t.of_legal_name)
                      = (p.country, p.tax_number, p.legal_name)
             WHERE o.run_id = NEW.id AND o.failed_at IS NULL AND t.id IS NULL
        ) THEN {_refuse("payout_run_by_the_present_tax_status", "a tax status was changed since")}
        END IF;
        RETURN NEW;
    """,
)
