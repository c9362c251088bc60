"""Made-up secrets of every kind, each in the text or behind the key by which it is known.

The parts that look like secrets are made at run time, so that no scanner of repositories stumbles over them here.
The shapes follow the documentation of the services, not the expressions under test.
"""

from __future__ import annotations

import random
import re
import string
import uuid
from base64 import b64encode
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = LOWER + UPPER + DIGITS
HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
URLSAFE = ALNUM + "-_"


class Planted(NamedTuple):
    """A secret, and a text that has it."""

    kind: str
    text: str
    secret: str


class _Maker:
    """Makes the random parts, the same ones in every run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, characters: str, length: int) -> str:
        """Random characters, at least one letter and one digit where there are both."""
        made = [self._random.choice(characters) for _ in range(length)]
        if length > 2:
            made[1] = self._random.choice([*filter(str.isalpha, characters)] or characters)
            made[2] = self._random.choice([*filter(str.isdigit, characters)] or characters)
        return "".join(made)

    def password(self) -> str:
        """A password as people have them."""
        return f"{self.of(LOWER, 7)}{self.of(DIGITS, 3)}"

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def texts(seed: int = 1) -> list[Planted]:
    """Texts with a secret each, of one kind after the other."""
    make = _Maker(seed)
    return [*_tokens(make), *_assignments(make), *_commands(make), *_headers_and_urls(make), *_blocks(make)]


def keyed(seed: int = 1) -> list[Planted]:
    """Keys of JSON, and a secret value for each: `text` is the key."""
    make = _Maker(seed)
    return [Planted(f"key {key}", key, make.password()) for key in _KEYS] + [
        Planted(f"key {key}", key, make.of(ALNUM, 32)) for key in _KEYS_OF_RANDOM_VALUES
    ]


_KEYS = (
    *("password", "Password", "PASSWORD", "passwd", "pass", "PASS", "dbPass", "db_pass", "user_pass", "pwd", "PWD"),
    *(
        "pw",
        "db_pw",
        "passphrase",
        "private_key_passphrase",
        "passcode",
        "pgpass",
        "secret",
        "secrets",
        "client_secret",
    ),
    *("clientSecret", "secret_key", "secretKey", "secret_access_key", "aws_secret_access_key", "app_secret", "token"),
    *("access_token", "accessToken", "refresh_token", "id_token", "auth_token", "authToken", "_authToken", "api_token"),
    *("session_token", "bearer_token", "sas_token", "oauth_token", "SNOWFLAKE_PAT", "git_pat", "api_key", "apiKey"),
    *("API-KEY", "x-api-key", "apikey", "access_key", "accessKey", "private_key", "privateKey", "private-key"),
    *("account_key", "AccountKey", "shared_access_key", "storage_key", "master_key", "MASTER_KEY", "encryption_key"),
    *(
        "signing_key",
        "ssh_key",
        "license_key",
        "hmac_key",
        "authorization",
        "Authorization",
        "credential",
        "credentials",
    ),
    *("creds", "connection_string", "connectionString", "conn_str", "cookie", "Set-Cookie", "jwt", "bearer"),
    *("DBT_ENV_SECRET_GIT", "MOTHERDUCK_TOKEN", "webhook", "slack_webhook", "X-Amz-Signature", "admin_key", "_auth"),
)
_KEYS_OF_RANDOM_VALUES = ("auth", "client_key", "session_key", "app_key", "sas", "signature", "salt", "consumer_key")


TOKENS = {
    "AWS access key": "AKIA{base32:16}",
    "Neon key": "napi_{lowernum:64}",
    "Supabase secret key": "sb_secret_{urlsafe:31}",
    "Aiven password": "AVNS_{urlsafe:19}",
    "Tinybird token": "p.eyJ1{urlsafe:90}.{urlsafe:43}",
    "Hex token": "hxtp_{hex:64}",
    "Dropbox token": "sl.u.{urlsafe:140}",
    "Harness token": "pat.{urlsafe:22}.{hex:24}.{alnum:20}",
    "LaunchDarkly key": "api-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
    "Honeycomb key": "hcaik_{lowernum:58}",
    "Axiom token": "xaat-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
    "Logfire token": "pylf_v1_eu_{alnum:43}",
    "PostHog key": "phx_{alnum:43}",
    "Vercel Blob token": "vercel_blob_rw_{alnum:16}_{alnum:30}",
    "Render key": "rnd_{alnum:28}",
    "Mapbox secret token": "sk.eyJ1{alnum:80}.{urlsafe:22}",
    "Pinecone key": "pcsk_{alnum:6}_{alnum:63}",
    "LangSmith key": "lsv2_pt_{hex:32}_{hex:10}",
    "NVIDIA key": "nvapi-{urlsafe:64}",
    "Tavily key": "tvly-dev-{alnum:32}",
    "Firecrawl key": "fc-{hex:32}",
    "Cerebras key": "csk-{lowernum:48}",
    "Weights & Biases key": "wandb_v1_{alnum:77}",
    "AWS session key": "ASIA{base32:16}",
    "GitHub personal token": "ghp_{alnum:36}",
    "GitHub OAuth token": "gho_{alnum:36}",
    "GitHub app token": "ghs_{alnum:36}",
    "GitHub fine-grained token": "github_pat_{alnum:22}_{alnum:59}",
    "GitLab token": "glpat-{urlsafe:20}",
    "GitLab deploy token": "gldt-{urlsafe:20}",
    "GitLab runner token": "glrt-{urlsafe:20}",
    "GitLab job token": "glcbt-{hex:2}_{urlsafe:20}",
    "Bitbucket app password": "ATBB{alnum:32}",
    "Atlassian token": "ATATT3{urlsafe:186}",
    "Slack bot token": "xoxb-{digits:12}-{digits:12}-{alnum:24}",
    "Slack user token": "xoxp-{digits:12}-{digits:12}-{digits:12}-{hex:32}",
    "Slack app token": "xapp-1-{upnum:11}-{digits:13}-{hex:64}",
    "Slack refresh token": "xoxe-1-{upnum:146}",
    "npm token": "npm_{alnum:36}",
    "PyPI token": "pypi-AgEIcHlwaS5vcmc{urlsafe:120}",
    "RubyGems key": "rubygems_{hex:48}",
    "Docker token": "dckr_pat_{urlsafe:27}",
    "Hugging Face token": "hf_{letters:34}",
    "SendGrid key": "SG.{urlsafe:22}.{urlsafe:43}",
    "Vault service token": "hvs.{urlsafe:95}",
    "Vault batch token": "hvb.{urlsafe:160}",
    "Doppler personal token": "dp.pt.{alnum:43}",
    "Doppler service token": "dp.st.prd.{alnum:43}",
    "Shopify access token": "shpat_{hex:32}",
    "Shopify shared secret": "shpss_{hex:32}",
    "DigitalOcean token": "dop_v1_{hex:64}",
    "DigitalOcean refresh token": "dor_v1_{hex:64}",
    "Terraform token": "{alnum:14}.atlasv1.{alnum:67}",
    "Linear key": "lin_api_{alnum:40}",
    "Google Cloud HMAC key": "GOOG1E{upnum:55}",
    "Google API key": "AIza{urlsafe:35}",
    "Google OAuth client secret": "GOCSPX-{urlsafe:28}",
    "Google OAuth access token": "ya29.{urlsafe:120}",
    "Google OAuth refresh token": "1//0{urlsafe:60}",
    "Azure client secret": "{alnum:3}8Q~{alnum:34}",
    "Twilio key": "SK{hex:32}",
    "Mailgun key": "key-{hex:32}",
    "Mailchimp key": "{hex:32}-us14",
    "Brevo key": "xkeysib-{hex:64}-{alnum:16}",
    "age key": "AGE-SECRET-KEY-1{bech32:58}",
    "Stripe key": "sk_live_{alnum:24}",
    "Stripe restricted key": "rk_live_{alnum:40}",
    "Stripe webhook secret": "whsec_{alnum:32}",
    "Square token": "sq0atp-{urlsafe:22}",
    "OpenAI key": "sk-proj-{urlsafe:74}T3BlbkFJ{urlsafe:74}",
    "Anthropic key": "sk-ant-api03-{urlsafe:93}AA",
    "Groq key": "gsk_{alnum:52}",
    "Perplexity key": "pplx-{alnum:48}",
    "Replicate token": "r8_{alnum:37}",
    "Databricks token": "dapi{hex:32}",
    "dbt Cloud service token": "dbtc_{urlsafe:60}",
    "dbt Cloud user token": "dbtu_{urlsafe:40}",
    "Grafana cloud token": "glc_{alnum:100}",
    "Grafana service account token": "glsa_{alnum:32}_{hex:8}",
    "New Relic key": "NRAK-{upnum:27}",
    "Sentry token": "sntryu_{hex:64}",
    "Dynatrace token": "dt0c01.{upnum:24}.{upnum:64}",
    "Postman key": "PMAK-{hex:24}-{hex:34}",
    "Pulumi token": "pul-{hex:40}",
    "PlanetScale token": "pscale_tkn_{urlsafe:43}",
    "PlanetScale password": "pscale_pw_{urlsafe:43}",
    "Prefect key": "pnu_{alnum:36}",
    "Notion token": "ntn_{digits:11}{alnum:35}",
    "HubSpot token": "pat-na1-{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}",
    "Typeform token": "tfp_{urlsafe:59}",
    "Telegram bot token": "{digits:10}:AA{urlsafe:33}",
    "Cloudflare origin key": "v1.0-{hex:24}-{hex:146}",
    "Heroku key": "HRKU-AA{urlsafe:58}",
    "Fly.io token": "fo1_{urlsafe:43}",
    "Supabase token": "sbp_{hex:40}",
    "Netlify token": "nfp_{alnum:36}",
    "Tailscale key": "tskey-auth-{alnum:12}CNTRL-{alnum:32}",
    "OpenShift token": "sha256~{urlsafe:43}",
    "CircleCI token": "CCIPAT_{alnum:22}_{hex:40}",
    "Buildkite token": "bkua_{hex:40}",
    "SonarQube token": "squ_{hex:40}",
    "Sourcegraph token": "sgp_{hex:40}",
    "Artifactory key": "AKCp{alnum:69}",
    "Alibaba access key": "LTAI{alnum:20}",
    "Adobe client secret": "p8e-{alnum:32}",
    "Contentful token": "CFPAT-{urlsafe:43}",
    "Figma token": "figd_{urlsafe:40}",
    "EasyPost key": "EZAK{alnum:54}",
    "Duffel token": "duffel_live_{urlsafe:43}",
    "1Password service account": "ops_eyJ{alnum:250}",
    "MaxMind key": "{alnum:6}_{alnum:29}_mmk",
    "Octopus Deploy key": "API-{upnum:26}",
    "JSON Web Token": "eyJhbGciOiJIUzI1NiJ9.eyJ{urlsafe:40}.{urlsafe:43}",
}
"""Tokens by their form: fixed parts, and {characters:length} for the random ones."""

_CHARACTERS = {
    "alnum": ALNUM,
    "letters": LOWER + UPPER,
    "upnum": UPPER + DIGITS,
    "lowernum": LOWER + DIGITS,
    "digits": DIGITS,
    "hex": HEX,
    "urlsafe": URLSAFE,
    "base32": BASE32,
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}


def _tokens(make: _Maker) -> Iterator[Planted]:
    """Tokens that are known by their form, in a sentence that says nothing."""
    for kind, form in TOKENS.items():
        secret = re.sub(r"\{(\w+):(\d+)\}", lambda part: make.of(_CHARACTERS[part[1]], int(part[2])), form)
        yield Planted(kind, f"the run used {secret} today", secret)


def _assignments(make: _Maker) -> Iterator[Planted]:
    """Secrets behind a key, in the ways that shells, YAML, JSON, SQL and drivers write it."""
    forms = {
        "shell": "DB_PASSWORD={} dbt build",
        "shell, quoted": "export API_KEY='{}'",
        "YAML": "host: db, password: {}",
        "JSON": '{{"client_secret": "{}"}}',
        "JSON in JSON": '{{\\"password\\": \\"{}\\"}}',
        "JSON in JSON in JSON": '{{\\\\\\"token\\\\\\": \\\\\\"{}\\\\\\"}}',
        "JSON cut off": '{{"host": "db", "password": "{}',
        "Python": "connect(user='dbt', password='{}')",
        "Python dict": "{{'secret_key': '{}'}}",
        "INI": "[db]\npasswd = {}\n",
        "key pass": "user: dbt, pass: {}",
        "Go": 'apiKey := "{}"',
        "Ruby": ":secret_token => '{}'",
        "ODBC": "Driver=x;Server=y;UID=dbt;PWD={};Database=z",
        "Azure storage in Spark": "fs.azure.account.key.x.dfs.core.windows.net={}",
        "Azure storage": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey={};EndpointSuffix=core.windows.net",
        "Azure service bus": "Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={}",
        "JDBC": "jdbc:postgresql://db/x?user=dbt&password={}&ssl=true",
        "XML": "<server><password>{}</password></server>",
        "property of XML": '<add key="Password" value="{}"/>',
        "environment of a container": '[{{"name": "DB_PASSWORD", "value": "{}"}}]',
        ".npmrc": "//registry.npmjs.org/:_authToken={}",
        ".netrc": "machine example.com login dbt password {}",
        ".pgpass": "db.example.com:5432:analytics:dbt:{}",
        "URL-encoded": "user%3Ddbt%26password%3D{}%26ssl%3Dtrue",
        "URL-encoded JSON": "%7B%22api_key%22%3A%22{}%22%7D",
        "SQL PASSWORD": "ALTER USER dbt PASSWORD '{}'",
        "SQL PASSWORD =": "CREATE USER dbt PASSWORD = '{}' DEFAULT_ROLE = x",
        "SQL IDENTIFIED BY": "CREATE USER dbt IDENTIFIED BY '{}'",
        "SQL IDENTIFIED BY, double quotes": 'ALTER USER dbt IDENTIFIED BY "{}"',
        "SQL IDENTIFIED BY, bare": "ALTER USER dbt IDENTIFIED BY {};",
        "SQL IDENTIFIED WITH": "CREATE USER dbt IDENTIFIED WITH sha256_password BY '{}'",
        "SQL SECRET": "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET '{}')",
        "SQL SECRET_ACCESS_KEY": "COPY t FROM 's3://b/x' SECRET_ACCESS_KEY '{}'",
        "SQL MASTER_KEY": "ENCRYPTION = (TYPE = 'AWS_CSE' MASTER_KEY='{}')",
        "SQL AWS_SECRET_KEY": "CREDENTIALS = (AWS_KEY_ID = 'x' AWS_SECRET_KEY = '{}')",
        "SQL CREDENTIALS": "COPY t FROM 's3://b' CREDENTIALS 'aws_access_key_id=x;aws_secret_access_key={}'",
        "SQL SAS token": "CREDENTIALS = (AZURE_SAS_TOKEN = '{}')",
        "SQL ENCRYPTION_KEY": "ATTACH 'x.db' (ENCRYPTION_KEY '{}')",
        "SQL BEARER_TOKEN": "CREATE SECRET h (TYPE http, BEARER_TOKEN '{}')",
        "message": "authentication failed: token={} is expired",
        "AWS file": "aws_secret_access_key = {}",
        "sentence": "the password is {} since yesterday",
    }
    for kind, form in forms.items():
        secret = make.password()
        yield Planted(kind, form.format(secret), secret)


def _commands(make: _Maker) -> Iterator[Planted]:
    forms = {
        "option": "dbt run --password {} --target prod",
        "option with =": "dbt run --api-key={} --target prod",
        "dbt vars": "dbt run --vars '{{db_password: {}}}'",
        "dbt vars, JSON": 'dbt run --vars \'{{"token": "{}"}}\'',
        "curl -u": "curl -s -u dbt:{} https://example.com",
        "curl --user": "curl --user 'dbt:{}' https://example.com",
        "sshpass": "sshpass -p {} ssh host",
        "mysql": "mysql -u root -p{} shop",
        "docker login": "docker login -u dbt -p {} registry.example.com",
        "sqlplus": "sqlplus scott/{}@orcl",
        "PGPASSWORD": "PGPASSWORD={} psql -h db",
    }
    for kind, form in forms.items():
        secret = make.password()
        yield Planted(kind, form.format(secret), secret)


def _headers_and_urls(make: _Maker) -> Iterator[Planted]:
    basic = b64encode(f"dbt:{make.password()}".encode()).decode()
    slack, discord, teams = make.of(ALNUM, 24), make.of(URLSAFE, 68), make.of(HEX, 32)
    placed = [
        ("header Bearer", "Authorization: Bearer {}", make.of(ALNUM, 40)),
        ("header Token", "Authorization: Token {}", make.of(HEX, 40)),
        ("header Basic", "Authorization: Basic {}", basic),
        ("Bearer without header", "sent Bearer {} to the server", make.of(ALNUM, 40)),
        ("Basic without header", "sent Basic {} to the server", basic),
        ("header x-api-key", "x-api-key: {}", make.of(ALNUM, 40)),
        ("header X-Vault-Token", "X-Vault-Token: {}", make.of(ALNUM, 24)),
        ("cookie", "Cookie: lang=en; session={}; theme=dark", make.of(HEX, 32)),
        ("Set-Cookie", "Set-Cookie: sid={}; Path=/; HttpOnly", make.of(HEX, 32)),
        ("session cookie", "JSESSIONID={}", make.of(HEX, 32).upper()),
        ("URL with password", "could not connect to postgres://dbt:{}@db:5432/x", make.password()),
        ("URL with a token as user", "git clone https://{}@github.com/a/b", make.of(ALNUM, 40)),
        (
            "URL with an odd password",
            "mongodb+srv://dbt:{}@cluster0.example.net/x",
            make.password() + "/" + make.password(),
        ),
        ("URL without user", "redis://:{}@cache:6379/0", make.password()),
        ("encoded URL", "dsn=" + quote("postgres://dbt:", safe="") + "{}%40db%2Fx", make.password()),
        ("Oracle", "jdbc:oracle:thin:scott/{}@//db:1521/orcl", make.password()),
        ("Azure SAS", "https://x.blob.core.windows.net/y?sv=2024&sig={}&se=2026", make.of(ALNUM, 43) + "%3D"),
        ("presigned S3", "https://b.s3.amazonaws.com/x?X-Amz-Signature={}&X-Amz-Date=1", make.of(HEX, 64)),
        ("presigned GCS", "https://storage.googleapis.com/b/x?X-Goog-Signature={}&X-Goog-Date=1", make.of(HEX, 128)),
        ("token in a URL", "https://example.com/hook?access_token={}&x=1", make.of(ALNUM, 32)),
        ("Azure function code", "https://x.azurewebsites.net/api/f?code={}", make.of(ALNUM, 54)),
        ("Slack webhook", "https://hooks.slack.com/services/T0A1B2C3D/B0A1B2C3D/{}", slack),
        ("Discord webhook", "https://discord.com/api/webhooks/123456789012345678/{}", discord),
        (
            "Teams webhook",
            f"https://x.webhook.office.com/webhookb2/{make.uuid()}@{make.uuid()}/IncomingWebhook/{{}}/{make.uuid()}",
            teams,
        ),
        (
            "Teams workflow",
            "https://prod-1.westus.logic.azure.com/workflows/0a/triggers/manual/paths/invoke?sv=1.0&sig={}",
            make.of(URLSAFE, 43),
        ),
        (
            "Google Chat webhook",
            "https://chat.googleapis.com/v1/spaces/AAA/messages?key=x&token={}",
            make.of(URLSAFE, 43),
        ),
        ("Zapier webhook", "https://hooks.zapier.com/hooks/catch/1234567/{}/", make.of(LOWER + DIGITS, 7)),
        ("Mailgun signing key", "mailgun {}", make.of(HEX, 32) + "-" + make.of(HEX, 8) + "-" + make.of(HEX, 8)),
        (
            "Discord bot token",
            "discord login {}",
            "M" + make.of(ALNUM, 23) + "." + make.of(ALNUM, 6) + "." + make.of(ALNUM, 38),
        ),
        (
            "AWS signature",
            "Authorization: AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature={}",
            make.of(HEX, 64),
        ),
    ]
    for kind, form, secret in placed:
        yield Planted(kind, form.format(secret), secret)


def _blocks(make: _Maker) -> Iterator[Planted]:
    """Private keys. The secret is a line in the middle."""
    for kind in ("RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""):
        line = make.of(ALNUM, 64)
        begin, end = f"-----BEGIN {kind}PRIVATE KEY-----", f"-----END {kind}PRIVATE KEY-----"
        yield Planted(
            f"{kind}private key", f"{begin}\n{make.of(ALNUM, 64)}\n{line}\n{make.of(ALNUM, 20)}==\n{end}\n", line
        )
    line = make.of(ALNUM, 64)
    begin, end = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    yield Planted("private key, escaped", f"{begin}\\n{make.of(ALNUM, 64)}\\n{line}\\n{end}\\n", line)
    yield Planted("private key, end cut off", f"{begin}\n{make.of(ALNUM, 64)}\n{line}", line)
    yield Planted("private key, begin cut off", f"{make.of(ALNUM, 30)}\n{line}\n{end}\n", line)
    begin, end = "-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----"
    yield Planted(
        "PGP private key", f"{begin}\nVersion: GnuPG v2\n\n{make.of(ALNUM, 64)}\n{line}\n=aBcD\n{end}\n", line
    )
    head = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 2"
    yield Planted("PuTTY private key", f"{head}\n{line}\n{make.of(ALNUM, 20)}\nPrivate-MAC: 0a", line)
