-- Puts what was worked out into the ledger, in the order of the facts: a bonus after the entry it comes from.
-- The triggers look at each row once more.
INSERT INTO commissions_commission (
    id, partner_id, contract_id, use_case_id, invoice_id, fact_id, kind, source_entry_id, rate_percent, eligible_net,
    paid_numerator, paid_denominator, due, amount, currency, earned_on, payable_on, why, recorded_at, known_fact)
WITH numbered AS MATERIALIZED (
    SELECT a.*, nextval(pg_get_serial_sequence('commissions_commission', 'id')) AS id
      FROM (SELECT * FROM pg_temp.accrued ORDER BY place) a
)
SELECT n.id, n.receiver, n.contract, n.use_case, n.bill, n.fact, n.kind, s.id, n.rate, n.eligible, n.numerator, n.denominator,
       n.due, n.amount, n.currency, n.happened_on,
       CASE WHEN n.amount > 0 THEN n.happened_on + %(hold)s ELSE n.happened_on END, n.why, %(at)s, n.known
  FROM numbered n
  LEFT JOIN numbered s ON n.kind = 'bonus' AND s.kind <> 'bonus' AND s.bill = n.bill AND s.fact = n.fact
 ORDER BY n.id
