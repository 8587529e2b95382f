"""Every command by what an owner wants, with the line that `storefront --help` shows for it.

A new command needs its line here: at most 62 letters, so that it fits into a terminal of 80 columns.
"""

from storefront.cli.lazy_group import Sections

SECTIONS: Sections = {
    "Sell": {
        "products": (
            "storefront.cli.products:products",
            "Make a product, write its page, publish it, set its terms.",
        ),
        "editions": (
            "storefront.cli.editions:editions",
            "Add what can be bought of a product, and switch it off.",
        ),
        "prices": ("storefront.cli.editions:prices", "Set what an edition costs, in each currency."),
        "discounts": ("storefront.cli.discounts:discounts", "Make codes that take something off, and stop them."),
        "media": ("storefront.cli.media:media", "Show pictures on a product's page, the cover first."),
        "shop": ("storefront.cli.shop_group:shop", "Write the shop's words, choose its looks; keep it as files."),
        "pages": ("storefront.cli.pages:pages", "Write imprint, terms and the like, and publish them."),
        "releases": ("storefront.cli.releases:releases", "Upload files, publish a version, tell earlier buyers."),
        "payment-link": ("storefront.cli.payment_links:payment_link", "Make a link that sells without the cart."),
    },
    "Orders": {
        "orders": ("storefront.cli.orders:orders", "Find an order, see all of it, refund it, resend the receipt."),
        "disputes": ("storefront.cli.disputes:disputes", "Answer a dispute with what the shop knows, once."),
        "customers": ("storefront.cli.customers:customers", "Export, erase or move everything of one buyer."),
        "needs-you": ("storefront.cli.needs_you:needs_you", "See what only you can settle, and mark it as done."),
    },
    "Keys": {
        "keys": ("storefront.cli.keys:keys", "Import license keys; look one up, replace it or withdraw it."),
        "signing-keys": (
            "storefront.cli.signing_keys:signing_keys",
            "Look after the keys that sign license files.",
        ),
    },
    "Mail": {
        "broadcasts": ("storefront.cli.broadcasts:broadcasts", "Write to buyers who agreed: count, send, cancel."),
        "answers": ("storefront.cli.answers:answers", "See the prepared answers; send one about an order."),
        "mail": ("storefront.cli.mail:mail", "See which emails left, send failed ones again, write them."),
    },
    "Stripe": {
        "webhook": ("storefront.cli.webhook:webhook", "Make the endpoint that Stripe delivers to, and check it."),
        "reconcile": (
            "storefront.cli.reconcile:reconcile",
            "Compare the shop with Stripe and repair what differs.",
        ),
        "events": ("storefront.cli.events:events", "See what Stripe's webhook delivered, and process it again."),
        "fulfill": ("storefront.cli.fulfill:fulfill", "Ask Stripe about one checkout and hand out what was paid."),
    },
    "People": {
        "owner": ("storefront.cli.owner:owner", "Say who may come in at /admin; make a link that signs in."),
        "audit": ("storefront.cli.audit:audit", "See who changed what, when and from where."),
    },
    "Server": {
        "init": ("storefront.cli.init:init", "Make a folder for a shop, with settings to fill in."),
        "serve": ("storefront.cli.serve:serve", "Start the web server."),
        "worker": ("storefront.cli.worker:worker", "Start the worker, which sends emails and does what is due."),
        "figures": (
            "storefront.cli.figures:figures",
            "See what was sold, and what is left after refunds and fees.",
        ),
        "accounting": (
            "storefront.cli.accounting:accounting",
            "Write files for the accountant; see sales across the EU.",
        ),
        "retention": (
            "storefront.cli.retention:retention",
            "See how long rows are kept, and what would go now.",
        ),
        "doctor": ("storefront.cli.doctor:doctor", "Try all that the shop stands on, and say what to do."),
        "status": ("storefront.cli.status:status", "See how the shop is: warnings first, each with what to do."),
        "db": ("storefront.cli.database:db", "Create the database's tables, or upgrade them."),
        "backup": ("storefront.cli.backup:backup", "Back up the whole shop, encrypted; see and check backups."),
        "restore": ("storefront.cli.backup:restore", "Bring a shop back from a backup, into an empty one."),
    },
    "Development": {
        "run": ("storefront.cli.development:run", "Start a whole shop on this machine: no account, no keys."),
        "seed": ("storefront.cli.development:seed", "Put sample products into an empty catalog."),
        "sandbox": ("storefront.devtools.sandbox.cli:sandbox", "Start a stand-in for Stripe on this machine."),
        "mailbox": (
            "storefront.devtools.mailbox.cli:mailbox",
            "Start a mailbox that shows every email and sends none.",
        ),
    },
}
