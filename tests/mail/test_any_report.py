"""Any email that comes back: it says which email it is about, or is refused, whatever a server wrote into it."""

from hypothesis import given
from hypothesis import strategies as st

from storefront.mail.bounces import MESSAGE_ID, STATUS, NoReport, read_report
from tests.mail.reports import make_report
from tests.support.any_input import TEXTS, examples

TYPES = (
    "message/delivery-status", "message/rfc822", "text/rfc822-headers", "message/partial", "multipart/digest",
    "text/plain; charset=none", 'text/plain; charset="utf-7"', "text/plain; charset*=utf-16''%00",
    "multipart/mixed", "/", 'multipart/mixed; boundary=""', "multipart/report; boundary=b",
    "message/external-body; x*0*=a''b; x*1=c",
)  # fmt: skip
ENCODINGS = ("base64", "quoted-printable", "uuencode", "x-uue", "8bit", "7bit", "none")
LINES = st.one_of(
    TEXTS,
    st.sampled_from(["--b", "--b--", "", "Action: failed", "Action: =?utf-7?b?//?=", "Message-ID: <a@b>", " x"]),
    st.sampled_from(TYPES).map("Content-Type: {}".format),
    st.sampled_from(ENCODINGS).map("Content-Transfer-Encoding: {}".format),
    TEXTS.map("Status: {}".format),
    TEXTS.map("Message-ID: {}".format),
)
PLACES = st.floats(0, 1, exclude_max=True)
REPORTS = st.builds(make_report, st.just("<1@storefront.example>"), whole=st.booleans())


def rewritten(report: str, changes: list[tuple[float, str, bool]]) -> bytes:
    """Each change puts a line at its place in the report: instead of the one there, or before it."""
    lines = report.split("\n")
    for place, line, is_instead in changes:
        at = int(place * len(lines))
        lines[at : at + is_instead] = [line]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


CHANGES = st.lists(st.tuples(PLACES, LINES, st.booleans()), max_size=6)


def test_reads_it_or_says_that_it_is_none() -> None:
    read, refused = list[str](), list[str]()

    @examples(300)
    @given(st.binary(max_size=300) | st.builds(rewritten, REPORTS, CHANGES))
    def come_back(raw: bytes) -> None:
        try:
            report = read_report(raw)
        except NoReport as refusal:
            refused.append(refusal.message)
        else:
            assert MESSAGE_ID.fullmatch(report.message_id)
            assert not report.status or STATUS.fullmatch(report.status)
            read.append(report.message_id)

    come_back()
    assert "<1@storefront.example>" in read
    assert refused
