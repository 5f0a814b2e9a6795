"""Periodic work of commissions: each task asks what is due now, and may run twice."""
