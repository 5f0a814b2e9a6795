"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import contracts, library, people, terms

__all__ = ["contracts", "library", "people", "terms"]
