"""Loggers of a changed configuration, and what waits when the gateway ends."""

from demo import http
from processes import Process
from stand_in import kind_of

SERVICE = """
loggers:
  insights:
    loggerType: applicationInsights
    credentials: {{connectionString: "InstrumentationKey={key};IngestionEndpoint={url}"}}
diagnostics:
  applicationinsights: {{loggerId: /loggers/insights}}
apis:
  here:
    displayName: Here
    path: here
    subscriptionRequired: false
    operations: {{call: {{displayName: Call, method: GET, urlTemplate: /}}}}
    policy: |
      <policies>
          <inbound><return-response><set-status code="200" /></return-response></inbound>
      </policies>
"""


def keys(azure):
    return {item["iKey"] for item in azure.envelopes if kind_of(item) == "RequestData"}


def test_a_changed_logger_takes_over_and_the_last_items_are_sent_at_the_end(azure, tmp_path):
    service = tmp_path / "sekisho.yaml"
    service.write_text(SERVICE.format(key="first-key", url=azure.url))
    gateway = Process("serve", str(tmp_path), "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0",
                      "--data", str(tmp_path / "data"), ready="management listening on ")
    url = gateway.url_of("gateway listening on ")

    def calls_until(key):
        def sent(azure):
            if key in keys(azure):
                return True
            azure.lock.release()
            try:
                assert http(f"{url}/here/").status == 200
            finally:
                azure.lock.acquire()
            return False

        azure.wait(sent)

    calls_until("first-key")
    service.write_text(SERVICE.format(key="second-key", url=azure.url))
    calls_until("second-key")
    azure.reset()
    for _ in range(3):
        assert http(f"{url}/here/").status == 200
    assert gateway.stop() == 0
    requests = [item for item in azure.envelopes if kind_of(item) == "RequestData"]
    assert len(requests) >= 3 and {item["iKey"] for item in requests} == {"second-key"}
