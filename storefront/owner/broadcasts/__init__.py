"""Emails of the owner's to buyers who agreed: written, counted, sent at a pace, and taken back where they wait."""
