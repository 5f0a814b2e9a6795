"""Addresses of the admin that name no row: not found, whatever stands in them."""

from urllib.parse import quote

import pytest
from django.contrib.admin import site
from django.test import Client

from ssp.core.roles import Role
from tests.architecture.test_access import signed_in

MODELS = sorted(each._meta.model_name for each in site._registry if each._meta.app_label == "partners")
WORDS = ["\x00", "💣", "²", "9" * 30, "9" * 4_400, "-1", "x_00"]


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS)
def test_an_address_that_names_no_row_is_not_found(client: Client, model: str) -> None:
    signed_in(client, Role.DIRECTOR)

    statuses = {
        word: client.get(f"/admin/partners/{model}/{quote(word)}/change/", follow=True).status_code
        for word in WORDS
    }

    assert set(statuses.values()) <= {200, 403, 404}  # Django leads to the list, and says so there
