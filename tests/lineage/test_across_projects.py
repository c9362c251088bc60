"""Lineage goes on where the model of one project is an external node, or a source, of another."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import mesh
import networkx as nx
import pytest
import sqlglot
from builders import manifest, write
from commandline import run
from testdata import made_once, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.lineage.resolver.dialects import dialect_of_adapter

pytestmark = pytest.mark.slow

DATA = Path(__file__).with_name("mesh")
FILES = sorted(DATA.rglob("manifest.json.gz"))
Json = dict[str, Any]
Load = Callable[..., Warehouse]

EDGES = (
    "SELECT parent_project_name, parent_environment, parent_unique_id, project_name, environment, child_unique_id, "
    "how_known FROM v1.project_edges ORDER BY ALL"
)


def loaded(path: Path, *inputs: Path) -> Warehouse:
    report = Warehouse(path).load(inputs, columns=True)
    assert report.quarantined == ()
    return Warehouse(path, read_only=True)


@pytest.fixture(scope="module")
def harbor(shared_folder: Path) -> Iterator[Warehouse]:
    """The projects of mesh/README.md."""
    home = made_once(shared_folder / "harbor", lambda home: loaded(home / "wh.duckdb", DATA).close())
    with Warehouse(home / "wh.duckdb", read_only=True) as wh:
        yield wh


@pytest.fixture(scope="module")
def cosmos(corpus: Path, shared_folder: Path) -> Iterator[tuple[Warehouse, list[Path]]]:
    """Four public projects that dbt-loom weaves together, two of them in both directions."""
    files = sorted((corpus / "astronomer__astronomer-cosmos").glob("*cross_project__*__manifest.json"))
    assert len(files) == 4
    home = made_once(shared_folder / "cosmos", lambda home: loaded(home / "wh.duckdb", *files).close())
    with Warehouse(home / "wh.duckdb", read_only=True) as wh:
        yield wh, files


def check_edges(wh: Warehouse, graph: nx.DiGraph) -> None:
    expected = sorted((*parent, *child, how) for parent, child, how in graph.edges(data="how") if how)
    assert expected
    assert wh.sql(EDGES).fetchall() == expected


def check_closure(wh: Warehouse, graph: nx.DiGraph, macros: tuple[str, str], *time: datetime) -> None:
    """Both macros from every id, against the shortest paths of networkx."""
    upwards = graph.reverse(copy=False)
    arguments = "?, ?" if time else "?"
    for unique_id in sorted({unique_id for *_, unique_id in graph}):
        starts = [node for node in graph if node[2] == unique_id]
        for macro, directed in zip(macros, (upwards, graph), strict=True):
            expected: dict[mesh.Node, int] = {}
            for start in starts:
                for node, distance in nx.single_source_shortest_path_length(directed, start).items():
                    if node not in starts:
                        expected[node] = min(distance, expected.get(node, distance))
            sql = f"SELECT project_name, environment, unique_id, distance FROM v1.{macro}({arguments}, across := true)"
            found = wh.sql(sql, [unique_id, *time]).fetchall()
            assert sorted(found) == sorted((*node, distance) for node, distance in expected.items()), (macro, unique_id)


def test_the_edges_are_those_that_the_manifests_have(harbor: Warehouse) -> None:
    graph = mesh.graph(mesh.current(map(mesh.read, FILES)))
    check_edges(harbor, graph)
    check_closure(harbor, graph, ("ancestors_of", "descendants_of"))


@pytest.mark.corpus
@pytest.mark.release
def test_the_edges_of_public_projects_are_those_that_the_manifests_have(cosmos: tuple[Warehouse, list[Path]]) -> None:
    wh, files = cosmos
    graph = mesh.graph(list(map(mesh.read, files)))
    check_edges(wh, graph)
    check_closure(wh, graph, ("ancestors_of", "descendants_of"))


@pytest.mark.parametrize("number", [1, *release_only(0, *range(2, len(FILES)))])
def test_the_lineage_at_a_time_is_that_of_the_manifests_of_that_time(harbor: Warehouse, number: int) -> None:
    manifests = [mesh.read(path) for path in FILES]
    at = manifests[number].generated_at
    graph = mesh.graph(mesh.current(manifests, at))
    time = datetime.fromisoformat(at.removesuffix("Z"))
    check_closure(harbor, graph, ("ancestors_at", "descendants_at"), time)


def test_an_environment_reads_that_one_whose_relation_it_names(harbor: Warehouse) -> None:
    """ferry's dev was built upon market's prod, market's dev upon ferry's dev."""
    environments = "SELECT DISTINCT project_name, environment, parent_environment FROM v1.project_edges"
    assert harbor.sql(f"{environments} WHERE how_known = 'unique_id' ORDER BY ALL").fetchall() == [
        ("ferry", "dev", "prod"),
        ("ferry", "prod", "prod"),
        ("market", "dev", "dev"),
        ("market", "prod", "prod"),
    ]


def test_without_across_the_rows_stay_those_of_each_project(harbor: Warehouse) -> None:
    macros = {
        "ancestors_of": "'model.market.rpt_sales'",
        "descendants_of": "'source.ferry.raw.trips'",
        "ancestors_at": "'model.market.rpt_sales', now()::TIMESTAMP + INTERVAL 9 YEAR",
        "column_ancestors_of": "'model.market.fct_sales', 'trip_id'",
        "column_descendants_of": "'source.ferry.raw.trips', 'trip_id'",
        "column_descendants_at": "'source.ferry.raw.trips', 'trip_id', now()::TIMESTAMP + INTERVAL 9 YEAR",
    }
    for macro, arguments in macros.items():
        rows = harbor.sql(f"FROM v1.{macro}({arguments}) ORDER BY ALL").fetchall()
        assert rows
        assert harbor.sql(f"FROM v1.{macro}({arguments}, across := false) ORDER BY ALL").fetchall() == rows


COLUMNS_UP = {
    ("market", "source.market.ferry_mart.visits", "visits", 1),
    ("ferry", "model.ferry.port_visits", "visits", 2),
    ("ferry", "model.ferry.trips", "trip_id", 3),
    ("ferry", "model.ferry.stg_trips", "trip_id", 4),
    ("ferry", "source.ferry.raw.trips", "trip_id", 5),
}
"""Above fct_sales.port_visits, by the code of the models."""

COLUMNS_DOWN = {
    ("ferry", "model.ferry.stg_trips", "price_cents", 1),
    ("ferry", "model.ferry.trips", "price", 2),
    ("market", "model.market.fct_sales", "trip_price", 3),
}
"""Below raw.trips.price_cents."""


def test_columns_flow_across_projects(harbor: Warehouse) -> None:
    above = harbor.column_ancestors("fct_sales", "PORT_VISITS", across=True).fetchall()
    below = harbor.column_descendants("source.ferry.raw.trips", "price_cents", across=True).fetchall()
    for found, expected in ((above, COLUMNS_UP), (below, COLUMNS_DOWN)):
        of_both = {(environment, *row) for environment in ("dev", "prod") for row in expected}
        assert sorted((environment, project, *row) for project, environment, *row in found) == sorted(of_both)


def test_a_column_of_a_source_comes_from_the_model_though_no_code_reads_it(harbor: Warehouse) -> None:
    above = "v1.column_ancestors_of('source.market.ferry_mart.visits', 'nobody', across := true)"
    assert set(harbor.sql(f"SELECT unique_id, column_name FROM {above}").fetchall()) == {
        ("model.ferry.port_visits", "nobody")
    }


def test_columns_at_a_time(harbor: Warehouse) -> None:
    """market's first manifest came after ferry's first, and before busy_trips."""
    below = "v1.column_descendants_at('source.ferry.raw.trips', 'trip_id', ?, across := true)"
    first, second, third, *_ = [datetime.fromisoformat(mesh.read(path).generated_at[:-1]) for path in FILES]
    ferry = {"model.ferry.stg_trips", "model.ferry.trips", "model.ferry.port_visits"}
    market = {"model.market.fct_sales", "source.market.ferry_mart.visits"}
    reached = [
        {unique_id for *_, unique_id, _, _ in harbor.sql(f"FROM {below}", [time]).fetchall()}
        for time in (first, second, third)
    ]
    assert reached == [ferry, ferry | market, ferry | market | {"model.ferry.busy_trips"}]


def test_the_tree_goes_on_in_the_other_project(harbor: Warehouse) -> None:
    printed = run("lineage", harbor.path, "rpt_sales", "--up", "--across", "--format", "tree").stdout
    assert printed.splitlines() == [
        "model.market.rpt_sales depends on",
        "├── model daily_trips (ferry)",
        "│   └── model stg_trips (ferry)",
        "│       └── source trips (ferry)",
        "└── model fct_sales",
        "    ├── model trips (ferry)",
        "    │   ├── model stg_trips (ferry) (see above)",
        "    │   └── seed ports (ferry)",
        "    ├── source visits",
        "    │   └── model port_visits (ferry)",
        "    │       └── model trips (ferry) (see above)",
        "    └── source sales",
    ]


def test_the_tree_of_a_column_goes_on_in_the_other_project(harbor: Warehouse) -> None:
    options = ("--column", "trip_id", "--down", "--across", "--format", "tree")
    printed = run("lineage", harbor.path, "model.ferry.stg_trips", *options).stdout
    assert printed.splitlines() == [
        "depends on model.ferry.stg_trips.trip_id",
        "└── model trips.trip_id passthrough",
        "    ├── model port_visits.visits aggregation",
        "    │   └── source ferry_mart.visits.visits passthrough",
        "    │       └── model fct_sales.port_visits rename",
        "    ├── model fct_sales (join)",
        "    └── model fct_sales.trip_id passthrough",
        "        ├── model busy_trips (group)",
        "        └── model busy_trips.trip_id passthrough",
    ]


def test_rows_of_the_command_line_and_of_python_are_the_same(harbor: Warehouse) -> None:
    printed = run("lineage", harbor.path, "rpt_sales", "--across", "--depth", "2", "--format", "json").stdout
    assert json.loads(printed) == harbor.lineage("rpt_sales", depth=2, across=True).rows.to_pylist()
    above = {row[2] for row in harbor.ancestors("rpt_sales", across=True).fetchall()}
    assert {row["unique_id"] for row in harbor.lineage("rpt_sales", ["up"], across=True).rows.to_pylist()} == above
    then = run("lineage", harbor.path, "model.ferry.trips", "--down", "--across", "--at", "2026-11-30T22:09:30")
    assert "fct_sales" not in then.stdout and "port_visits" in then.stdout


@pytest.mark.release
@pytest.mark.parametrize("order", [(4, 3, 2, 1, 0), *release_only(((1, 0, 3, 2, 4),), ((2, 4, 0, 3, 1),))])
def test_the_order_of_loading_does_not_matter(harbor: Warehouse, tmp_path: Path, order: tuple[int, ...]) -> None:
    for number in order:
        loaded(tmp_path / "wh.duckdb", FILES[number].parent).close()
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh:
        for sql in (
            "FROM v1.project_edges ORDER BY ALL",
            "FROM v1.descendants_of('source.ferry.raw.trips', across := true) ORDER BY ALL",
            "FROM v1.column_descendants_of('source.ferry.raw.trips', 'trip_id', across := true) ORDER BY ALL",
        ):
            assert wh.sql(sql).fetchall() == harbor.sql(sql).fetchall()


def test_answers_are_the_same_with_every_optimizer(harbor: Warehouse, tmp_path: Path) -> None:
    """Plain connections of DuckDB have the optimizer that the package turns off: see docs/operating.md."""
    with duckdb.connect(shutil.copy(harbor.path, tmp_path / "wh.duckdb"), read_only=True) as plain:
        for relation in (
            "v1.project_edges",
            "v1.ancestors_of('model.market.rpt_sales', across := true)",
            "v1.column_descendants_of('source.ferry.raw.trips', 'trip_id', across := true)",
        ):
            every = plain.execute(f"FROM {relation} ORDER BY ALL").fetchall()
            assert every and every == harbor.sql(f"FROM {relation} ORDER BY ALL").fetchall()


def node(unique_id: str, parents: tuple[str, ...] = (), is_external: bool = False, **more: Any) -> Json:
    resource_type, package, *_, name = unique_id.split(".")
    return {
        "unique_id": unique_id,
        "resource_type": resource_type,
        "package_name": package,
        "name": name,
        "path": "" if is_external else f"{name}.sql",
        "original_file_path": "" if is_external else f"models/{name}.sql",
        "alias": name,
        "schema": "main",
        "database": "db",
        "config": {"enabled": True, "materialized": "table"},
        "depends_on": {"nodes": list(parents), "macros": []},
        **more,
    }


def source(project: str, relation: str, identifier: str = "pub", **more: Any) -> Json:
    found = node(f"source.{project}.raw.{identifier}", alias=None, relation_name=relation, identifier=identifier)
    return {**found, "source_name": "raw", **more}


@pytest.fixture
def load(tmp_path: Path, warehouse: Warehouse) -> Load:
    """Loads manifests, each given by its project, its nodes, and fields: environment, day, adapter, sections."""
    numbers = itertools.count()

    def load(
        project: str, *nodes: Json, environment: str = "prod", day: int = 1, adapter: str = "postgres", **sections: Json
    ) -> Warehouse:
        number = next(numbers)
        fields = {
            "project_name": project,
            "adapter_type": adapter,
            "generated_at": f"2026-10-{day:02}T06:00:00Z",
            "invocation_id": f"i{number}",
        }
        content = manifest({n["unique_id"]: n for n in nodes}, fields, **sections)
        path = write(tmp_path / str(number), "manifest", content)
        assert len(warehouse.load(path, environment=environment).loaded) == 1
        return warehouse

    return load


def edges(wh: Warehouse) -> list[tuple[Any, ...]]:
    columns = "project_name, environment, parent_project_name, parent_environment, parent_unique_id, child_unique_id"
    return wh.sql(f"SELECT {columns}, how_known FROM v1.project_edges ORDER BY ALL").fetchall()


UP = (
    node("model.up.stg", ("source.up.raw.t",)),
    node("model.up.pub", ("model.up.stg",)),
    source("up", '"db"."raw"."t"', "t"),
)


def test_a_parent_that_a_manifest_only_names_is_the_model_of_the_other_project(load: Load) -> None:
    load("up", *UP)
    wh = load("down", node("model.down.fct", ("model.up.pub",)))
    assert edges(wh) == [("down", "prod", "up", "prod", "model.up.pub", "model.down.fct", "unique_id")]
    rows = "SELECT project_name, unique_id, name, distance"
    assert wh.sql(f"{rows} FROM v1.ancestors_of('model.down.fct', across := true) ORDER BY distance").fetchall() == [
        ("up", "model.up.pub", "pub", 1),
        ("up", "model.up.stg", "stg", 2),
        ("up", "source.up.raw.t", "t", 3),
    ]
    below = wh.descendants("source.up.raw.t", across=True).fetchall()
    assert ("down", "model.down.fct") in {(row[0], row[2]) for row in below}


def test_the_name_of_a_parent_is_what_the_other_project_calls_it(load: Load) -> None:
    wh = load("down", node("model.down.fct", ("model.up.pub",)))
    assert [row[4] for row in wh.ancestors("fct").fetchall()] == ["model.up.pub"]
    load("up", *UP)
    for across in (False, True):
        assert wh.ancestors("fct", across).fetchall()[0][2:5] == ("model.up.pub", "model", "pub")


def test_a_project_that_is_not_loaded_leaves_what_the_manifest_itself_has(load: Load) -> None:
    external = node("model.up.pub", ("model.up.stg",), is_external=True)
    wh = load("down", external, node("model.down.fct", ("model.up.pub",)))
    assert edges(wh) == []
    assert {row[2] for row in wh.ancestors("fct", across=True).fetchall()} == {"model.up.pub", "model.up.stg"}


def test_what_an_external_node_depends_on_is_said_by_its_own_project(load: Load) -> None:
    load("up", *UP)
    external = node("model.up.pub", ("model.up.gone",), is_external=True)
    wh = load("down", external, node("model.down.fct", ("model.up.pub",)))
    assert {row[2] for row in wh.ancestors("fct", across=True).fetchall()} == {n["unique_id"] for n in UP}


def test_a_cycle_across_projects_ends(load: Load) -> None:
    load("a", node("model.a.x", ("model.b.y",)), node("model.b.y", is_external=True))
    load("b", node("model.b.y", ("model.c.z",)), node("model.c.z", is_external=True))
    wh = load("c", node("model.c.z", ("model.a.x",)), node("model.a.x", is_external=True))
    assert [(row[2], row[5]) for row in sorted(wh.ancestors("x", True).fetchall())] == [
        ("model.b.y", 1),
        ("model.c.z", 2),
    ]
    assert {(row[2], row[5]) for row in wh.descendants("x", True).fetchall()} == {("model.c.z", 1), ("model.b.y", 2)}


def test_the_parent_is_of_the_same_environment_else_of_the_latest(load: Load) -> None:
    for day, environment in enumerate(("ci", "prod", "dev"), start=1):
        load("up", node("model.up.pub", schema=environment), environment=environment, day=day)
    for environment in ("ci", "prod", "qa"):
        wh = load("down", node("model.down.fct", ("model.up.pub",)), environment=environment)
    assert [(row[1], row[3]) for row in edges(wh)] == [("ci", "ci"), ("prod", "prod"), ("qa", "dev")]


def test_a_node_of_an_installed_package_is_no_external_node(load: Load) -> None:
    load("up", *UP)
    wh = load("down", *UP, node("model.down.fct", ("model.up.pub",)))
    assert edges(wh) == []


def test_the_project_whose_own_package_it_is_goes_before_one_that_installs_it(load: Load) -> None:
    load("up", *UP)
    load("other", *UP, node("model.other.own", ("model.up.pub",)))
    wh = load("down", node("model.down.fct", ("model.up.pub",)))
    assert [row[2] for row in edges(wh)] == ["up"]


def test_a_disabled_model_is_no_parent(load: Load) -> None:
    disabled = node("model.up.pub", relation_name='"db"."main"."pub"')
    load("up", node("model.up.other"), disabled={"model.up.pub": [disabled]})
    read = source("down", '"db"."main"."pub"', schema="main")
    assert edges(load("down", node("model.down.fct", ("model.up.pub",)), read)) == []


RELATIONS = {
    "the same": ("postgres", '"db"."main"."pub"', '"db"."main"."pub"', True),
    "another schema": ("postgres", '"db"."raw"."pub"', '"db"."main"."pub"', False),
    "another database": ("postgres", '"dc"."main"."pub"', '"db"."main"."pub"', False),
    "quoted in another case": ("postgres", '"db"."main"."PUB"', '"db"."main"."pub"', False),
    "not quoted, in another case": ("postgres", "DB.Main.PUB", '"db"."main"."pub"', True),
    "not quoted, and quoted in upper case": ("postgres", "db.main.pub", '"db"."main"."PUB"', False),
    "Snowflake in another case": ("snowflake", "DB.MAIN.PUB", "db.main.pub", True),
    "Snowflake quoted in upper case": ("snowflake", 'db.main."PUB"', "DB.MAIN.pub", True),
    "Snowflake quoted in lower case": ("snowflake", 'db.main."pub"', "DB.MAIN.PUB", False),
    "DuckDB quoted in another case": ("duckdb", '"DB"."main"."PUB"', '"db"."main"."pub"', True),
    "BigQuery": ("bigquery", "`db`.`main`.`pub`", "`db`.`main`.`pub`", True),
    "BigQuery in another case": ("bigquery", "`db`.`main`.`Pub`", "`db`.`main`.`pub`", False),
    "SQL Server": ("sqlserver", "[db].[main].[Pub]", '"db"."main"."pub"', True),
    "Spark without a database": ("spark", "main.PUB", "main.pub", True),
    "ClickHouse in another case": ("clickhouse", "`main`.`Pub`", "`main`.`pub`", False),
    "a file of that name": ("duckdb", "'s3://db/main/pub.parquet'", '"db"."main"."pub"', False),
    "a function": ("duckdb", "read_csv('main.pub.csv')", '"db"."main"."pub"', False),
}


SOME_RELATIONS = ("the same", "quoted in another case", "Snowflake quoted in upper case", "BigQuery in another case")


@pytest.mark.parametrize("name", [*SOME_RELATIONS, *release_only(*RELATIONS)])
def test_relations_are_compared_as_the_database_does(load: Load, name: str) -> None:
    adapter, read, made, is_same = RELATIONS[name]

    def parts(relation: str) -> Json:
        names = [part.strip('"`[]') for part in relation.split(".")] if relation.count("(") == 0 else []
        is_name = 2 <= len(names) <= 3 and "'" not in relation
        database, schema, name = [None, *names][-3:] if is_name else ("db", "main", "pub")
        return {"database": database, "schema": schema, "alias": name, "identifier": name, "relation_name": relation}

    load("up", node("model.up.pub", **parts(made)), adapter=adapter)
    wh = load("down", {**source("down", read), **parts(read)}, adapter=adapter)
    assert [row[2:] for row in edges(wh)] == [
        ("up", "prod", "model.up.pub", "source.down.raw.pub", "relation")
    ] * is_same


@pytest.mark.parametrize("relation_name", [None, '"db"."main"."pub"'])
def test_old_manifests_have_no_relation_names(load: Load, relation_name: str | None) -> None:
    load("up", node("model.up.pub", relation_name=relation_name))
    wh = load("down", source("down", None, schema="main"), source("down", None, "Pub", schema="main"))
    assert [row[5] for row in edges(wh)] == ["source.down.raw.pub"]


def test_a_relation_is_the_same_only_by_the_same_adapter_in_the_same_environment(load: Load) -> None:
    made, read = (
        node("model.up.pub", relation_name='"db"."main"."pub"'),
        source("down", '"db"."main"."pub"', schema="main"),
    )
    load("up", made, adapter="redshift")
    load("up", made, environment="dev")
    load("mine", made, source("mine", '"db"."main"."pub"', schema="main"))
    assert edges(load("down", read, environment="qa")) == []
    assert [row[:4] for row in edges(load("down", read, environment="dev"))] == [("down", "dev", "up", "dev")]


@pytest.mark.parametrize(
    "resource_type, materialized, count",
    [("seed", "seed", 1), ("snapshot", "snapshot", 1), ("model", "ephemeral", 0), ("test", "test", 0)],
)
def test_seeds_and_snapshots_make_relations_and_ephemeral_models_do_not(
    load: Load, resource_type: str, materialized: str, count: int
) -> None:
    config = {"enabled": True, "materialized": materialized}
    load("up", node(f"{resource_type}.up.pub", config=config, relation_name='"db"."main"."pub"'))
    assert len(edges(load("down", source("down", '"db"."main"."pub"', schema="main")))) == count


def test_a_relation_that_the_own_project_makes_is_its_own(load: Load) -> None:
    """One code base, deployed twice under two labels, with a source over its own seed."""
    for project in ("left", "right"):
        seed = node(f"seed.{project}.pub", relation_name='"db"."main"."pub"')
        wh = load(project, seed, source(project, '"db"."main"."pub"', schema="main"))
    assert edges(wh) == []


def test_a_relation_that_two_projects_make_has_a_row_of_each(load: Load) -> None:
    for project in ("left", "right"):
        load(project, node(f"model.{project}.made", alias="pub", relation_name='"db"."main"."pub"'))
    wh = load("down", source("down", '"db"."main"."pub"', schema="main"))
    sql = "SELECT parent_unique_id, is_ambiguous FROM v1.project_edges ORDER BY ALL"
    assert wh.sql(sql).fetchall() == [("model.left.made", True), ("model.right.made", True)]
    assert {row[2] for row in wh.ancestors("source.down.raw.pub", True).fetchall()} == {
        "model.left.made",
        "model.right.made",
    }


def test_an_id_that_two_projects_have_is_that_whose_relation_is_named(load: Load) -> None:
    """One code base, deployed twice under two labels."""
    for label in ("north", "south"):
        content = manifest(
            {"model.up.pub": node("model.up.pub", schema=label)},
            {
                "project_name": "up",
                "adapter_type": "postgres",
                "generated_at": "2026-10-01T06:00:00Z",
                "invocation_id": label,
            },
        )
        wh = load("elsewhere", node("model.elsewhere.x"))
        wh.load(write(wh.path.parent / label, "manifest", content), project=label, environment="prod")
    sql = "SELECT parent_project_name, is_ambiguous FROM v1.project_edges ORDER BY ALL"
    load("down", node("model.up.pub", is_external=True, schema="south"), node("model.down.fct", ("model.up.pub",)))
    assert wh.sql(sql).fetchall() == [("south", False)]
    load("down", node("model.down.fct", ("model.up.pub",)), day=2)
    assert wh.sql(sql).fetchall() == [("north", True), ("south", True)]


FOLDS = {"CASE_INSENSITIVE": "all", "UPPERCASE": "upper", "LOWERCASE": "lower", "CASE_SENSITIVE": "lower"}
"""By sqlglot's rule for a dialect. dbt quotes all names where the database regards case."""


def test_the_folds_of_adapters_are_those_that_sqlglot_knows(harbor: Warehouse) -> None:
    folds = harbor.sql("FROM internal.identifier_folds").fetchall()
    assert len(folds) > 15
    for adapter, fold in folds:
        dialect = sqlglot.Dialect.get_or_raise(dialect_of_adapter(adapter))
        assert FOLDS[dialect.NORMALIZATION_STRATEGY.name] == fold, adapter
