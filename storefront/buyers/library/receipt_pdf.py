"""The only importer of `fpdf`: a receipt as PDF, with the facts of the page to print, in words one can select."""

import unicodedata
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import cast

from fpdf import FPDF
from fpdf.fonts import FontFace, TTFFont

from storefront.buyers.library.receipt import Party, Receipt, ReceiptLine, RefundLine
from storefront.core.languages import _, current_language, say, show_day, show_money
from storefront.core.texts import marked

FONT_FILE = "NotoSans[wdth,wght].ttf"  # its regular weight: making others of it takes seconds
FAMILY = "noto"
MARGIN = 16  # millimeters, as all lengths here
WIDTH = 210 - 2 * MARGIN
FACTS_WIDTH = 96  # of facts and totals: label and value
INK, QUIET, LINE = (20, 24, 22), (90, 98, 93), (190, 190, 184)
MINUS = "\N{MINUS SIGN}"
STAND_IN = "?"  # for a character that the font does not have
NO_PAYMENT = marked("This is a test. No real payment was made.")
MISSING = marked("Some characters can't be shown in this PDF. The receipt page shows them all.")


def draw_receipt(receipt: Receipt) -> bytes:
    """Return the PDF: A4, with page numbers, the font inside and a heading on each page of a long table."""
    page = _Page(receipt)
    page.title()
    page.parties()
    page.facts(_facts(receipt))
    page.table(receipt)
    page.totals(_totals(receipt))
    page.notes(_notes(receipt))
    return bytes(page.pdf.output())


class _Page:
    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self.pdf = _new_pdf(receipt)
        self.cmap = cast("TTFFont", self.pdf.fonts[FAMILY]).cmap  # by code points: Latin, Greek, Cyrillic
        self.is_missing = False

    def say(self, text: str) -> str:
        """Return the text as the font can write it, letters with their accents as one."""
        whole = unicodedata.normalize("NFC", say(text))
        if all(map(self._has, whole)):
            return whole
        self.is_missing = True
        return "".join(letter if self._has(letter) else STAND_IN for letter in whole)

    def _has(self, letter: str) -> bool:
        return letter == "\n" or ord(letter) in self.cmap

    def title(self) -> None:
        self._write(18, INK)
        self.pdf.cell(text=self.say(marked("Receipt")), new_x="LMARGIN", new_y="NEXT", h=10)
        self._write(10, QUIET)
        words = f"{_('Order %(number)s', number=self.receipt.number)} · {show_day(self.receipt.dated_at)}"
        self.pdf.cell(text=self.say(words), new_x="LMARGIN", new_y="NEXT", h=6)
        if self.receipt.is_test:
            self.pdf.cell(text=self.say(NO_PAYMENT), new_x="LMARGIN", new_y="NEXT", h=6)
        self.pdf.ln(5)

    def parties(self) -> None:
        top, lowest = self.pdf.get_y(), 0.0
        for number, (label, party) in enumerate(
            ((_("Sold by"), self.receipt.seller), (_("Billed to"), self.receipt.buyer))
        ):
            self.pdf.set_xy(MARGIN + number * WIDTH / 2, top)
            self._write(8, QUIET)
            self._lines([label])
            self._write(10, INK)
            self._lines(_party(party))
            lowest = max(lowest, self.pdf.get_y())
        self.pdf.set_xy(MARGIN, lowest + 5)

    def _lines(self, texts: Iterable[str]) -> None:
        left = self.pdf.get_x()
        for text in texts:
            self.pdf.set_x(left)
            self.pdf.multi_cell(w=WIDTH / 2 - 6, h=5, text=self.say(text), align="L", new_x="LEFT", new_y="NEXT")
        self.pdf.set_x(left)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        self._write(10, INK)
        with self.pdf.table(
            col_widths=(36, WIDTH - 36), width=WIDTH, borders_layout="NONE", first_row_as_headings=False,
            text_align="LEFT", line_height=5.5, align="LEFT",
        ) as table:  # fmt: skip
            for label, value in rows:
                table.row([label, self.say(value)])
        self.pdf.ln(4)

    def table(self, receipt: Receipt) -> None:
        columns = _columns(receipt)
        self._write(8, INK)
        with self.pdf.table(
            col_widths=[width for _, width in columns], width=WIDTH, align="LEFT",
            borders_layout="HORIZONTAL_LINES",
            text_align=["LEFT", *["RIGHT"] * (len(columns) - 1)], line_height=4.6, padding=(1, 0.6),
            headings_style=FontFace(emphasis="", color=QUIET),
        ) as table:  # fmt: skip
            table.row([heading for heading, _ in columns])
            for line in receipt.lines:
                table.row([self.say(text) for text in _cells(line, receipt)])
        self.pdf.ln(4)

    def totals(self, rows: Sequence[tuple[str, str, bool]]) -> None:
        height = 5.5
        if self.pdf.will_page_break(height * len(rows)):
            self.pdf.add_page()
        for label, value, is_strong in rows:
            self._write(11 if is_strong else 10, INK if is_strong else QUIET)
            self.pdf.set_x(MARGIN + WIDTH - FACTS_WIDTH)
            self.pdf.multi_cell(
                w=FACTS_WIDTH - 36, h=height, text=self.say(label), align="L", new_x="RIGHT", new_y="LAST"
            )
            self.pdf.cell(w=36, h=height, text=self.say(value), align="R", new_x="LMARGIN", new_y="NEXT")
        self.pdf.ln(5)

    def notes(self, texts: Sequence[tuple[str, str]]) -> None:
        self._write(9, QUIET)
        for text, link in texts:
            self.pdf.multi_cell(
                w=WIDTH, h=5, text=self.say(text), align="L", link=link, new_x="LMARGIN", new_y="NEXT"
            )
        if self.is_missing:
            self.pdf.multi_cell(w=WIDTH, h=5, text=self.say(MISSING), align="L", new_x="LMARGIN", new_y="NEXT")

    def _write(self, size: float, color: tuple[int, int, int]) -> None:
        self.pdf.set_font(FAMILY, size=size)
        self.pdf.set_text_color(*color)


class _Numbered(FPDF):
    """Says at the foot of each page which order it is of, and which page."""

    def __init__(self, number: str) -> None:
        super().__init__(format="A4")
        self.order_number = number

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(FAMILY, size=8)
        self.set_text_color(*QUIET)
        page = _("Page %(page)s of %(pages)s", page=self.page_no(), pages="{nb}")
        words = f"{_('Order %(number)s', number=self.order_number)} · {page}"
        self.cell(w=0, h=6, text=words, align="R")


def _new_pdf(receipt: Receipt) -> FPDF:
    pdf = _Numbered(receipt.number)
    pdf.add_font(FAMILY, "", _font_path())
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=20)
    pdf.set_draw_color(*LINE)
    pdf.set_title(_("Receipt %(number)s", number=receipt.number))
    pdf.set_author(receipt.seller.names[0])
    pdf.set_lang(current_language())
    pdf.set_creation_date(receipt.dated_at)
    pdf.add_page()
    return pdf


def _font_path() -> str:
    return str(files("fontpkg_noto_sans") / "files" / FONT_FILE)


def _party(party: Party) -> list[str]:
    return [text for text in (*party.names, *party.address, *party.tax_ids, party.email) if text]


def _facts(receipt: Receipt) -> list[tuple[str, str]]:
    facts = [(_("Order"), receipt.number), (_("Ordered"), show_day(receipt.placed_at))]
    if receipt.paid_at:
        facts.append((_("Paid"), show_day(receipt.paid_at)))
    facts.append((_("Payment"), receipt.method or _("Free of charge")))
    facts.append((_("Currency"), receipt.currency.upper()))
    return facts


def _columns(receipt: Receipt) -> list[tuple[str, float]]:
    """Return headings and widths; what no line has, no column shows."""
    columns = [(_("Item"), 58.0), (_("Quantity"), 16.0), (_("Unit price"), 24.0)]
    columns += [(_("Discount"), 22.0)] if receipt.has_discount else []
    columns += [(_("Net"), 22.0), (_("Tax rate"), 16.0), (_("Tax"), 20.0)] if receipt.has_tax else []
    return [*columns, (_("Total"), 24.0)]


def _cells(line: ReceiptLine, receipt: Receipt) -> list[str]:
    def money(amount_minor: int) -> str:
        return show_money(amount_minor, receipt.currency)

    cells = [
        _("%(name)s (refunded)", name=line.description) if line.is_refunded else line.description,
        str(line.quantity),
    ]
    cells.append(money(line.unit_minor) if line.unit_minor is not None else "")
    if receipt.has_discount:
        cells.append(f"{MINUS}{money(line.discount_minor)}" if line.discount_minor else "")
    cells += [money(line.net_minor), line.tax_rate, money(line.tax_minor)] if receipt.has_tax else []
    return [*cells, money(line.total_minor)]


def _refund_label(refund: RefundLine) -> str:
    if refund.is_waiting:
        return _("Refund that needs your answer")
    return _("Refunded on %(day)s", day=show_day(refund.at)) if refund.at else _("Refunded")


def _totals(receipt: Receipt) -> list[tuple[str, str, bool]]:
    def money(amount_minor: int) -> str:
        return show_money(amount_minor, receipt.currency)

    rows = []
    if receipt.discount_minor or receipt.tax_minor:
        rows.append((_("Subtotal"), money(receipt.subtotal_minor), False))
    if receipt.discount_minor:
        rows.append((receipt.discount_label, f"{MINUS}{money(receipt.discount_minor)}", False))
    if receipt.has_tax:
        rows.append((_("Net"), money(receipt.taxes.net_minor), False))
    rows += [(tax.label, money(tax.amount_minor), False) for tax in receipt.taxes.lines]
    rows.append((_("Total (%(currency)s)", currency=receipt.currency.upper()), money(receipt.total_minor), True))
    rows += [(_refund_label(refund), f"{MINUS}{money(refund.amount_minor)}", False) for refund in receipt.refunds]
    if receipt.given_minor:
        rows.append((_("Total after refunds"), money(receipt.remaining_minor), True))
    return rows


def _notes(receipt: Receipt) -> list[tuple[str, str]]:
    """Return sentences, each with the address that it leads to."""
    notes = []
    if receipt.presentment:
        charged = show_money(receipt.total_minor, receipt.currency)
        notes.append(
            (
                _(
                    "Paid as %(presentment)s (charged as %(total_minor)s).",
                    presentment=receipt.presentment,
                    total_minor=charged,
                ),
                "",
            )
        )
    notes += [
        (_("Refunded as %(amount)s.", amount=refund.presentment), "")
        for refund in receipt.refunds
        if refund.presentment
    ]
    if receipt.taxes.reverse_charge:
        notes.append((receipt.taxes.reverse_charge, ""))
    if receipt.invoice_number:
        words = _(
            "The invoice for this order is %(invoice)s, made by Stripe. This is the receipt for it.",
            invoice=receipt.invoice_number,
        )
        notes.append((words, receipt.invoice_url or ""))
    return notes
