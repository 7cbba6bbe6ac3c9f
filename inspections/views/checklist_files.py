"""Check lists as files: out as YAML or XLSX, in with every row checked before anything is written."""

from datetime import timedelta

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.roles import Right, require_right
from audit.actions import keep_file, record_event
from audit.models import StoredFile
from inspections.actions import import_checklist
from inspections.forms import UploadForm
from inspections.interchange import LARGEST_FILE, FileRefused, as_workbook, as_yaml, read
from inspections.models import ChecklistTemplate
from inspections.views.access import page

SHOWN = "inspections.checklist_import"
FORMATS = {
    "yaml": (as_yaml, "application/yaml"),
    "xlsx": (as_workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@page
def checklist_export(request, key, number, file_format):
    """One version as a file; its export is recorded."""
    template = get_object_or_404(ChecklistTemplate.objects.select_related("ci_type", "owner_team"), key=key)
    version = get_object_or_404(template.versions, number=number)
    write, media_type = FORMATS[file_format]
    name = f"{template.key}-v{version.number}.{file_format}"
    record_event("export", by=request.user, target="inspections.checklisttemplate", detail={"file": name})
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(
        write(template, list(version.items.all())), content_type=media_type, headers=disposition
    )


@page
def checklist_import(request):
    """Takes a file and shows what it would change; a second POST, of the same bytes, writes it."""
    require_right(request.user, Right.INSPECT_MANAGE)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return render(request, "inspections/checklist_import.html", {"form": form})
    if (shown := request.POST.get("shown", "")) and not request.FILES:
        kept = get_object_or_404(StoredFile, pk=shown_file(shown, request.user))
        return imported(request, UploadForm(), kept, dry_run=False)
    if not form.is_valid():
        return render(request, "inspections/checklist_import.html", {"form": form}, status=400)
    upload = form.cleaned_data["file"]
    if upload.size > LARGEST_FILE:
        form.add_error("file", _("The file is larger than 1 MB: this is no check list."))
        return render(request, "inspections/checklist_import.html", {"form": form}, status=400)
    try:
        kept = keep_file(upload, media_type=upload.content_type or "")
    except ValidationError as error:
        form.add_error("file", error)
        return render(request, "inspections/checklist_import.html", {"form": form}, status=400)
    return imported(request, form, kept, dry_run=True)


def proof_of(kept, user):
    """What the page sends back: this very file, which this person uploaded as a check list."""
    return signing.dumps([kept.pk, user.pk], salt=SHOWN)


def shown_file(proof, user):
    """The file that was shown to this person today. Raises Http404 for any other: those are not theirs."""
    try:
        pk, person = signing.loads(proof, salt=SHOWN, max_age=timedelta(days=1))
    except signing.BadSignature:
        raise Http404 from None
    if person != user.pk:
        raise Http404
    return pk


def imported(request, form, kept, *, dry_run):
    """The preview of a kept file, or the draft that it became."""
    try:
        document = read(bytes(StoredFile.objects.values_list("content", flat=True).get(pk=kept.pk)))
    except FileRefused as refused:
        context = {"form": UploadForm(), "refused": str(refused)}
        return render(request, "inspections/checklist_import.html", context, status=400)
    done = import_checklist(document, by=request.user, dry_run=dry_run)
    if done.faults or dry_run:
        context = {"form": UploadForm(), "done": done, "shown": proof_of(kept, request.user)}
        return render(
            request, "inspections/checklist_import.html", context, status=400 if done.faults else 200
        )
    if done.version is None:
        messages.success(request, _("The check list is as the file has it."))
        return redirect("inspections:checklist", done.template.key)
    messages.success(request, _("The draft is as the file has it; read it and publish it."))
    return redirect("inspections:checklist-version", done.template.key, done.version.number)
