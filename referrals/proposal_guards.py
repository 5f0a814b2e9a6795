"""What the database holds about proposed times, appeals and disputes (C12)."""

import pgtrigger

from partners.models.triggers import canonical
from referrals.guards import refuse, update_of

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone

# The lock waits for whoever ends the claim at this moment: no wait begins after it.
FOR_A_LIVE_CLAIM = pgtrigger.Trigger(
    name="proposal_for_a_live_claim",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        PERFORM 1 FROM referrals_referral WHERE id = NEW.referral_id FOR SHARE;
        IF NOT EXISTS (
            SELECT 1 FROM referrals_referral
            WHERE id = NEW.referral_id AND claim_ended_at IS NULL AND objected_at IS NULL
        ) THEN {refuse("proposal_for_a_live_claim", "the claim is over")}
        END IF;
        RETURN NEW;
    """,
)

ANSWERED_IS_KEPT = pgtrigger.Trigger(
    name="proposal_answered_is_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' OR OLD.answered_at IS NOT NULL OR (
            NEW.referral_id, NEW.by_partner, NEW.proposed_by_id, NEW.proposed_at, NEW.waiting_since
        ) IS DISTINCT FROM (
            OLD.referral_id, OLD.by_partner, OLD.proposed_by_id, OLD.proposed_at, OLD.waiting_since
        ) THEN {refuse("proposal_answered_is_kept", "what was proposed and answered stays")}
        END IF;
        RETURN NEW;
    """,
)

# C12: nobody's claim lapses while SeMI has left proposed times unanswered.
NOT_WHILE_SEMI_IS_ASKED = pgtrigger.Trigger(
    name="referral_no_lapse_while_semi_is_asked",
    when=pgtrigger.Before,
    operation=update_of("status"),
    func=f"""
        IF NEW.status = 'lapsed' AND OLD.status <> 'lapsed' AND NEW.ended_with_id IS NULL AND EXISTS (
            SELECT 1 FROM referrals_proposal p
            WHERE p.referral_id = NEW.id AND p.by_partner AND p.answered_at IS NULL
        ) THEN {refuse("referral_no_lapse_while_semi_is_asked", "SeMI has not answered proposed times")}
        END IF;
        RETURN NEW;
    """,
)


def _by_a_lead(name: str, who: str, partners: str) -> str:
    """Let a sales lead decide who is none of `partners` (a query of ids), under any account."""
    return f"""
        IF NOT EXISTS (
            SELECT 1 FROM core_rolegrant g JOIN core_user u ON u.id = g.user_id AND u.is_active
            WHERE g.user_id = NEW.{who} AND g.role = 'sales_lead' AND g.ended_at IS NULL
        ) THEN {refuse(f"{name}_by_a_sales_lead", "only a sales lead decides")}
        END IF;
        IF EXISTS (
            SELECT 1 FROM partners_partner p
              JOIN core_user theirs ON theirs.id = p.user_id
              JOIN core_user lead ON lead.id = NEW.{who}
            WHERE p.id IN ({partners})
              AND (theirs.id = lead.id
                   OR {canonical("lead.email")} IN (p.identity, {canonical("theirs.email")}))
        ) THEN {refuse(f"{name}_not_by_its_partner", "nobody decides about their own introduction")}
        END IF;
    """


APPEAL_BY_A_SALES_LEAD = pgtrigger.Trigger(
    name="appeal_by_a_sales_lead",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("decided_by_id", "decided_at"),
    func=f"""
        IF NEW.decided_at IS NULL THEN RETURN NEW; END IF;
        {
        _by_a_lead(
            "appeal",
            "decided_by_id",
            "SELECT f.partner_id FROM referrals_refusal f WHERE f.id = NEW.refusal_id",
        )
    }
        RETURN NEW;
    """,
)
APPEAL_IS_KEPT = pgtrigger.Trigger(
    name="appeal_decided_is_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' OR (NEW.refusal_id, NEW.appealed_at) IS DISTINCT FROM
            (OLD.refusal_id, OLD.appealed_at) OR (OLD.decided_at IS NOT NULL AND
            (NEW.decided_at, NEW.decided_by_id, NEW.accepted, NEW.reason, NEW.referral_id) IS DISTINCT FROM
            (OLD.decided_at, OLD.decided_by_id, OLD.accepted, OLD.reason, OLD.referral_id))
        THEN {refuse("appeal_decided_is_kept", "an appeal is decided once")}
        END IF;
        RETURN NEW;
    """,
)

DISPUTE_RULED_BY_A_SALES_LEAD = pgtrigger.Trigger(
    name="dispute_ruled_by_a_sales_lead",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | update_of("ruled_by_id", "ruled_at"),
    func=f"""
        IF NEW.ruled_at IS NULL THEN RETURN NEW; END IF;
        {
        _by_a_lead(
            "dispute",
            "ruled_by_id",
            "SELECT r.partner_id FROM referrals_referral r WHERE r.id IN (NEW.first_id, NEW.second_id)",
        )
    }
        RETURN NEW;
    """,
)
DISPUTE_IS_KEPT = pgtrigger.Trigger(
    name="dispute_ruled_is_kept",
    when=pgtrigger.Before,
    operation=pgtrigger.Update | pgtrigger.Delete,
    func=f"""
        IF TG_OP = 'DELETE' OR OLD.ruled_at IS NOT NULL OR
            (NEW.first_id, NEW.second_id, NEW.question, NEW.opened_by_id, NEW.opened_at) IS DISTINCT FROM
            (OLD.first_id, OLD.second_id, OLD.question, OLD.opened_by_id, OLD.opened_at)
        THEN {refuse("dispute_ruled_is_kept", "a dispute is ruled on once, as it was opened")}
        END IF;
        RETURN NEW;
    """,
)
DISPUTE_OF_TWO_PARTNERS = pgtrigger.Trigger(
    name="dispute_of_two_partners",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM referrals_referral a JOIN referrals_referral b ON b.id = NEW.second_id
            WHERE a.id = NEW.first_id AND a.partner_id <> b.partner_id
              AND (a.company_id = b.company_id OR a.identity = b.identity)
        ) THEN {refuse("dispute_of_two_partners", "two partners, one person or one company")}
        END IF;
        RETURN NEW;
    """,
)
