"""A browser in words that its owner knows again: "Firefox on Windows". Read from User-Agent, and never trusted."""

UNKNOWN = "Unknown browser"
MOST_LETTERS = 500  # of a header that anybody may fill

# The first that is found counts: most browsers also name the ones they come from.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """Name and system, or one of both where the other is not said."""
    said = user_agent[:MOST_LETTERS]
    name = next((words for sign, words in BROWSERS if sign in said), "")
    system = next((words for sign, words in SYSTEMS if sign in said), "")
    if name and system:
        return f"{name} on {system}"
    return name or (f"{UNKNOWN} on {system}" if system else UNKNOWN)
