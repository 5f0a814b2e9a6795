"""What a row alone can't say about the end of a partnership (*Ending*, C6): held by triggers."""

import pgtrigger

from partners.models.triggers import guard, refuse

# ruff: noqa: S608 - the SQL below is put together from constants of this file alone

_DIRECTOR = """EXISTS (SELECT 1 FROM core_rolegrant
               WHERE user_id = {who} AND role = 'director' AND ended_at IS NULL)"""
_INTERESTED = """EXISTS (SELECT 1 FROM partners_partner p
                 LEFT JOIN partners_partner r ON r.id = p.recruiter_id
                 WHERE p.id = NEW.partner_id AND {who} IN (p.user_id, r.user_id))"""
_IS_PARTNER = (
    "EXISTS (SELECT 1 FROM partners_partner WHERE id = NEW.partner_id AND user_id = NEW.given_by_id)"
)


def _by_a_director(who: str) -> str:
    return refuse("ending_by_a_director", f"NOT {_DIRECTOR.format(who=who)}") + refuse(
        "ending_without_interest", _INTERESTED.format(who=who)
    )


_BY_THE_PARTNER = refuse("ending_by_the_partner", f"NOT {_IS_PARTNER}")
_OF_A_SIGNED_CONTRACT = refuse(
    "ending_of_a_signed_contract",
    """NOT EXISTS (SELECT 1 FROM partners_contract
                   WHERE id = NEW.contract_id AND partner_id = NEW.partner_id AND status = 'signed')""",
)
_REJOINED_WITH_A_NEW_CONTRACT = refuse(
    "ending_rejoined_with_a_new_contract",
    """NEW.rejoined_with_id = NEW.contract_id OR NOT EXISTS (
           SELECT 1 FROM partners_contract
           WHERE id = NEW.rejoined_with_id AND partner_id = NEW.partner_id AND status = 'signed'
             AND created_at >= NEW.ends_at AND signed_at <= NEW.rejoined_at)""",
)

# Notice: the partner's own, or a director's. For cause: two directors; neither is the partner or earns from
# them. A superuser has no way around it.
ENDING_BY_WHOM = guard(
    "ending_by_whom",
    pgtrigger.Insert | pgtrigger.Update,
    f"""
        IF TG_OP = 'INSERT' THEN
            {_OF_A_SIGNED_CONTRACT}
            IF NEW.side = 'partner' THEN
                {_BY_THE_PARTNER}
            ELSE
                {_by_a_director("NEW.given_by_id")}
            END IF;
        END IF;
        IF NEW.confirmed_by_id IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.confirmed_by_id IS NULL) THEN
            {_by_a_director("NEW.confirmed_by_id")}
        END IF;
        IF NEW.rejoined_with_id IS NOT NULL AND (TG_OP = 'INSERT' OR OLD.rejoined_with_id IS NULL) THEN
            {_REJOINED_WITH_A_NEW_CONTRACT}
        END IF;
    """,
)

# What was decided stays as it was decided; each later fact is written once.
ENDING_IS_KEPT = guard(
    "ending_is_kept",
    pgtrigger.Update,
    refuse(
        "ending_is_kept",
        """(NEW.partner_id, NEW.contract_id, NEW.kind, NEW.side, NEW.reason, NEW.given_by_id, NEW.given_at)
             IS DISTINCT FROM
           (OLD.partner_id, OLD.contract_id, OLD.kind, OLD.side, OLD.reason, OLD.given_by_id, OLD.given_at)
           OR (OLD.ends_at IS NOT NULL AND (NEW.ends_at, NEW.last_on, NEW.confirmed_by_id, NEW.evidence)
               IS DISTINCT FROM (OLD.ends_at, OLD.last_on, OLD.confirmed_by_id, OLD.evidence))
           OR (OLD.withdrawn_at IS NOT NULL AND NEW IS DISTINCT FROM OLD)
           OR (OLD.replaced_by_id IS NOT NULL AND NEW.replaced_by_id IS DISTINCT FROM OLD.replaced_by_id)
           OR (OLD.carried_out_at IS NOT NULL AND NEW.carried_out_at IS DISTINCT FROM OLD.carried_out_at)
           OR (OLD.rejoined_at IS NOT NULL AND (NEW.rejoined_at, NEW.rejoined_with_id)
               IS DISTINCT FROM (OLD.rejoined_at, OLD.rejoined_with_id))""",
    ),
)
ENDING_STAYS = pgtrigger.Protect(name="ending_stays", operation=pgtrigger.Delete)

# The partner's row says what the standing ending says, and nothing else ends or revives a partnership.
_AS_THE_ENDING_SAYS = refuse(
    "partner_ends_by_an_ending",
    "(NEW.ended_at, NEW.end_kind) IS DISTINCT FROM (standing.ends_at, coalesce(standing.kind, ''))",
)
PARTNER_ENDS_BY_AN_ENDING = guard(
    "partner_ends_by_an_ending",
    pgtrigger.Insert | pgtrigger.Update,
    f"""
        IF TG_OP = 'INSERT' OR (NEW.ended_at, NEW.end_kind) IS DISTINCT FROM (OLD.ended_at, OLD.end_kind) THEN
            SELECT ends_at, kind INTO standing FROM partners_ending
             WHERE partner_id = NEW.id AND ends_at IS NOT NULL AND withdrawn_at IS NULL
               AND replaced_by_id IS NULL AND rejoined_at IS NULL;
            {_AS_THE_ENDING_SAYS}
        END IF;
    """,
    declare=[("standing", "RECORD")],
)
