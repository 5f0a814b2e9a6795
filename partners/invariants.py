"""Invariants 4, 5 and 10 of the programme, as far as the partnership holds them: none returns a row."""

from ssp.core import invariants

PARTNERSHIP: list[tuple[int, str, str]] = [
    (
        4,
        "No contract sent or signed without two approvals by different directors of exactly that version.",
        """
        SELECT c.id FROM partners_contract c
         WHERE c.status IN ('sending', 'sent', 'signed') AND (
               SELECT count(DISTINCT r.director_id) FROM partners_contractreview r
                WHERE r.contract_id = c.id AND r.version = c.version AND r.decision = 'approved') < 2
        """,
    ),
    (
        4,
        "No approval by somebody who never was a director, is the partner, or recruited them.",
        """
        SELECT r.id FROM partners_contractreview r
          JOIN partners_contract c ON c.id = r.contract_id JOIN partners_partner p ON p.id = c.partner_id
          LEFT JOIN partners_partner above ON above.id = p.recruiter_id
         WHERE c.status <> 'closed'  -- who decided about it may invite the same person afterwards
           AND (r.director_id IN (p.user_id, above.user_id) OR NOT EXISTS (
               SELECT 1 FROM core_rolegrant g WHERE g.user_id = r.director_id AND g.role = 'director'))
        """,
    ),
    (
        4,
        "No contract signed on paper without the PDF of that version, or from another day than the paper's.",
        """
        SELECT c.id FROM partners_contract c
         WHERE c.origin = 'paper' AND c.status = 'signed' AND (
               c.signed_at <> (c.paper_signed_on::timestamp AT TIME ZONE 'Europe/Amsterdam')
               OR NOT EXISTS (
                   SELECT 1 FROM partners_contractdocument d
                    WHERE d.contract_id = c.id AND d.version = c.version AND d.kind = 'signed'))
        """,
    ),
    (
        4,
        "No envelope of a contract signed on paper.",
        """
        SELECT e.id FROM partners_envelope e JOIN partners_contract c ON c.id = e.contract_id
         WHERE c.origin = 'paper'
        """,
    ),
    (
        5,
        "No active partner without a signed contract, signed before the partnership starts.",
        """
        SELECT p.id FROM partners_partner p
         WHERE p.started_at IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM partners_contract c
                WHERE c.partner_id = p.id AND c.status = 'signed' AND c.signed_at <= p.started_at)
        """,
    ),
    (
        5,
        "No more than 3 slots per recruiter, no slot twice, none without a started recruit.",
        """
        SELECT min(p.id) FROM partners_partner p WHERE p.bonus_slot IS NOT NULL
         GROUP BY p.recruiter_id
        HAVING count(*) > 3 OR count(DISTINCT p.bonus_slot) < count(*) OR p.recruiter_id IS NULL
            OR bool_or(p.started_at IS NULL OR p.bonus_slot NOT BETWEEN 1 AND 3)
        """,
    ),
    (
        5,
        "No two partners of one identity.",
        "SELECT min(id) FROM partners_partner GROUP BY identity HAVING count(*) > 1",
    ),
    (
        10,
        "Nobody recruits themself, over however many; and no recruiter started after their recruit.",
        """
        WITH RECURSIVE line AS (
            SELECT id AS start, recruiter_id AS above FROM partners_partner WHERE recruiter_id IS NOT NULL
            UNION
            SELECT line.start, p.recruiter_id FROM line JOIN partners_partner p ON p.id = line.above
             WHERE p.recruiter_id IS NOT NULL)
        SELECT start FROM line WHERE start = above
        UNION
        SELECT p.id FROM partners_partner p JOIN partners_partner r ON r.id = p.recruiter_id
         WHERE r.started_at IS NULL OR p.started_at < r.started_at AND NOT EXISTS (
               SELECT 1 FROM partners_contract c  -- a paper has a day, and no hour
                WHERE c.partner_id = p.id AND c.origin = 'paper' AND c.signed_at = p.started_at
                  AND c.paper_signed_on = (r.started_at AT TIME ZONE 'Europe/Amsterdam')::date)
        """,
    ),
]

# The other half of number 5: who is active, and who no longer is.
_STANDING = """e.ends_at IS NOT NULL AND e.withdrawn_at IS NULL AND e.replaced_by_id IS NULL
               AND e.rejoined_at IS NULL"""
ENDINGS: list[tuple[int, str, str]] = [
    (
        5,
        "The partner's row says what the standing ending says.",
        f"""
        SELECT p.id FROM partners_partner p
          LEFT JOIN partners_ending e ON e.partner_id = p.id AND {_STANDING}
         WHERE (p.ended_at, p.end_kind) IS DISTINCT FROM (e.ends_at, coalesce(e.kind, ''))
        """,  # noqa: S608 - constants of this file
    ),
    (
        5,
        "No partnership ended for cause by fewer than two directors, or by somebody with an interest.",
        """
        SELECT e.id FROM partners_ending e
          JOIN partners_partner p ON p.id = e.partner_id
          LEFT JOIN partners_partner r ON r.id = p.recruiter_id
         WHERE e.kind = 'cause' AND e.ends_at IS NOT NULL
           AND (e.confirmed_by_id IS NULL OR e.confirmed_by_id = e.given_by_id
                OR p.user_id IN (e.given_by_id, e.confirmed_by_id)
                OR r.user_id IN (e.given_by_id, e.confirmed_by_id))
        """,
    ),
    (
        5,
        "Nobody came back without another contract, signed after the end.",
        """
        SELECT e.id FROM partners_ending e LEFT JOIN partners_contract c ON c.id = e.rejoined_with_id
         WHERE e.rejoined_at IS NOT NULL
           AND (c.id IS NULL OR c.id = e.contract_id OR c.status <> 'signed' OR c.created_at < e.ends_at)
        """,
    ),
]
INVARIANTS = [*PARTNERSHIP, *ENDINGS]


def broken() -> list[str]:
    """Return the words of each invariant that doesn't hold now, with the first rows that break it."""
    return [str(each) for each in invariants.broken(INVARIANTS)]
