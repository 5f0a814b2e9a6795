"""Invariants about the end of a partnership: each is one query that returns no row, at any moment.

They stand beside the programme's fourteen: number 5 is about who is active, and these are its other half.
"""

_STANDING = """e.ends_at IS NOT NULL AND e.withdrawn_at IS NULL AND e.replaced_by_id IS NULL
               AND e.rejoined_at IS NULL"""

INVARIANTS: list[tuple[int, str, str]] = [
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
