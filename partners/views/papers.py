"""Stored PDFs, for whom they concern."""

from io import BytesIO

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from partners import permissions
from partners.models import (
    ContractDocument,
)
from partners.services.envelopes import read_document
from ssp.core.models import User


@login_required
@require_safe
def document(request: HttpRequest, pk: int) -> FileResponse:
    """Hand out a stored PDF to its partner and to directors; for everybody else it doesn't exist."""
    assert isinstance(request.user, User)
    found = get_object_or_404(ContractDocument.objects.select_related("contract__partner"), pk=pk)
    if not permissions.can_read_documents(request.user, found.contract):
        raise Http404
    name = f"{found.contract.number}-v{found.version}-{found.kind}.pdf"
    return pdf_response(read_document(found), name)


def pdf_response(content: bytes, name: str) -> FileResponse:
    """Return a PDF to be read in the browser, kept by nobody on the way."""
    response = FileResponse(BytesIO(content), content_type="application/pdf", filename=name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
