"""Wiring of what every request and every answer has; each subject has a file of its own beside this one."""

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from storefront.core.config.settings import Settings
from storefront.web.bodies import set_up_bodies, take_body
from storefront.web.compact_pages import CompactPages
from storefront.web.compression import compress
from storefront.web.csrf import set_up_csrf
from storefront.web.date_headers import drop_impossible_dates
from storefront.web.error_pages import set_up_error_pages
from storefront.web.first_error import set_up_first_error
from storefront.web.headers import add_headers, keep_redirect_on_this_host
from storefront.web.hosts import check_host
from storefront.web.languages import LanguageAddresses, keep_language, set_up_web_languages, take_language
from storefront.web.limits import set_up_limits
from storefront.web.programs import PlainPaths
from storefront.web.request_log import count_request, log_request, start_request
from storefront.web.row_ids import set_up_row_ids
from storefront.web.sessions import set_up_sessions
from storefront.web.static_addresses import set_up_static_addresses


def set_up_web(app: Flask, shop: Settings) -> None:
    if shop.trusted_proxies:
        hops = shop.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=0)  # type: ignore[method-assign] # Flask's documented way
    app.wsgi_app = PlainPaths(app.wsgi_app)  # type: ignore[method-assign] # as above
    app.wsgi_app = LanguageAddresses(app.wsgi_app)  # type: ignore[method-assign] # as above
    app.jinja_env.add_extension(CompactPages)
    set_up_row_ids(app)
    set_up_web_languages(app)
    set_up_sessions(app, shop)
    set_up_static_addresses(app)
    set_up_first_error(app)
    set_up_csrf(app)
    set_up_limits(app, shop)
    set_up_bodies(app)
    # Before the check of forms, which parses them.
    first = [start_request, drop_impossible_dates, take_language, check_host, take_body]
    app.before_request_funcs.setdefault(None, [])[:0] = first
    app.after_request(_finish_request)
    set_up_error_pages(app)


def _finish_request(response: Response) -> Response:
    count_request(response)
    keep_redirect_on_this_host(response)
    keep_language(response)
    add_headers(response)
    compress(response)
    log_request(response)
    return response
