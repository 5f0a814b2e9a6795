"""Directors' side of the partnership. Django's admin looks for the registrations here."""

from partners.admin import applications, contracts, people, terms

__all__ = ["applications", "contracts", "people", "terms"]
from partners.admin import moving_in

__all__ = ["contracts", "moving_in", "people", "terms"]
from partners.admin import endings

__all__ = ["contracts", "endings", "people", "terms"]
from partners.admin import channels

__all__ = ["channels", "contracts", "people", "terms"]
from partners.admin import profiles

__all__ = ["contracts", "people", "profiles", "terms"]
from partners.admin import library

__all__ = ["contracts", "library", "people", "terms"]
from partners.admin import guides

__all__ = ["contracts", "guides", "people", "terms"]
