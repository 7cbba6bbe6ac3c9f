"""One's own API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.actions import create_token, revoke_token
from accounts.forms import TokenForm
from accounts.models import ApiToken


@login_required
@never_cache
def tokens(request):
    """One's tokens; the secret of a new one is in the answer to the POST and nowhere else."""
    form, secret = TokenForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _token, secret = create_token(
                request.user,
                by=request.user,
                name=data["name"],
                scope=data["scope"],
                expires_at=form.expires_at,
            )
            form = TokenForm()
        except ValidationError as trouble:
            form.add_error(None, ValidationError(trouble.messages))
    status = 422 if form.errors else 200
    own = request.user.api_tokens.all()
    return render(
        request, "account/tokens.html", {"form": form, "secret": secret, "tokens": own}, status=status
    )


@require_POST
@login_required
def revoke(request, pk):
    token = get_object_or_404(ApiToken, pk=pk, user=request.user)
    revoke_token(token, by=request.user)
    messages.success(request, _("The token “%(name)s” was revoked.") % {"name": token.name})
    return redirect("accounts:tokens")
