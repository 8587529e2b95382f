"""The schema's history; `storefront db upgrade` applies it."""
