"""Aggregate functions that sqlglot has no class for, by dialect, from the databases' documentation.

DuckDB https://duckdb.org/docs/stable/sql/functions/aggregates, Postgres
https://www.postgresql.org/docs/current/functions-aggregate.html and https://postgis.net/docs/reference.html,
Databricks https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-functions-builtin, Snowflake
https://docs.snowflake.com/en/sql-reference/functions-aggregation, BigQuery
https://cloud.google.com/bigquery/docs/reference/standard-sql/aggregate_functions, Trino
https://trino.io/docs/current/functions/aggregate.html, SQL Server
https://learn.microsoft.com/en-us/sql/t-sql/functions/aggregate-functions-transact-sql, Redshift
https://docs.aws.amazon.com/redshift/latest/dg/c_Aggregate_Functions.html, Oracle
https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/Aggregate-Functions.html, ClickHouse
https://clickhouse.com/docs/sql-reference/aggregate-functions/reference, MySQL
https://dev.mysql.com/doc/refman/8.4/en/aggregate-functions.html, SQLite https://sqlite.org/lang_aggfunc.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

_POSTGRES = """
any_value every json_agg json_agg_strict json_arrayagg json_object_agg_strict json_object_agg_unique
json_object_agg_unique_strict json_objectagg jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict
jsonb_object_agg_unique jsonb_object_agg_unique_strict range_agg range_intersect_agg st_asgeobuf st_asmvt
st_clusterintersecting st_clusterwithin st_collect st_extent st_3dextent st_makeline st_memunion st_polygonize
st_union xmlagg
"""
_DATABRICKS = """
bitmap_and_agg count_min_sketch every histogram_numeric hll_sketch_agg hll_union_agg kll_sketch_agg_bigint
kll_sketch_agg_double kll_sketch_agg_float mean measure product schema_of_json_agg schema_of_variant_agg
schema_of_xml_agg some st_envelope_agg st_union_agg std theta_intersection_agg theta_sketch_agg theta_union_agg
try_avg try_sum
"""
_TRINO = """
approx_most_frequent approx_set checksum classification_miss_rate convex_hull_agg entropy
evaluate_classifier_predictions every geometric_mean geometry_union_agg histogram learn_classifier learn_regressor
make_set_digest map_agg map_union map_union_sum merge merge_set_digest min_data_size_for_stats miss_rate multimap_agg
noisy_avg_gaussian noisy_count_gaussian noisy_sum_gaussian numeric_histogram qdigest_agg reduce_agg set_agg set_union
spatial_partitioning sum_data_size_for_stats tdigest_agg
"""
_MYSQL = "json_arrayagg json_objectagg st_collect std"

_NAMES = {
    "duckdb": """
        arbitrary arg_max_null arg_max_nulls_last arg_min_null arg_min_nulls_last bitstring_agg combine_aggr count_star
        decimal_average entropy favg fsum geomean geometric_mean histogram histogram_exact json_group_array
        json_group_object json_group_structure kahan_sum kurtosis_pop lttb mad mean product reservoir_quantile sem
        st_collect st_envelope_agg st_extent_agg st_intersection_agg st_memunion_agg st_union_agg sum_no_overflow
        sumkahan variant_group_object wavg weighted_avg
    """,
    "postgres": _POSTGRES,
    "databricks": _DATABRICKS,
    "snowflake": """
        ai_agg ai_summarize_agg bitmap_and_agg datasketches_hll datasketches_hll_accumulate datasketches_hll_combine
        hll_accumulate hll_combine st_collect st_envelope_agg st_intersection_agg st_union_agg vector_avg vector_max
        vector_min vector_sum
    """,
    "bigquery": """
        ai.agg differential_privacy_avg hll_count.init hll_count.merge hll_count.merge_partial json_agg
        kll_quantiles.init_float64 kll_quantiles.init_int64 kll_quantiles.merge_double kll_quantiles.merge_int64
        kll_quantiles.merge_partial kll_quantiles.merge_point_double kll_quantiles.merge_point_int64 st_centroid_agg
        st_clusterdbscan st_extent st_union_agg
    """,
    "trino": _TRINO,
    "tsql": "approx_percentile_cont approx_percentile_disc checksum_agg product stdevp var varp",
    "redshift": _POSTGRES + "hll_combine hll_create_sketch",
    "oracle": """
        approx_count approx_count_distinct_agg approx_count_distinct_detail approx_median approx_percentile
        approx_percentile_agg approx_percentile_detail approx_rank approx_sum bit_and_agg bit_or_agg bit_xor_agg
        boolean_and_agg boolean_or_agg checksum collect corr_k corr_s every json_dataguide kurtosis_pop kurtosis_samp
        skewness_pop skewness_samp stats_binomial_test stats_crosstab stats_f_test stats_ks_test stats_mode
        stats_mw_test stats_one_way_anova stats_t_test_indep stats_t_test_indepu stats_t_test_one stats_t_test_paired
        stats_wsr_test sys_xmlagg wm_concat xmlagg
    """,
    "clickhouse": """
        anylastrespectnulls argandmax argandmin corrmatrix corrstable covarpopmatrix covarpopstable covarsampmatrix
        covarsampstable distinctdynamictypes distinctjsonpaths distinctjsonpathsandtypes estimatecompressionratio
        flamegraph grouparrayintersect grouparraysorted lttb mediandeterministic medianexact quantiledd
        singlevalueornull sparkbar stddevpopstable stddevsampstable studentttestonesample summapwithoverflow
        varpopstable varsampstable
    """,
    "mysql": _MYSQL,
    "sqlite": "jsonb_group_array jsonb_group_object percentile total",
}
_SAME = {
    "athena": "trino",
    "doris": "mysql",
    "fabric": "tsql",
    "hive": "databricks",
    "materialize": "postgres",
    "presto": "trino",
    "risingwave": "postgres",
    "singlestore": "mysql",
    "spark": "databricks",
    "starrocks": "mysql",
}
_AGGREGATES = {dialect: frozenset(names.split()) for dialect, names in _NAMES.items()}
_OF_ANY = frozenset().union(*_AGGREGATES.values())


def aggregates_of(dialect: str | None) -> frozenset[str]:
    """The lower-case names of a dialect's aggregate functions that sqlglot has no class for."""
    if dialect is None:
        return _OF_ANY
    return _AGGREGATES.get(_SAME.get(dialect, dialect), frozenset())


def is_aggregate(expression: exp.Expr, names: frozenset[str]) -> bool:
    """Whether an expression is a call of an aggregate function: of sqlglot's, or of one with one of these names."""
    if isinstance(expression, exp.AggFunc):
        return True
    if isinstance(expression, exp.Anonymous):
        scheme = expression.parent
        if isinstance(scheme, exp.Dot) and scheme.expression is expression:
            return f"{scheme.this.name}.{expression.name}".lower() in names
        return expression.name.lower() in names
    # Databricks: any(condition) aggregates where it is no part of a comparison, as in x = ANY (…).
    return type(expression) is exp.Any and "some" in names and not isinstance(expression.parent, exp.Binary)


def outside_aggregates(expression: exp.Expr, names: frozenset[str]) -> Iterator[exp.Expr] | None:
    """The columns of an expression outside of aggregate functions; None if it has no aggregate function."""
    columns: list[exp.Expr] = []
    has_aggregate = False
    pending = [expression]
    while pending:
        part = pending.pop()
        if is_aggregate(part, names) and not isinstance(part.parent, exp.Window):
            has_aggregate = True
        elif isinstance(part, exp.Column):
            columns.append(part)
        elif not isinstance(part, exp.Query):
            pending.extend(child for child in part.iter_expressions() if isinstance(child, exp.Expr))
    return iter(columns) if has_aggregate else None
