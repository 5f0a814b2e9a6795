"""Invariants 8 to 13 of the programme: each is one query that returns no row, at any moment."""

from commissions.guards import THREE_DECIMALS, ZERO_DECIMALS

# ruff: noqa: S608 - SQL of constants alone

INVARIANTS: list[tuple[int, str, str]] = [
    (
        8,
        "No commission on a deal signed before its introduction or after its window.",
        """
        SELECT c.id FROM commissions_commission c
          JOIN referrals_usecase u ON u.id = c.use_case_id
          LEFT JOIN referrals_deal d ON d.use_case_id = u.id
         WHERE d.id IS NULL OR d.signed_on IS NULL OR u.window_starts_on IS NULL
            OR d.signed_on NOT BETWEEN u.window_starts_on AND u.window_ends_on
        """,
    ),
    (
        8,
        "No positive entry without a payment; for what was paid before this system two people vouch.",
        """
        SELECT c.id FROM commissions_commission c
          LEFT JOIN commissions_openingsum s ON s.id = c.opening_id
          LEFT JOIN commissions_opening o ON o.id = s.opening_id
          LEFT JOIN commissions_openingimport b ON b.id = o.opening_import_id
         WHERE c.amount > 0 AND (b.committed_by_id = b.uploaded_by_id) IS NOT FALSE AND NOT EXISTS (
               SELECT 1 FROM commissions_fact f WHERE f.invoice_id = c.invoice_id AND f.kind = 'payment')
        """,
    ),
    (
        8,
        "None on a use case closed as reseller.",
        """
        SELECT c.id FROM commissions_commission c JOIN referrals_usecase u ON u.id = c.use_case_id
         WHERE u.outcome = 'reseller'
        """,
    ),
    (
        8,
        "None of both models for one use case.",
        """
        SELECT c.use_case_id FROM commissions_commission c WHERE c.kind NOT IN ('bonus', 'opening')
         GROUP BY c.use_case_id HAVING count(DISTINCT c.kind) > 1
        """,
    ),
    (
        8,
        "No two entries for one fact, invoice and kind.",
        """
        SELECT min(c.id) FROM commissions_commission c
         GROUP BY c.fact_id, c.invoice_id, c.kind, c.opening_id, c.opening_id IS NOT NULL AND c.amount < 0
        HAVING count(*) > 1
        """,
    ),
    (
        9,
        "No negative sum per invoice and kind.",
        """
        SELECT c.invoice_id FROM commissions_commission c WHERE c.kind <> 'opening'
         GROUP BY c.invoice_id, c.kind HAVING sum(c.amount) < 0
        """,
    ),
    (
        9,
        "No sum above the formula, by the credit notes then known: half a minor unit for the rounding aside.",
        f"""
        SELECT s.invoice_id
          FROM (SELECT c.invoice_id, c.kind, sum(c.amount) AS total, max(c.rate_percent) AS rate,
                       max(c.known_fact) AS known, (array_agg(c.due ORDER BY c.id DESC))[1] AS due
                  FROM commissions_commission c WHERE c.kind <> 'opening' GROUP BY c.invoice_id, c.kind) s
          JOIN commissions_invoice i ON i.id = s.invoice_id
         WHERE s.total <> s.due
            OR (s.kind <> 'bonus' AND s.total > s.rate / 100 * greatest(0, i.net - (
                   SELECT coalesce(sum(f.net), 0) FROM commissions_fact f
                    WHERE f.invoice_id = s.invoice_id AND f.kind = 'credit' AND f.id <= s.known))
                + CASE WHEN i.currency IN ({ZERO_DECIMALS}) THEN 0.5
                       WHEN i.currency IN ({THREE_DECIMALS}) THEN 0.0005 ELSE 0.005 END)
        """,
    ),
    (
        9,
        "What was open before this system is in the ledger: exactly that, once, or taken back whole.",
        """
        SELECT s.id FROM commissions_openingsum s JOIN commissions_opening o ON o.id = s.opening_id
          LEFT JOIN commissions_commission c ON c.opening_id = s.id
         GROUP BY s.id, o.id
        HAVING coalesce(sum(c.amount), 0) <> CASE WHEN o.undone_at IS NULL THEN s.earned - s.paid ELSE 0 END
            OR bool_or(c.kind <> 'opening')
        """,
    ),
    (
        10,
        "No RaR entry from a RaR entry, or for someone other than the recruit's recruiter.",
        """
        SELECT c.id FROM commissions_commission c
          JOIN referrals_usecase u ON u.id = c.use_case_id JOIN partners_partner p ON p.id = u.partner_id
          LEFT JOIN commissions_commission s ON s.id = c.source_entry_id
         WHERE c.kind = 'bonus'
           AND (s.kind = 'bonus' OR p.recruiter_id IS DISTINCT FROM c.partner_id OR p.bonus_slot IS NULL)
        """,
    ),
    (
        11,
        "The trigger that forbids UPDATE and DELETE on the ledger exists and is enabled.",
        """
        SELECT 'commissions_commission' WHERE NOT EXISTS (
            SELECT 1 FROM pg_trigger t
             WHERE t.tgrelid = 'commissions_commission'::regclass
               AND t.tgname LIKE 'pgtrigger_ledger_append_only%'
               AND t.tgenabled IN ('O', 'A') AND (t.tgtype & 16) > 0 AND (t.tgtype & 8) > 0)
        """,
    ),
    (
        12,
        "Every payout equals its entries plus its VAT line; one currency per payout.",
        """
        SELECT p.id FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
          LEFT JOIN commissions_payoutentry e ON e.payout_id = p.id
          LEFT JOIN commissions_commission c ON c.id = e.commission_id
         GROUP BY p.id, r.currency
        HAVING p.entries_total <> coalesce(sum(c.amount), 0) OR p.currency <> r.currency
            OR bool_or(c.currency <> p.currency) OR bool_or(c.partner_id <> p.partner_id)
            OR abs(p.vat - p.entries_total * p.vat_percent / 100) > 0.5
        """,
    ),
    (
        12,
        "No entry in two payouts, failed and returned ones aside.",
        """
        SELECT e.commission_id FROM commissions_payoutentry e
          JOIN commissions_payout p ON p.id = e.payout_id JOIN commissions_payoutrun r ON r.id = p.run_id
         WHERE p.failed_at IS NULL AND r.discarded_at IS NULL
         GROUP BY e.commission_id HAVING count(*) > 1
        """,
    ),
    (
        13,
        "No paid payout without an approver other than its preparer.",
        """
        SELECT p.id FROM commissions_payout p JOIN commissions_payoutrun r ON r.id = p.run_id
         WHERE p.paid_on IS NOT NULL AND (r.approved_by_id IS NULL OR r.approved_by_id = r.prepared_by_id)
        """,
    ),
    (
        12,
        "No gap and no number twice in a series of statements.",
        """
        SELECT min(s.id) FROM commissions_statement s GROUP BY s.kind, s.year
        HAVING min(s.sequence) <> 1 OR max(s.sequence) <> count(*)
        """,
    ),
    (
        12,
        "A payout with a number has its statement, with that number and its sums; a failed one is cancelled.",
        """
        SELECT p.id FROM commissions_payout p
          LEFT JOIN commissions_statement s ON s.payout_id = p.id AND s.kind = 'payout'
          LEFT JOIN commissions_statement c ON c.payout_id = p.id AND c.kind = 'cancellation'
         WHERE (p.statement_year, p.statement_sequence, p.partner_id, p.currency, p.entries_total, p.vat)
                 IS DISTINCT FROM (s.year, s.sequence, s.partner_id, s.currency, s.net, s.vat)
           AND NOT (p.statement_sequence IS NULL AND s.id IS NULL)
            OR (p.failed_at IS NOT NULL AND p.statement_sequence IS NOT NULL) <> (c.id IS NOT NULL)
            OR c.net + p.entries_total <> 0 OR c.vat + p.vat <> 0
        """,
    ),
    (
        12,
        "Every month’s statement begins with the balance of the one before, and is its lines.",
        """
        SELECT s.id FROM (
            SELECT m.*, coalesce(lag(m.opening + m.net) OVER (
                       PARTITION BY m.partner_id, m.currency ORDER BY m.month), 0) AS before
              FROM commissions_statement m WHERE m.kind = 'month') s
         WHERE s.opening <> s.before OR s.net <> (
               SELECT coalesce(sum(l.amount), 0) FROM commissions_statementline l WHERE l.statement_id = s.id)
        """,
    ),
    (
        12,
        "The triggers that forbid UPDATE and DELETE on statements exist and are enabled.",
        """
        SELECT t.name FROM (VALUES ('commissions_statement', 'statement_append_only'),
                                   ('commissions_statementline', 'statement_line_append_only'),
                                   ('commissions_statementfile', 'statement_file_append_only')) t (tab, name)
         WHERE NOT EXISTS (
            SELECT 1 FROM pg_trigger g
             WHERE g.tgrelid = t.tab::regclass AND g.tgname LIKE 'pgtrigger_' || t.name || '%'
               AND g.tgenabled IN ('O', 'A') AND (g.tgtype & 16) > 0 AND (g.tgtype & 8) > 0)
        """,
    ),
]
