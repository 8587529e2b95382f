"""`create_base_app(settings)`: the shop without its pages, which is all that most commands need."""

from storefront.audit import models as audit
from storefront.buyers.availability import models as availability
from storefront.buyers.reminders import models as reminders
from storefront.core import data_keys, leases, page_state
from storefront.core.config.settings import Settings
from storefront.core.db import set_up_db
from storefront.core.languages import set_up_languages
from storefront.core.measurements import set_up_measurements
from storefront.core.places import FRONT
from storefront.core.queue import set_up_queue
from storefront.core.replica import set_up_replica
from storefront.core.runtime import set_up_runtime
from storefront.core.storage import set_up_storage
from storefront.customers import at_stripe
from storefront.customers import models as customers
from storefront.customers.signed_in_browsers import set_up_sign_out
from storefront.delivery import refusals
from storefront.delivery.downloads import models as downloads
from storefront.delivery.licenses import models as licenses
from storefront.mail import models as mail
from storefront.mail.transport import set_up_mail
from storefront.migrations.head import head
from storefront.orders import after_sale, day_sums, dispute_answers, gift_models, money_lines, notes, sent_answers
from storefront.orders import models as orders
from storefront.owner.broadcasts import models as broadcasts
from storefront.owner.health.writing import set_up_write_probe
from storefront.owner.people import models as people
from storefront.owner.readiness import models as readiness
from storefront.owner.uploads import models as uploads
from storefront.payments.account_rows import set_up_account_rows
from storefront.payments.checkout import models as checkout
from storefront.payments.checkout.closing import close_started
from storefront.payments.reconcile import models as reconcile
from storefront.payments.webhook import models as webhook
from storefront.shop.answers import models as answers
from storefront.shop.catalog import models as catalog
from storefront.shop.discounts import models as discounts
from storefront.shop.emails import models as emails
from storefront.shop.media import models as media
from storefront.shop.pages import models as pages
from storefront.shop.profile import models as profile
from storefront.shop.profile.languages import set_up_shop_languages
from storefront.stripe_api.gateway import set_up_gateway
from storefront.web.request_log import Shop

# Every module with tables: SQLAlchemy needs all of them before its first statement.
TABLES = (
    audit, availability, reminders, data_keys, leases, page_state, customers, at_stripe, refusals, downloads,
    licenses, mail, orders, after_sale, day_sums, dispute_answers, gift_models, money_lines, notes, sent_answers,
    people, readiness, uploads, checkout, reconcile, webhook, answers, catalog, discounts, emails, media, pages,
    profile, broadcasts,
)  # fmt: skip


def create_base_app(settings: Settings, kind: type[Shop]) -> Shop:
    """Make the shop as far as it needs no page, no form and no template. `app.py` adds those."""
    app = kind("storefront", template_folder=str(FRONT / "templates"), static_folder=str(FRONT / "static"))
    set_up_runtime(app, settings)
    head()  # read now: an upgrade of the code puts other files there while this process runs
    set_up_db(app, settings)
    set_up_replica(app, settings)
    set_up_measurements(app)
    set_up_write_probe(app)
    set_up_queue(app, settings)
    set_up_gateway(app, settings)
    set_up_account_rows(app)
    set_up_mail(app, settings)
    set_up_storage(app, settings)
    set_up_languages(app)
    set_up_shop_languages(app)
    set_up_sign_out(app, close_started)
    return app
