"""Why a change of a page is refused."""

from storefront.shop.editor.refusals import FieldsRefused, NotReady


class PageRefused(FieldsRefused):
    code = "page_refused"


class PageNotReady(NotReady):
    code = "page_not_ready"
    title = "Not ready to be published"
