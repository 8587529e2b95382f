"""The column of a row's texts in other languages, which `read.py` reads. NULL: there are none."""

from sqlalchemy import JSON

# By language and column: [text, digest of the original that it was made from].
Translated = JSON(none_as_null=True)
