"""What the page of the shop's profile shows beside its fields: how a mail will look, and a test mail."""
