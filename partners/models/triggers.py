"""What crosses rows and fits no constraint: held by triggers, for superusers too (C5, C6, C20-C22).

Each raises `check_violation` with a constraint's name, so that `constraint_as` maps it like any other.
"""

import pgtrigger

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone

DELETE_OR_UPDATE = pgtrigger.Update | pgtrigger.Delete


def refuse(name: str, when: str) -> str:
    """Return the statement that refuses the row if `when` holds."""
    return f"""
        IF {when} THEN
            RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
        END IF;
    """


def guard(
    name: str, operation: pgtrigger.Operation, body: str, declare: list[tuple[str, str]] | None = None
) -> pgtrigger.Trigger:
    """Return a BEFORE trigger that runs `body` and lets the row pass unless that refuses."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=operation,
        declare=declare or [],
        func=f"{body} RETURN NEW;",
    )


def append_only(name: str) -> pgtrigger.Trigger:
    """Return the trigger that lets rows only be added. TRUNCATE is withheld by grant."""
    return pgtrigger.Protect(name=name, operation=DELETE_OR_UPDATE)


# --- terms --------------------------------------------------------------------
TERMS_USED_ARE_KEPT = pgtrigger.Trigger(  # C5: new terms never touch old contracts
    name="terms_used_are_kept",
    when=pgtrigger.Before,
    operation=DELETE_OR_UPDATE,
    func=refuse(
        "terms_used_are_kept",
        """EXISTS (SELECT 1 FROM partners_contract WHERE terms_id = OLD.id)
           OR EXISTS (SELECT 1 FROM partners_application
                      WHERE terms_id = OLD.id AND submitted_at IS NOT NULL)""",
    )
    + " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;",
)

# C5: no version slips in before a contract of that day. A paper counts from its signature, not its import.
TERMS_DO_NOT_REWRITE_HISTORY = guard(
    "terms_do_not_rewrite_history",
    pgtrigger.Insert | pgtrigger.Update,
    refuse(
        "terms_do_not_rewrite_history",
        """EXISTS (
               SELECT 1 FROM partners_contract c JOIN partners_programterms t ON t.id = c.terms_id
               WHERE t.tier_id = NEW.tier_id AND t.id <> NEW.id AND t.effective_on < NEW.effective_on
                 AND coalesce(c.paper_signed_on, (c.created_at AT TIME ZONE 'Europe/Amsterdam')::date)
                     >= NEW.effective_on)""",
    ),
)

# --- partners -----------------------------------------------------------------
PARTNER_STARTS_WITH_A_SIGNED_CONTRACT = guard(  # C6, invariant 5
    "partner_starts_with_a_signed_contract",
    pgtrigger.Insert | pgtrigger.Update,
    refuse(
        "partner_starts_with_a_signed_contract",
        """NEW.started_at IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM partners_contract
               WHERE partner_id = NEW.id AND status = 'signed' AND signed_at <= NEW.started_at)""",
    ),
)
PARTNER_START_IS_KEPT = guard(  # C6: the moment of completion; C21: a slot is taken for good
    "partner_start_is_kept",
    pgtrigger.Update,
    refuse(
        "partner_start_is_kept",
        "OLD.started_at IS NOT NULL AND NEW.started_at IS DISTINCT FROM OLD.started_at",
    )
    + refuse(
        "partner_bonus_slot_for_good",
        "OLD.bonus_slot IS NOT NULL AND NEW.bonus_slot IS DISTINCT FROM OLD.bonus_slot",
    )
    + refuse(
        "partner_recruiter_for_good",
        "OLD.started_at IS NOT NULL AND NEW.recruiter_id IS DISTINCT FROM OLD.recruiter_id",
    ),
)
# C22. A recruiter has started and a started partner keeps their recruiter, so a cycle can't come about.
PARTNER_RECRUITER_IS_SOMEBODY_ELSE = guard(
    "partner_recruiter_is_somebody_else",
    pgtrigger.Insert | pgtrigger.Update,
    refuse(
        "partner_recruiter_has_started",
        """NEW.recruiter_id IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM partners_partner WHERE id = NEW.recruiter_id AND started_at IS NOT NULL)""",
    )
    + refuse(
        "partner_recruiter_is_somebody_else",
        """NEW.recruiter_id IS NOT NULL AND NEW.started_at IS NULL AND EXISTS (
               WITH RECURSIVE line AS (
                   SELECT p.id, p.recruiter_id, p.user_id, p.identity, p.tax_number, p.country
                     FROM partners_partner p WHERE p.id = NEW.recruiter_id
                   UNION
                   SELECT p.id, p.recruiter_id, p.user_id, p.identity, p.tax_number, p.country
                     FROM partners_partner p JOIN line ON p.id = line.recruiter_id)
               SELECT 1 FROM line r
               WHERE (
                   r.user_id = NEW.user_id OR r.identity = NEW.identity
                   OR (NEW.tax_number <> '' AND r.tax_number = NEW.tax_number
                       AND r.country = NEW.country)))""",
    ),
)

# --- contracts ----------------------------------------------------------------
NUMBERS = (
    "recurring_percent",
    "first_invoice_percent",
    "bonus_percent",
    "bonus_basis",
    "cap_unit",
    "cap_count",
    "default_model",
    "tier_id",
    "terms_id",
    "partner_id",
)
PARTY = ("legal_name", "display_name", "signer_name", "signer_email", "country", "tax_number")
_NEW = ", ".join(f"NEW.{name}" for name in NUMBERS + PARTY)
_OLD = ", ".join(f"OLD.{name}" for name in NUMBERS + PARTY)
_APPROVALS = """(SELECT count(DISTINCT director_id) FROM partners_contractreview
                 WHERE contract_id = NEW.id AND version = NEW.version AND decision = 'approved')"""
_REJECTED = """EXISTS (SELECT 1 FROM partners_contractreview
               WHERE contract_id = NEW.id AND version = NEW.version AND decision = 'rejected')"""

CONTRACT_NEEDS_TWO_APPROVALS = guard(  # C6, invariant 4
    "contract_needs_two_approvals",
    pgtrigger.Insert | pgtrigger.Update,
    refuse(
        "contract_needs_two_approvals",
        f"NEW.status IN ('sending', 'sent', 'signed') AND ({_APPROVALS} < 2 OR {_REJECTED})",
    ),
)
CONTRACT_NUMBERS_HAVE_A_VERSION = guard(  # C6: changing any term clears earlier approvals
    "contract_numbers_have_a_version",
    pgtrigger.Update,
    refuse("contract_signed_is_kept", "OLD.status = 'signed'")
    + refuse("contract_version_only_grows", "NEW.version < OLD.version")
    + refuse(
        "contract_numbers_have_a_version",
        f"""({_NEW}) IS DISTINCT FROM ({_OLD})
            AND (NEW.version = OLD.version OR OLD.status NOT IN ('draft', 'in_review'))""",
    ),
)
# The release before writes contracts without it, also after a step back (docs/operations.md, *Upgrade*).
CONTRACT_KNOWS_WHO_SIGNS = guard(
    "contract_knows_who_signs",
    pgtrigger.Insert,
    """
        IF NEW.legal_name = '' THEN
            SELECT p.legal_name, p.display_name, p.country, p.tax_number, u.email,
                   coalesce(nullif(u.full_name, ''), p.legal_name)
              INTO NEW.legal_name, NEW.display_name, NEW.country, NEW.tax_number, NEW.signer_email,
                   NEW.signer_name
              FROM partners_partner p JOIN core_user u ON u.id = p.user_id WHERE p.id = NEW.partner_id;
        END IF;
    """,
)
CONTRACT_IS_KEPT = pgtrigger.Protect(name="contract_is_kept", operation=pgtrigger.Delete)

# The lock makes two reviews of one contract take turns, whoever writes them.
REVIEW_BY_AN_ELIGIBLE_DIRECTOR = guard(  # C6: no way around it, for anybody
    "review_by_an_eligible_director",
    pgtrigger.Insert,
    """
        SELECT c.version, c.status, p.user_id, p.recruiter_id INTO contract
        FROM partners_contract c JOIN partners_partner p ON p.id = c.partner_id
        WHERE c.id = NEW.contract_id FOR NO KEY UPDATE OF c;
    """
    + refuse(
        "review_by_a_director",
        """NOT EXISTS (SELECT 1 FROM core_rolegrant
                       WHERE user_id = NEW.director_id AND role = 'director' AND ended_at IS NULL)""",
    )
    + refuse(
        "review_of_the_current_version",
        "contract.status <> 'in_review' OR contract.version <> NEW.version",
    )
    + refuse("review_not_of_own_contract", "contract.user_id = NEW.director_id")
    + refuse(
        "review_not_by_recruiter",
        """EXISTS (SELECT 1 FROM partners_partner
                   WHERE id = contract.recruiter_id AND user_id = NEW.director_id)""",
    ),
    declare=[("contract", "RECORD")],
)


def canonical(email: str) -> str:
    """Return the SQL of an address in the one form that `ssp.core.identity` compares (C12)."""
    local = f"regexp_replace(lower(split_part({email}, '@', 1)), '[+].*$', '')"
    domain = f"lower(split_part({email}, '@', 2))"
    return f"""CASE WHEN {domain} IN ('gmail.com', 'googlemail.com')
                    THEN replace({local}, '.', '') || '@gmail.com'
                    ELSE {local} || '@' || {domain} END"""


# A second account of the applicant, or of who recruited them, is the same person.
REVIEW_NOT_BY_A_SECOND_ACCOUNT = guard(  # C6, C22
    "review_not_by_a_second_account",
    pgtrigger.Insert,
    refuse(
        "review_not_by_a_second_account",
        f"""EXISTS (
                SELECT 1 FROM partners_contract c
                  JOIN partners_partner p ON p.id = c.partner_id
                  JOIN partners_partner near ON near.id IN (p.id, p.recruiter_id)
                  JOIN core_user theirs ON theirs.id = near.user_id
                  JOIN core_user director ON director.id = NEW.director_id
                WHERE c.id = NEW.contract_id
                  AND {canonical("theirs.email")} = {canonical("director.email")})""",
    ),
)
REVIEW_OF_ACKNOWLEDGED_SIGNS = guard(  # C22: nobody approves what they didn't look at
    "review_of_acknowledged_signs",
    pgtrigger.Insert,
    refuse(
        "review_of_acknowledged_signs",
        """NEW.decision = 'approved' AND EXISTS (
               SELECT 1 FROM partners_samepersonsign s
                 JOIN partners_application a ON a.id = s.application_id
                 JOIN partners_contract c ON c.partner_id = a.partner_id
               WHERE c.id = NEW.contract_id AND a.status = 'submitted' AND NOT EXISTS (
                   SELECT 1 FROM partners_signacknowledgement k
                   WHERE k.sign_id = s.id AND k.director_id = NEW.director_id))""",
    ),
)

# --- envelopes ----------------------------------------------------------------
ENVELOPE_OF_AN_APPROVED_VERSION = guard(  # C6: exactly what was approved goes out
    "envelope_of_an_approved_version",
    pgtrigger.Insert,
    refuse(
        "envelope_of_an_approved_version",
        """NOT EXISTS (SELECT 1 FROM partners_contract
                       WHERE id = NEW.contract_id AND status = 'sending'
                         AND version = NEW.contract_version)""",
    ),
)
ENVELOPE_CLOSED_IS_KEPT = guard(  # C6: late events of an old envelope change nothing
    "envelope_closed_is_kept",
    pgtrigger.Update,
    refuse(
        "envelope_closed_is_kept",
        """(OLD.status IN ('completed', 'declined', 'voided', 'expired') AND NEW.status <> OLD.status)
           OR NEW.transaction_id <> OLD.transaction_id
           OR (OLD.envelope_id IS NOT NULL AND NEW.envelope_id IS DISTINCT FROM OLD.envelope_id)
           OR (NEW.contract_id, NEW.contract_version)
              IS DISTINCT FROM (OLD.contract_id, OLD.contract_version)""",
    ),
)
ENVELOPE_SIGNER_IS_THE_APPLICANT = guard(  # C6: a corrected address is the applicant's own, and proven
    "envelope_signer_is_the_applicant",
    pgtrigger.Insert | pgtrigger.Update,
    refuse(
        "envelope_signer_is_the_applicant",
        """TG_OP = 'INSERT' AND NEW.signer_email <> '' AND NOT EXISTS (
               SELECT 1 FROM core_user u
               JOIN partners_partner p ON p.user_id = u.id
               JOIN partners_contract c ON c.partner_id = p.id
               WHERE c.id = NEW.contract_id AND lower(u.email) = lower(NEW.signer_email))""",
    )
    + refuse(
        "envelope_signer_is_the_applicant",
        """TG_OP = 'UPDATE' AND NEW.signer_email <> OLD.signer_email AND (
               OLD.status NOT IN ('queued', 'sent', 'delivered')
               OR NOT EXISTS (
                   SELECT 1 FROM account_emailaddress e
                   JOIN partners_partner p ON p.user_id = e.user_id
                   JOIN partners_contract c ON c.partner_id = p.id
                   WHERE c.id = NEW.contract_id AND e.verified
                     AND lower(e.email) = lower(NEW.signer_email)))""",
    ),
)
