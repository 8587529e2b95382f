"""What stands against a picture or a sample, each with a sentence that says what to do."""

from storefront.core.errors import StorefrontError


class MediaRefused(StorefrontError):
    code = "media_refused"
    title = "This file was not taken"


class EmptyMedia(MediaRefused):
    code = "empty_media"


class MediaTooLarge(MediaRefused):
    code = "media_too_large"
    status = 413


class TooManyPixels(MediaRefused):
    code = "too_many_pixels"
    status = 413


class PictureTooSmall(MediaRefused):
    code = "picture_too_small"


class LogoTooWide(MediaRefused):
    code = "logo_too_wide"


class UnknownFormat(MediaRefused):
    code = "unknown_format"
    status = 415


class DamagedPicture(MediaRefused):
    code = "damaged_picture"


class DamagedFont(MediaRefused):
    code = "damaged_font"


class TextRefused(MediaRefused):
    """The words beside a picture or sample cannot be stored."""

    code = "text_refused"
    title = "This cannot be saved"


class TooManyMedia(MediaRefused):
    code = "too_many_media"
    status = 409
    title = "There is no room for another one"


class NoSuchMedia(MediaRefused):
    code = "no_such_media"
    status = 404
    title = "That is not there"
