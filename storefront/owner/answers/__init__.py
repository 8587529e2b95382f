"""Answers as somebody who helps uses them: filled in for an order, looked at, and sent."""
