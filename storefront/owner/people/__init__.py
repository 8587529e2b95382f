"""Who may come in at /admin: people with a role, their passkeys, their sessions, and links that let them in."""
