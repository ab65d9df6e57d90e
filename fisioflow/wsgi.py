"""The WSGI application that gunicorn serves."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fisioflow.settings")
application = get_wsgi_application()
# Imported before the first request, when no clinic is active. A queryset that a class body builds
# inside a clinic would belong to that clinic for good, and be refused to all others.
for urlconf in ("fisioflow.urls", "fisioflow.urls_api", "fisioflow.urls_public"):
    import_module(urlconf)
