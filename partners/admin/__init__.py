"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import contracts, people, profiles, terms

__all__ = ["contracts", "people", "profiles", "terms"]
