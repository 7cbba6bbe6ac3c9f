"""Long reports: ordered on a page, made by the worker, taken out when they are ready."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from procrastinate.contrib.django import app

from accounts.actions import notify
from accounts.models import User
from audit.context import because
from inspections import guards, reasons
from inspections.actions.reports import Wanted, next_number, wanted_of, write_issue
from inspections.models import ReportOrder
from inspections.notices import REPORT_FAILED, REPORT_READY

logger = logging.getLogger(__name__)
MAKE_REPORT = "inspections.make_report"
LOST_AFTER = timedelta(hours=1)


def order_report(wanted: Wanted, *, by: User) -> ReportOrder:
    """The worker will make the report; it has its number already. Raises Refused as `issue_report` does."""
    with transaction.atomic(), because(reasons.ORDERED, user=by):
        guards.refuse_if(guards.against_issuing(by), "order report", by=by, target=wanted.about["kind"])
        number = next_number(timezone.now())
        order = ReportOrder.objects.create(**wanted.about, format=wanted.format, number=number, ordered_by=by)
        app.configure_task(MAKE_REPORT).defer(order=order.pk)
    return order


def make_ordered(order_id: int) -> ReportOrder:
    """The ordered report is issued and its file kept, or the order says why not; who ordered it is told.

    Called again for an order that has ended, or that another worker makes just now, it changes nothing.
    """
    order = _begin(order_id)
    if order is None:
        return ReportOrder.objects.get(pk=order_id)
    try:
        wanted = wanted_of(order)
        report = wanted.report()
        order.percent = 40
        order.save(update_fields=["percent"])
        with transaction.atomic(), because(reasons.ISSUED, user=order.ordered_by):
            now = timezone.now()
            issue, _content = write_issue(wanted, report, order.number, order.ordered_by, now, keep=True)
            order.state, order.issue, order.percent = ReportOrder.State.READY, issue, 100
            order.save(update_fields=["state", "issue", "percent"])
            _tell(order)
    except Exception as fault:  # whatever it was, who waits for the report hears of it
        logger.exception("report %s could not be made", order.number)
        _fail(order, f"{type(fault).__name__}: {fault}")
    return order


def _begin(order_id: int) -> ReportOrder | None:
    with transaction.atomic():
        orders = ReportOrder.objects.select_for_update(of=("self",)).select_related("ordered_by", "run__plan")
        order = orders.get(pk=order_id)
        if order.state != ReportOrder.State.QUEUED:
            return None
        order.state, order.percent = ReportOrder.State.RUNNING, 10
        order.save(update_fields=["state", "percent"])
    return order


def _fail(order: ReportOrder, trouble: str) -> None:
    order.state, order.issue, order.trouble = ReportOrder.State.FAILED, None, trouble[:1000]
    with transaction.atomic():
        order.save(update_fields=["state", "issue", "trouble"])
        _tell(order)


def _tell(order: ReportOrder) -> None:
    is_ready = order.state == ReportOrder.State.READY
    notify(
        [order.ordered_by],
        REPORT_READY if is_ready else REPORT_FAILED,
        subject=gettext_lazy("Report %(number)s is ready") if is_ready
        else gettext_lazy("Report %(number)s could not be made"),
        text=gettext_lazy("Open it to take it out.") if is_ready else "%(trouble)s",
        words={"number": order.number, "trouble": order.trouble},
        path=reverse("inspections:report-order", args=[order.number]),
        about=order.number,
        key=f"{order.number} {order.state}",
        to_self=True,
    )  # fmt: skip


def give_up_lost_orders(*, now: datetime | None = None) -> int:
    """Orders whose worker was killed say so, instead of waiting for ever; returns how many."""
    lost = ReportOrder.objects.filter(
        state__in=[ReportOrder.State.QUEUED, ReportOrder.State.RUNNING],
        ordered_at__lt=(now or timezone.now()) - LOST_AFTER,
    ).select_related("ordered_by")
    for order in (found := list(lost)):
        with override(order.language):
            _fail(order, _("The worker was stopped while it made the report. Order it again."))
    return len(found)
