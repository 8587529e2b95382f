"""A browser in words that its owner knows again: "Firefox on Windows". Read from User-Agent, and never trusted."""

from storefront.core.texts import marked

UNKNOWN = "Unknown browser"
UNKNOWN_CLIENT = "Unknown program"
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

PROGRAMS = (
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("aria2/", "aria2"),
    ("python-requests/", "Python"),
    ("Python-urllib/", "Python"),
    ("Go-http-client/", "Go"),
    ("okhttp/", "OkHttp"),
    ("PowerShell/", "PowerShell"),
    ("Electron/", "A desktop app"),
    ("bot/", "A robot"),
)


def client_words(user_agent: str) -> str:
    """Return the same of whatever fetches something, programs included. One of few dozen texts."""
    header = user_agent[:MOST_LETTERS]
    program = _first_sign(PROGRAMS, header)
    if program:
        return program
    words = browser_words(header)
    return words.replace(UNKNOWN, UNKNOWN_CLIENT)


def browser_words(user_agent: str) -> str:
    """Return name and system, or one of both where the other is not said."""
    header = user_agent[:MOST_LETTERS]
    name, system = _first_sign(BROWSERS, header), _first_sign(SYSTEMS, header)
    if not system:
        return name or UNKNOWN
    return f"{name or UNKNOWN} on {system}"


def say_browser(words: str) -> str:
    """Return what `browser_words` made, which rows keep in English, marked for its reader's language."""
    name, on, system = words.partition(" on ")
    shown = marked("Unknown browser") if name == UNKNOWN else name
    return marked("%(browser)s on %(system)s", browser=shown, system=system) if on else shown


def _first_sign(signs: tuple[tuple[str, str], ...], header: str) -> str:
    return next((words for sign, words in signs if sign in header), "")
