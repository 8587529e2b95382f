"""A server that speaks S3 and answers wrongly, before a real one: obstore's own errors, at no cost of retries."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class SpoiledS3(ThreadingHTTPServer):
    """`rule`: method, and a part of the path, as a pattern; what it matches is answered with `status` and `code`.

    The status 200 gives the true answer's head, and cuts its body.
    """

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.rule: re.Pattern[str] | None = None
        self.status, self.code = 403, "AccessDenied"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def refuse(self, rule: str, status: int, code: str) -> None:
        self.rule, self.status, self.code = re.compile(rule), status, code


class _Handler(BaseHTTPRequestHandler):
    server: SpoiledS3
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        rule = self.server.rule
        if rule is None or not rule.search(f"{self.command} {self.path}"):
            self._pass_on(content)
        elif self.server.status == 200:
            self._pass_on(content, is_cut=True)
        else:
            self._send(self.server.status, {}, f"<Error><Code>{self.server.code}</Code></Error>".encode())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

    def _pass_on(self, content: bytes, *, is_cut: bool = False) -> None:
        headers = {name: value for name in self.headers if (value := self.headers[name]) and name != "host"}
        request = Request(self.server.behind + self.path, content or None, headers, method=self.command)
        try:
            with urlopen(request) as answer:
                self._send(answer.status, dict(answer.headers), answer.read(), is_cut=is_cut)
        except HTTPError as error:
            with error:
                self._send(error.code, dict(error.headers), error.read())

    def _send(self, status: int, headers: dict[str, str], content: bytes, *, is_cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if is_cut else content)
        self.close_connection = is_cut or self.close_connection

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def spoiled_s3(behind: str) -> Iterator[SpoiledS3]:
    server = SpoiledS3(behind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
