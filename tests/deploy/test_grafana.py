"""The dashboard and the page about metrics name metrics that OPA and `ramgate run` really have."""

from __future__ import annotations

import json
import re
import threading
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

import servers
from processes import eventually
from ramgate import AnswerError, Sidecar
from sidecars import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/observability.md").read_text()
DASHBOARD = ROOT / "deploy/grafana/ramgate.json"
PROMETHEUS = {"job", "instance"}  # labels that Prometheus adds
OWN = {"up"}  # a metric that Prometheus makes of each scrape

SECONDS = 60.0
WIDTH = 24  # columns of Grafana's grid


def yaml_blocks() -> list[Any]:
    return [
        yaml.safe_load(text)
        for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ]


def alerts() -> list[dict[str, Any]]:
    [rules] = [block for block in yaml_blocks() if "groups" in block]
    return [rule for group in rules["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return loaded


def queries() -> dict[str, str]:
    """Return the queries of the dashboard and the expressions of the alerts, by their titles."""
    panels = {
        f"{panel['title']}: {target['refId']}": target["expr"]
        for panel in dashboard()["panels"]
        for target in panel["targets"]
    }
    return {**panels, "job": jobs(), **{rule["alert"]: rule["expr"] for rule in alerts()}}


def jobs() -> str:
    """Return the query of the metrics whose jobs the dashboard offers."""
    [variable] = [one for one in dashboard()["templating"]["list"] if one["name"] == "job"]
    assert "allValue" not in variable  # so all jobs are those that it offers
    found = re.fullmatch(
        r'label_values\(\{__name__=~"(\w+)\|(\w+)"\}, job\)', variable["query"]["query"]
    )
    assert found
    return f"{found[1]} or {found[2]}"


def selectors(query: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric of a query in PromQL, and the labels that its selector names."""
    query = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)|\[[^\]]*\]", " ", query)
    for name, called, labels in re.findall(
        r'([a-zA-Z_:][\w:]*)\s*(?=(\(?))(\{(?:[^}"]|"[^"]*")*\})?', re.sub(r"\b\d\w*", " ", query)
    ):
        if not called and name not in {"and", "or", "unless", "bool", "offset"}:
            yield name, set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', labels))


def grouped(query: str) -> set[str]:
    """Return the labels by which a query groups."""
    return {
        label
        for names in re.findall(r"\bby\s*\(([^)]*)\)", query)
        for label in re.split(r"[,\s]+", names)
        if label
    }


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """The names on `/metrics` of an OPA and of its sidecar, each with the labels of its samples."""
    opa, told = (f"127.0.0.1:{servers.free_port()}" for _ in range(2))
    with (
        Sidecar(addresses=["127.0.0.1:0"], diagnostic_address=opa, status_address=told) as sidecar,
        sidecar.client() as client,
    ):
        for action in ("alikafka:ListTopic", "alikafka:DeleteTopic"):
            client.decide("acs:ram::1234567890123456:user/alice", action, "*")
        with pytest.raises(AnswerError):  # a path that is not public
            client.explain("acs:ram::1234567890123456:user/alice", "alikafka:ListTopic", "*")
        text = "".join(
            ask(f"http://{address}", "GET", "/metrics").body.decode() for address in (opa, told)
        )
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^([a-zA-Z_:][\w:]*)(\{.*\})? ", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


@pytest.mark.parametrize("query", queries().values(), ids=queries())
def test_a_query_names_metrics_and_labels_that_exist(
    query: str, metrics: dict[str, set[str]]
) -> None:
    found = [(name, labels) for name, labels in selectors(query) if name not in OWN]
    assert found
    for name, labels in found:
        assert name in metrics
        assert labels <= metrics[name] | PROMETHEUS
        assert grouped(query) <= metrics[name] | PROMETHEUS


def test_metrics_and_labels_of_a_query_are_read() -> None:
    query = (
        'histogram_quantile(0.9, sum by (le, x) (rate(a_bucket{b="1", c!~"x}y"}[5m]))) / 1e9 > d'
    )
    assert dict(selectors(query)) == {"a_bucket": {"b", "c"}, "d": set()}
    assert grouped(query) == {"le", "x"}


def test_the_page_lists_metrics_that_exist(metrics: dict[str, set[str]]) -> None:
    rows = re.findall(r"^\| ((?:`[\w{}, ]+`(?:, )?)+) \| [^|]+ \|$", PAGE, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert len(listed) > 15
    for name in listed:
        base, _, labels = name.partition("{")
        samples = {base, *(f"{base}{end}" for end in ("_bucket", "_sum", "_count"))} & set(metrics)
        assert samples, name
        for label in re.findall(r"\w+", labels):
            assert any(label in metrics[sample] for sample in samples), name


def test_the_metrics_of_the_queries_are_explained_on_the_page() -> None:
    for query in queries().values():
        for name, _ in selectors(query):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert f"`{base}`" in PAGE or f"`{base}{{" in PAGE, name


def lost(before: Any, after: Any, place: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Return the places of a value that another one has not, or has otherwise."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [(f"{place}/{key}", key) for key in before]
        missing = [path for path, key in keys if key not in after]
        kept = [(path, key) for path, key in keys if key in after]
        return missing + [one for at, key in kept for one in lost(before[key], after[key], at)]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [one for at, pair in pairs for one in lost(*pair, f"{place}/{at}")]
    return [] if before == after else [place]


def test_the_types_of_grafana_read_every_field_of_the_dashboard() -> None:
    register_default_plugins()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(dashboard())))
    assert lost(dashboard(), read) == []
    misspelt = dashboard() | {"tmeplating": {}}
    assert lost(misspelt, json.loads(JSONEncoder().encode(Dashboard.from_json(misspelt)))) == [
        "/tmeplating"
    ]


def test_the_panels_have_ids_of_their_own_and_places_that_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    assert all(panel["description"] for panel in panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    for one, other in combinations(places, 2):
        assert (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )


def test_every_query_of_the_dashboard_is_of_the_chosen_job() -> None:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            found = list(selectors(target["expr"]))
            assert target["expr"].count('job=~"$job"') == len(found)


def test_the_alerts_have_a_time_and_a_summary() -> None:
    assert len(alerts()) == 3
    for rule in alerts():
        assert re.fullmatch(r"\d+m", rule["for"])
        assert rule["annotations"]["summary"]


def test_the_scrape_configuration_names_both_endpoints() -> None:
    [scrape] = [block for block in yaml_blocks() if "scrape_configs" in block]
    targets = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in scrape["scrape_configs"]
    }
    for targets_of_job in targets.values():
        assert all(f"-addr {target}" in PAGE for target in targets_of_job)
    assert set(targets) == {"opa", "ramgate"}


def is_ready(port: int) -> bool:
    try:
        urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10).close()
    except OSError:  # it answers 503 while it starts
        return False
    return True


class Prometheus:
    """A real Prometheus on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        url = f"http://127.0.0.1:{self._port}/api/v1/{path}?{urlencode(parameters)}"
        with urlopen(url, timeout=10) as response:
            return json.load(response)["data"]

    def jobs(self) -> list[str]:
        """Return the choices of the dashboard's variable `job`, in Grafana's way."""
        metrics = jobs().replace(" or ", "|")
        return list(self.get("label/job/values", **{"match[]": f'{{__name__=~"{metrics}"}}'}))

    def samples(self, query: str) -> list[Any]:
        for name, value in (("job", "|".join(self.jobs())), ("__rate_interval", "10s")):
            query = query.replace(f"${name}", value)
        return list(self.get("query", query=query)["result"])


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    """Run Prometheus with the configuration of the page; it reads an OPA and `ramgate run`."""
    program = servers.program("prometheus", "prometheus")
    opa, told, own = servers.free_port(), servers.free_port(), servers.free_port()
    [scrape] = [block for block in yaml_blocks() if "scrape_configs" in block]
    [rules] = [block for block in yaml_blocks() if "groups" in block]
    text = yaml.safe_dump(scrape).replace("8282", str(opa)).replace("8283", str(told))
    # another program in Go, which the dashboard does not show
    text += f"- {{job_name: other, static_configs: [{{targets: ['127.0.0.1:{own}']}}]}}\n"
    often = "global: {scrape_interval: 500ms, evaluation_interval: 500ms}\n"
    (tmp_path / "prometheus.yml").write_text(f"{often}rule_files: [rules.yml]\n{text}")
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules))
    command = (
        program,
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}",
    )
    addresses = (f"127.0.0.1:{opa}", f"127.0.0.1:{told}")
    with (
        Sidecar(
            addresses=["127.0.0.1:0"],
            diagnostic_address=addresses[0],
            status_address=addresses[1],
        ) as sidecar,
        sidecar.client() as client,
        servers.serving(command, own),
    ):
        eventually(lambda: is_ready(own), SECONDS)
        asking = threading.Event()

        def keep_asking() -> None:
            while not asking.wait(0.1):
                client.decide("acs:ram::1234567890123456:user/alice", "alikafka:ListTopic", "*")
                with pytest.raises(AnswerError):  # a path that is not public
                    client.explain("acs:ram::1234567890123456:root", "alikafka:ListTopic", "*")

        thread = threading.Thread(target=keep_asking)
        thread.start()
        try:
            yield Prometheus(own)
        finally:
            asking.set()
            thread.join()


def test_a_real_prometheus_answers_every_query(prometheus: Prometheus) -> None:
    eventually(lambda: prometheus.jobs() == ["opa", "ramgate"], SECONDS)
    panels = {title: query for title, query in queries().items() if ": " in title}
    assert len(panels) > 10

    def unanswered() -> list[str]:
        return [title for title, query in panels.items() if not prometheus.samples(query)]

    eventually(lambda: not unanswered(), SECONDS)
    for query in panels.values():
        assert all(sample["metric"].get("job") != "other" for sample in prometheus.samples(query))


def test_a_real_prometheus_takes_the_alerts(prometheus: Prometheus) -> None:
    def states() -> dict[str, tuple[str, str]]:
        [group] = prometheus.get("rules")["groups"]
        return {rule["name"]: (rule["health"], rule["state"]) for rule in group["rules"]}

    # Refused requests are many here, so this alert begins to wait for its five minutes.
    expected = {rule["alert"]: ("ok", "inactive") for rule in alerts()}
    expected["OpaRefusesOrFails"] = ("ok", "pending")
    eventually(lambda: states() == expected, SECONDS)
