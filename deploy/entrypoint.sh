#!/bin/sh
# One image for every role. Arguments after the role go to its program.
set -eu
role="${1:-web}"
[ $# -eq 0 ] || shift

case "$role" in
web) exec python -m gunicorn --config deploy/gunicorn.conf.py "$@" fisioflow.wsgi:application ;;
worker) exec python -m celery -A fisioflow worker --loglevel "${LOG_LEVEL:-INFO}" \
	--queues "${WORKER_QUEUES:-celery,privileged}" "$@" ;;
# No files: the schedule is in the directory, and whatever starts beat knows its process id.
beat) exec python -m celery -A fisioflow beat --loglevel "${LOG_LEVEL:-INFO}" --pidfile= \
	--scheduler django_celery_beat.schedulers:DatabaseScheduler "$@" ;;
manage) exec python manage.py "$@" ;;
*)
	echo "usage: web | worker | beat | manage COMMAND ..." >&2
	exit 64
	;;
esac
