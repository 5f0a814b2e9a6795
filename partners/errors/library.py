"""Refusals of the resource library (C13): who may not, and which files aren't taken."""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class LibraryClosed(DomainError):
    clause = "C13"
    message = _(
        "The resource library is for active partners, and your partnership has ended. "
        "Your statements stay readable under Earnings."
    )


class NotPublisher(DomainError):
    clause = "C13"
    message = _("Only sales leads, directors and administrators may change the resource library.")


class TitleTaken(DomainError):
    clause = "C13"
    field = "title"
    message = _(
        "There is a resource with this title in this folder already. "
        "Upload your file there as a new version, or choose another title."
    )


class ResourceArchived(DomainError):
    clause = "C13"
    message = _("This resource is archived. Bring it back first, then change it.")


class SameAsNewest(DomainError):
    clause = "C13"
    field = "file"
    message = _("This is the very file that is the newest version already, so no new version was made.")


class VersionIsNewest(DomainError):
    clause = "C13"
    message = _("This version is the newest already, so nothing was changed.")


class FileRefused(DomainError):
    """The file can't go into the library; each kind of reason says what to do."""

    clause = "C13"
    field = "file"
    message = _("This file can't go into the library. Save it in another format and try again.")


class FileEmpty(FileRefused):
    message = _("This file is empty. Save it again in the programme it comes from, then upload it.")


class FileTooBig(FileRefused):
    message = _("This file is too large. Make its pictures smaller and try again.")


class TypeNotTaken(FileRefused):
    message = _(
        "The library takes PDF, PNG, JPEG, WebP, SVG, PowerPoint, Word, Excel and ZIP files. "
        "Save yours as one of these and try again."
    )


class NameNotItsContent(FileRefused):
    message = _("The file's name doesn't say what is inside. Give it the right ending and try again.")


class FileBroken(FileRefused):
    message = _(
        "This file can't be opened: it is damaged, or locked with a password. "
        "Save it again without a password and upload it."
    )


class FileHidesMore(FileRefused):
    message = _(
        "There is a second file hidden behind the first. "
        "Save it again in the programme it comes from, then upload it."
    )


class FileWithProgram(FileRefused):
    message = _(
        "This file carries a macro, a script or an embedded program, which could harm who opens it. "
        "Save it without them and upload it again."
    )


class FileCallsHome(FileRefused):
    message = _(
        "This file loads something from elsewhere when it is opened. "
        "Embed what it links to, or break the links, and upload it again."
    )


class ArchiveTooBig(FileRefused):
    message = _(
        "Unpacked, this file would be enormous. "
        "Upload its parts as resources of their own, or leave out what isn't needed."
    )


class ArchiveEntryRefused(FileRefused):
    message = _("The archive holds something that the library doesn't take. Take it out and try again.")
