"""Pages of commissions: a partner's earnings, finance's invoices and payouts."""
