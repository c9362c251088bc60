"""Patterns of values that are secret because of their place in a text: after a key, in a URL, in a command.

The groups of SECRET_GROUPS hold the secret. All other groups are for the function `is_secret` of the kind.
"""

from __future__ import annotations

import re
from itertools import product

from artifact_warehouse.artifacts.redaction.keys import HINTS, WEAK_HINTS, WEAK_WORDS, WORDS
from artifact_warehouse.artifacts.redaction.kinds import Kind
from artifact_warehouse.artifacts.redaction.values import is_basic_credential, looks_random

_Q = r"""(?:\\{0,3}["'`]|%22|%27|&quot;)"""
"""A quotation mark: plain, escaped by JSON (also twice), or encoded for a URL."""

_IS = r"(?:\s{0,4}(?::=|=>|={1,3}|:|%3D|%3A)(?:\s{0,4}|%20)|\s(?:is|was)\s)"
"""What stands between a key and its value."""

_BARE = r"""(?![(\[{])(?:(?!%(?:20|22|26|27|2C|3B|7D|0A))[^\s"'`\\,;&)}\]<]){1,8192}"""
_QUOTED = rf"(?P<quote>{_Q})(?P<quoted>(?:(?P=quote){{2}}|(?!(?P=quote))(?:\\.|[^\\])){{1,8192}})(?P=quote)"
"""A quoted value, with doubled or escaped quotation marks in it. Its alternatives exclude each other, so that the
expression hardly backtracks."""

_VALUE = rf"""
    (?:{_QUOTED}
    |{_Q}(?P<cut>[^"'`\n]{{1,8192}})(?:\n|\Z)
    |(?P<bare>(?:(?:bearer|basic|token|digest|bot|apikey|ssws)[ ])?{_BARE}))
"""
_URL_PARAMETERS = (
    *product(("?", "&", "%3f", "%26"), ("sig", "signature", "apikey", "code", "key", "auth"), ("=", "%3d")),
)


def _is_assigned(match: re.Match[str], secret: str) -> bool:
    """False for prose (`token: the one of …`), code (`token = a.token`, `token = f(x)`) and counts (`pass: 5`)."""
    if not match["bare"]:
        return True
    word, value = match["word"].lower(), secret.lower()
    if word == "pass" and value.isdigit():
        return False
    is_code = value.rpartition(".")[2] in (match["key"].lower(), _whole_name(match)) or re.match(
        r"[a-z_][\w.]{0,200}[(\[]", value
    )
    if match["key_and_sign"].endswith(("is ", "was ")) and not re.search(r"[a-z].*\d|\d.*[a-z]", value):
        return False
    next_words = match.string[match.end() : match.end() + 40]
    is_prose = match["key_and_sign"].endswith(": ") and value.isalpha() and re.match(r" [a-z]{1,30}[\s,.]", next_words)
    return not (is_code or is_prose)


def _whole_name(match: re.Match[str]) -> str:
    """The name that ends in the key, in lower case: of `aws_secret_key=`, where the key is `secret_key`, all of it."""
    before = re.search(r"\w*$", match.string[max(0, match.start() - 64) : match.start()])
    return f"{before[0] if before else ''}{match['key']}".lower()


def _is_random(match: re.Match[str], secret: str) -> bool:
    return looks_random(secret)


def _is_literal(match: re.Match[str], secret: str) -> bool:
    """False for the messages of parsers: `unexpected token 'x'`."""
    return (match["word"] or "").lower() != "token" or looks_random(secret)


def _is_parameter(match: re.Match[str], secret: str) -> bool:
    return bool(match["sure"]) or looks_random(secret)


def _is_authorization(match: re.Match[str], secret: str) -> bool:
    return bool(match["bare"]) or is_basic_credential(secret)


def _is_login(match: re.Match[str], secret: str) -> bool:
    """False for `ssh://git@host`, a login that everybody has."""
    return secret not in ("git", "hg")


def _is_no_option(match: re.Match[str], secret: str) -> bool:
    return not secret.startswith("-")


CONTEXTS = (
    Kind(
        "credentials in a URL",
        (("://", "@"),),
        r"""(?ix)[a-z][a-z0-9+.-]{0,20}://
        (?P<secret>[^\s/"'<>]{1,1024}|[^\s/:@"'<>]{0,256}:(?!\d{1,5}(?:[/?\#]|$))[^\s@<>]{1,512})@""",
        "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
        _is_login,
    ),
    Kind(
        "credentials in an encoded URL",
        (("%3a%2f%2f", "%40"),),
        r"""(?ix)%3A%2F%2F(?P<secret>(?:(?!%2F|%40)[^\s/"'<>@]){1,1024})%40""",
        "https://www.rfc-editor.org/rfc/rfc3986#section-2.1",
        _is_login,
    ),
    Kind(
        "cookie header",
        ("cookie",),
        rf"""(?ix)(?<![a-z])(?:set-)?cookie{_Q}?{_IS}{_Q}?(?P<secret>[^\s"'=;]{{1,128}}=[^\r\n"'\\]{{1,8192}})""",
        "https://www.rfc-editor.org/rfc/rfc6265#section-4",
    ),
    Kind(
        "value of a key",
        HINTS,
        rf"(?ixs)(?P<key_and_sign>(?P<key>(?P<word>{WORDS})[\w-]{{0,40}}){_Q}?\]?{_IS}){_VALUE}",
        "https://github.com/Yelp/detect-secrets/blob/master/detect_secrets/plugins/keyword.py",
        _is_assigned,
    ),
    Kind(
        "setting of Spark for Azure",
        ("fs.azure.",),
        rf"(?ixs)fs\.azure\.[\w.]{{0,40}}?(?:key|secret|token)(?:\.[\w.-]{{1,256}})?{_Q}?(?:{_IS}|[ ]){_VALUE}",
        "https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html",
    ),
    Kind(
        "random value of a key",
        WEAK_HINTS,
        rf"(?ixs){WEAK_WORDS}{_Q}?{_IS}{_VALUE}",
        "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml",
        _is_random,
    ),
    Kind(
        "parameter of a URL",
        tuple("".join(parts) for parts in _URL_PARAMETERS),
        rf"(?ix)(?:[?&]|%3F|%26)(?:(?P<sure>sig|signature|apikey)|code|key|auth)(?:=|%3D)(?P<secret>{_BARE})",
        "https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas",
        _is_parameter,
    ),
    Kind(
        "literal of an SQL statement",
        (*HINTS, "identified"),
        rf"""(?ixs)(?:(?P<word>{WORDS})\w{{0,40}}|identified\s(?:with\s\w{{1,40}}\s)?by(?:\s(?:password|values))?)\s{{1,4}}
        (?:{_QUOTED}
        |(?<=\bby\s)(?P<bare>(?!password|values)[^\s"'`;,)]{{1,256}}))""",
        "https://duckdb.org/docs/stable/configuration/secrets_manager",
        _is_literal,
    ),
    Kind(
        "option of a command",
        (*HINTS, "curl", "wget", "sshpass", "mysql", "docker", "sqlplus"),
        rf"""(?ixs)(?:(?<![\w-])--?[\w-]{{0,40}}?{WORDS}[\w-]{{0,40}}[ ]{{1,4}}
        |\b(?:curl|wget|http)\b[^\n]{{0,256}}?[ ](?:-u|-U|--user|--proxy-user)(?:[ ]{{1,4}}|=)?
        |\b(?:sshpass|docker[ ]login|mysql\w{{0,10}})\b[^\n]{{0,256}}?[ ]-p[ ]?
        |\bsqlplus[ ](?:-\w{{1,8}}[ ]){{0,4}}[\w$]{{1,64}}/)
        {_VALUE}""",
        "https://curl.se/docs/manpage.html#-u",
        _is_no_option,
    ),
    Kind(
        "authorization header",
        ("bearer", "basic"),
        r"""(?ix)(?<![a-z])(?:bearer(?:[ ]|%20)(?P<bare>[\w.~+/=-]{8,8192})
        |basic(?:[ ]|%20)(?P<secret>[A-Za-z0-9+/]{8,4096}={0,2}))""",
        "https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2",
        _is_authorization,
    ),
    Kind(
        "element of XML",
        HINTS,
        rf"(?ix)<[\w:.-]{{0,64}}?{WORDS}[\w:.-]{{0,64}}>(?P<secret>[^<>]{{1,8192}})</",
        "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml",
    ),
    Kind(
        "name and value",
        tuple((hint, "value") for hint in HINTS),
        rf"""(?ixs)\b(?:name|key){_Q}?{_IS}{_Q}?[\w.-]{{0,64}}?{WORDS}[\w.-]{{0,64}}{_Q}?[\s,]{{1,40}}
        {_Q}?value{_Q}?{_IS}{_VALUE}""",
        "https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/",
    ),
    Kind(
        "line of .netrc or .pgpass",
        (("login", "password"), ":5432:", ":5433:", ":5439:", ":6432:"),
        r"""(?ix)\blogin\s{1,4}\S{1,128}\s{1,4}password\s{1,4}(?P<secret>\S{1,512})
        |:\d{4}:[^\s:]{1,64}:[^\s:]{1,64}:(?P<bare>[^\s"',]{1,512})""",
        "https://www.postgresql.org/docs/current/libpq-pgpass.html",
    ),
    Kind(
        "user and password of Oracle",
        ("oracle:thin:",),
        r"""(?ix)oracle:thin:[^\s/@]{1,64}/(?P<secret>[^\s@"']{1,256})@""",
        "https://docs.oracle.com/en/database/oracle/oracle-database/23/jjdbc/data-sources-and-URLs.html",
    ),
    Kind(
        "end of a private key",
        ("-----end",),
        r"(?:\A|(?<=[^A-Za-z0-9+/=\s\\]))(?P<secret>[A-Za-z0-9+/=\s\\]{16,65536})-----END [A-Z0-9 ]{0,32}PRIVATE KEY",
        "https://www.rfc-editor.org/rfc/rfc7468",
    ),
)
"""The kinds, in the order in which they are tried. A later kind does not find what an earlier one has hidden."""
