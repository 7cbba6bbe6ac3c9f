"""The admin site."""

from unfold.sites import UnfoldAdminSite


class OpsLedgerAdminSite(UnfoldAdminSite):
    """Unfold's site with our log-in page and dashboard."""
