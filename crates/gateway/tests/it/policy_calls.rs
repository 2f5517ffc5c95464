//! Calls that policies make beside the call to the backend, on real connections.

use std::net::SocketAddr;

use crate::bench::{Backend, Bench, open_api};

const GET: &str = "GET /api/a HTTP/1.1\r\nHost: gw.example\r\n\r\n";

/// Sections for [`open_api`], in one line; the answer comes from the policies.
fn returning(inbound: &str, body: &str) -> String {
    format!(
        "<inbound>{inbound}<return-response><set-body>{body}</set-body></return-response></inbound><backend /><outbound /><on-error><base /></on-error>"
    )
}

fn send_request(address: SocketAddr, variable: &str, attributes: &str) -> String {
    format!(
        "<send-request response-variable-name=\"{variable}\" {attributes}><set-url>http://{address}/{variable}</set-url></send-request>"
    )
}

const TEXT_OF_ONE: &str = "@(((IResponse)context.Variables[\"one\"]).Body.As<string>())";

#[tokio::test]
async fn a_copy_has_what_the_client_sent_and_its_own_host_and_length() {
    let service = Backend::start().await;
    let copy = format!(
        "<send-request mode=\"copy\" response-variable-name=\"one\"><set-url>http://{}/copy</set-url><set-body>@(context.Request.Body.As<string>() + \"!\")</set-body></send-request>",
        service.address
    );
    let bench = Bench::start(&open_api(service.address, &returning(&copy, TEXT_OF_ONE))).await;
    let serve = async {
        let mut wire = service.accept().await;
        let request = wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
            .await;
        request
    };
    let call = bench.call(
        "POST /api/a?b=c HTTP/1.1\r\nHost: gw.example\r\nContent-Length: 3\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-Kept: 2\r\n\r\nabc",
    );
    let (request, response) = tokio::join!(serve, call);
    assert_eq!(request.start, "POST /copy HTTP/1.1");
    assert_eq!(request.header("host").unwrap(), service.address.to_string());
    assert_eq!((request.header("content-length"), &*request.body), (Some("4"), "abc!"));
    assert_eq!((request.header("x-kept"), request.header("x-hop")), (Some("2"), None));
    assert_eq!(response.body, "hello");
}

#[tokio::test]
async fn an_answer_that_stops_in_its_body_is_a_timeout() {
    let service = Backend::start().await;
    let policies = returning(&send_request(service.address, "one", "timeout=\"0.2\""), TEXT_OF_ONE);
    let mut bench = Bench::start(&open_api(service.address, &policies)).await;
    let serve = async {
        let mut wire = service.accept().await;
        wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe").await;
        wire.ended().await;
    };
    let ((), response) = tokio::join!(serve, bench.call(GET));
    assert_eq!(response.status(), 500);
    let error = bench.record().await.last_error.unwrap();
    assert_eq!((&*error.source, error.reason.as_deref()), ("send-request", Some("Timeout")));
}

#[tokio::test]
async fn branches_are_on_their_way_at_the_same_time() {
    let (one, two) = (Backend::start().await, Backend::start().await);
    let branches = send_request(one.address, "one", "") + &send_request(two.address, "two", "");
    let policies = returning(&format!("<wait>{branches}</wait>"), TEXT_OF_ONE);
    let bench = Bench::start(&open_api(one.address, &policies)).await;
    let serve = async {
        let (mut first, mut second) = (one.accept().await, two.accept().await);
        first.message().await;
        second.message().await;
        second.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2").await;
        first.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1").await;
    };
    let ((), response) = tokio::join!(serve, bench.call(GET));
    assert_eq!(response.body, "1");
}

#[tokio::test]
async fn a_branch_that_nobody_waits_for_is_given_up() {
    let (one, two) = (Backend::start().await, Backend::start().await);
    let branches = send_request(one.address, "one", "") + &send_request(two.address, "two", "");
    let policies = returning(&format!("<wait for=\"any\">{branches}</wait>"), TEXT_OF_ONE);
    let bench = Bench::start(&open_api(one.address, &policies)).await;
    let serve = async {
        let (mut first, mut second) = (one.accept().await, two.accept().await);
        first.message().await;
        second.message().await;
        first.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1").await;
        second.ended().await;
    };
    let ((), response) = tokio::join!(serve, bench.call(GET));
    assert_eq!(response.body, "1");
}

#[tokio::test]
async fn nobody_waits_for_a_one_way_request() {
    let service = Backend::start().await;
    let request = format!(
        "<send-one-way-request><set-url>http://{}/told</set-url><set-method>POST</set-method><set-body>news</set-body></send-one-way-request>",
        service.address
    );
    let bench = Bench::start(&open_api(service.address, &returning(&request, "done"))).await;
    assert_eq!(bench.call(GET).await.body, "done");
    let told = service.accept().await.message().await;
    assert_eq!((&*told.start, &*told.body), ("POST /told HTTP/1.1", "news"));
}
