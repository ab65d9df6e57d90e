"""The two models that a django-tenants project needs."""
