"""What `storefront db upgrade` says."""

from collections.abc import Iterator

from storefront.owner.upgrade.prepare import Prepared

DONE = "Done: the schema is {head}. Start web server and worker anew from this version."
FAILED = (
    "The upgrade did not succeed, and nothing was changed: {why}. Start the version of before again; it serves as "
    "it did. Then report this line, with what `storefront db upgrade --dry-run` says."
)


def prepared_lines(prepared: Prepared) -> Iterator[str]:
    if prepared.is_newer:
        yield (
            f"The database is of newer code (schema {prepared.current}): there is nothing to upgrade. This code "
            "serves on it, unless that version took something away."
        )
        return
    if not prepared.steps:
        yield f"Nothing to do: the schema is {prepared.current}."
        return
    last = prepared.steps[-1].revision
    if prepared.current is None:
        yield f"A new database: all {len(prepared.steps)} steps to schema {last}."
        return
    yield f"From schema {prepared.current} to {last}:"
    yield from (f"  {step.revision}  {step.title}" for step in prepared.steps)
    yield from _what_it_takes(prepared)


def _what_it_takes(prepared: Prepared) -> Iterator[str]:
    if prepared.rows:
        rows = ", ".join(f"{name} ({count:,})" for name, count in prepared.rows.items())
        yield f"Made anew while nobody else can write, with so many rows: {rows}."
    if prepared.restored:
        yield f"The way back is {prepared.restored}, which this shop was restored from in the last 24 hours."
    for step in prepared.steps:
        if step.oldest_code:
            yield f"! {step.revision} takes something away: end code older than schema {step.oldest_code} first."
