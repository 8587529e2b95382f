"""Two web hosts, two workers, PostgreSQL with a replica, Redis, a bucket, Stripe and a mail server, all real."""

import time
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import psycopg
import requests

from storefront.app import create_app
from storefront.core.config.settings import load_settings
from storefront.core.db import db
from storefront.delivery.licenses.seal_keys import seal_new_shop
from storefront.devtools.mailbox.server import MailboxServer
from storefront.migrations import schema
from tests.cluster.postgresql import Cluster
from tests.cluster.programs import Program, find_program, storefront
from tests.cluster.tcp_proxy import TcpProxy
from tests.support.databases import base_environment
from tests.support.ports import find_free_port
from tests.support.s3 import bucket_settings
from tests.support.sandbox_client import SandboxClient
from tests.support.seeded import add_goods
from tests.support.shop import START_SECONDS, wait_for

HOSTS = ("one", "two")


class World:
    """Made by `start()`, and ended by `end()` however far that came."""

    def __init__(self, folder: Path, sandbox: SandboxClient, mailbox: MailboxServer) -> None:
        self.folder, self.sandbox, self.mailbox = folder, sandbox, mailbox
        self.ports = {host: find_free_port() for host in HOSTS}
        self.web: dict[str, Program] = {}
        self.workers: dict[str, Program] = {}
        self.redis_port = find_free_port()
        self.killed_at: datetime | None = None
        self._endings = ExitStack()

    def start(self, s3: str) -> None:
        self.start_redis()
        self.postgresql = Cluster()
        self._endings.callback(self.postgresql.remove)
        self.postgresql.primary.start("-c synchronous_standby_names=")
        self.wire = TcpProxy([self.postgresql.primary.port])
        self._endings.callback(self.wire.close)
        self.balancer = TcpProxy(list(self.ports.values()))
        self._endings.callback(self.balancer.close)
        self.url = f"http://127.0.0.1:{self.balancer.port}"
        self.environment = self._environment(s3)
        self._fill(s3)
        self.postgresql.copy()
        self.postgresql.replica.start()
        self.postgresql.primary.stop()
        self.postgresql.primary.start()  # from now on what is committed is on both
        for host in HOSTS:
            self.start_host(host)
        for host in HOSTS:
            self.wait_until_ready(host)

    def _environment(self, s3: str) -> dict[str, str]:
        ports = f"{self.wire.port},{self.postgresql.replica.port}"
        hosts = "host=127.0.0.1,127.0.0.1&target_session_attrs=read-write"
        return (
            base_environment(self.folder)
            | bucket_settings(s3)
            | {
                "DATABASE_URL": f"postgresql://postgres@/postgres?{hosts}&port={ports}",
                "QUEUE_URL": f"redis://127.0.0.1:{self.redis_port}/0",
                "LIMITS_URL": f"redis://127.0.0.1:{self.redis_port}/1",
                "BASE_URL": self.url,
                "MAIL_PORT": str(self.mailbox.smtp_port),
                "STRIPE_API_BASE": self.sandbox.url,
                "STRIPE_SECRET_KEY": self.sandbox.secret_key,
                "STRIPE_PUBLISHABLE_KEY": self.sandbox.publishable_key,
                "STRIPE_WEBHOOK_SECRET": self.sandbox.add_endpoint(f"{self.url}/webhook"),
                "CHECKOUT_UI": "hosted",
                "TRUSTED_PROXIES": "1",
            }
        )

    def _fill(self, s3: str) -> None:
        client = boto3.client(
            "s3", endpoint_url=s3, aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"
        )
        client.create_bucket(Bucket="goods")
        app = create_app(load_settings(self.environment))
        schema.upgrade(app)
        with app.app_context():
            seal_new_shop()
            add_goods()
            db.session.remove()
            db.engine.dispose()

    def start_host(self, host: str, *before_web: str) -> None:
        """Start its web server and its worker. `before_web` starts the former, and may show it another time."""
        serve = [*before_web, *storefront("serve", "--port", str(self.ports[host]))]
        self.web[host] = self._start(serve, self.environment, f"web-{host}")
        self.workers[host] = self._start(storefront("worker"), self.environment, f"worker-{host}")

    def _start(self, command: list[str], environment: dict[str, str], name: str) -> Program:
        program = Program(command, environment, self.folder / f"{name}.log")
        self._endings.callback(program.kill)
        return program

    def start_redis(self) -> None:
        """Empty; it writes nothing down."""
        command = [find_program("redis-server"), "--port", str(self.redis_port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.redis = self._start(command, {}, "redis")

    def is_ready(self, host: str) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.ports[host]}/readyz", timeout=20).status_code == 200
        return False

    def wait_until_ready(self, host: str) -> float:
        """Return after how many seconds it was."""
        begun = time.monotonic()
        wait_for(lambda: self.is_ready(host), seconds=START_SECONDS)
        return time.monotonic() - begun

    def ask(self, statement: str, *values: object) -> list[Any]:
        """Of whichever server takes writes now; a change needs RETURNING."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def end(self) -> None:
        self._endings.close()
