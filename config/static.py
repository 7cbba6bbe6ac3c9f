"""Static files under hashed names, where they have been collected."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    """A file that was not collected (a test, a first look with manage.py) keeps its plain name."""

    support_js_module_import_aggregation = True  # modules import each other by hashed names

    def stored_name(self, name: str) -> str:
        try:
            return super().stored_name(name)
        except ValueError:
            return name
