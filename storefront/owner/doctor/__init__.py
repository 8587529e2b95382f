"""`storefront doctor`: what only trying shows, from the certificate to the clock."""
