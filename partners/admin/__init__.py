"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import channels, contracts, people, terms

__all__ = ["channels", "contracts", "people", "terms"]
