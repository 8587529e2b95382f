"""The local mailbox: a real SMTP server, and a web page that shows each mail it took."""
