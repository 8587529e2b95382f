"""A database of several servers: both are named in one address, and one that vanished is given up in time."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import create_engine

from storefront.core.config.settings import load_settings
from storefront.core.db import engine_options
from tests.support.databases import base_environment

BOTH_SERVERS = "postgresql://shop@/shop?host=db1,db2&port=5432,5433&target_session_attrs=read-write"


def test_asks_each_server_for_the_one_that_takes_writes(tmp_path: Path) -> None:
    settings = load_settings(base_environment(tmp_path) | {"DATABASE_URL": BOTH_SERVERS})
    engine = create_engine(settings.database_url)
    _positional, told = engine.dialect.create_connect_args(engine.url)
    told.pop("context")
    limits = engine_options(settings)["connect_args"]
    known = conninfo_to_dict(make_conninfo("", **told, **limits))  # raises for unknown ones
    assert (known["host"], known["port"]) == ("db1,db2", "5432,5433")
    assert known["target_session_attrs"] == "read-write"
    assert limits["keepalives_idle"] + limits["keepalives_interval"] * limits["keepalives_count"] <= 20
    assert limits["tcp_user_timeout"] <= 20_000
