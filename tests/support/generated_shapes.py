"""The shapes of the generated models: each function writes one SELECT over some of the tables at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from generated_models import Impossible, Maker, Source, Table, family


def comma(items: Sequence[str]) -> str:
    return ", ".join(items)


def one(m: Maker, tables: Sequence[Table]) -> Source:
    return m.source(tables[0] if m.rng.random() < 0.6 else m.rng.choice(tables))


def two(m: Maker, tables: Sequence[Table]) -> tuple[Source, Source]:
    return m.source(tables[0]), m.source(m.rng.choice(tables))


def plain(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    alias = s.alias if m.rng.random() < 0.5 else f"as {s.alias}"
    return f"select {comma(m.items(scope))} from {s.table.text} {alias}{m.where(scope)}"


def staging(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([Source("source", s.table)])
    _, items = m.keys(Source("source", s.table))
    return (
        f"with source as (select * from {s.table.text}), renamed as (select {comma(items + m.items(scope, 3, 6))}"
        f" from source) select * from renamed"
    )


def star(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    names = list(s.table.columns)
    scope = m.scope([s])
    m.rng.shuffle(names)
    form = m.rng.randrange(6)
    if form == 0:
        text = f"* exclude ({comma(names[:2])})"
    elif form == 1:
        text = f"* replace ({m.of_family('int', scope, 2)} as {names[0]}, {m.value(scope)} as {names[-1]})"
    elif form == 2:
        text = f"* rename ({names[0]} as {m.fresh('r')})"
    elif form == 3:
        text = f"{s.alias}.*, {comma([f'{m.value(scope)} as ' + m.fresh('c')])}"
    elif form == 4:
        text = f"{s.alias}.* exclude ({names[0]}) replace ({m.value(scope)} as {names[-1]})"
    else:
        text = f"{m.value(scope)} as {m.fresh('c')}, *"
    return f"select {text} from {s.table.text} as {s.alias}{m.where(scope)}"


def matching(m: Maker, a: Source, b: Source) -> str:
    """An equality between a column of each side."""
    pairs = [
        (x, y)
        for x, x_type in a.table.columns.items()
        for y, y_type in b.table.columns.items()
        if family(x_type) == family(y_type) and family(x_type) in ("int", "text", "date")
    ]
    if not pairs:
        raise Impossible
    x, y = m.rng.choice(pairs)
    return f"{a.alias}.{x} = {b.alias}.{y}"


def join(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    kind = m.rng.choice(["join", "inner join", "left join", "right join", "full join", "left outer join"])
    on = matching(m, a, b)
    if m.rng.random() < 0.3:
        on += f" and {m.condition(m.scope([b]))}"
    scope = m.scope([a, b])
    items = m.items(scope, 3, 6)
    if m.rng.random() < 0.3:
        items = [f"{a.alias}.*", f"{b.alias}.{m.rng.choice(list(b.table.columns))} as {m.fresh('c')}"]
    return (
        f"select {comma(items)} from {a.table.text} as {a.alias} {kind} {b.table.text} as {b.alias} on {on}"
        f"{m.where(scope, 0.2)}"
    )


def join_using(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    kind = m.rng.choice(["join", "left join", "right join", "full join"])
    key_a, key_b = matching(m, a, b).replace(" ", "").split("=")
    left = m.items(m.scope([a]), 2, 3)
    right = m.items(m.scope([b]), 2, 3)
    left = [f"{item.rsplit(' as ', 1)[0]} as {m.fresh('l')}" for item in left if "::varchar" not in item]
    right = [f"{item.rsplit(' as ', 1)[0]} as {m.fresh('r')}" for item in right if "::varchar" not in item]
    key = m.fresh("j")
    outputs = m.rng.choice(
        ["*", f"{key}, x.* exclude ({key})", f"y.{key} as right_key, *", f"{key}, x.{key} as left_key"]
    )
    natural = m.rng.random() < 0.35
    head = f"natural {kind}" if natural else kind
    tail = "" if natural else f" using ({key})"
    return (
        f"select {outputs} from (select {comma([f'{key_a} as {key}', *left])} from {a.table.text} as {a.alias}) as x"
        f" {head} (select {comma([f'{key_b} as {key}', *right])} from {b.table.text} as {b.alias}) as y{tail}"
    )


def join_three(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    c = m.source(m.rng.choice(tables))
    scope = m.scope([a, b, c])
    first, second = matching(m, a, b), matching(m, b, c)
    if m.rng.random() < 0.4:
        tail = f"left join ({b.table.text} as {b.alias} join {c.table.text} as {c.alias} on {second}) on {first}"
    else:
        tail = f"join {b.table.text} as {b.alias} on {first} left join {c.table.text} as {c.alias} on {second}"
    return f"select {comma(m.items(scope, 3, 6))} from {a.table.text} as {a.alias} {tail}{m.where(scope, 0.2)}"


def semi(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    kind = m.rng.choice(["semi join", "anti join"])
    on = matching(m, a, b)
    shown = "*" if m.rng.random() < 0.4 else comma(m.items(m.scope([a])))
    return f"select {shown} from {a.table.text} as {a.alias} {kind} {b.table.text} as {b.alias} on {on}"


def asof(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    x = m.column(m.scope([a]), "date").split(".")[-1]
    y = m.column(m.scope([b]), "date").split(".")[-1]
    kind = m.rng.choice(["asof join", "asof left join"])
    key = m.keys(b)[0].split(".")[1]
    b_rows = f"(select * from {b.table.text} qualify row_number() over (partition by {y} order by {key}) = 1)"
    items = m.items(m.scope([a, b]), 2, 5)
    return (
        f"select {comma(items)} from {a.table.text} as {a.alias} {kind} {b_rows} as {b.alias} on"
        f" {a.alias}.{x} >= {b.alias}.{y}"
    )


def lateral(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    on = matching(m, a, b)
    inner = m.of_family("int", m.scope([b]), 1)
    outer = m.items(m.scope([a]), 1, 3)
    head = m.rng.choice([", lateral", " cross join lateral", " left join lateral"])
    tail = " on true" if "left" in head else ""
    return (
        f"select {comma(outer)}, l.top, l.how_many + 1 as more from {a.table.text} as {a.alias}{head}"
        f" (select max({inner}) as top, count(*) as how_many from {b.table.text} as {b.alias} where {on}) as l{tail}"
    )


def set_operation(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    families = [m.rng.choice(["int", "text", "num", "date"]) for _ in range(m.rng.randint(2, 4))]
    names = [m.fresh("u") for _ in families]
    operator = m.rng.choice(
        [
            "union all",
            "union",
            "except",
            "intersect",
            "union all by name",
            "union by name",
            "except all",
            "union distinct",
        ]
    )
    left = [f"{m.of_family(f, m.scope([a]), 1)} as {n}" for f, n in zip(families, names, strict=True)]
    right = [f"{m.of_family(f, m.scope([b]), 1)} as {n}" for f, n in zip(families, names, strict=True)]
    if "by name" in operator:
        m.rng.shuffle(right)
        if m.rng.random() < 0.5:
            right = [*right[1:], f"{m.of_family('int', m.scope([b]), 1)} as {m.fresh('u')}"]
    elif m.rng.random() < 0.5:
        right = [item.rsplit(" as ", 1)[0] for item in right]
    text = (
        f"select {comma(left)} from {a.table.text} as {a.alias}{m.where(m.scope([a]), 0.3)} {operator}"
        f" select {comma(right)} from {b.table.text} as {b.alias}"
    )
    if m.rng.random() < 0.3 and "by name" not in operator:
        text = f"({text}) union all select {comma(left)} from {a.table.text} as {a.alias}"
    return text


AGGREGATES = [
    "sum(<int>)", "min(<text>)", "max(<int>)", "count(<int>)", "count(distinct <text>)", "count(*)",
    "sum(<int>) filter (where <bool>)", "count(*) filter (where <bool>)", "max(<date>)", "sum(<num>)", "avg(<int>)",
    "bool_or(<bool>)", "sum(case when <bool> then <int> else 0 end)", "max(<int>) - min(<int>)", "count_if(<bool>)",
    "string_agg(<text>, ',' order by KEY)", "list(<int> order by KEY desc)", "arg_max(<text>, KEY)",
    "first(<int> order by KEY)", "max_by(<int>, KEY)", "median(<int>)", "quantile_disc(<int>, 0.5)",
]  # fmt: skip


def aggregate(m: Maker, scope: Sequence[tuple[str, str, str]], key: str) -> str:
    return m.filled(m.rng.choice(AGGREGATES), scope, 1).replace("KEY", key)


def grouped(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    key, _ = m.keys(s)
    groups = [f"{m.of_family(m.rng.choice(['text', 'int', 'bool']), scope, 1)} as {m.fresh('g')}" for _ in range(2)]
    groups = groups[: m.rng.randint(1, 2)]
    items = [f"{aggregate(m, scope, key)} as {m.fresh('a')}" for _ in range(m.rng.randint(2, 4))]
    by = m.rng.choice(["all", "numbers", "aliases", "expressions", "rollup", "cube", "sets"])
    expressions = [group.rsplit(" as ", 1)[0] for group in groups]
    aliases = [group.rsplit(" as ", 1)[1] for group in groups]
    clause = {
        "all": "all",
        "numbers": comma([str(i + 1) for i in range(len(groups))]),
        "aliases": comma(aliases),
        "expressions": comma(expressions),
        "rollup": f"rollup ({comma(expressions)})",
        "cube": f"cube ({comma(expressions)})",
        "sets": f"grouping sets (({expressions[0]}), ())",
    }[by]
    if by == "sets":
        groups = groups[:1]
    having = f" having {aggregate(m, scope, key)} is not null" if m.rng.random() < 0.3 else ""
    if m.rng.random() < 0.15:
        having = " having count(*) > 1"
    source = f"{s.table.text} as {s.alias}{m.where(scope, 0.3)}"
    return f"select {comma(groups + items)} from {source} group by {clause}{having}"


def total(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    key, _ = m.keys(s)
    items = [f"{aggregate(m, scope, key)} as {m.fresh('a')}" for _ in range(m.rng.randint(2, 4))]
    return f"select {comma(items)} from {s.table.text} as {s.alias}{m.where(scope)}"


def distinct_on(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    key, items = m.keys(s)
    by = m.column(scope, "text", "int", "bool")
    return (
        f"select distinct on ({by}) {comma(items + m.items(scope))} from {s.table.text} as {s.alias}"
        f" order by {by}, {m.of_family('int', scope, 0)} desc, {key}"
    )


def distinct(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    return f"select distinct {comma(m.items(scope, 1, 3))} from {s.table.text} as {s.alias}{m.where(scope)}"


WINDOWED = [
    "row_number() over W", "lag(<int>) over W", "sum(<int>) over W", "lead(<text>, 1, 'none') over W",
    "first_value(<int>) over W", "rank() over W", "max(<date>) over W", "count(*) filter (where <bool>) over W",
    "sum(<num>) over W", "ntile(3) over W", "last_value(<text> ignore nulls) over W",
]  # fmt: skip


def windowed(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    key, keys = m.keys(s)
    window = f"(partition by {m.column(scope, 'text', 'int')} order by {m.of_family('int', scope, 1)}, {key})"
    other = f"(order by {m.column(scope, 'int', 'date')} desc, {key} rows between 2 preceding and current row)"
    named = m.rng.random() < 0.4
    items = []
    for _ in range(m.rng.randint(1, 3)):
        call = m.filled(m.rng.choice(WINDOWED), scope, 1)
        use = m.rng.choice(["w1", "w2"]) if named else m.rng.choice([window, other])
        if named and use == "w1" and m.rng.random() < 0.15:
            use = "(w1)"
        items.append(call.replace(" W", f" {use}") + f" as {m.fresh('w')}")
    clause = f" window w1 as {window}, w2 as {other}" if named else ""
    chosen = m.rng.random()
    qualify = ""
    if chosen < 0.25:
        qualify = f" qualify row_number() over {'w1' if named else window} <= 2"
    elif chosen < 0.4:
        qualify = f" qualify {items[0].rsplit(' as ', 1)[1]} is not null"
    extra = m.items(scope, 1, 3)
    return (
        f"select {comma(keys + items + extra)} from {s.table.text} as {s.alias}{m.where(scope, 0.2)}{clause}{qualify}"
    )


def subqueries(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    on = matching(m, a, b)
    inner = m.of_family("int", m.scope([b]), 1)
    x, y = (side.split(".")[1] for side in matching(m, a, b).split(" = "))
    scalar = m.rng.choice(
        [
            f"(select max({inner}) from {b.table.text} as {b.alias} where {on})",
            f"(select count(*) from {b.table.text} as {b.alias} where {on} and {m.condition(m.scope([b]))})",
            f"(select sum({inner}) from {b.table.text} as {b.alias})",
            f"(select {b.alias}.{y} from {b.table.text} as {b.alias} order by {m.keys(b)[0]} limit 1)",
            f"({a.alias}.{x} in (select {y} from {b.table.text} as {b.alias}))",
            f"exists (select 1 from {b.table.text} as {b.alias} where {on})",
        ]
    )
    where = m.rng.choice(
        [
            "",
            f" where {a.alias}.{x} in (select {b.alias}.{y} from {b.table.text} as {b.alias}{m.where(m.scope([b]))})",
            f" where exists (select * from {b.table.text} as {b.alias} where {on})",
            f" where not exists (select 1 from {b.table.text} as {b.alias} where {on} and {m.condition(m.scope([b]))})",
            f" where {a.alias}.{x} not in (select {y} from {b.table.text} where {y} is not null)",
            f" where {m.of_family('int', m.scope([a]), 1)} > (select min({inner}) from {b.table.text} as {b.alias})",
        ]
    )
    items = [*m.items(m.scope([a]), 1, 3), f"{scalar} as {m.fresh('q')}"]
    return f"select {comma(items)} from {a.table.text} as {a.alias}{where}"


def unnested(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    tags = m.column(scope, "ints")
    items = m.items(scope, 1, 3)
    form = m.rng.randrange(4)
    if form == 0:
        of_row = f"{s.alias}.{tags.split('.')[-1]}"
        return (
            f"select {comma(items)}, u.v as tag, u.v * 2 as doubled from {s.table.text} as {s.alias},"
            f" unnest({of_row}) as u(v)"
        )
    if form == 1:
        return f"select {comma(items)}, unnest({tags}) as tag from {s.table.text} as {s.alias}"
    if form == 2:
        return (
            f"select {comma(items)}, tag + 1 as next_tag from {s.table.text} as {s.alias}"
            f" cross join lateral (select unnest({s.alias}.{tags.split('.')[-1]}) as tag) as each_tag"
        )
    return f"select {comma(items)}, n.i from {s.table.text} as {s.alias} cross join generate_series(1, 2) as n(i)"


def struct_star(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    address = m.column(scope, "address")
    if m.rng.random() < 0.5:
        return f"select {comma(m.items(scope, 1, 2))}, {address.split('.')[-1]}.* from {s.table.text} as {s.alias}"
    value = m.of_family("int", scope, 1)
    return (
        f"select p.a + 1 as first_part, p.b as second_part, p.a as third_part from (select {{'a': {value}, 'b':"
        f" {m.of_family('text', scope, 1)}}} as p from {s.table.text} as {s.alias}) as packed"
    )


def pivoted(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    by, key, value = m.column(scope, "text"), m.of_family("int", scope, 0), m.of_family("int", scope, 1)
    source = f"(select {key} as pk, {by} as pb, {value} as pv from {s.table.text} as {s.alias})"
    call = m.rng.choice(["sum(pv)", "max(pv)", "count(pv)", "sum(pv) as s, max(pv) as m"])
    values = "('open', 'done', 'de')"
    if m.rng.random() < 0.5:
        return f"select * from {source} pivot ({call} for pb in {values})"
    return f"select * from (pivot {source} on pb in {values} using {call} group by pk)"


def unpivoted(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    inner = [f"{m.of_family('int', scope, 1)}::bigint as {name}" for name in ("x1", "x2", "x3")]
    source = f"(select {m.of_family('text', scope, 0)} as label, {comma(inner)} from {s.table.text} as {s.alias})"
    if m.rng.random() < 0.5:
        return f"select label, metric, reading from {source} unpivot (reading for metric in (x1, x2, x3))"
    return f"select * from (unpivot {source} on x1, x2 into name metric value reading)"


def recursive(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    if not {"id", "parent_id"} <= set(s.table.columns):
        raise Impossible
    extra = m.of_family("text", m.scope([Source("r", s.table)]), 1).replace("r.", "")
    return (
        f"with recursive chain(node, parent, depth, path) as (select id, parent_id, 0, ({extra})::varchar from"
        f" {s.table.text} where parent_id is null or id = 1 union all select r.id, r.parent_id, chain.depth + 1,"
        f" chain.path || '/' || r.id from {s.table.text} as r join chain on r.parent_id = chain.node where chain.depth"
        f" < 4) select node, parent, depth, path from chain"
    )


def limited(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    key, _ = m.keys(s)
    items = m.items(scope)
    order = m.of_family("int", scope, 1)
    return (
        f"select {comma(items)} from {s.table.text} as {s.alias} order by {order}, {key} limit {m.rng.randint(5, 15)}"
    )


def nested(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    names = [m.fresh("n") for _ in range(3)]
    inner = [f"{m.of_family('int', scope, 2)} as {name}" for name in names]
    outer = Source("deep", Table("", dict.fromkeys(names, "INTEGER"), []))
    query = f"select {comma(inner)} from {s.table.text} as {s.alias}{m.where(scope)}"
    return f"select {comma(m.items(m.scope([outer])))} from ({query}) as deep"


def values_join(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    scope = m.scope([s])
    by = m.column(scope, "text").split(".")[-1]
    return (
        f"select {comma(m.items(scope, 1, 3))}, v.label from {s.table.text} as {s.alias} left join"
        f" (values ('open', 1), ('de', 2)) as v(code, label) on v.code = {s.alias}.{by}"
    )


def limited_by_query(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    key, items = m.keys(a)
    count = f"(select abs(max({m.of_family('int', m.scope([b]), 1)})) % 20 + 1 from {b.table.text} as {b.alias})"
    items += m.items(m.scope([a]), 1, 3)
    return f"select {comma(items)} from {a.table.text} as {a.alias} order by {key} limit {count}"


def columns_call(m: Maker, tables: Sequence[Table]) -> str:
    s = one(m, tables)
    numbers = [name for name, data_type in s.table.columns.items() if family(data_type) in ("int", "num")]
    if not numbers:
        raise Impossible
    pattern = m.rng.choice(numbers)[:2]
    call = m.rng.choice(["columns('^{}')", "max(columns('^{}'))", "coalesce(columns('^{}')::varchar, 'none')"])
    return f"select {call.format(pattern)} from {s.table.text} as {s.alias}{m.where(m.scope([s]))}"


def rows_compared(m: Maker, tables: Sequence[Table]) -> str:
    a, b = two(m, tables)
    x, y = (side.split(".")[1] for side in matching(m, a, b).split(" = "))
    u, v = (side.split(".")[1] for side in matching(m, a, b).split(" = "))
    items = comma(m.items(m.scope([a]), 1, 4))
    test = m.rng.choice(["in", "not in"])
    return (
        f"from {a.table.text} as {a.alias} select {items} where ({a.alias}.{x}, {a.alias}.{u}) {test}"
        f" (select {y}, {v} from {b.table.text} where {y} is not null and {v} is not null)"
    )


def joined_aggregates(m: Maker, tables: Sequence[Table]) -> str:
    """A fact with two aggregates of others beside it, as marts have them."""
    a, b = two(m, tables)
    x, y = (side.split(".")[1] for side in matching(m, a, b).split(" = "))
    scope = m.scope([b])
    key, _ = m.keys(b)
    parts = [f"{aggregate(m, scope, key)} as {name}" for name in ("first_part", "second_part")]
    items = m.items(m.scope([a]), 1, 3)
    return (
        f"with parts as (select {b.alias}.{y} as of_key, {comma(parts)} from {b.table.text} as {b.alias}"
        f"{m.where(scope, 0.3)} group by 1),"
        f" ranked as (select *, row_number() over (order by of_key) as place from parts)"
        f" select {comma(items)}, first_part, r.second_part, coalesce(place, 0) as place from {a.table.text} as"
        f" {a.alias} left join ranked as r on r.of_key = {a.alias}.{x}"
    )


def incremental(m: Maker, table: Table, name: str) -> tuple[str, str]:
    """The first build of an incremental model, and the query that its later builds run."""
    s = Source("src", table)
    key = m.rng.choice(table.unique)
    value = m.of_family("int", m.scope([s]), 2)
    note = m.of_family("text", m.scope([s]), 1)
    columns = f"src.{key} as id_, {value} as value_, {note} as note_"
    full = f"select {columns} from {table.text} as src where src.{key} % 3 > 0"
    this = f'"memory"."main"."{name}"'
    later = m.rng.choice(
        [
            f"select {columns} from {table.text} as src where src.{key} > (select max(id_) // 2 from {this})",
            f"with fresh as (select {columns} from {table.text} as src) select fresh.id_, coalesce(old.value_, 0) +"
            f" fresh.value_ as value_, fresh.note_ from fresh left join {this} as old on old.id_ = fresh.id_",
            f"select {columns} from {table.text} as src union all select id_ + 1000, value_, upper(note_) from {this}",
        ]
    )
    return full, later


SHAPES: list[Callable[[Maker, Sequence[Table]], str]] = [
    plain, staging, star, join, join, join_using, join_using, join_three, semi, asof, lateral, set_operation,
    set_operation, grouped, grouped, total, distinct_on, distinct, windowed, windowed, subqueries, subqueries, unnested,
    struct_star, pivoted, unpivoted, recursive, limited, nested, values_join,
    limited_by_query, columns_call, rows_compared, joined_aggregates, joined_aggregates,
]  # fmt: skip
