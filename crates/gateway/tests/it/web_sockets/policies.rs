//! What policies do to a handshake, and which it cannot have.

use std::net::SocketAddr;

use futures_util::SinkExt;

use super::{Echo, live, next, refused, request, try_open};
use crate::bench::{Bench, findings};

#[tokio::test]
async fn policies_may_refuse_before_and_after_the_consent() {
    let echo = Echo::start().await;
    let policies = "<inbound><rate-limit calls='1' renewal-period='300' /></inbound>
      <outbound><choose><when condition='@(context.Request.Headers.ContainsKey(\"x-not\"))'>
        <return-response><set-status code='403' reason='Forbidden' /></return-response>
      </when></choose></outbound>";
    let bench = Bench::start(&live(echo.address, policies)).await;
    let mut asked = request(&bench, "/live?api-key=team-key");
    asked.headers_mut().insert("x-not", "1".parse().unwrap());
    assert_eq!(refused(&bench, asked).await.0, 403, "the consent of the backend is given up");
    let (status, headers, _) = refused(&bench, request(&bench, "/live?api-key=team-key")).await;
    assert_eq!(status, 429);
    assert!(headers.contains_key("retry-after"));
}

const OUTER: &str = "policy: |
  <policies>
    <inbound>
      <cors><allowed-origins><origin>*</origin></allowed-origins><allowed-methods><method>*</method></allowed-methods></cors>
      <set-method>POST</set-method>
      <choose><when condition='@(true)'>
        <set-body>changed</set-body>
        <set-header name='x-global' exists-action='append'><value>1</value></set-header>
      </when></choose>
      <include-fragment fragment-id='shared' />
    </inbound>
    <backend><forward-request /></backend>
    <outbound><json-to-xml apply='always' /><set-header name='x-out' exists-action='append'><value>1</value></set-header></outbound>
  </policies>
policyFragments:
  shared:
    policy: \"<fragment><mock-response /><set-header name='x-fragment' exists-action='append'><value>1</value></set-header></fragment>\"
";

#[tokio::test]
async fn inherited_policies_run_and_those_that_handshakes_cannot_have_are_skipped() {
    let mut echo = Echo::start().await;
    let bench = Bench::start(&format!("{OUTER}{}", live(echo.address, "<inbound><base /></inbound>"))).await;
    let (mut socket, response) = try_open(&bench, request(&bench, "/live?api-key=team-key")).await.unwrap();
    let (_, seen) = echo.handshake().await;
    assert_eq!((&seen["x-global"], &seen["x-fragment"]), (&"1".parse().unwrap(), &"1".parse().unwrap()));
    assert_eq!(response.headers()["x-out"], "1");
    socket.send("still here".into()).await.unwrap();
    assert_eq!(next(&mut socket).await, "still here".into());
    // The other API at the path has them all.
    let answer = bench.call("GET /live HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((answer.status(), echo.handshakes.try_recv().is_err()), (200, true), "mocked");
}

#[test]
fn policies_of_its_own_that_handshakes_cannot_have_are_errors() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    for (policies, expected) in [
        ("<inbound><set-body>x</set-body></inbound>", 1),
        (
            "<inbound><choose><when condition='@(true)'><set-method>PUT</set-method></when></choose></inbound>",
            1,
        ),
        ("<inbound><cors /><mock-response /></inbound><outbound><cache-store duration='1' /></outbound>", 3),
        ("<inbound><include-fragment fragment-id='shared' /></inbound>", 1),
        ("<inbound><set-header name='a'><value>1</value></set-header></inbound>", 0),
    ] {
        let found = findings(&format!("{OUTER}{}", live(address, policies)));
        assert_eq!(found, vec!["policy-not-allowed-on-handshake"; expected], "{policies}");
    }
    let of_handshake = live(address, "").replace(
        "    path: live\n    type",
        "    path: live\n    operations: {onHandshake: {policy: '<policies><inbound><set-body>x</set-body></inbound></policies>'}}\n    type",
    );
    assert_eq!(findings(&of_handshake), ["policy-not-allowed-on-handshake"]);
}
