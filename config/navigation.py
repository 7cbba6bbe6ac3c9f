"""The one table of main destinations; our own pages and the admin's side bar are both drawn from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Notice
from accounts.roles import Right, has_right, roles_of
from changes.models import StoppedLine


@dataclass(frozen=True)
class Entry:
    """One destination, shown to who holds `right` and may view `model` ("cmdb.citype"), if named."""

    label: str
    icon: str
    url_name: str
    right: Right | None = Right.VIEW
    model: str = ""

    def url(self) -> str:
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""

    def is_for(self, user) -> bool:
        if self.right and not has_right(user, self.right):
            return False
        app_label, _dot, model_name = self.model.partition(".")
        return not self.model or user.has_perm(f"{app_label}.view_{model_name}")


@dataclass(frozen=True)
class Group:
    label: str
    entries: list[Entry] = field(default_factory=list)


def _list(label, icon, model, right=Right.VIEW) -> Entry:
    return Entry(label, icon, f"admin:{model.replace('.', '_')}_changelist", right, model)


NAVIGATION = [
    Group("", [Entry(_("Home"), "home", "home", None)]),
    Group(
        _("Work"),
        [
            Entry(_("Changes"), "published_with_changes", "changes:queue"),
            Entry(_("Calendar"), "calendar_month", "changes:calendar"),
            Entry(_("Meetings"), "groups", "changes:meetings"),
            Entry(_("Standard changes"), "content_copy", "changes:catalogue"),
            Entry(_("Asked of my team"), "contact_support", "changes:asked"),
            Entry(_("Measures"), "monitoring", "changes:metrics"),
            Entry(_("Emergencies"), "emergency", "changes:emergencies"),
            Entry(_("Actions from reviews"), "task_alt", "changes:my-actions"),
            Entry(_("Configuration"), "dns", "cmdb:list"),
            Entry(_("Inspections"), "fact_check", "inspections:list"),
            Entry(_("Check lists"), "checklist", "inspections:checklists"),
            Entry(_("Plans and rota"), "event_repeat", "inspections:plans"),
            Entry(_("Assets"), "inventory_2", "assets:list"),
        ],
    ),
    Group(
        _("Proof"),
        [
            Entry(_("What happened"), "policy", "audit:history", Right.AUDIT_READ),
        ],
    ),
    Group("", [Entry(_("Administration"), "settings", "admin:index")]),
]

NOTICES = "accounts:notices"
ADMIN_NAVIGATION = [
    Group(
        "",
        [
            Entry(_("Home"), "home", "home", None),
            Entry(_("Notices"), "notifications", NOTICES, None),
        ],
    ),
    Group(
        _("Changes"),
        [
            _list(_("Change requests"), "published_with_changes", "changes.changerequest"),
            _list(_("Boards"), "groups", "changes.board"),
            _list(_("Approval policies"), "rule", "changes.approvalpolicy"),
            _list(_("Freeze windows"), "ac_unit", "changes.freezewindow"),
            _list(_("Maintenance windows"), "event_repeat", "changes.maintenancewindow"),
            _list(_("Rules on collisions"), "balance", "changes.collisionrule"),
            _list(_("Standard changes"), "content_copy", "changes.standardtemplate"),
            _list(_("Risk questions"), "quiz", "changes.riskquestion"),
            _list(_("Risk thresholds"), "speed", "changes.riskthreshold"),
            _list(_("Assessment policies"), "policy", "changes.assessmentpolicy"),
            _list(_("Working hours"), "schedule", "changes.workinghours"),
        ],
    ),
    Group(
        _("Configuration"),
        [
            _list(_("Configuration items"), "dns", "cmdb.configurationitem"),
            _list(_("Relations"), "account_tree", "cmdb.relation"),
            _list(_("Types"), "category", "cmdb.citype"),
            _list(_("Relation types"), "conversion_path", "cmdb.relationtype"),
            _list(_("Dependency groups"), "hub", "cmdb.dependencygroup"),
        ],
    ),
    Group(
        _("Assets"),
        [
            _list(_("Assets"), "inventory_2", "assets.asset"),
            _list(_("Models"), "memory", "assets.hardwaremodel"),
            _list(_("Manufacturers"), "factory", "assets.manufacturer"),
            _list(_("Vendors"), "storefront", "assets.vendor"),
            _list(_("Contracts"), "contract", "assets.contract"),
        ],
    ),
    Group(
        _("Inspections"),
        [
            _list(_("Runs"), "fact_check", "inspections.inspectionrun"),
            _list(_("Findings"), "report", "inspections.finding"),
            _list(_("Plans"), "event_repeat", "inspections.inspectionplan"),
            _list(_("Templates"), "checklist", "inspections.checklisttemplate"),
            _list(_("Work calendars"), "calendar_month", "inspections.workcalendar"),
            _list(_("Shifts"), "routine", "inspections.shift"),
            _list(_("Rota"), "badge", "inspections.rosterentry"),
        ],
    ),
    Group(
        _("People"),
        [
            _list(_("Users"), "person", "accounts.user"),
            _list(_("Teams"), "diversity_3", "accounts.team"),
            _list(_("API tokens"), "api", "accounts.apitoken"),
            _list(_("Failed log-ins"), "lock", "axes.accessattempt"),
        ],
    ),
    Group(
        _("System"),
        [_list(_("Background jobs"), "schedule", "procrastinate.procrastinatejob", Right.SYSTEM_MANAGE)],
    ),
    Group(
        _("Audit"),
        [
            Entry(_("What happened"), "manage_history", "audit:history", Right.AUDIT_READ),
            _list(_("Security events"), "policy", "audit.securityevent", Right.AUDIT_READ),
        ],
    ),
]


def navigation_for(user, path: str, groups: list[Group] = NAVIGATION) -> list[dict]:
    """The groups and entries this person may open, with the present one marked; empty groups left out."""
    shown = []
    here = _current([entry.url() for group in groups for entry in group.entries], path)
    for group in groups:
        entries = [
            {"label": entry.label, "icon": entry.icon, "url": url, "is_current": url == here}
            for entry in group.entries
            if entry.is_for(user) and (url := entry.url())
        ]
        if entries:
            shown.append({"label": group.label, "entries": entries})
    return shown


def _current(urls: list[str], path: str) -> str:
    """The destination that the path lies under; of two, the nearer one."""
    over = [url for url in urls if url and (path == url if url == "/" else path.startswith(url))]
    return max(over, key=len, default="")


def unread_of(user) -> str:
    """How many notices the bell shows: "", "7", or "99+" beyond. One query."""
    count = Notice.objects.of(user).unread().capped_count()
    return "99+" if count > 99 else str(count or "")


def frame(request) -> dict:
    """Context of every page of ours: the reader's navigation and roles, computed only where drawn."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"frame": {}}
    return {
        "frame": {
            "navigation": lambda: navigation_for(user, request.path),
            "roles": lambda: [role.label for role in roles_of(user)],
            "unread": lambda: unread_of(user),
            "stops": lambda: list(StoppedLine.objects.live().select_related("service", "stopped_by")),
        }
    }


def admin_sidebar(request) -> list[dict]:
    """The admin's side bar in Unfold's form, with the bell's count."""
    unread, notices = unread_of(request.user), reverse(NOTICES)
    return [
        {
            "title": group["label"],
            "separator": bool(group["label"]),
            "collapsible": False,
            "items": [
                ({"badge": unread} if unread and entry["url"] == notices else {})
                | {
                    "title": entry["label"],
                    "icon": entry["icon"],
                    "link": entry["url"],
                    "active": entry["is_current"],
                }
                for entry in group["entries"]
            ],
        }
        for group in navigation_for(request.user, request.path, ADMIN_NAVIGATION)
    ]
