-- Works out the entries that the facts of some deals call for and that aren't written yet (C5, C20).
--
-- It says the same as commissions/rules, which walks through the facts one by one; here each step is a set:
--
--   1. the deals, their contracts, invoices, lines and facts,
--   2. versions: what is known of an invoice after each of its facts,
--   3. positions: what the deal decides as a whole after each fact that changes it (where the cap starts, which is
--      the first invoice, the how-manieth of a cap in invoices),
--   4. calls: after which fact which invoice is reckoned anew,
--   5. reckonings: the formula for each call, by each contract that could count, rounded once,
--   6. chains: per invoice and kind, from one reckoning to the next, what is an entry,
--   7. what became visible late and no call reaches: settled with the last fact that has no entry.
--
-- A `book` is what is known: 0 is everything; 1 leaves out what happened after the partner's end for cause, 2 what
-- happened after the recruiter's. Amounts are exact: a fraction is a numerator and a denominator until it is rounded.
INSERT INTO pg_temp.accrued (
    deal, use_case, known, bill, fact, kind, receiver, contract, rate, eligible, numerator, denominator, due,
    amount, currency, happened_on, place, why)
WITH RECURSIVE

-- 1. What there is ---------------------------------------------------------------------------------------------
asked AS MATERIALIZED (
    SELECT d.id AS deal, u.id AS use_case, u.model AS elected, u.partner_id AS partner,
           CASE WHEN p.bonus_slot IS NOT NULL THEN p.recruiter_id END AS recruiter,
           u.outcome = '' AND coalesce(d.signed_on BETWEEN u.window_starts_on AND u.window_ends_on, false) AS pays,
           coalesce(u.window_starts_on, (u.defined_at AT TIME ZONE 'Europe/Amsterdam')::date) AS began_on,
           coalesce(r.registered_at, u.defined_at) AS began_at, p.started_at,
           x.as_of, x.cap_starts_on AS opening_starts_on, coalesce(x.recurring_before, 0) AS recurring_before,
           coalesce(x.first_taken, false) AS first_taken
      FROM referrals_deal d
      JOIN referrals_usecase u ON u.id = d.use_case_id
      JOIN partners_partner p ON p.id = u.partner_id
      LEFT JOIN referrals_referral r ON r.id = u.referral_id
      LEFT JOIN commissions_opening x ON x.deal_id = d.id AND x.undone_at IS NULL  -- reckoned before this system
     WHERE d.id = ANY(%(deals)s)
),
terms AS MATERIALIZED (
    SELECT a.deal, side.role, c.id AS contract, c.signed_at,
           (c.signed_at AT TIME ZONE 'Europe/Amsterdam')::date AS signed_on,
           lead((c.signed_at AT TIME ZONE 'Europe/Amsterdam')::date) OVER (
               PARTITION BY a.deal, side.role
               ORDER BY (c.signed_at AT TIME ZONE 'Europe/Amsterdam')::date, c.id) AS next_signed_on,
           c.recurring_percent, c.first_invoice_percent, c.bonus_percent, c.bonus_basis, c.cap_unit, c.cap_count,
           c.default_model
      FROM asked a
     CROSS JOIN LATERAL (VALUES ('own', a.partner), ('recruiter', a.recruiter)) AS side (role, party)
      JOIN partners_contract c ON c.partner_id = side.party AND c.status = 'signed'
),
entered AS MATERIALIZED (  -- what is written already
    SELECT c.use_case_id AS use_case, c.invoice_id AS bill, c.kind, sum(c.amount) AS total, max(c.fact_id) AS last,
           min(c.id) AS opened, (array_agg(c.contract_id ORDER BY c.id))[1] AS contract,
           array_agg(c.fact_id) AS facts
      FROM commissions_commission c
     WHERE c.invoice_id = ANY(%(invoices)s)
     GROUP BY c.use_case_id, c.invoice_id, c.kind
),
deal AS MATERIALIZED (
    SELECT a.*,
           coalesce(
               nullif(a.elected, ''),
               (SELECT e.kind FROM entered e WHERE e.use_case = a.use_case AND e.kind <> 'bonus'
                 ORDER BY e.opened LIMIT 1),
               (SELECT t.default_model FROM terms t
                 WHERE t.deal = a.deal AND t.role = 'own' AND t.signed_on <= a.began_on
                 ORDER BY t.signed_on DESC, t.contract DESC LIMIT 1),
               (SELECT t.default_model FROM terms t WHERE t.deal = a.deal AND t.role = 'own'
                 ORDER BY t.signed_at, t.contract LIMIT 1)
           ) AS model,
           -- Coming back revives nothing: an end for cause takes along what began before the return (*Ending*).
           (SELECT (min(x.ends_at) AT TIME ZONE 'Europe/Amsterdam')::date FROM partners_ending x
             WHERE x.partner_id = a.partner AND x.kind = 'cause' AND x.ends_at IS NOT NULL
               AND (x.rejoined_at IS NULL OR x.rejoined_at > a.began_at)) AS ended_on,
           (SELECT (min(x.ends_at) AT TIME ZONE 'Europe/Amsterdam')::date FROM partners_ending x
             WHERE x.partner_id = a.recruiter AND x.kind = 'cause' AND x.ends_at IS NOT NULL
               AND (x.rejoined_at IS NULL OR x.rejoined_at > a.started_at)
               AND a.started_at IS NOT NULL) AS recruiter_ended_on
      FROM asked a
     WHERE EXISTS (SELECT 1 FROM terms t WHERE t.deal = a.deal AND t.role = 'own')
),
book AS MATERIALIZED (
    SELECT deal, 0 AS book, NULL::date AS until FROM deal
    UNION ALL SELECT deal, 1, ended_on FROM deal WHERE ended_on IS NOT NULL
    UNION ALL SELECT deal, 2, recruiter_ended_on FROM deal WHERE recruiter_ended_on IS NOT NULL
),
bill AS MATERIALIZED (  -- in the deal's order: by date, then number, where 9 comes before 10
    SELECT i.*, row_number() OVER (
               PARTITION BY i.deal
               ORDER BY i.issued_on, CASE WHEN i.that_day > 1 THEN ledger_number_key(i.reference) END COLLATE "C", i.bill
           ) AS ord
      FROM (SELECT v.id AS bill, v.deal_id AS deal, v.reference, v.issued_on, v.currency, v.net, v.gross,
                   CASE WHEN v.currency = ANY(%(no_decimals)s) THEN 0
                        WHEN v.currency = ANY(%(three_decimals)s) THEN 3 ELSE 2 END AS digits,
                   count(*) OVER (PARTITION BY v.deal_id, v.issued_on) AS that_day
              FROM commissions_invoice v JOIN deal d ON d.deal = v.deal_id
             WHERE v.id = ANY(%(invoices)s)) i
),
line AS MATERIALIZED (
    SELECT l.id AS line, l.invoice_id AS bill, l.number, l.net, l.recurring, l.service_from, l.service_to,
           CASE WHEN l.recurring THEN l.service_to - l.service_from + 1 END AS days
      FROM commissions_invoiceline l WHERE l.invoice_id = ANY(%(invoices)s)
),
lines AS MATERIALIZED (
    SELECT bill, coalesce(sum(net) FILTER (WHERE recurring), 0) AS recurring_net,
           ledger_lcm(days::numeric) FILTER (WHERE recurring) AS days,  -- what every line's share of days divides
           min(service_from) FILTER (WHERE recurring) AS service_from,
           max(service_to) FILTER (WHERE recurring) AS service_to
      FROM line GROUP BY bill
),
fact AS MATERIALIZED (
    SELECT f.id AS k, b.deal, b.bill, f.kind, f.happened_on, f.net, f.line_id AS line,
           -- What was paid until the day of an opening was counted then.
           CASE WHEN f.kind IN ('payment', 'refund') AND f.happened_on <= d.as_of THEN 0 ELSE f.gross END AS gross,
           CASE WHEN f.kind = 'credit' THEN f.replacement_id END AS replacement
      FROM commissions_fact f JOIN bill b ON b.bill = f.invoice_id JOIN deal d ON d.deal = b.deal
     WHERE f.invoice_id = ANY(%(invoices)s)
       AND f.kind IN ('invoice', 'match', 'payment', 'refund', 'credit')  -- any other changes nothing here
),
known AS MATERIALIZED (SELECT deal, max(k) AS k FROM fact GROUP BY deal),

-- 2. Versions: an invoice after each of its facts; 0 is before the first -----------------------------------------
told AS MATERIALIZED (
    SELECT o.book, f.k, f.deal, f.bill, f.kind, f.happened_on, f.gross, f.net, f.line, f.replacement
      FROM book o JOIN fact f ON f.deal = o.deal
     WHERE o.until IS NULL OR f.happened_on <= o.until
    UNION ALL
    SELECT o.book, 0, b.deal, b.bill, '', NULL, 0, 0, NULL, NULL FROM book o JOIN bill b ON b.deal = o.deal
),
version AS MATERIALIZED (
    SELECT book, deal, bill, k, kind, net, line,
           coalesce(sum(gross) FILTER (WHERE kind = 'payment') OVER so_far, 0) AS paid,
           coalesce(sum(gross) FILTER (WHERE kind = 'refund') OVER so_far, 0) AS refunded,
           coalesce(sum(gross) FILTER (WHERE kind = 'credit') OVER so_far, 0) AS credited_gross,
           coalesce(sum(net) FILTER (WHERE kind = 'credit') OVER so_far, 0) AS credited_net,
           count(*) FILTER (WHERE kind = 'credit') OVER so_far AS turn,  -- lines change with credits alone
           (max(ARRAY[happened_on - DATE '0001-01-01', k, replacement]) FILTER (WHERE replacement IS NOT NULL)
               OVER so_far)[3] AS replaced_by
      FROM told WINDOW so_far AS (PARTITION BY book, bill ORDER BY k)
),
credited AS MATERIALIZED (  -- each line after each credit: less those that name it, and what is left to spread
    SELECT v.book, v.bill, v.turn, l.line, l.number, l.net AS weight, l.recurring, l.service_from, l.service_to, l.days,
           l.net - sum(CASE WHEN v.line = l.line THEN v.net ELSE 0 END) OVER so_far AS raw,
           sum(CASE WHEN v.line IS NULL OR o.line IS NULL THEN v.net ELSE 0 END) OVER so_far AS loose
      FROM version v
      JOIN line l ON l.bill = v.bill
      LEFT JOIN line o ON o.bill = v.bill AND o.line = v.line
     WHERE v.kind IN ('credit', '')
    WINDOW so_far AS (PARTITION BY v.book, v.bill, l.line ORDER BY v.turn)
),
spread AS MATERIALIZED (  -- what is more than a line had is taken from the others too
    SELECT *, greatest(raw, 0) AS unspent,
           loose + sum(greatest(-raw, 0)) OVER (PARTITION BY book, bill, turn) AS amount
      FROM credited
),
used_up AS MATERIALIZED (
    -- Spread by net, a line is used up once the others, at the same share of their net, have given the rest.
    SELECT a.book, a.bill, a.turn, a.line
      FROM spread a JOIN spread b ON b.book = a.book AND b.bill = a.bill AND b.turn = a.turn AND b.unspent > 0
     WHERE a.amount > 0 AND a.unspent > 0
     GROUP BY a.book, a.bill, a.turn, a.line, a.amount, a.weight
    HAVING sum(least(b.unspent * a.weight, a.unspent * b.weight)) <= a.amount * a.weight
),
shared AS MATERIALIZED (
    SELECT s.*, s.amount > 0 AND s.unspent > 0 AND u.line IS NULL AS gives,
           sum(s.weight) FILTER (WHERE s.unspent > 0 AND u.line IS NULL) OVER one AS giving,
           coalesce(sum(s.unspent) FILTER (WHERE u.line IS NOT NULL) OVER one, 0) AS given
      FROM spread s LEFT JOIN used_up u USING (book, bill, turn, line)
    WINDOW one AS (PARTITION BY s.book, s.bill, s.turn)
),
kept AS MATERIALIZED (  -- what a line keeps is kept / base
    SELECT book, bill, turn, line, number, recurring, service_from, service_to, days,
           CASE WHEN amount = 0 THEN unspent WHEN gives THEN unspent * giving - (amount - given) * weight ELSE 0 END
               AS kept,
           CASE WHEN amount = 0 THEN 1 ELSE coalesce(giving, 1) END AS base
      FROM shared
),
state AS MATERIALIZED (
    SELECT book, bill, turn, max(base) AS base, coalesce(sum(kept) FILTER (WHERE recurring), 0) AS kept,
           min(service_from) FILTER (WHERE recurring AND kept > 0) AS day
      FROM kept GROUP BY book, bill, turn
),

-- 3. Positions -----------------------------------------------------------------------------------------------
moved_on AS (
    SELECT v.book, v.deal, v.bill, v.k, s.day, v.replaced_by,
           lag(v.k) OVER w AS before, lag(s.day) OVER w AS day_before, lag(v.replaced_by) OVER w AS replaced_before
      FROM version v LEFT JOIN state s USING (book, bill, turn)
    WINDOW w AS (PARTITION BY v.book, v.bill ORDER BY v.k)
),
stretch AS MATERIALIZED (  -- how long an invoice stays what it is to the deal: from k until the next such fact
    SELECT book, deal, bill, k, day, replaced_by, lead(k) OVER (PARTITION BY book, bill ORDER BY k) AS until,
           (day IS NULL) <> (before = 0 OR day_before IS NULL) AS joins_or_leaves
      FROM moved_on
     WHERE k > 0 AND (before = 0 OR day IS DISTINCT FROM day_before OR replaced_by IS DISTINCT FROM replaced_before)
),
standing AS MATERIALIZED (  -- every invoice that had arrived, at each moment at which one of them changed
    SELECT at.book, at.k, s.bill, s.replaced_by,
           least(min(s.day) OVER (PARTITION BY at.book, at.k), d.opening_starts_on) AS starts_on,
           -- An invoice from before an opening's day that is here too is among those counted before.
           CASE WHEN s.day IS NOT NULL THEN count(s.day) OVER (PARTITION BY at.book, at.k ORDER BY b.ord)
               + greatest(d.recurring_before - count(s.day) FILTER (WHERE b.issued_on <= d.as_of) OVER (
                   PARTITION BY at.book, at.k), 0) END AS place,
           b.ord = min(b.ord) FILTER (WHERE b.gross > 0) OVER (PARTITION BY at.book, at.k)
               AND NOT d.first_taken AS opens
      FROM stretch at
      JOIN stretch s ON s.book = at.book AND s.deal = at.deal AND s.k <= at.k AND (s.until IS NULL OR s.until > at.k)
      JOIN bill b ON b.bill = s.bill
      JOIN deal d ON d.deal = at.deal
),
replacing AS (  -- the first invoice, or what replaced it, and so on; a ring ends where it began
    SELECT book, k, bill, ARRAY[bill] AS seen, false AS again FROM standing WHERE opens
    UNION ALL
    SELECT r.book, r.k, s.replaced_by, r.seen || s.replaced_by, s.replaced_by = ANY(r.seen)
      FROM replacing r JOIN standing s ON s.book = r.book AND s.k = r.k AND s.bill = r.bill
     WHERE s.replaced_by IS NOT NULL AND NOT r.again
),
first AS MATERIALIZED (
    SELECT DISTINCT ON (book, k) book, k, bill FROM replacing ORDER BY book, k, cardinality(seen) DESC
),
position AS MATERIALIZED (
    SELECT *, joins_or_leaves OR before IS NULL OR starts_on IS DISTINCT FROM starts_before
              OR first IS DISTINCT FROM first_before AS moves
      FROM (SELECT s.book, s.deal, s.k, s.bill, s.joins_or_leaves, g.starts_on, f.bill AS first, lag(s.k) OVER w AS before,
                   lag(g.starts_on) OVER w AS starts_before, lag(f.bill) OVER w AS first_before
              FROM stretch s
              JOIN standing g ON g.book = s.book AND g.k = s.k AND g.bill = s.bill
              LEFT JOIN first f ON f.book = s.book AND f.k = s.k
            WINDOW w AS (PARTITION BY s.book, s.deal ORDER BY s.k)) p
),

-- 4. Calls ---------------------------------------------------------------------------------------------------
chain AS MATERIALIZED (
    SELECT d.deal, d.model, d.pays, b.bill, b.digits, b.ord,
           m.contract AS own_contract, coalesce(m.total, 0) AS own_total, coalesce(m.last, 0) AS own_last, m.facts AS own_facts,
           z.contract AS bonus_contract, coalesce(z.total, 0) AS bonus_total, coalesce(z.last, 0) AS bonus_last,
           z.facts AS bonus_facts,
           EXISTS (SELECT 1 FROM terms t WHERE t.deal = d.deal AND t.role = 'recruiter') AS has_bonus
      FROM deal d JOIN bill b ON b.deal = d.deal
      LEFT JOIN entered m ON m.bill = b.bill AND m.use_case = d.use_case AND m.kind = d.model
      LEFT JOIN entered z ON z.bill = b.bill AND z.use_case = d.use_case AND z.kind = 'bonus'
),
called AS (
    SELECT k, bill, happened_on FROM fact
    UNION  -- a fact that moves the position calls for every invoice of the deal
    SELECT p.k, s.bill, f.happened_on
      FROM position p JOIN standing s ON s.book = 0 AND s.k = p.k JOIN fact f ON f.k = p.k
     WHERE p.book = 0 AND p.moves
),
call AS MATERIALIZED (
    SELECT c.k, c.bill, h.deal, c.happened_on, false AS settles
      FROM called c JOIN chain h ON h.bill = c.bill
     WHERE c.k > h.own_last OR (h.has_bonus AND c.k > h.bonus_last)
    UNION ALL
    SELECT n.k, h.bill, h.deal, NULL, true
      FROM chain h JOIN known n ON n.deal = h.deal
     WHERE h.bill IN (SELECT f.bill FROM fact f)
),
point AS MATERIALIZED (
    SELECT DISTINCT o.book, c.deal, c.bill, c.k FROM call c JOIN book o ON o.deal = c.deal
),
as_of_version AS MATERIALIZED (
    SELECT book, deal, bill, k, version FROM (
        SELECT book, deal, bill, k, max(version) OVER (PARTITION BY book, bill ORDER BY k) AS version, calls
          FROM (SELECT book, deal, bill, k, NULL::bigint AS version, true AS calls FROM point
                UNION ALL SELECT book, deal, bill, k, k, false FROM version) x) y
     WHERE calls
),
as_of_position AS MATERIALIZED (
    SELECT book, deal, k, position FROM (
        SELECT book, deal, k, max(position) OVER (PARTITION BY book, deal ORDER BY k) AS position, calls
          FROM (SELECT DISTINCT book, deal, k, NULL::bigint AS position, true AS calls FROM point
                UNION ALL SELECT book, deal, k, k, false FROM position) x) y
     WHERE calls
),
seen AS MATERIALIZED (
    SELECT w.book, w.deal, w.bill, w.k, v.paid, v.refunded, v.credited_gross, v.credited_net, v.turn,
           coalesce(s.base, 1) AS base, coalesce(s.kept, 0) AS kept,
           coalesce(p.starts_on, d.opening_starts_on) AS starts_on, g.place,
           coalesce(p.first = w.bill, false) AS is_first,
           least(greatest(v.paid - v.refunded, 0), greatest(b.gross - v.credited_gross, 0)) AS numerator,
           greatest(b.gross - v.credited_gross, 0) AS denominator
      FROM as_of_version w
      JOIN version v ON v.book = w.book AND v.bill = w.bill AND v.k = w.version
      JOIN bill b ON b.bill = w.bill
      JOIN deal d ON d.deal = w.deal
      LEFT JOIN state s ON s.book = w.book AND s.bill = w.bill AND s.turn = v.turn
      LEFT JOIN as_of_position a ON a.book = w.book AND a.deal = w.deal AND a.k = w.k
      LEFT JOIN position p ON p.book = a.book AND p.k = a.position
      LEFT JOIN standing g ON g.book = a.book AND g.k = a.position AND g.bill = w.bill
),

-- 5. Reckonings ----------------------------------------------------------------------------------------------
ask AS MATERIALIZED (
    SELECT s.*, t.role, t.contract, t.cap_unit, t.cap_count,
           CASE WHEN t.role = 'own' THEN d.model ELSE 'first_invoice' END AS method,
           CASE WHEN t.role = 'recruiter' THEN t.bonus_percent
                WHEN d.model = 'recurring' THEN t.recurring_percent ELSE t.first_invoice_percent END AS rate,
           -- The year 9999 is the last there is.
           CASE WHEN extract(year FROM s.starts_on) + t.cap_count > 9999 THEN DATE '9999-12-31'
                ELSE (s.starts_on + make_interval(years => t.cap_count))::date - 1 END AS cap_ends_on
      FROM seen s JOIN deal d ON d.deal = s.deal
      JOIN terms t ON t.deal = s.deal AND (t.role = 'own' OR t.bonus_basis = 'first_invoice')
),
capped AS MATERIALIZED (
    SELECT x.book, x.bill, x.turn, x.starts_on, x.cap_ends_on,
           sum(k.kept * i.inside * div(n.days, k.days::numeric)) AS kept,  -- over base x days
           (array_agg(i.inside ORDER BY k.number DESC) FILTER (WHERE k.kept > 0 AND i.inside < k.days))[1] AS inside,
           (array_agg(k.days ORDER BY k.number DESC) FILTER (WHERE k.kept > 0 AND i.inside < k.days))[1] AS of_days
      FROM (SELECT DISTINCT book, bill, turn, starts_on, cap_ends_on FROM ask
             WHERE method = 'recurring' AND cap_unit = 'years' AND starts_on IS NOT NULL) x
      JOIN kept k ON k.book = x.book AND k.bill = x.bill AND k.turn = x.turn AND k.recurring
      JOIN lines n ON n.bill = x.bill
     CROSS JOIN LATERAL (SELECT greatest(
               least(k.service_to, x.cap_ends_on) - greatest(k.service_from, x.starts_on) + 1, 0) AS inside) i
     GROUP BY x.book, x.bill, x.turn, x.starts_on, x.cap_ends_on
),
weighed AS (
    SELECT a.*, c.inside, c.of_days,
           CASE WHEN a.method = 'first_invoice'
                THEN CASE WHEN a.is_first THEN greatest(b.net - a.credited_net, 0) ELSE 0 END
                WHEN a.starts_on IS NULL THEN 0
                WHEN a.cap_unit = 'invoices' THEN CASE WHEN a.place <= a.cap_count THEN a.kept ELSE 0 END
                ELSE coalesce(c.kept, 0) END AS eligible,
           CASE WHEN a.method = 'first_invoice' THEN 1
                WHEN a.cap_unit = 'invoices' THEN a.base
                ELSE a.base * coalesce(n.days, 1) END AS of,
           b.digits
      FROM ask a JOIN bill b ON b.bill = a.bill
      LEFT JOIN lines n ON n.bill = a.bill
      LEFT JOIN capped c ON c.book = a.book AND c.bill = a.bill AND c.turn = a.turn
       AND c.starts_on = a.starts_on AND c.cap_ends_on = a.cap_ends_on
       AND a.method = 'recurring' AND a.cap_unit = 'years'
),
reckoned AS MATERIALIZED (
    SELECT w.*, CASE WHEN denominator = 0 OR eligible = 0 OR numerator = 0 OR rate = 0 THEN 0
                ELSE ledger_half_even(rate * eligible * numerator, 100 * of * denominator, digits) END AS due
      FROM weighed w
),
ruled AS MATERIALIZED (  -- after an end for cause a sum may fall, and never rises
    SELECT deal, bill, k, role, contract,
           CASE WHEN role = 'own' THEN least(everything, to_end) ELSE least(everything, to_end, to_recruiters_end) END
               AS due,
           CASE WHEN role = 'recruiter' AND to_recruiters_end < least(everything, to_end) THEN 2
                WHEN to_end < everything THEN 1 ELSE 0 END AS book,
           to_recruiters_end
      FROM (SELECT deal, bill, k, role, contract, max(due) FILTER (WHERE book = 0) AS everything,
                   max(due) FILTER (WHERE book = 1) AS to_end, max(due) FILTER (WHERE book = 2) AS to_recruiters_end
              FROM reckoned GROUP BY deal, bill, k, role, contract) r
),

-- 6. Chains --------------------------------------------------------------------------------------------------
offer AS MATERIALIZED (
    SELECT c.deal, c.bill, c.k, r.contract, r.due, r.book, r.to_recruiters_end,
           t.signed_on <= c.happened_on AND (t.next_signed_on IS NULL OR t.next_signed_on > c.happened_on) AS in_force
      FROM call c JOIN chain h ON h.bill = c.bill
      JOIN ruled r ON r.bill = c.bill AND r.k = c.k AND r.role = 'own'
      JOIN terms t ON t.deal = c.deal AND t.role = 'own' AND t.contract = r.contract
     WHERE NOT c.settles AND c.k > h.own_last
),
-- The contract of the first entry for an invoice is that of them all: written already, or the first to come.
own AS MATERIALIZED (
    SELECT h.*, coalesce(h.own_contract, o.contract) AS contract, o.k AS opening
      FROM chain h
      LEFT JOIN (SELECT DISTINCT ON (f.bill) f.bill, f.contract, f.k FROM offer f JOIN chain h ON h.bill = f.bill
                  WHERE f.in_force AND f.due > 0 AND h.pays AND h.own_contract IS NULL
                  ORDER BY f.bill, f.k) o ON o.bill = h.bill
),
own_step AS MATERIALIZED (  -- a deal that doesn't pay (any more) may lose, and never gains
    SELECT o.deal, o.bill, o.k, o.contract, o.due, o.book, o.to_recruiters_end,
           CASE WHEN w.pays THEN o.due ELSE least(w.own_total, min(o.due) OVER so_far) END AS after,
           CASE WHEN w.pays THEN coalesce(lag(o.due) OVER so_far, w.own_total)
                ELSE least(w.own_total, min(o.due) OVER up_to_it) END AS before
      FROM offer o JOIN own w ON w.bill = o.bill AND w.contract = o.contract
     WHERE w.opening IS NULL OR o.k >= w.opening
    WINDOW so_far AS (PARTITION BY o.bill ORDER BY o.k),
           up_to_it AS (PARTITION BY o.bill ORDER BY o.k ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
own_entry AS MATERIALIZED (SELECT * FROM own_step WHERE after <> before),
bonus_offer AS MATERIALIZED (
    SELECT c.deal, c.bill, c.k, r.contract, r.due, r.book, NULL::numeric AS base, NULL::numeric AS of,
           t.signed_on <= c.happened_on AND (t.next_signed_on IS NULL OR t.next_signed_on > c.happened_on) AS in_force
      FROM call c JOIN chain h ON h.bill = c.bill
      JOIN ruled r ON r.bill = c.bill AND r.k = c.k AND r.role = 'recruiter'
      JOIN terms t ON t.deal = c.deal AND t.role = 'recruiter' AND t.contract = r.contract
     WHERE NOT c.settles AND c.k > h.bonus_last
    UNION ALL
    SELECT e.deal, e.bill, e.k, t.contract,
           ledger_half_even(t.bonus_percent * least(e.due, e.to_recruiters_end), 100, h.digits), NULL,
           least(e.due, e.to_recruiters_end), e.after - e.before,
           t.signed_on <= f.happened_on AND (t.next_signed_on IS NULL OR t.next_signed_on > f.happened_on)
      FROM own_entry e JOIN chain h ON h.bill = e.bill
      JOIN terms t ON t.deal = e.deal AND t.role = 'recruiter' AND t.bonus_basis = 'commission'
      JOIN fact f ON f.k = e.k
     WHERE e.k > h.bonus_last
),
bonus AS MATERIALIZED (
    SELECT h.*, coalesce(h.bonus_contract, o.contract) AS contract, o.k AS opening
      FROM chain h
      LEFT JOIN (SELECT DISTINCT ON (f.bill) f.bill, f.contract, f.k FROM bonus_offer f JOIN chain h ON h.bill = f.bill
                  WHERE f.in_force AND f.due > 0 AND h.pays AND h.bonus_contract IS NULL
                  ORDER BY f.bill, f.k) o ON o.bill = h.bill
     WHERE h.has_bonus
),
bonus_step AS MATERIALIZED (
    SELECT o.deal, o.bill, o.k, o.contract, o.due, o.book, o.base, o.of,
           CASE WHEN w.pays THEN o.due ELSE least(w.bonus_total, min(o.due) OVER so_far) END AS after,
           CASE WHEN w.pays THEN coalesce(lag(o.due) OVER so_far, w.bonus_total)
                ELSE least(w.bonus_total, min(o.due) OVER up_to_it) END AS before
      FROM bonus_offer o JOIN bonus w ON w.bill = o.bill AND w.contract = o.contract
     WHERE w.opening IS NULL OR o.k >= w.opening
    WINDOW so_far AS (PARTITION BY o.bill ORDER BY o.k),
           up_to_it AS (PARTITION BY o.bill ORDER BY o.k ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
bonus_entry AS MATERIALIZED (SELECT * FROM bonus_step WHERE after <> before),

-- 7. What no call reaches --------------------------------------------------------------------------------------
own_end AS MATERIALIZED (  -- every invoice as it stands in the end, beside its sum by now
    SELECT w.deal, w.bill, w.pays, w.digits, w.own_facts, w.bonus_facts, c.k, r.contract, r.due, r.book, r.to_recruiters_end,
           w.contract AS settled_contract,
           coalesce((array_agg(e.after ORDER BY e.k DESC) FILTER (WHERE e.k IS NOT NULL))[1], w.own_total) AS total,
           array_agg(e.k) FILTER (WHERE e.k IS NOT NULL) AS new_facts
      FROM own w JOIN call c ON c.bill = w.bill AND c.settles
      JOIN ruled r ON r.bill = c.bill AND r.k = c.k AND r.role = 'own' AND r.contract = coalesce(w.contract, r.contract)
      LEFT JOIN own_entry e ON e.bill = w.bill
     GROUP BY w.deal, w.bill, w.pays, w.digits, w.own_facts, w.bonus_facts, c.k, r.contract, r.due, r.book,
              r.to_recruiters_end, w.contract, w.own_total
),
bonus_end AS MATERIALIZED (
    SELECT w.deal, w.bill, w.pays, w.contract AS settled_contract,
           coalesce((array_agg(e.after ORDER BY e.k DESC) FILTER (WHERE e.k IS NOT NULL))[1], w.bonus_total) AS total,
           array_agg(e.k) FILTER (WHERE e.k IS NOT NULL) AS new_facts
      FROM bonus w LEFT JOIN bonus_entry e ON e.bill = w.bill
     GROUP BY w.deal, w.bill, w.pays, w.contract, w.bonus_total
),
bonus_due AS MATERIALIZED (
    SELECT z.*, c.k, r.contract, r.due, r.book
      FROM bonus_end z JOIN call c ON c.bill = z.bill AND c.settles
      JOIN ruled r ON r.bill = c.bill AND r.k = c.k AND r.role = 'recruiter'
       AND r.contract = coalesce(z.settled_contract, r.contract)
),
unsettled AS MATERIALIZED (
    SELECT bill FROM own_end WHERE due <> total AND (pays OR due < total)
    UNION SELECT bill FROM bonus_due WHERE due <> total AND (pays OR due < total)
),
named AS MATERIALIZED (  -- the last fact without an entry for the invoice
    SELECT u.bill, max(f.k) AS fact
      FROM unsettled u JOIN (SELECT DISTINCT bill, deal, own_facts, bonus_facts, new_facts FROM own_end) e ON e.bill = u.bill
      JOIN fact f ON f.deal = e.deal
      LEFT JOIN bonus_end z ON z.bill = u.bill
     WHERE f.k <> ALL(coalesce(e.own_facts, '{}') || coalesce(e.bonus_facts, '{}')
                      || coalesce(e.new_facts, '{}') || coalesce(z.new_facts, '{}'))
     GROUP BY u.bill
),
own_settled AS MATERIALIZED (
    SELECT e.deal, e.bill, e.k, n.fact, e.contract, e.due, e.book, e.to_recruiters_end, e.total AS before, e.digits,
           f.happened_on
      FROM own_end e JOIN named n ON n.bill = e.bill JOIN fact f ON f.k = n.fact
      JOIN terms t ON t.deal = e.deal AND t.role = 'own' AND t.contract = e.contract
     WHERE e.due <> e.total AND (e.pays OR e.due < e.total)
       AND (e.settled_contract IS NOT NULL OR (t.signed_on <= f.happened_on
            AND (t.next_signed_on IS NULL OR t.next_signed_on > f.happened_on)))
),
bonus_settled AS MATERIALIZED (
    SELECT q.*, f.happened_on
      FROM (SELECT z.deal, z.bill, z.k, n.fact, z.contract, z.settled_contract, z.due, z.book, z.total, z.pays,
                   NULL::numeric AS base, NULL::numeric AS of
              FROM bonus_due z JOIN named n ON n.bill = z.bill
            UNION ALL
            SELECT z.deal, z.bill, e.k, e.fact, t.contract, z.settled_contract,
                   ledger_half_even(t.bonus_percent * least(e.due, e.to_recruiters_end), 100, e.digits), NULL, z.total,
                   z.pays, least(e.due, e.to_recruiters_end), e.due - e.before
              FROM bonus_end z JOIN own_settled e ON e.bill = z.bill
              JOIN terms t ON t.deal = z.deal AND t.role = 'recruiter' AND t.bonus_basis = 'commission'
               AND t.contract = coalesce(z.settled_contract, t.contract)) q
      JOIN fact f ON f.k = q.fact
      JOIN terms t ON t.deal = q.deal AND t.role = 'recruiter' AND t.contract = q.contract
     WHERE q.due <> q.total AND (q.pays OR q.due < q.total)
       AND (q.settled_contract IS NOT NULL OR (t.signed_on <= f.happened_on
            AND (t.next_signed_on IS NULL OR t.next_signed_on > f.happened_on)))
),

-- The entries, with what explains them ---------------------------------------------------------------------------
entry AS MATERIALIZED (
    SELECT deal, bill, k AS fact, k, 'own' AS role, contract, due, book, before, NULL::numeric AS base, NULL::numeric AS of,
           false AS settles FROM own_entry
    UNION ALL SELECT deal, bill, k, k, 'recruiter', contract, due, book, before, base, of, false FROM bonus_entry
    UNION ALL SELECT deal, bill, fact, k, 'own', contract, due, book, before, NULL, NULL, true FROM own_settled
    UNION ALL SELECT deal, bill, fact, k, 'recruiter', contract, due, book, total, base, of, true FROM bonus_settled
)
SELECT e.deal, d.use_case, n.k, e.bill, e.fact, CASE e.role WHEN 'own' THEN d.model ELSE 'bonus' END,
       CASE e.role WHEN 'own' THEN d.partner ELSE d.recruiter END, e.contract, x.rate,
       CASE WHEN e.base IS NOT NULL THEN e.base ELSE ledger_half_even(r.eligible, r.of, 6) END,
       coalesce(r.numerator, 1), coalesce(r.denominator, 1), e.due, e.due - e.before, b.currency, f.happened_on,
       row_number() OVER (ORDER BY e.settles, e.fact, b.ord, b.bill, e.role),
       jsonb_build_object('rate', x.rate::text, 'due', e.due::text, 'before', e.before::text, 'fact', f.kind)
       || CASE WHEN e.base IS NOT NULL THEN jsonb_build_object('commission', e.base::text, 'of', e.of::text)
          ELSE jsonb_build_object(
              'invoice_net', trim_scale(b.net)::text, 'eligible', ledger_figure(r.eligible, r.of),
              'gross', b.gross::text, 'credited_gross', r.credited_gross::text, 'paid', r.paid::text,
              'refunded', r.refunded::text,
              'counted', CASE WHEN r.denominator = 0 THEN '0'
                         ELSE ledger_figure(r.eligible * r.numerator, r.of * r.denominator) END)
          || CASE WHEN r.method = 'first_invoice'
             THEN jsonb_build_object('credits', trim_scale(-r.credited_net)::text, 'is_first', r.is_first)
             ELSE jsonb_build_object(
                 'cap_unit', r.cap_unit, 'cap_count', r.cap_count, 'one_off', trim_scale(coalesce(l.recurring_net, 0) - b.net)::text,
                 'credits', ledger_figure(r.kept - coalesce(l.recurring_net, 0) * r.base, r.base),
                 'outside_cap', ledger_figure(r.eligible * r.base - r.kept * r.of, r.of * r.base))
             || CASE WHEN l.service_from IS NULL THEN '{}'
                ELSE jsonb_build_object('service_from', l.service_from, 'service_to', l.service_to) END
             || CASE WHEN r.starts_on IS NULL THEN '{}'
                WHEN r.cap_unit = 'invoices' THEN jsonb_build_object('place', r.place)
                ELSE jsonb_build_object('cap_starts_on', r.starts_on, 'cap_ends_on', r.cap_ends_on) END
             || CASE WHEN r.inside IS NULL THEN '{}'
                ELSE jsonb_build_object('days_inside', r.inside, 'days', r.of_days) END
             END
          END
  FROM entry e
  JOIN deal d ON d.deal = e.deal
  JOIN known n ON n.deal = e.deal
  JOIN bill b ON b.bill = e.bill
  JOIN fact f ON f.k = e.fact
  JOIN (SELECT t.deal, t.role, t.contract,
               CASE WHEN t.role = 'recruiter' THEN t.bonus_percent
                    WHEN d.model = 'recurring' THEN t.recurring_percent ELSE t.first_invoice_percent END AS rate
          FROM terms t JOIN deal d ON d.deal = t.deal) x
    ON x.deal = e.deal AND x.role = e.role AND x.contract = e.contract
  LEFT JOIN lines l ON l.bill = e.bill
  LEFT JOIN reckoned r ON e.base IS NULL AND r.book = e.book AND r.bill = e.bill AND r.k = e.k AND r.role = e.role
   AND r.contract = e.contract
