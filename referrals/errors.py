"""Why something about a referral can't be done: one class a refusal, with its clause and words for the
person.
"""

from django.utils.translation import gettext_lazy as _

from ssp.core.errors import DomainError


class PartnershipNotStarted(DomainError):
    clause = "C6"
    message = _("Your partnership hasn't started or has ended, so nobody can be introduced now.")


class NotEligible(DomainError):
    """One wording for known, owned, barred and lost race: it names no cause, no person, no partner (C12)."""

    clause = "C10, C12"
    message = _("We can’t take this introduction.")
    refusal_id: int | None = None  # what its partner may appeal against


class AlreadyRegistered(DomainError):
    """The partner's own live claim: nothing that they don't know."""

    clause = "C12"
    message = _("You registered this person already. You find them among your introductions.")


class OwnReferral(DomainError):
    """Somebody at SeMI who is the partner, too: under this account or another one."""

    clause = "C1"
    message = _("This is an introduction of your own as a partner, so a colleague does this.")


class SellerIsThePartner(DomainError):
    """Chosen to be responsible for what they brought in themselves, under this account or another one."""

    clause = "C1"
    message = _("The seller you chose is the partner of this introduction. Choose a colleague of theirs.")


class SellerOfNobody(DomainError):
    message = _("The person was removed, so there is nothing left to be responsible for.")


class TooManyRefusals(DomainError):
    clause = "C12"
    message = _(
        "Many introductions were refused today, so no more are checked until tomorrow. "
        "Nothing was registered. "
        "Talk to your contact at SeMI if you need help."
    )


class NotAPerson(DomainError):
    clause = "C11"
    field = "email"


class AgreementNotAttested(DomainError):
    clause = "C11"
    field = "agreed"
    message = _("Ask the person first. Tick the box once they agreed to be introduced to SeMI.")


class OwnAddress(DomainError):
    clause = "C11"
    field = "email"
    message = _("This is your own address. A referral is somebody else: enter their work e-mail.")


class OwnCompany(DomainError):
    clause = "C10"
    field = "email"
    message = _("This address belongs to SeMI. Introduce somebody who works elsewhere.")


class NotYourUseCase(DomainError):
    clause = "C8"
    message = _("One of these use cases isn't yours or is about somebody else. Choose again.")


class ReferralNotOpen(DomainError):
    clause = "C12"
    message = _("This referral is not open any more, so nothing can be planned or said about it.")


class NotYetAccepted(DomainError):
    clause = "C10"
    message = _("This referral isn't accepted yet. A meeting can be proposed as soon as it is.")


class NothingToCheck(DomainError):
    clause = "C10"
    message = _("This name was answered already.")


class NotAHost(DomainError):
    clause = "C1"
    field = "host"
    message = _("Choose a host from the sales team.")


class HostIsBusy(DomainError):
    field = "starts_at"
    message = _("The host has another introduction meeting then. Choose another time.")


class MeetingInThePast(DomainError):
    field = "starts_at"
    message = _("This time has passed. Choose a time to come; a seller can log a meeting already held.")


class MeetingNotOverYet(DomainError):
    field = "starts_at"
    message = _("This meeting isn't over yet. Log it afterwards, or book it.")


class MeetingBeforeRegistration(DomainError):
    clause = "C10"
    field = "starts_at"
    message = _("This meeting was before the person was registered, so it can't be their introduction.")


class MeetingAfterClaim(DomainError):
    clause = "C12"
    field = "starts_at"
    message = _("The claim ends before this time, so the meeting would come too late. Choose an earlier one.")


class NoTimeProposed(DomainError):
    clause = "C12"
    field = "starts_at"
    message = _("Propose at least one time, and at most three.")


class SameTimeTwice(DomainError):
    clause = "C12"
    field = "starts_at"
    message = _("Two of these times are the same. Propose different ones.")


class NotWaitingForThis(DomainError):
    clause = "C12"
    message = _("These times were answered, replaced or taken back already. Look at the referral again.")


class TimeNotProposed(DomainError):
    clause = "C12"
    message = _("This isn't one of the times proposed. Choose one of those that are shown.")


class MediumDoesNotCount(DomainError):
    clause = "C4"
    field = "medium"
    message = _("An introduction meeting is a video conference or in person. A call or a chat doesn't count.")


class MeetingNotBooked(DomainError):
    message = _("This meeting was held, cancelled or answered already, so it can't be changed.")


class AlreadyAnswered(DomainError):
    clause = "C14"
    message = _("This question was answered already. One answer counts.")


class ConfirmationExpired(DomainError):
    clause = "C14"
    message = _("This link has expired. Sign in, or ask a sales lead to record your answer.")


class NoUseCaseDiscussed(DomainError):
    clause = "C4"
    field = "use_cases"
    message = _(
        "Warm needs at least one use case that was defined before the meeting and discussed in it. "
        "Choose one, or answer “Not warm”."
    )


class DefinedAfterMeeting(DomainError):
    clause = "C1"
    field = "use_cases"
    message = _("This use case was defined after the meeting began, so the meeting can't open its window.")


class ReasonMissing(DomainError):
    clause = "C14"
    field = "reason"
    message = _("Give the reason: the partner reads it.")


class ContestTooLate(DomainError):
    clause = "C14"
    message = _("An answer can be contested for 10 working days, and that time is over.")


class NothingToContest(DomainError):
    clause = "C14"
    message = _("There is no answer to contest here.")


class NothingToSettle(DomainError):
    clause = "C14"
    message = _("This answer isn't contested, or was settled already.")


class ModelLocked(DomainError):
    clause = "C5"
    message = _(
        "This use case was confirmed warm, so the model is locked. A director may change it once, with a "
        "reason, until the first invoice exists."
    )


class WarmNeedsAMeeting(DomainError):
    clause = "C4"
    message = _("A window opens with a held video or in-person meeting that discussed the use case.")


class DealClosed(DomainError):
    clause = "C9"
    message = _("This deal is closed, so it can't be moved.")


class UseCaseClosed(DomainError):
    clause = "C19"
    message = _("This use case was closed, so no deal can be won on it.")


class CommentMissing(DomainError):
    clause = "C8"
    field = "text"
    message = _("Write what you want to say about the use case.")


class CommentTooLong(DomainError):
    clause = "C8"
    field = "text"
    message = _("A comment has at most 4,000 characters. Shorten it, or talk to each other.")


class SignedInTheFuture(DomainError):
    clause = "C2"
    field = "signed_on"
    message = _("The day of signature lies in the future. Record the deal once the customer has signed.")


class CustomerReferenceTaken(DomainError):
    clause = "C9"
    field = "customer_reference"
    message = _("Another deal carries this customer reference. Each deal has its own.")


class LossNeedsReason(DomainError):
    clause = "C9"
    field = "lost_reason"
    message = _("Say why the deal was lost: the partner reads it.")


class FindingMissing(DomainError):
    clause = "C12"
    field = "finding"
    message = _("Say in a sentence what was behind it: the next sales lead reads it.")


# --- notes of sales ---------------------------------------------------------------
class NoteMissing(DomainError):
    field = "text"
    message = _("Write what you want to note.")


class NoteTooLong(DomainError):
    field = "text"
    message = _("A note has at most 4,000 characters. Shorten it, or write two.")


class NoteAboutNobody(DomainError):
    """Their details were removed: nothing is kept about them any more (*People's data*)."""

    clause = "C11"
    field = "text"
    message = _("This person’s details were removed, so nothing more is noted about them.")


# --- known contacts ---------------------------------------------------------------
class PreviewGone(DomainError):
    clause = "C10"
    message = _("This preview was deleted. Hand the file in again.")


class AlreadyImported(DomainError):
    clause = "C10"
    message = _("This file was imported already. Nothing was imported a second time.")


class ContactsChanged(DomainError):
    clause = "C10"
    message = _(
        "Known contacts changed since this preview, so nothing was imported. Look at it again, then import."
    )


class NothingToImport(DomainError):
    clause = "C10"
    message = _("This file brings nobody new, so nothing was changed.")


class StillImporting(DomainError):
    clause = "C10"
    message = _("This import isn’t finished. Wait until it is, then undo it.")


class AlreadyUndone(DomainError):
    clause = "C10"
    message = _("This import was undone already. Nothing more was removed.")


class ImportedBeforeUndo(DomainError):
    clause = "C10"
    message = _(
        "This import is from before it was recorded who else had these people, "
        "so it can’t be undone as a whole."
    )


# --- windows ---------------------------------------------------------------------
class ExtensionNeedsDirector(DomainError):
    clause = "C2"
    message = _("Only a director extends a window. Ask one who didn't recruit this partner.")


class ExtendsOwnWindow(DomainError):
    clause = "C2"
    message = _("This is your own use case, so another director has to decide about its window.")


class ExtenderEarns(DomainError):
    clause = "C2"
    message = _("You recruited this partner and earn from their deals. Another director has to decide.")


class NoWindowToExtend(DomainError):
    clause = "C2"
    message = _(
        "This use case has no window yet. It opens with the first meeting by video or in person that "
        "discusses it."
    )


class WindowExtendedAlready(DomainError):
    clause = "C2"
    message = _("This window was extended before. It can be extended once, so its last day stands.")


class ClosedWindow(DomainError):
    clause = "C19"
    message = _(
        "This use case was closed, so its window can't be extended. A sales lead may settle the answer that "
        "closed it."
    )


class NothingToExtend(DomainError):
    clause = "C2"
    message = _(
        "The customer signed within the window, so an extension would change nothing. The one extension "
        "isn't used up."
    )


class ExtensionOfALostDeal(DomainError):
    clause = "C9"
    message = _("The deal was lost, so there is nothing left to sign in this window.")


class ExtensionAfterCause(DomainError):
    clause = "C2"
    message = _(
        "The partnership ended for cause, and with it what this use case could earn. Its window can't be "
        "extended."
    )


class ExtensionTooLong(DomainError):
    clause = "C2"
    field = "months"
    message = _("Choose 1, 2 or 3 months, counted from the window's original last day.")


class ExtensionNeedsReason(DomainError):
    clause = "C2"
    field = "reason"
    message = _("Say why the window is extended: the partner and the seller read it.")
