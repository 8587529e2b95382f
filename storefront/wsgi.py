"""What a WSGI server imports: `storefront.wsgi:app`, with the settings of the environment."""

from storefront.app import create_app, load_first_pages, load_late_parts
from storefront.core.config.settings import load_settings, read_environment
from storefront.core.garbage import keep_what_is_loaded
from storefront.core.logs import set_up_logs
from storefront.core.private_files import keep_files_private

keep_files_private()
settings = load_settings(read_environment())
set_up_logs(as_json=settings.log_json)
app = create_app(settings)
load_late_parts(app)
load_first_pages(app)
keep_what_is_loaded()
