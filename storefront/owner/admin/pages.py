"""Every page of /admin: importing this puts them on the blueprint."""

from storefront.owner.admin import (
    account_views,
    audit_views,
    confirm_views,
    discount_views,
    edition_views,
    files_views,
    home_views,
    looks_views,
    page_views,
    people_views,
    picture_views,
    product_views,
    products_views,
    ready_views,
    shop_views,
    sign_in_views,
    upload_views,
)
from storefront.owner.admin.blueprint import admin

__all__ = [
    "account_views",
    "admin",
    "audit_views",
    "confirm_views",
    "discount_views",
    "edition_views",
    "files_views",
    "home_views",
    "looks_views",
    "page_views",
    "people_views",
    "picture_views",
    "product_views",
    "products_views",
    "ready_views",
    "shop_views",
    "sign_in_views",
    "upload_views",
]
