"""For trying out and development: sandbox, mailbox, samples, `make run`. No shop in production needs it."""
