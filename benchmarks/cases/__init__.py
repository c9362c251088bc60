"""The cases, by area. Each measures, checks the answers, and gives rows of the table; its docstring is its title."""

from collections.abc import Callable, Iterator

from bench import Bench, Row
from cases import columns, history, loading, manifests, pages, serving, views

CASES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    case.__name__: case
    for case in (
        *(loading.cold_load, loading.small_jobs, loading.reload, loading.memory),
        *(manifests.first_manifest, manifests.further_manifest, manifests.real),
        *(history.nightly, history.size, history.startup),
        *(views.rates, views.operations, views.closure),
        *(columns.columns, columns.columns_again),
        *(pages.pages, serving.serving),
    )
}
