"""Who may open the pages of inspections."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _

from accounts.bodies import is_storable
from accounts.roles import Right, require_right


def page(view):
    """A page for whoever may see the records and is logged in."""

    @login_required
    @wraps(view)
    def shown(request, *args, **kwargs):
        require_right(request.user, Right.VIEW)
        if not all(is_storable(dict(given.lists())) for given in (request.GET, request.POST)):
            raise BadRequest(
                _("A text holds a character that cannot be stored (NUL, or half a surrogate pair).")
            )
        return view(request, *args, **kwargs)

    return shown
