"""The license API that sellers' programs call."""
