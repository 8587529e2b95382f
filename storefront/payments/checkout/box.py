"""A box that Stripe's form may show, and that Stripe refuses while the account lacks something for it."""

from storefront.core.db import end_read, transaction
from storefront.core.runtime import Part
from storefront.orders.notices import NoticeDraft, NoticeKind, settle_notices
from storefront.stripe_api.refused_lately import RefusedLately


class Box:
    """Remembers a refusal for a while, and tells the owner by one notice of this kind."""

    def __init__(self, kind: NoticeKind) -> None:
        self._kind = kind
        self._refused = RefusedLately(f"a box, {kind}")
        # Whether a notice may be open, as far as this process knows: at its start it does not.
        self._may_be_open: Part[bool] = Part(f"notice about a box, {kind}", lambda: True)

    def may_be_shown(self) -> bool:
        """Return False for a while after Stripe refused the box to this process: it would refuse it again."""
        return not self._refused.is_remembered()

    def tell_refused(self, text: str) -> None:
        """Tell the owner. The sale goes on without the box."""
        end_read()
        with transaction() as session:
            draft = NoticeDraft(kind=self._kind, subject="account", text=text)
            settle_notices(session, [draft], kinds=[self._kind])
        self._may_be_open.set(True)
        self._refused.note()

    def tell_shown(self) -> None:
        """Close the notice, once in each process that may have opened it."""
        self._refused.forget()
        if not self._may_be_open.get():
            return
        end_read()
        with transaction() as session:
            settle_notices(session, [], kinds=[self._kind], forgets_done=True)
        self._may_be_open.set(False)
