"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import contracts, guides, people, terms

__all__ = ["contracts", "guides", "people", "terms"]
