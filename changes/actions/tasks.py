"""Tasks as they are done: begun, ticked, confirmed by the second person, and what went otherwise."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import notify
from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from changes.actions.apply import not_now
from changes.actions.refusals import AlreadyDone, StepRefused, at, locked, refusals_recorded
from changes.guards.observation import past_no_return
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, Deviation, PlanTask, RollbackStep
from changes.models.plan import TaskPhase
from changes.notices import FORWARD_FIX
from changes.workflow import State


def start_task(task: PlanTask, *, by: User) -> PlanTask:
    """The task is begun: its real time runs. Raises AlreadyDone for a second press."""
    with refusals_recorded("start_task", task.change, by):
        change = locked(task.change)
        current = PlanTask.objects.select_related("started_by").get(pk=task.pk)
        refusals = _against_doing(change, current, by)
        if current.started_at:
            if current.started_by_id == by.pk:
                raise AlreadyDone(_("You began this task at %(time)s.") % {"time": at(current.started_at)})
            words = {"person": current.started_by or "?", "time": at(current.started_at)}
            refusals.append(Refusal("task_begun", _("%(person)s began this task at %(time)s.") % words))
        if refusals:
            raise StepRefused(refusals)
        current.started_at, current.started_by = timezone.now(), by
        current.save(update_fields=["started_at", "started_by"])
    return current


def complete_task(task: PlanTask, *, by: User, note: str = "") -> PlanTask:
    """The task is ticked; a dual one by its first person, then by a second from a log-in of their own.

    Checks are ticked while scheduled or implementing, the rest while implementing and in their order. Raises
    AlreadyDone when the same person ticks it again.
    """
    with refusals_recorded("complete_task", task.change, by):
        change = locked(task.change)
        current = PlanTask.objects.select_related("done_by", "second_by").get(pk=task.pk)
        refusals = _against_doing(change, current, by)
        now = timezone.now()
        if current.done_at is None:
            current.started_at, current.started_by = current.started_at or now, current.started_by or by
            current.done_at, current.done_by = now, by
        elif current.is_dual and current.second_by is None:
            if current.done_by_id == by.pk:
                told = _("You ticked it at %(time)s; a second person confirms it.")
                raise AlreadyDone(told % {"time": at(current.done_at)})
            current.second_by, current.second_at = by, now
        elif by.pk in (current.done_by_id, current.second_by_id):
            moment = current.second_at if by.pk == current.second_by_id else current.done_at
            raise AlreadyDone(_("You ticked this task at %(time)s.") % {"time": at(moment)})
        else:
            words = {"person": current.done_by or "?", "time": at(current.done_at)}
            refusals.append(Refusal("task_done", _("%(person)s did this task at %(time)s.") % words))
        if refusals:
            raise StepRefused(refusals)
        current.note = "\n".join(filter(None, [current.note, note.strip()]))
        current.save(
            update_fields=["started_at", "started_by", "done_at", "done_by", "second_by", "second_at", "note"]
        )
    return current


def _against_doing(change: ChangeRequest, task: PlanTask, by: User) -> list[Refusal]:
    check = task.phase == TaskPhase.PRECHECK
    refusals = not_now(change, by, State.IMPLEMENTING, *([State.SCHEDULED] if check else []))
    if check:
        return refusals
    waiting = Q(done_at=None) | Q(is_dual=True, second_by=None)
    before = change.tasks.filter(waiting, phase=task.phase, position__lt=task.position)
    refusals += [Refusal("tasks_in_order", _("First do: %(task)s") % {"task": each}) for each in before]
    if task.stage is not None:
        earlier = change.stages.filter(position__lt=task.stage.position, applied_at=None)
        refusals += [
            Refusal("stage_order", _("First apply: %(stage)s") % {"stage": each}) for each in earlier
        ]
    return refusals


def complete_rollback_step(step: RollbackStep, *, by: User) -> RollbackStep:
    """The step of the way back is ticked. Raises AlreadyDone when it was before."""
    with refusals_recorded("complete_rollback_step", step.change, by):
        change = locked(step.change)
        if refusals := not_now(change, by, State.ROLLING_BACK):
            raise StepRefused(refusals)
        current = RollbackStep.objects.select_related("done_by").get(pk=step.pk)
        if current.done_at is not None:
            words = {"person": current.done_by or "?", "time": at(current.done_at)}
            raise AlreadyDone(_("%(person)s did this at %(time)s.") % words)
        current.done_at, current.done_by = timezone.now(), by
        current.save(update_fields=["done_at", "done_by"])
    return current


def record_deviation(
    change: ChangeRequest, *, by: User, text: str, task: PlanTask | None = None
) -> Deviation:
    """What was done otherwise than planned stands on the change, while it is implemented or rolled back."""
    with refusals_recorded("record_deviation", change, by):
        current = locked(change)
        refusals = not_now(current, by, State.IMPLEMENTING, State.VERIFYING, State.ROLLING_BACK)
        if not text.strip():
            refusals.append(Refusal("text", _("Write what was done otherwise.")))
        if refusals:
            raise StepRefused(refusals)
        return Deviation.objects.create(change=current, task=task, text=text.strip(), recorded_by=by)


def ask_for_forward_fix(change: ChangeRequest, *, by: User, text: str) -> Deviation:
    """Past the point of no return the change managers are called: they decide on a fix, or on going back.

    The same words by the same person call once. Raises StepRefused before that point.
    """
    with refusals_recorded("ask_for_forward_fix", change, by):
        current = locked(change)
        refusals = not_now(current, by, State.IMPLEMENTING, State.VERIFYING)
        if not past_no_return(current):
            refusals.append(
                Refusal("way_back_open", _("The way back is open."), _("Roll back, if it must be."))
            )
        if not text.strip():
            refusals.append(Refusal("text", _("Write what is wrong.")))
        if refusals:
            raise StepRefused(refusals)
        row, created = Deviation.objects.get_or_create(
            change=current, nature=Deviation.Nature.FORWARD_FIX, text=text.strip(), recorded_by=by
        )
        if created:
            notify(
                holders_of(Right.CHANGE_MANAGE),
                FORWARD_FIX,
                subject=gettext_lazy("%(number)s: forward fix needed, past the point of no return"),
                text=gettext_lazy("%(person)s: %(text)s\nOnly a change manager decides on going back now."),
                words={"number": current.number, "person": by, "text": row.text},
                path=f"/changes/{current.number}/work/",
                urgent=True,
                about=current.number,
            )
    return row
