"""The stack's command line: python -m devstack <command>."""

import argparse
import contextlib
import fcntl
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

from devstack import application, throwaway
from devstack.errors import StackError
from devstack.paths import checkout_folders
from devstack.processes import stop_daemons
from devstack.stack import Stack


def main() -> int:
    """Run one command; the exit status is 1 for a failure, 130 for Ctrl-C."""
    arguments = _parser().parse_args()

    # A closed terminal or a kill ends a half-done start like Ctrl-C does; under nohup it goes on.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)

    try:
        if arguments.command == "run":
            return throwaway.run(arguments.argv, durable=arguments.durable)
        return _COMMANDS[arguments.command](Stack(checkout_folders()))
    except StackError as error:
        print(f"fisioflow: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        what_to_do = "Remove it as that user: make reset"
        print(f"fisioflow: {error.filename} is another user's. {what_to_do}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nfisioflow: interrupted; what this run started is stopped.", file=sys.stderr)
        return 130


def up(stack: Stack) -> int:
    """Start the servers, migrate, load the demo data, start web, worker and beat."""
    with _alone(stack):
        port = application.chosen_port(os.environ)
        application.require_free(stack, port)

        with application.all_or_nothing(stack) as started:
            print("Starting PostgreSQL and Redis ...", flush=True)
            started.extend(stack.start_all())
            print("Migrating and loading the demo data ...", flush=True)
            sign_ins = application.prepare(stack, port)
            print("Starting the web server, the worker and beat ...", flush=True)
            application.start(stack, port, started)

        print(application.welcome(port, sign_ins))
    return 0


def services_up(stack: Stack) -> int:
    """Start only the servers."""
    with _alone(stack):
        stack.start_all()
    return 0


def down(stack: Stack) -> int:
    """Stop everything and keep the data."""
    with _alone(stack):
        _stop(stack)
    return 0


def reset(stack: Stack) -> int:
    """Stop everything and delete the data."""
    with _alone(stack):
        _stop(stack)
        stack.folders.remove()
    print("The data is deleted.")
    return 0


def status(stack: Stack) -> int:
    """List what is running and where the logs are; exit status 1 unless everything runs."""
    daemons = [*stack.daemons, *application.daemons(stack)]
    for daemon in daemons:
        pid = daemon.pid()
        print(f"{daemon.name:10} {f'running, pid {pid}' if pid else 'stopped':24} {daemon.log}")

    return 0 if all(daemon.pid() for daemon in daemons) else 1


def env(stack: Stack) -> int:
    """Print what a shell needs to reach the running stack: addresses and programs."""
    if not stack.running():
        raise StackError("The stack is not running. Start it: make up")

    values = application.environ(stack, {})
    path = os.pathsep.join(stack.program_folders())
    del values["PATH"]

    for name, value in sorted(values.items()):
        print(f"export {name}={shlex.quote(value)};")
    print(f'export PATH={shlex.quote(path)}:"$PATH";')
    return 0


def _stop(stack: Stack) -> None:
    names = stop_daemons(application.daemons(stack), stack.daemons)
    stack.folders.remove_sockets()
    print(f"Stopped: {', '.join(names)}." if names else "Nothing was running.")


@contextlib.contextmanager
def _alone(stack: Stack) -> Iterator[None]:
    """Let one command at a time change the stack. Raises StackError for a second one."""
    folder = os.open(stack.folders.root.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StackError("Another make up, down or reset is running here. Try again.") from None
    else:
        yield
    finally:
        os.close(folder)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


_COMMANDS: dict[str, Callable[[Stack], int]] = {
    "up": up,
    "services-up": services_up,
    "down": down,
    "reset": reset,
    "status": status,
    "env": env,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstack")
    commands = parser.add_subparsers(dest="command", required=True)

    for name, function in _COMMANDS.items():
        commands.add_parser(name, help=function.__doc__)

    run = commands.add_parser(
        "run", help="Run a command on servers of its own, deleted afterwards."
    )
    run.add_argument("--durable", action="store_true", help="With fsync, for measurements.")
    run.add_argument("argv", nargs=argparse.REMAINDER)

    return parser


if __name__ == "__main__":
    sys.exit(main())
