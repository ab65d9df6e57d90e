# One image for every role: docker run IMAGE web | worker | beat | manage COMMAND
# Settings come from the environment, secrets from files (NAME_FILE): docs/reference/settings.md.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements-production.lock /tmp/
RUN pip install --quiet --require-hashes --only-binary :all: -r /tmp/requirements-production.lock
WORKDIR /srv/fisioflow
COPY . .
# Collecting static files connects to nothing, but the settings ask for the addresses.
RUN python -m compileall -q -f . \
    && SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(50))") \
       DATABASE_URL=postgresql://build@build/build \
       REDIS_URL=redis://build/0 \
       STATIC_ROOT=/srv/fisioflow/static \
       python manage.py collectstatic --noinput --verbosity 0

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 fisioflow \
    && useradd --uid 10001 --gid fisioflow --no-create-home --home-dir /nonexistent \
       --shell /usr/sbin/nologin fisioflow
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/fisioflow /srv/fisioflow
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BIND_ADDRESS=0.0.0.0 \
    STATIC_ROOT=/srv/fisioflow/static
WORKDIR /srv/fisioflow
# The code belongs to root, so that the service can't change it. It writes only to /tmp.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
ENTRYPOINT ["deploy/entrypoint.sh"]
CMD ["web"]
