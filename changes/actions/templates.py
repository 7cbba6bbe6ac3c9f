"""Standard templates: written in versions, proposed, decided by their board, suspended, retired."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from audit.actions import record_refusal
from audit.context import because
from changes.actions.refusals import StepRefused, in_words
from changes.guards.refusal import Refusal
from changes.models import StandardTemplate, TemplateVote
from changes.standard import content_faults

CONTENT = (
    "label", "label_zh", "description", "parameters", "scope_types", "scope_environments", "scope_filter",
    "skeleton", "board", "approvals_needed", "suspend_after_failures", "suspend_within_days",
    "has_auto_verify",
)  # fmt: skip


@contextmanager
def _deed(deed: str, template: StandardTemplate, by: User) -> Iterator[StandardTemplate]:
    """The template, locked; a refusal inside stands in the audit record. `template` is refreshed."""
    try:
        with because(reason=deed, user=by), transaction.atomic(), in_words():
            yield StandardTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    except StepRefused as refused:
        reasons = [refusal.as_dict() for refusal in refused.refusals]
        record_refusal(deed, by=by, target=str(template), reasons=reasons)
        raise
    template.refresh_from_db()


def new_version(template: StandardTemplate, *, by: User) -> StandardTemplate:
    """A draft with the content of `template` and the next number, or the draft there is already.

    Raises RightMissing without CHANGE_MANAGE.
    """
    require_right(by, Right.CHANGE_MANAGE)
    with _deed("new_version", template, by) as current:
        versions = StandardTemplate.objects.filter(key=current.key)
        draft = (
            versions.filter(approved_at=None, proposed_at=None, retired_at=None).order_by("-version").first()
        )
        if draft is not None:
            return draft
        last = versions.aggregate(last=Max("version"))["last"]
        content = {name: getattr(current, name) for name in CONTENT}
        return StandardTemplate.objects.create(
            key=current.key, version=last + 1, copied_from=current, **content
        )


def reasons_against_proposing(template: StandardTemplate, by: User) -> list[Refusal]:
    """Why the template cannot be put to its board now; empty when it can."""
    refusals = []
    if not has_right(by, Right.CHANGE_MANAGE):
        refusals.append(Refusal("right", _("Change managers propose templates."), _("Ask one of them.")))
    if template.state not in ("draft", "suspended"):
        refusals.append(
            Refusal(
                "state",
                _("A draft or a suspended template is proposed."),
                _("Write a new version to change one."),
            )
        )
    for field, words in content_faults(template).items():
        refusals += [Refusal(f"content:{field}", str(each), _("Correct it.")) for each in words]
    if not template.scope_types:
        refusals.append(
            Refusal("scope", _("The template covers no type of item."), _("Name the types in scope."))
        )
    able = len(voters_on(template, without=by))
    if able < template.approvals_needed:
        words = {"need": template.approvals_needed, "able": able}
        refusals.append(
            Refusal(
                "seats_reachable",
                _("It needs %(need)d approvals and %(able)d members of its board may decide.") % words,
                _("Who wrote or proposed it does not count; add members to the board."),
            )
        )
    return refusals


def voters_on(template: StandardTemplate, *, without: User | None = None) -> dict[int, bool]:
    """{person: has a veto} of the members of the board who may decide on it, as PostgreSQL says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.user_id, v.has_veto FROM changes_standardtemplate t, changes_template_voters_v1(t) v"
            " WHERE t.id = %s",
            [template.pk],
        )
        found = dict(cursor.fetchall())
    return {pk: veto for pk, veto in found.items() if without is None or pk != without.pk}


def propose_template(template: StandardTemplate, *, by: User) -> StandardTemplate:
    """The board decides on the template as it stands, in a ballot of its own. Raises StepRefused."""
    with _deed("propose_template", template, by) as current:
        if refusals := reasons_against_proposing(current, by):
            raise StepRefused(refusals)
        StandardTemplate.objects.filter(pk=current.pk).update(
            proposed_at=timezone.now(), proposed_by=by, ballot=F("ballot") + 1
        )
    return template


def reasons_against_voting_on(template: StandardTemplate, by: User) -> list[Refusal]:
    """Why this person cannot decide on the template now; empty when they can."""
    if template.proposed_at is None:
        return [Refusal("round_closed", _("The template is not put to the vote."), _("Propose it first."))]
    refusals = []
    if not has_right(by, Right.CHANGE_VOTE):
        refusals.append(Refusal("right", _("You have no right to vote.")))
    if by.pk not in voters_on(template):
        refusals.append(
            Refusal(
                "author_apart",
                _("Members of its board decide, not who wrote or proposed the template."),
                _("Ask a member who had no part in it."),
            )
        )
    if template.votes.filter(ballot=template.ballot, voter=by).exists():
        refusals.append(Refusal("voted", _("You have voted on it already.")))
    return refusals


def vote_on_template(
    template: StandardTemplate, *, by: User, choice: str, comment: str = "", content_hash: str = ""
) -> TemplateVote:
    """The vote stands, bound to the content; with enough of them the template is active, older ones retired.

    `content_hash`, where given, is the content that the voter read. Raises StepRefused, recorded.
    """
    with _deed("vote_on_template", template, by) as current:
        refusals = reasons_against_voting_on(current, by)
        if choice not in TemplateVote.Choice.values:
            refusals.append(Refusal("choice", _("There is no such vote.")))
        if choice == TemplateVote.Choice.REJECT and not comment.strip():
            refusals.append(Refusal("comment_required", _("A rejection says why."), _("Write why.")))
        if content_hash not in ("", current.content_hash):
            refusals.append(
                Refusal(
                    "template_edited", _("The template was edited since you read it."), _("Read it again.")
                )
            )
        if refusals:
            raise StepRefused(refusals)
        return TemplateVote.objects.create(
            template=current, ballot=current.ballot, voter=by, choice=choice, comment=comment.strip(),
            content_hash=current.content_hash,
        )  # fmt: skip


def suspend_template(template: StandardTemplate, *, by: User, reason: str) -> StandardTemplate:
    """No change is raised from it until its board approves it again. Raises RightMissing, StepRefused."""
    require_right(by, Right.CHANGE_MANAGE)
    with _deed("suspend_template", template, by) as current:
        refusals = []
        if current.approved_at is None or current.suspended_reason or current.retired_at:
            refusals.append(Refusal("state", _("An approved template is suspended.")))
        if not reason.strip():
            refusals.append(Refusal("comment_required", _("Say why."), _("Write why.")))
        if refusals:
            raise StepRefused(refusals)
        current.is_active, current.suspended_reason = False, reason.strip()[:200]
        current.save(update_fields=["is_active", "suspended_reason"])
    return template


def retire_template(template: StandardTemplate, *, by: User) -> StandardTemplate:
    """The version is used no more, for good. Raises RightMissing, StepRefused."""
    require_right(by, Right.CHANGE_MANAGE)
    with _deed("retire_template", template, by) as current:
        if current.retired_at:
            raise StepRefused([Refusal("state", _("It is retired already."))])
        current.is_active, current.retired_at = False, timezone.now()
        current.save(update_fields=["is_active", "retired_at"])
    return template


def edit_template(template: StandardTemplate, *, by: User, **content: Any) -> StandardTemplate:
    """The draft has this content; a proposal is void. Raises RightMissing, ValidationError, StepRefused."""
    require_right(by, Right.CHANGE_MANAGE)
    if unknown := set(content) - set(CONTENT):
        raise ValidationError(dict.fromkeys(unknown, _("This field is not edited here.")))
    with _deed("edit_template", template, by) as current:
        if current.approved_at:
            raise StepRefused(
                [
                    Refusal(
                        "template_fixed", _("An approved template is not edited."), _("Write a new version.")
                    )
                ]
            )
        for name, value in content.items():
            setattr(current, name, value)
        current.full_clean()
        current.save()
    return template
