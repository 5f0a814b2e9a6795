"""The SeMI Sales Partnership: the project package."""

from ssp.celery import app as celery_app

__all__ = ["celery_app"]
