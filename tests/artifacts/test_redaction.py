"""What looks like a secret is hidden before it is stored, whatever field it stands in; nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import builders
import duckdb
import pytest
from commandline import run
from disturbed import assert_intact
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts import Redaction, Redactor, parse
from artifact_warehouse.artifacts.redaction import HIDDEN
from artifact_warehouse.errors import InvalidPattern

RUN = next(SAMPLES.glob("*/*/2026-11-03*/run_results.json"))


def redacted(value: Any, *patterns: str, values: tuple[str, ...] = ()) -> tuple[Any, int]:
    """A text or an object as it stands in the vars of a run after redaction, and how many secrets it had."""
    [hidden], count = all_redacted([value], Redaction(patterns, values))
    return hidden, count


def all_redacted(values: list[Any], redaction: Redaction = Redaction()) -> tuple[list[Any], int]:  # noqa: B008
    content = builders.artifact("run_results", {}, args={"vars": {"planted": values}}, results=[])
    artifact = Redactor(redaction).redact(parse(json.dumps(content).encode(), "run_results.json"))
    return artifact.section("args")["vars"]["planted"], artifact.redaction_count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('dbt run --vars \'{"api_key": "hunter22"}\'', 'dbt run --vars \'{"api_key": "*****"}\''),
        ("dbt run --vars 'db_password: hunter22'", "dbt run --vars 'db_password: *****'"),
        ("dbt run --vars {'token':'a b c'}", "dbt run --vars {'token':'*****'}"),
        ('{\\"client_secret\\": \\"hunter22\\"}', '{\\"client_secret\\": \\"*****\\"}'),
        ("dbt run --db-password hunter22 --target prod", "dbt run --db-password ***** --target prod"),
        ("PGPASSWORD=hunter22 psql", "PGPASSWORD=***** psql"),
        ("DBT_ENV_SECRET_GIT=hunter22", "DBT_ENV_SECRET_GIT=*****"),
        ("could not connect to postgres://dbt:hunter22@db:5432/x", "could not connect to postgres://*****@db:5432/x"),
        ("git clone https://ghx@github.com/a/b", "git clone https://*****@github.com/a/b"),
        ("AccountKey=abc+/=;EndpointSuffix=x", "AccountKey=*****;EndpointSuffix=x"),
        ("GET https://x.blob/y?sv=1&sig=aBc%3D&se=2", "GET https://x.blob/y?sv=1&sig=*****&se=2"),
        ("https://s3/x?X-Amz-Signature=0a1b&X-Amz-Date=1", "https://s3/x?X-Amz-Signature=*****&X-Amz-Date=1"),
        ("key AKIAIOSFODNN7EXAMPLE is not valid", "key ***** is not valid"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: *****"),
        ("Authorization: Token abcdef123456", "Authorization: *****"),
        ("postgresql://user:pa/ss@host/db failed", "postgresql://*****@host/db failed"),
        ("postgresql://user:p'w@host/db failed", "postgresql://*****@host/db failed"),
        ("ALTER USER x PASSWORD 'hunter22'", "ALTER USER x PASSWORD '*****'"),
        ("ALTER USER x IDENTIFIED BY 'hunter22'", "ALTER USER x IDENTIFIED BY '*****'"),
        ("password => 'hunter22', user := me", "password => '*****', user := me"),
        ("password := hunter22", "password := *****"),
        ('"password": "hun\\"ter22", 1', '"password": "*****", 1'),
        ("SNOWFLAKE_PAT=abc123 DBT_PASS=abc123 pw=abc123", "SNOWFLAKE_PAT=***** DBT_PASS=***** pw=*****"),
        ("--log-path logs, log_path=a git_pat=abc123", "--log-path logs, log_path=a git_pat=*****"),
        ("sent Bearer abcdefgh12345", "sent Bearer *****"),
        ("dapi0123456789abcdef0123456789abcdef", "*****"),
        ("a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_abcdefgh b", "a ***** b"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n", "*****\n"),
    ],
)
def test_a_secret_in_a_text_is_hidden_and_counted(text: str, expected: str) -> None:
    assert redacted(text) == (expected, expected.count(HIDDEN))
    assert redacted(expected) == (expected, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 5",
        "Got 3 results, configured to fail if != 0",
        "No matching signature for function F. Supported signatures: F(DATE)",
        "unique_order_key: Got 1 result",
        "Database Error in model tokens (models/tokens.sql)\n  column password does not exist",
        "password: null, token=None, secret: ''",
        "https://docs.getdbt.com/reference/model-properties",
        "max_token_count: 4096, token_column = customer_id, secretary: me, credential_type = oauth",
        "PASS 3 of 4 in 2s, pass: 5, SharedAccessKeyName=Root",
        "mail me at someone@example.com, see https://example.com/?to=someone@example.com",
        "2026-11-03 06:00:00 https://example.com:443/a@b",
        "the 'primary_key' column, sk-1, dbt_cloud",
        "s3(aws_secret_access_key=aws_secret_access_key, role_arn=role_arn)",
        "dbt run --log-path logs, log_path: logs, model_paths=[models]",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == (text, 0)


def test_a_value_is_a_secret_by_its_key_at_any_depth() -> None:
    value = {
        "a": [{"dbPassword": "x1", "user": "me"}, {"API-KEY": 12345}],
        "keyfile_json": {"private_key": "x3", "project_id": "p"},
        "secrets": {"one": "x4", "two": ["x5"]},
        "token": None,
        "refresh_token": "",
        "password": False,
        "rows_affected": 7,
    }
    expected = {
        "a": [{"dbPassword": HIDDEN, "user": "me"}, {"API-KEY": HIDDEN}],
        "keyfile_json": {"private_key": HIDDEN, "project_id": "p"},
        "secrets": HIDDEN,
        "token": None,
        "refresh_token": "",
        "password": False,
        "rows_affected": 7,
    }
    assert redacted(value) == (expected, 4)


def test_a_value_is_a_secret_by_the_name_or_the_option_before_it() -> None:
    value = {"env": [{"name": "DB_PASSWORD", "value": "x"}], "argv": ["dbt", "--db-password", "x", "--target", "x"]}
    hidden = {
        "env": [{"name": "DB_PASSWORD", "value": HIDDEN}],
        "argv": ["dbt", "--db-password", HIDDEN, "--target", "x"],
    }
    assert redacted(value) == (hidden, 2)


def test_what_is_only_about_a_secret_is_none() -> None:
    value = {"max_tokens": 4096, "token_count": 5, "token_column": "customer_id", "secretary": "me", "pass": 3}
    assert redacted(value) == (value, 0)


def test_a_word_of_a_message_does_not_take_itself_out_of_code() -> None:
    texts = ["unexpected token: SELECT", "password=s3cret-one", {"compiled_code": "SELECT customer_id, 's3cret-one'"}]
    hidden = ["unexpected token: *****", "password=*****", {"compiled_code": "SELECT customer_id, '*****'"}]
    assert all_redacted(texts) == (hidden, 3)


def test_a_pattern_hides_what_it_matches_and_the_values_of_keys_that_it_matches() -> None:
    value = {"customer": "ACME-123", "note": "for ACME-123 and ACME-9", "other": "x"}
    expected = {"customer": HIDDEN, "note": "for ***** and *****", "other": "x"}
    assert redacted(value, r"ACME-\d+", "^customer$") == (expected, 3)
    with pytest.raises(InvalidPattern, match="is not a regular expression"):
        Redaction.of(["("], {})


def test_the_values_of_secret_variables_are_hidden_wherever_they_stand() -> None:
    redaction = Redaction.of(True, {"DBT_ENV_SECRET_X": 'p"w\\d longer', "DBT_ENV_SECRET_Y": "abcd", "PATH": "/bin"})
    values = ['see p"w\\d longer, abcd, abcde and /bin', {"x": ['p"w\\d longer!']}]
    assert all_redacted(values, redaction) == (["see *****, *****, abcde and /bin", {"x": ["*****!"]}], 3)


def test_a_secret_is_hidden_in_front_of_the_place_that_tells_of_it() -> None:
    value = {"a": ["use s3cret-one", "and s3cret-two"], "vars": {"password": "s3cret-one"}, "z": "token=s3cret-two"}
    hidden = {"a": ["use *****", "and *****"], "vars": {"password": HIDDEN}, "z": "token=*****"}
    assert redacted(value) == (hidden, 4)
    assert all_redacted(["s3cret-one", None, "pwd=s3cret-one"]) == ([HIDDEN, None, "pwd=*****"], 2)


def test_what_an_artifact_is_told_apart_by_is_never_hidden(tmp_path: Path) -> None:
    """A target that equals a secret is still the environment."""
    content = json.loads(RUN.read_text())
    content["args"]["vars"] = {"password": content["args"]["target"]}
    (tmp_path / "run_results.json").write_text(json.dumps(content))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(tmp_path / "run_results.json")
        found = wh.sql("SELECT environment, command, invocation_id FROM v1.invocations").fetchall()
    args = content["args"]
    assert found == [(args["target"], args["which"], content["metadata"]["invocation_id"])]


PLANTED = [f"pl4nted-{number}-value" for number in range(9)]


def with_secrets(path: Path) -> Path:
    """A real run_results with a secret in each of the places where real ones have them."""
    content = json.loads(RUN.read_text())
    args = content["args"]
    args["vars"] = {"warehouse": {"password": PLANTED[0]}, "region": "eu"}
    args["invocation_command"] = f"dbt build --vars '{{api_key: {PLANTED[1]}}}'"
    content["metadata"]["env"] = {"SLACK_TOKEN": PLANTED[2], "REPO": f"https://bot:{PLANTED[3]}@git.example.com/x"}
    first, second, third = content["results"][:3]
    first["message"] = f"Database Error: connection to postgres://dbt:{PLANTED[4]}@db failed; used {PLANTED[0]}"
    first["compiled_code"] = f"select '{PLANTED[0]}' as used"
    content["metadata"]["env"]["BUILD"] = PLANTED[0]
    second["adapter_response"] = {"rows_affected": 3, "query_id": "q1", "session": {"token": PLANTED[5]}}
    third["message"] = f"OK, {PLANTED[6]}"
    third["something_new"] = {"client_secret": PLANTED[7]}
    content["logs"] = [f"secret={PLANTED[8]}"]
    path.write_text(json.dumps(content))
    return path


def everything(path: Path) -> str:
    """All that is in a warehouse, as text."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'stored'").fetchall()
        return "\n".join(str(connection.execute(f"FROM stored.{table}").fetchall()) for (table,) in tables)


def test_no_secret_of_a_run_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_ENV_SECRET_PLANTED", PLANTED[6])
    path = tmp_path / "wh.duckdb"
    file = with_secrets(tmp_path / "run_results.json")
    Warehouse(path).load(file)
    for planted in PLANTED:
        assert planted not in everything(path)
        assert planted.encode() not in path.read_bytes()
    with Warehouse(path, read_only=True) as wh:
        rows = wh.sql("SELECT vars, env, invocation_command, args FROM v1.invocations").fetchall()
        assert json.loads(rows[0][0]) == {"warehouse": {"password": HIDDEN}, "region": "eu"}
        assert json.loads(rows[0][1]) == {
            "SLACK_TOKEN": HIDDEN,
            "REPO": f"https://{HIDDEN}@git.example.com/x",
            "BUILD": HIDDEN,
        }
        assert rows[0][2] == f"dbt build --vars '{{api_key: {HIDDEN}}}'" == json.loads(rows[0][3])["invocation_command"]
        messages = wh.sql("SELECT message FROM v1.node_executions WHERE contains(message, '*****')").fetchall()
        assert sorted(messages) == [
            (f"Database Error: connection to postgres://{HIDDEN}@db failed; used {HIDDEN}",),
            (f"OK, {HIDDEN}",),
        ]
        [(rows_affected, response)] = wh.sql(
            "SELECT rows_affected, adapter_response FROM v1.node_executions WHERE query_id = 'q1'"
        ).fetchall()
        assert (rows_affected, json.loads(response)["session"]) == (3, {"token": HIDDEN})
        # password, api_key; token, URL, password again in env; URL, password again, and in code; token; variable; …
        assert wh.sql("SELECT redaction_count FROM v1.artifacts").fetchall() == [(12,)]
    assert_intact(path)


def test_redaction_changes_neither_identity_nor_anything_else(tmp_path: Path) -> None:
    file = with_secrets(tmp_path / "run_results.json")
    hidden, shown = tmp_path / "hidden.duckdb", tmp_path / "shown.duckdb"
    assert run("load", str(hidden), str(file)).exit_code == 0
    assert run("load", str(shown), str(file), "--no-redact").exit_code == 0
    assert all(planted in everything(shown) for planted in PLANTED)
    same = "SELECT artifact_id, invocation_id, status, size_bytes FROM v1.artifacts"
    executions = (
        "SELECT * EXCLUDE (message, adapter_response, compiled_code, extra) FROM v1.node_executions ORDER BY ALL"
    )
    left_over = "SELECT unique_id, json_keys(extra) FROM v1.node_executions ORDER BY ALL"
    with Warehouse(hidden, read_only=True) as one, Warehouse(shown, read_only=True) as other:
        assert one.sql(left_over).fetchall() == other.sql(left_over).fetchall()
        assert one.sql(same).fetchall() == other.sql(same).fetchall()
        assert one.sql(executions).fetchall() == other.sql(executions).fetchall()
        assert other.sql("SELECT redaction_count FROM v1.artifacts").fetchall() == [(0,)]


def test_the_patterns_of_the_command_line(tmp_path: Path) -> None:
    file = with_secrets(tmp_path / "run_results.json")
    path = tmp_path / "wh.duckdb"
    result = run("load", str(path), str(file), "--redact", r"pl4nted-6-\w+", "--redact", "^region$")
    assert result.exit_code == 0
    assert not any(planted in everything(path) for planted in PLANTED)
    with Warehouse(path, read_only=True) as wh:
        assert wh.sql("SELECT vars ->> 'region' FROM v1.invocations").fetchall() == [(HIDDEN,)]
    for options in (["--redact", "("], ["--redact", "x", "--no-redact"]):
        result = run("load", str(path), str(file), *options)
        assert result.exit_code == 2 and "Error: " in result.stderr


@pytest.mark.release
def test_nothing_is_hidden_in_real_artifacts_without_secrets(loaded: Any) -> None:
    """The samples, the public corpus and our own runs hold none that we know of: each would be a false one."""
    assert loaded.warehouse.sql("SELECT uri FROM v1.artifacts WHERE redaction_count > 0").fetchall() == []
