"""Why no backup is made, or brought back. Nothing was changed in any of these cases."""

from storefront.core.errors import StorefrontError


class NoRecipient(StorefrontError):
    """BACKUP_RECIPIENT is not set."""

    code = "no_backup_recipient"


class BackupBusy(StorefrontError):
    """Another backup, or a restore, of this shop is at work."""

    code = "backup_busy"
    status = 409


class SourceUnreadable(StorefrontError):
    """The database or a file of the shop cannot be read."""

    code = "source_unreadable"


class NoBackup(StorefrontError):
    """There is no backup, or none of this name."""

    code = "no_backup"
    status = 404


class BackupDamaged(StorefrontError):
    """Something of it is missing, cut, or not what was written."""

    code = "backup_damaged"


class WrongKey(StorefrontError):
    """The owner's key does not open it."""

    code = "wrong_backup_key"


class OtherSecretKey(StorefrontError):
    """The backup is of a shop with another SECRET_KEY, or with SECRET_KEY_FALLBACKS that are missing here."""

    code = "other_secret_key"


class BackupTooNew(StorefrontError):
    """Newer code made it."""

    code = "backup_too_new"


class OtherEngine(StorefrontError):
    """It is of SQLite and the shop's database PostgreSQL, or the other way round."""

    code = "other_engine"


class NotEmpty(StorefrontError):
    """The shop that is to be restored has something that would be lost."""

    code = "not_empty"
    status = 409


class ToolFailed(StorefrontError):
    """`pg_dump`, `pg_restore` or `psql` is missing, or refused."""

    code = "postgresql_tool_failed"
