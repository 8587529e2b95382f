"""How people find and share the shop: descriptions, data for search engines, map of the site, feeds, icons."""
