"""What stands against an upload, each with a sentence that says what to do."""

from storefront.core.errors import StorefrontError


class UploadRefused(StorefrontError):
    code = "upload_refused"
    title = "This file was not taken"


class TooManyUploads(UploadRefused):
    code = "too_many_uploads"
    status = 409


class NoRoom(UploadRefused):
    code = "no_room"
    status = 507


class NotWritable(UploadRefused):
    code = "not_writable"
    status = 503


class NoUploadFolder(UploadRefused):
    code = "no_upload_folder"
    status = 507


class NoSuchUpload(UploadRefused):
    code = "no_such_upload"
    status = 404


class UploadExpired(UploadRefused):
    code = "upload_expired"
    status = 410


class WrongOffset(UploadRefused):
    """`offset` is where it goes on."""

    code = "wrong_offset"
    status = 409

    def __init__(self, offset: int) -> None:
        super().__init__(f"{offset} bytes of this file are here: go on from there.")
        self.offset = offset


class UploadBusy(UploadRefused):
    code = "upload_busy"
    status = 423
    retry_after_seconds = 5

    def __init__(self) -> None:
        super().__init__("Another window or request sends this file at this moment. Try again in a few seconds.")


class BeyondTheEnd(UploadRefused):
    code = "beyond_the_end"
    status = 413


class NotWhole(UploadRefused):
    code = "not_whole"
    status = 409
