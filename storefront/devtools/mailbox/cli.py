"""`storefront mailbox`: until SIGINT or SIGTERM."""

import signal
import threading
from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8025, show_default=True, help="Port of the web page.")
@click.option("--smtp-port", default=1025, show_default=True, help="Port that takes mail.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="SQLite file; without it, memory.")
@click.option("--allow-any-address", is_flag=True, help="Also listen where other machines can reach it.")
def mailbox(host: str, port: int, smtp_port: int, data: Path | None, *, allow_any_address: bool) -> None:
    """Start the local mailbox: takes every mail, sends none."""
    from storefront.devtools.loopback import ConfigError
    from storefront.devtools.mailbox.server import MailboxServer

    try:
        server = MailboxServer(
            smtp_port=smtp_port, web_port=port, data_path=data, host=host, allow_any_address=allow_any_address
        ).start()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}: {error}") from error
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    click.echo(f"Mailbox: {server.url}, SMTP on port {server.smtp_port}.")
    stop.wait()
    server.stop()
