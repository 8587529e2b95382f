"""Files on their way from an owner's browser into a release: begun, continued, stored, or forgotten."""
