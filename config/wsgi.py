import os

from django.core.wsgi import get_wsgi_application

from audit.guards import refuse_owner

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
refuse_owner()
