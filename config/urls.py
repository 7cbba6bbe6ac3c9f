"""Every route of the product."""

from django.contrib import admin
from django.urls import include, path, re_path

from accounts import views as accounts
from assets import views as assets
from audit import views as audit
from changes.views import assessment as change_assessment
from changes.views import calendar as change_calendar
from changes.views import control as change_control
from changes.views import deeds as change_deeds
from changes.views import delegations as change_delegations
from changes.views import discussion as change_discussion
from changes.views import emergencies as change_emergencies
from changes.views import feeds as change_feeds
from changes.views import freezes as change_freezes
from changes.views import imports as change_imports
from changes.views import lead as change_lead
from changes.views import line as change_line
from changes.views import meetings as change_meetings
from changes.views import metrics as change_metrics
from changes.views import pages as change_pages
from changes.views import plan as change_plan
from changes.views import plan_operations as change_operations
from changes.views import queue as change_queue
from changes.views import review as change_review
from changes.views import schedule as change_schedule
from changes.views import standard as change_standard
from changes.views import testing as change_testing
from changes.views import work as change_work
from cmdb import views as cmdb
from config import evidence, item_page, views
from config.api import api_urls
from inspections import views as inspections
from inspections.views import calendars as work_calendars
from inspections.views import checklist_files, checklist_items, checklists, corrections
from inspections.views import hands as run_hands
from inspections.views import overrides as threshold_overrides
from inspections.views import plans as inspection_plans
from inspections.views import rota as inspection_rota

evidence.wire()
item_page.wire()

account_urls = [
    path("tokens/", accounts.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", accounts.revoke, name="token-revoke"),
    path("notices/", accounts.notice_list, name="notices"),
    path("notices/read/", accounts.read_notices, name="notices-read"),
    path("notices/<int:pk>/open/", accounts.open_notice, name="notice-open"),
    path("notices/settings/", accounts.notice_settings, name="notice-settings"),
    path("notices/settings/test/", accounts.test_mail, name="notice-test"),
]
audit_pages = [
    path("", audit.history, name="history"),
    path("events/", audit.events, name="events"),
    path("export/", audit.export, name="export"),
]
asset_pages = [
    path("", assets.asset_list, name="list"),
    path("<int:pk>/", assets.asset_page, name="asset"),
    path("<int:pk>/move/", assets.asset_move, name="move"),
]
cmdb_pages = [
    path("", cmdb.item_list, name="list"),
    path("export/", cmdb.item_export, name="export"),
    path("import/", cmdb.import_page, name="import"),
    path("import/<slug:digest>/", cmdb.import_preview, name="import-preview"),
    path("labels/", cmdb.labels, name="labels"),
    path("<int:pk>/", cmdb.item_page, name="item"),
    path("<int:pk>/impact/", cmdb.item_impact, name="impact"),
]
inspection_pages = [
    path("", inspections.board, name="list"),
    path("phone/", inspections.phone, name="phone"),
    path("phone/manifest.webmanifest", inspections.manifest, name="manifest"),
    path("runs/<slug:number>/", inspections.run_page, name="run"),
    path("runs/<slug:number>/hands/", run_hands.hands, name="hands"),
    path("runs/<slug:number>/report/", inspections.report, name="report"),
    path("runs/<slug:number>/report.<slug:extension>", inspections.run_file, name="report-file"),
    path("reports/", inspections.reports, name="reports"),
    path("reports/check/", inspections.check, name="report-check"),
    path("reports/period/", inspections.period_page, name="report-period"),
    path("reports/period.<slug:extension>", inspections.period_file, name="report-period-file"),
    path("reports/schedules/", inspections.report_schedules, name="report-schedules"),
    path("reports/schedules/new/", inspections.report_schedule_edit, name="report-schedule-new"),
    path("reports/schedules/<int:pk>/", inspections.report_schedule, name="report-schedule"),
    path("reports/schedules/<int:pk>/edit/", inspections.report_schedule_edit, name="report-schedule-edit"),
    path("reports/orders/<slug:number>/", inspections.order_page, name="report-order"),
    path("reports/issued/<slug:number>/", inspections.issue_page, name="report-issue"),
    path("reports/issued/<slug:number>/file/", inspections.issue_file, name="report-issue-file"),
    path("photos/<uuid:op>/", inspections.photo, name="photo"),
    path("lists/", checklists.checklists, name="checklists"),
    path("lists/new/", checklists.checklist_new, name="checklist-new"),
    path("lists/import/", checklist_files.checklist_import, name="checklist-import"),
    path("lists/<slug:key>/", checklists.checklist, name="checklist"),
    path("lists/<slug:key>/edit/", checklists.checklist_edit, name="checklist-edit"),
    path("lists/<slug:key>/compare/", checklists.checklist_compare, name="checklist-compare"),
    re_path(
        r"^lists/(?P<key>[-\w]+)/(?P<deed>draft|publish|discard|retire)/$",
        checklists.checklist_deed,
        name="checklist-deed",
    ),
    path("lists/<slug:key>/v<int:number>/", checklists.checklist_version, name="checklist-version"),
    re_path(
        r"^lists/(?P<key>[-\w]+)/v(?P<number>\d{1,9})/export\.(?P<file_format>yaml|xlsx)$",
        checklist_files.checklist_export,
        name="checklist-export",
    ),
    path(
        "lists/<slug:key>/v<int:number>/items/new/",
        checklist_items.checklist_item_new,
        name="checklist-item-new",
    ),
    path(
        "lists/<slug:key>/v<int:number>/items/<int:pk>/",
        checklist_items.checklist_item,
        name="checklist-item",
    ),
    re_path(
        r"^lists/(?P<key>[-\w]+)/v(?P<number>\d{1,9})/items/(?P<pk>\d{1,18})/"
        r"(?P<deed>copy|up|down|section-up|section-down|remove)/$",
        checklist_items.checklist_item_deed,
        name="checklist-item-deed",
    ),
    path("plans/", inspection_plans.plans, name="plans"),
    path("plans/new/", inspection_plans.plan_new, name="plan-new"),
    path("plans/preview/", inspection_plans.plan_preview, name="plan-preview"),
    path("plans/<slug:key>/", inspection_plans.plan, name="plan"),
    path("plans/<slug:key>/edit/", inspection_plans.plan_edit, name="plan-edit"),
    re_path(
        r"^plans/(?P<key>[-\w]+)/(?P<deed>disable|enable|copy)/$",
        inspection_plans.plan_deed,
        name="plan-deed",
    ),
    path("rota/", inspection_rota.rota, name="rota"),
    path("rota/<int:pk>/", inspection_rota.duty, name="duty"),
    path("calendars/", work_calendars.calendars, name="calendars"),
    path("calendars/<slug:key>/", work_calendars.calendar, name="calendar"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("corrections/<int:pk>/", corrections.correction, name="correction"),
    re_path(
        r"^corrections/(?P<pk>\d{1,18})/(?P<deed>accept|refuse)/$",
        corrections.correction_deed,
        name="correction-deed",
    ),
    path("overrides/", threshold_overrides.overrides, name="overrides"),
    path("overrides/new/", threshold_overrides.override_new, name="override-new"),
    path("overrides/<int:pk>/", threshold_overrides.override, name="override"),
    re_path(
        r"^overrides/(?P<pk>\d{1,18})/(?P<deed>approve|refuse|withdraw)/$",
        threshold_overrides.override_deed,
        name="override-deed",
    ),
    path("figures/", inspections.figures, name="figures"),
    path("figures/export/", inspections.figures_export, name="figures-export"),
    path("heat/", inspections.heat_map, name="heat"),
    path("runs/<slug:number>/verify/", inspections.verify, name="verify"),
    path("runs/<slug:number>/amend/<int:answer>/", inspections.amend, name="amend"),
    path("sign-offs/", inspections.sign_offs, name="sign-offs"),
    path("amendments/", inspections.amendment_list, name="amendments"),
    path("amendments/<int:pk>/", inspections.amendment_page, name="amendment"),
    path("trend/<int:pk>/<slug:key>/", inspections.trend_page, name="trend"),
    path("trend/<int:pk>/<slug:key>/export/", inspections.trend_export, name="trend-export"),
    path("machines/", inspections.sources, name="sources"),
    path("machines/readings/", inspections.reading_list, name="readings"),
    path("machines/alerts/", inspections.alert_list, name="alerts"),
    path("machines/alerts/<int:pk>/match/", inspections.match, name="alert-match"),
    path("findings/", inspections.finding_list, name="findings"),
    re_path(r"^findings/export\.(?P<kind>csv|xlsx)$", inspections.finding_export, name="findings-export"),
    path("findings/<slug:number>/files/<int:event>/", inspections.finding_file, name="finding-file"),
    path("findings/<slug:number>/", inspections.finding_page, name="finding"),
]
change_urls = [
    path("", change_queue.queue, name="queue"),
    path("new/", change_plan.new, name="new"),
    path("delegations/", change_delegations.delegations, name="delegations"),
    path("delegations/<int:pk>/end/", change_delegations.end, name="delegation-end"),
    path("meetings/", change_meetings.meetings, name="meetings"),
    path("meetings/<int:pk>/", change_meetings.meeting, name="meeting"),
    path("meetings/<int:pk>/open/", change_meetings.open_, name="meeting-open"),
    path("meetings/<int:pk>/attendance/", change_meetings.attend, name="meeting-attend"),
    path("meetings/<int:pk>/consent/", change_meetings.consent, name="meeting-consent"),
    path("meetings/<int:pk>/end/", change_meetings.end, name="meeting-end"),
    path("meetings/<int:pk>/minutes/", change_meetings.minutes, name="minutes"),
    path("meetings/<int:pk>/agenda/fill/", change_meetings.fill, name="agenda-fill"),
    path("meetings/<int:pk>/agenda/add/", change_meetings.add, name="agenda-add"),
    path("meetings/<int:pk>/agenda/<int:item>/", change_meetings.save_item, name="agenda-save"),
    path("meetings/<int:pk>/agenda/<int:item>/move/", change_meetings.move, name="agenda-move"),
    path("meetings/<int:pk>/agenda/<int:item>/remove/", change_meetings.take_off, name="agenda-remove"),
    path("collisions/", change_schedule.collisions, name="collisions"),
    path("freezes/new/", change_freezes.new, name="freeze-new"),
    path("calendar/", change_calendar.calendar, name="calendar"),
    path("calendar/subscribe/", change_feeds.subscribe, name="subscribe"),
    path("feeds/<str:token>.ics", change_feeds.feed, name="feed"),
    path("line/", change_line.line, name="line"),
    path("line/<int:pk>/release/", change_line.release, name="line-release"),
    path("gate/", change_line.gate_answers, name="gate"),
    path("unauthorised/", change_control.unauthorised, name="unauthorised"),
    path("unauthorised/<int:pk>/", change_control.unauthorised_write, name="unauthorised-write"),
    re_path(
        r"^unauthorised/(?P<pk>\d{1,18})/(?P<way>link|accept|retrospective)/$",
        change_control.explain,
        name="explain",
    ),
    path("import/", change_imports.import_list, name="import"),
    path("import/<int:pk>/", change_imports.import_batch, name="import-batch"),
    path("lead-times/", change_lead.lead_times, name="lead-times"),
    path("plan-instead/", change_control.instead, name="plan-instead"),
    path("metrics/", change_metrics.metrics, name="metrics"),
    path("metrics/export/", change_metrics.export, name="metrics-export"),
    path("metrics/<slug:key>/", change_metrics.behind, name="metrics-behind"),
    path("catalogue/", change_standard.catalogue, name="catalogue"),
    path("catalogue/<int:pk>/", change_standard.raise_change, name="raise"),
    path("templates/", change_standard.templates, name="templates"),
    path("templates/suggestions/", change_standard.suggestions, name="suggestions"),
    path("templates/from/<str:number>/", change_standard.template_of_change, name="template-from"),
    path("templates/<int:pk>/", change_standard.template, name="template"),
    path("templates/<int:pk>/edit/", change_standard.template_edit, name="template-edit"),
    re_path(
        r"^templates/(?P<pk>\d{1,18})/(?P<deed>vote|propose|suspend|retire|version)/$",
        change_standard.template_deed,
        name="template-deed",
    ),
    path("asked/", change_assessment.asked, name="asked"),
    path("asked/<int:row>/", change_assessment.answer, name="answer"),
    path("questionnaire/", change_assessment.questionnaire, name="questionnaire"),
    path("emergencies/", change_emergencies.emergencies, name="emergencies"),
    path("actions/", change_review.my_actions, name="my-actions"),
    path("actions/<int:pk>/done/", change_review.complete, name="action-done"),
    path("<str:number>/", change_pages.change, name="change"),
    path("<str:number>/review/", change_review.review, name="review"),
    re_path(
        r"^(?P<number>[A-Za-z0-9-]+)/review/(?P<part>review|action|incident)/$",
        change_review.save,
        name="review-save",
    ),
    path("<str:number>/presence/", change_emergencies.presence, name="presence"),
    path("<str:number>/collisions/accept/", change_schedule.accept, name="accept-collision"),
    path("<str:number>/freezes/<int:freeze>/override/", change_schedule.override, name="override-freeze"),
    path("<str:number>/slot/", change_schedule.take_slot, name="take-slot"),
    path("<str:number>/history/", change_pages.history, name="history"),
    path("<str:number>/edit/", change_plan.edit, name="edit"),
    path("<str:number>/rows/<slug:kind>/", change_plan.add, name="add"),
    path("<str:number>/rows/<slug:kind>/<int:pk>/", change_plan.row, name="row"),
    path("<str:number>/rows/<slug:kind>/<int:pk>/remove/", change_plan.remove, name="remove"),
    path("<str:number>/rows/<slug:kind>/<int:pk>/move/", change_plan.move, name="move-row"),
    path("<str:number>/many/", change_operations.many, name="plan-many"),
    path("<str:number>/try/", change_operations.try_out, name="try-plan"),
    path("<str:number>/take-live/", change_operations.take_live, name="take-live"),
    path("<str:number>/operations/remove/", change_operations.remove_many, name="remove-operations"),
    path("<str:number>/operations/move/", change_operations.move_many, name="move-operations"),
    path("<str:number>/documents/<int:pk>/", change_plan.document, name="document"),
    path("<str:number>/copy/", change_plan.copy, name="copy"),
    path("<str:number>/steps/<slug:event>/", change_deeds.step, name="step"),
    path("<str:number>/remarks/", change_discussion.remark, name="remark"),
    path("<str:number>/reading/", change_discussion.reading, name="reading"),
    path("<str:number>/work/", change_work.work, name="work"),
    path("<str:number>/work/evidence/<int:row>/", change_work.evidence, name="evidence"),
    path("<str:number>/work/steps/<slug:event>/", change_work.take, name="work-step"),
    path("<str:number>/work/<slug:deed>/", change_work.do, name="work-deed"),
    path("<str:number>/work/<slug:deed>/<int:row>/", change_work.do, name="work-deed"),
    path("<str:number>/votes/", change_deeds.vote, name="vote"),
    path("<str:number>/votes/<int:vote>/confirm/", change_deeds.confirm_verbal, name="confirm-vote"),
    path("<str:number>/assess/", change_assessment.assess_change, name="assess"),
    path("<str:number>/assess/confirm/", change_assessment.confirm, name="confirm-impact"),
    path("<str:number>/assess/acknowledge/", change_assessment.acknowledge, name="acknowledge-impact"),
    path("<str:number>/assess/not-affected/", change_assessment.veto, name="veto"),
    path("<str:number>/assess/affected/", change_assessment.add, name="add-affected"),
    path("<str:number>/assess/judged/<int:row>/", change_assessment.unjudge, name="unjudge"),
    path("<str:number>/assess/overrule/<int:row>/", change_assessment.overrule, name="overrule"),
    path("<str:number>/tests/", change_testing.tests, name="tests"),
    path("<str:number>/tests/<int:run>/<slug:sha256>/", change_testing.test_file, name="test-file"),
    path("<str:number>/stages/<int:stage>/apply/", change_deeds.apply, name="apply"),
    path("<str:number>/revert/", change_deeds.revert, name="revert"),
    path("<str:number>/tasks/<int:task>/", change_deeds.task, name="task"),
    path("<str:number>/rollback-steps/<int:step>/", change_deeds.rollback_step, name="rollback-step"),
    path("<str:number>/criteria/<int:criterion>/", change_deeds.measure, name="measure"),
    path("<str:number>/operations/<int:operation>/drift/", change_deeds.drift, name="drift"),
    path("<str:number>/decisions/<int:decision>/confirm/", change_deeds.confirm, name="confirm"),
    path("<str:number>/consultations/<int:team>/", change_deeds.consult, name="consult"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("language/", accounts.choose_language, name="language"),
    path("api/", include(api_urls)),
    path("cmdb/", include((cmdb_pages, "cmdb"))),
    path("assets/", include((asset_pages, "assets"))),
    path("inspections/", include((inspection_pages, "inspections"))),
    path("sw.js", inspections.worker, name="worker"),
    path("q/<slug:token>/", inspections.label, name="label"),
    path("changes/", include((change_urls, "changes"))),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/", include((account_urls, "accounts"))),
    path("audit/", include((audit_pages, "audit"))),
    path("admin/", admin.site.urls),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
