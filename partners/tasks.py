"""Periodic work of partners: each task asks what is due now, and may run twice."""
