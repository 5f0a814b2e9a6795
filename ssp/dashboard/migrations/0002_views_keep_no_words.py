"""Saved views forget what was searched for: it may be the name of somebody who is to be forgotten."""

from urllib.parse import parse_qsl, urlencode

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget_words(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave filters, columns and order; run again, it changes nothing."""
    for view in apps.get_model("dashboard", "SavedView").objects.filter(query__regex=r"(^|&)q="):
        view.query = urlencode([pair for pair in parse_qsl(view.query) if pair[0] != "q"])
        view.save(update_fields=["query"])


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_table")]

    operations = [migrations.RunPython(forget_words, migrations.RunPython.noop, elidable=True)]
