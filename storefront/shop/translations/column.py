"""The column of a row's texts in other languages, which `read.py` reads. NULL: there are none."""

from sqlalchemy import JSON

# By language and column: [text, mark of the original that it was made from]. The mark is a digest; of questions
# one for each, or of all of them where it was written before each had its own.
Translated = JSON(none_as_null=True)
