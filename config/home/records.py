"""Records: what was not looked after, what ends soon, what was refused."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from assets.models import Asset, Contract
from audit.models import SecurityEvent
from audit.recorded.differences import deed_in_words
from cmdb.models import ConfigurationItem
from cmdb.panels import Line, Panel, when
from config.home.cards import link, panel_of

STALE_DAYS = 90
SOON_DAYS = 30


def stale_items(user: User) -> Panel | None:
    if not has_right(user, Right.CMDB_EDIT):
        return None
    limit = timezone.now() - timedelta(days=STALE_DAYS)
    items = ConfigurationItem.objects.live().filter(last_verified_at__lt=limit).select_related("type")

    def line(item):
        verified = _("verified %(when)s") % {"when": when(item.last_verified_at)}
        return Line(item.name, link("cmdb:item", item.pk), verified, str(item.type))

    return panel_of(
        items.order_by(F("last_verified_at"), "pk"), line,
        title=_("Not verified for 90 days"), icon="event_busy",
        empty=_("Every verified item was verified within 90 days."), url=link("cmdb:list"),
    )  # fmt: skip


def contracts(user: User) -> Panel | None:
    if not has_right(user, Right.ASSET_EDIT):
        return None

    def line(contract):
        ends = _("ends %(day)s") % {"day": date_format(contract.ends_on, "Y-m-d")}
        return Line(str(contract), link("admin:assets_contract_change", contract.pk), ends)

    return panel_of(
        Contract.objects.ending_within(90).order_by("ends_on", "pk"), line,
        title=_("Contracts ending within 90 days"), icon="contract", empty=_("No contract ends soon."),
        url=link("admin:assets_contract_changelist"),
    )  # fmt: skip


def warranties(user: User) -> Panel | None:
    if not has_right(user, Right.ASSET_EDIT):
        return None

    def line(asset):
        words = asset.warranty.words
        soon = asset.warranty.days_left is not None and asset.warranty.days_left <= SOON_DAYS
        return Line(
            f"{asset.tag} {asset.model}", link("assets:asset", asset.pk), asset.ci.name if asset.ci else "",
            words, "bad" if soon else "warn",
        )  # fmt: skip

    return panel_of(
        Asset.objects.held().ending_within(90).for_display().order_by("warranty_ends_on", "pk"), line,
        title=_("Warranties ending within 90 days"), icon="verified_user", empty=_("No warranty ends soon."),
        url=link("assets:list"),
    )  # fmt: skip


def refusals(user: User) -> Panel | None:
    may_read = has_right(user, Right.AUDIT_READ)
    if not (may_read or has_right(user, Right.USER_MANAGE)):
        return None

    def line(event):
        reasons = event.detail.get("reasons") or [{}]
        words = {"actor": event.actor or "OpsLedger", "deed": deed_in_words(event.detail.get("deed"))}
        said = str(reasons[0].get("message") or reasons[0].get("code") or "")
        return Line(
            _("%(actor)s: %(deed)s") % words + f" {event.target}", "", f"{when(event.at)} · {said}",
            _("refused"), "warn",
        )  # fmt: skip

    return panel_of(
        SecurityEvent.objects.filter(kind=SecurityEvent.Kind.REFUSAL).order_by("-pk"), line,
        title=_("Last refusals"), icon="block", empty=_("Nothing has been refused yet."),
        url=f"{link('audit:events')}?kind={SecurityEvent.Kind.REFUSAL}" if may_read else "",
    )  # fmt: skip


def exports(user: User) -> Panel | None:
    if not has_right(user, Right.AUDIT_READ):
        return None

    def line(event):
        who = " · ".join(filter(None, [when(event.at), event.actor or _("nobody"), event.address]))
        badge = str(event.detail.get("status") or event.detail.get("deed") or "")
        return Line(event.target or event.get_kind_display(), "", who, badge, "info")

    return panel_of(
        SecurityEvent.objects.filter(kind=SecurityEvent.Kind.EXPORT).order_by("-pk"), line,
        title=_("Last exports"), icon="download", empty=_("Nothing has been exported yet."),
        url=f"{link('audit:events')}?kind={SecurityEvent.Kind.EXPORT}",
    )  # fmt: skip
