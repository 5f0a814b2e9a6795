"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import contracts, moving_in, people, terms

__all__ = ["contracts", "moving_in", "people", "terms"]
