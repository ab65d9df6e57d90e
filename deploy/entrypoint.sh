#!/bin/sh
# One image for every role. What follows the role is passed on to its program.
set -eu
role="${1:-web}"
[ $# -eq 0 ] || shift

case "$role" in
web) exec python -m gunicorn --config deploy/gunicorn.conf.py "$@" fisioflow.wsgi:application ;;
worker) exec python -m celery -A fisioflow worker --loglevel "${LOG_LEVEL:-INFO}" \
	--queues "${WORKER_QUEUES:-celery,privileged}" "$@" ;;
# The schedule is in the directory, and whoever starts beat knows its process: no files for them.
beat) exec python -m celery -A fisioflow beat --loglevel "${LOG_LEVEL:-INFO}" --pidfile= \
	--scheduler django_celery_beat.schedulers:DatabaseScheduler "$@" ;;
manage) exec python manage.py "$@" ;;
*)
	echo "usage: web | worker | beat | manage COMMAND ..." >&2
	exit 64
	;;
esac
