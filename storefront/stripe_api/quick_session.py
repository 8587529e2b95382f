"""A session of requests for Stripe's own client: it sends what that client has prepared already.

`requests` would prepare each call once more, read the environment and `.netrc`, and keep cookies: as much work as
the call itself. What is sent, what comes back and which errors are raised are the same. Proxies of the environment
count, as they were when a host was first called.
"""

from functools import cache

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import default_headers, get_environ_proxies

MOST_IDLE = 64  # connections kept for a host: one for each thread that calls Stripe
WITHOUT_BODY = ("GET", "HEAD")
SENT = dict(default_headers())


@cache
def _proxies_for(origin: str) -> dict[str, str]:
    return dict(get_environ_proxies(origin))


class QuickSession(Session):
    """All threads may share it. It follows no redirect: Stripe sends none."""

    def __init__(self) -> None:
        super().__init__()
        self._adapter = HTTPAdapter(pool_maxsize=MOST_IDLE)

    def request(  # type: ignore[override] # only what Stripe's client asks for
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        data: str | bytes | None,
        timeout: tuple[float, float],
        verify: str | bool,
        stream: bool = False,
    ) -> Response:
        prepared = _prepare(method.upper(), url, {**SENT, **headers}, data)
        proxies = _proxies_for("/".join(url.split("/", 3)[:3]))
        return self._adapter.send(prepared, stream=stream, timeout=timeout, verify=verify, proxies=proxies)

    def close(self) -> None:
        super().close()
        self._adapter.close()


def _prepare(method: str, url: str, headers: dict[str, str], data: str | bytes | None) -> PreparedRequest:
    body = (data.encode() if isinstance(data, str) else data) or None
    if body or method not in WITHOUT_BODY:
        headers["Content-Length"] = str(len(body or b""))
    prepared = PreparedRequest()
    prepared.method, prepared.url, prepared.body = method, url, body
    prepared.headers = CaseInsensitiveDict(headers)
    return prepared
