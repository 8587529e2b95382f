"""A self-hosted shop for files and license keys."""

import atexit

from storefront.core import garbage

garbage.look_seldom_at_start()
atexit.register(garbage.leave_all)
