"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import contracts, endings, people, terms

__all__ = ["contracts", "endings", "people", "terms"]
