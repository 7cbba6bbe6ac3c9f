"""Meetings of a board: the list, the page that walks the agenda, the minutes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from accounts.step_up import proof_of
from audit.models import StoredFile
from audit.paper import PDF, reason_for_no_pdf
from audit.views.files import send_file
from changes import actions as deeds
from changes.actions import StepRefused
from changes.dossier import Dossier
from changes.forms import MeetingForm, voters
from changes.minutes import as_page
from changes.models import AgendaItem, Attendance, Board, BoardMeeting, ChangeRequest

PAGE_SIZE = 30


def boards_run_by(user: User) -> Any:
    """The boards whose meetings this person may plan."""
    boards = Board.objects.all()
    return boards if has_right(user, Right.CHANGE_MANAGE) else boards.filter(manager=user)


@login_required
def meetings(request):
    """Every meeting, newest first, and the form that plans one."""
    require_right(request.user, Right.VIEW)
    boards = boards_run_by(request.user)
    form = MeetingForm(boards, request.POST or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            meeting = deeds.plan_meeting(asked.pop("board"), by=request.user, **asked)
            return redirect("changes:meeting", meeting.pk)
        except StepRefused as caught:
            refused = caught
    rows, following = _page(request.GET.get("before", ""), request.GET.get("board", ""))
    context = {
        "rows": rows,
        "form": form if boards.exists() else None,
        "refused": refused,
        "boards": Board.objects.all(),
        "wanted": request.GET.get("board", ""),
        "next": following and f"?board={request.GET.get('board', '')}&before={following}",
        "previous": request.GET.get("before") and f"?board={request.GET.get('board', '')}",
    }
    status = 409 if refused else 400 if form.errors else 200
    return render(request, "changes/meetings.html", context, status=status)


def _page(before: str, board: str) -> tuple[list[BoardMeeting], str]:
    found = BoardMeeting.objects.select_related("board", "chair").order_by("-pk")
    if board:
        found = found.filter(board__key=board)
    if before.isascii() and before.isdigit():
        found = found.filter(pk__lt=int(before[:18]))
    rows = list(found.prefetch_related("agenda")[: PAGE_SIZE + 1])
    return rows[:PAGE_SIZE], str(rows[PAGE_SIZE - 1].pk) if len(rows) > PAGE_SIZE else ""


def found(pk: int) -> BoardMeeting:
    return get_object_or_404(BoardMeeting.objects.select_related("board", "chair"), pk=pk)


@login_required
def meeting(request, pk):
    """The agenda with its state; `?item=` shows one change with its facts, next and previous by key."""
    require_right(request.user, Right.VIEW)
    return page(request, found(pk))


def page(request, shown: BoardMeeting, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a meeting, with what a refused POST left."""
    require_right(request.user, Right.VIEW)
    items = list(shown.agenda.select_related("change__service", "change__requester"))
    wanted = request.GET.get("item", "") or str(more.pop("item", ""))
    at = next((number for number, each in enumerate(items) if str(each.pk) == wanted), None)
    if at is None and shown.state != BoardMeeting.State.PLANNED and items and not wanted:
        at = 0
    item = None if at is None else items[at]
    ended = shown.state == BoardMeeting.State.ENDED
    decisions = {} if ended else deeds.decisions_on(items)
    for each in items:
        each.shown_decision = decisions.get(each.pk, each.decision)
    is_open = shown.state == BoardMeeting.State.OPEN
    together = deeds.open_for_consent([each.change for each in items], request.user) if is_open else set()
    context = {
        "meeting": shown,
        "items": items,
        "item": item,
        "dossier": item and Dossier(item.change, request.user),
        "change": item and item.change,
        "place": at is not None and at + 1,
        "before": items[at - 1] if at else None,
        "after": items[at + 1] if at is not None and at + 1 < len(items) else None,
        "attendance": shown.attendance.select_related("user", "deputy"),
        "statuses": Attendance.Status.choices,
        "deputies": voters(),
        "may_run": deeds.may_run(shown.board, request.user) and not ended,
        "consent": [each for each in items if each.change_id in together],
        "no_pdf": reason_for_no_pdf(),
    } | more
    return render(request, "changes/meeting.html", context, status=status)


def deed(label):
    """A POST view that does one deed on a meeting; refused, the page says every reason."""

    def wrap(view):
        @login_required
        @require_POST
        def run(request, pk, **keys):
            require_right(request.user, Right.VIEW)
            shown = found(pk)
            try:
                answer = view(request, shown, **keys)
            except StepRefused as refused:
                told = {"label": label, "refusals": refused.refusals}
                return page(request, found(pk), status=409, refused=told, item=request.POST.get("item", ""))
            return answer or redirect(_back(request, pk))

        return run

    return wrap


def _back(request, pk: int) -> str:
    item = request.POST.get("item", "")
    return f"/changes/meetings/{pk}/" + (f"?item={item}" if item.isascii() and item.isdigit() else "")


@deed(_("Fill the agenda"))
def fill(request, shown):
    count = deeds.fill_agenda(shown, by=request.user)
    messages.success(request, _("Put on the agenda: %(count)d.") % {"count": count})


@deed(_("Put on the agenda"))
def add(request, shown):
    number = request.POST.get("number", "").strip()
    change = ChangeRequest.objects.filter(number__iexact=number).first()
    if change is None:
        messages.error(request, _("There is no change %(number)s.") % {"number": number})
        return
    deeds.add_to_agenda(shown, change, by=request.user)


@deed(_("Take off the agenda"))
def take_off(request, shown, item):
    deeds.take_off_agenda(get_object_or_404(shown.agenda, pk=item), by=request.user)


@deed(_("Order of the agenda"))
def move(request, shown, item):
    row = get_object_or_404(shown.agenda, pk=item)
    deeds.move_item(row, request.POST.get("direction", ""), by=request.user)


@deed(_("Open the meeting"))
def open_(request, shown):
    deeds.open_meeting(shown, by=request.user)


@deed(_("Attendance"))
def attend(request, shown):
    for row in shown.attendance.select_related("user"):
        status = request.POST.get(f"status-{row.user_id}")
        chosen = request.POST.get(f"deputy-{row.user_id}", "")
        deputy = User.objects.filter(pk=int(chosen)).first() if chosen.isdigit() else None
        if status and (status != row.status or (deputy and deputy.pk) != row.deputy_id):
            deeds.note_attendance(shown, row.user, status, by=request.user, deputy=deputy)
    messages.success(request, _("Attendance is noted."))


@deed(_("Consent agenda"))
def consent(request, shown):
    chosen = [int(pk) for pk in request.POST.getlist("change") if pk.isdigit()]
    changes = ChangeRequest.objects.filter(agenda_items__meeting=shown, pk__in=chosen)
    votes = deeds.vote_by_consent(
        changes, by=request.user, comment=request.POST.get("comment", ""), proof=proof_of(request)
    )
    messages.success(request, _("Approved together: %(count)d changes.") % {"count": len(votes)})


@deed(_("End the meeting"))
def end(request, shown):
    deeds.end_meeting(shown, by=request.user)
    messages.success(request, _("The meeting has ended; its minutes are kept."))


@login_required
@require_POST
def save_item(request, pk, item):
    """Note, deferral and seconds of one item, saved by the page's script or its button: JSON or the page."""
    require_right(request.user, Right.VIEW)
    shown = found(pk)
    row = get_object_or_404(AgendaItem.objects.select_related("meeting"), pk=item, meeting=shown)
    given, fields = request.POST, {}
    if "note" in given:
        fields["note"] = given["note"][:20_000].replace("\x00", "")
        fields["is_deferred"] = given.get("is_deferred") == "on"
    if given.get("seconds", "").isdigit():
        fields["seconds"] = min(int(given["seconds"][:6]), 86_400)
    version = int(given["row_version"]) if given.get("row_version", "").isdigit() else 0
    is_script = request.headers.get("Accept") == "application/json"
    try:
        saved = deeds.edit_item(row, by=request.user, row_version=version, **fields)
    except StepRefused as refused:
        if is_script:
            words = [f"{each.message} {each.fix}" for each in refused.refusals]
            return JsonResponse({"refusals": words}, status=409)
        told = {"label": _("Note"), "refusals": refused.refusals}
        return page(request, shown, status=409, refused=told, item=item, typed_note=fields.get("note"))
    if is_script:
        return JsonResponse({"row_version": saved.row_version})
    return redirect(f"/changes/meetings/{pk}/?item={item}")


@login_required
def minutes(request, pk):
    """The minutes: the kept file of an ended meeting, or `?page` the same as a page to print."""
    require_right(request.user, Right.VIEW)
    shown = found(pk)
    kept = StoredFile.objects.filter(sha256=shown.minutes_sha256).first() if shown.minutes_sha256 else None
    name = f"minutes-{shown.board.key}-{shown.starts_at:%Y-%m-%d}"
    if kept is not None and "page" not in request.GET:
        return send_file(kept, f"{name}.pdf" if kept.media_type == PDF else f"{name}.html")
    if kept is None:
        messages.error(request, _("Minutes are written when the meeting ends."))
        return redirect("changes:meeting", pk)
    return HttpResponse(
        as_page(shown), headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    )
