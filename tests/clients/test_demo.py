"""What the demo tells about itself."""

from demo import example_names, http


def test_every_example_is_served(demo):
    assert sorted(demo.examples) == example_names()
    for example in demo.examples.values():
        assert example.azure_endpoint == f"{demo.gateway}/{example.name}"
        assert example.api_key and example.api_versions and example.deployment


def test_health(demo):
    assert http(f"{demo.gateway}/status-0123456789abcdef").status == 200


def test_metrics_are_prometheus_text(demo, simulator, example):
    called = http(example.chat_url, b'{"messages":[{"role":"user","content":"Hello"}]}',
                  {"api-key": example.api_key, "content-type": "application/json"})
    assert called.status == 200
    metrics = http(f"{demo.management}/metrics")
    assert metrics.status == 200
    assert metrics.headers["content-type"].split(";")[0] in ("text/plain", "application/openmetrics-text")
    text = metrics.body.decode()
    assert "# TYPE sekisho_" in text
    assert example.api_key not in text
