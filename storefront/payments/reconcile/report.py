"""What a pass tells: what it repaired, or would repair, and what needs the owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storefront.orders.after_sale import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """`kind` is the step that found it, or the kind of the notice, which also has an `id`."""

    kind: str
    subject: str
    text: str
    id: str = ""

    def to_json(self) -> dict[str, str]:
        """Return what is stored with the pass, and printed for programs."""
        named = {"id": self.id} if self.id else {}
        return {**named, "kind": self.kind, "subject": self.subject, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A pass's report; for a dry run `fixed` is what would be."""

    since: datetime
    is_dry: bool
    checked: int
    fixed: tuple[ReportLine, ...]
    needs_you: tuple[ReportLine, ...]


def line_of(notice: Notice) -> ReportLine:
    return ReportLine(id=str(notice.id), kind=notice.kind, subject=notice.subject, text=notice.text)


def read_line(stored: Mapping[str, str]) -> ReportLine:
    """Return a line that an interrupted pass has stored."""
    return ReportLine(**stored)
