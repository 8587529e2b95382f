"""The page that Prometheus reads, as its own library understands it."""

from flask import Flask
from prometheus_client.parser import text_string_to_metric_families


def read_metrics(app: Flask) -> dict[tuple[str, str], float]:
    """(name, label's value) -> value, as the library itself understands the answer."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name.removeprefix("storefront_"), "".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
