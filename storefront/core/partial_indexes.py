"""Indexes of some rows of a table.

A model with `postgresql_where` has SQLAlchemy load all that it knows of PostgreSQL, in a shop on SQLite as well.
"""

from sqlalchemy import Index, MetaData, TextClause, text

WHERE = "where"


def partial_index(name: str, *columns: str, where: str | TextClause, unique: bool = False) -> Index:
    """Return an index of the rows that `where` is true of."""
    condition = text(where) if isinstance(where, str) else where
    return Index(name, *columns, unique=unique, sqlite_where=condition, info={WHERE: condition})


def tell_postgresql(tables: MetaData) -> None:
    """Give the conditions to SQLAlchemy, in a shop on PostgreSQL."""
    for table in tables.tables.values():
        for index in table.indexes:
            if WHERE in index.info:
                index.dialect_options["postgresql"]["where"] = index.info[WHERE]
