"""Alembic's entry: runs with the shop's own engine and metadata."""

from alembic import context

from storefront.db import Base, db

target_metadata = Base.metadata


def include_object(_object: object, name: str | None, type_: str, reflected: bool, _to: object) -> bool:
    """Huey keeps its tables in the same PostgreSQL database when the queue is there too."""
    return not (type_ == "table" and reflected and (name or "").startswith("huey_"))


def run_migrations() -> None:
    with db.engine.connect().execution_options(writes=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            include_object=include_object,
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
