"""Who may open the pages of inspections."""

from functools import wraps

from django.contrib.auth.decorators import login_required

from accounts.roles import Right, require_right


def page(view):
    """A page for whoever may see the records and is logged in."""

    @login_required
    @wraps(view)
    def shown(request, *args, **kwargs):
        require_right(request.user, Right.VIEW)
        return view(request, *args, **kwargs)

    return shown
