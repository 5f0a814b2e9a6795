"""Rows for tests, one module an app."""
