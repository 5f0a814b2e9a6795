"""Commissions: invoices in, ledger, payouts and statements out."""
