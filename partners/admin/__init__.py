"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import applications, contracts, people, terms

__all__ = ["applications", "contracts", "people", "terms"]
