//! Calls that policies make beside the client's: which connections they use, and what the gateway shows.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt;
use sekisho_gateway::{Upstream, UpstreamSettings};
use sekisho_policy::body::Body;
use sekisho_policy::ports::backends::HttpVersion;
use sekisho_policy::ports::{BaseUrl, Http, HttpError, HttpOptions, Proxy};

use crate::bench::{PATIENCE, Wire};
use crate::tls::{Authority, SecureBackend};

/// Options with the patience of a test.
pub(crate) fn options() -> HttpOptions {
    HttpOptions { version: HttpVersion::Http1, ..HttpOptions::timeout(PATIENCE) }
}

/// Options with a proxy.
pub(crate) fn through(proxy: &str, credentials: Option<(&str, &str)>) -> HttpOptions {
    let credentials = credentials
        .map(|(user, password)| (Arc::from(user), Arc::new(zeroize::Zeroizing::new(password.to_owned()))));
    let url = Arc::new(BaseUrl::parse(proxy).unwrap());
    HttpOptions { proxy: Some(Arc::new(Proxy { url, credentials })), ..options() }
}

/// Status and body of a GET.
pub(crate) async fn get(http: &dyn Http, url: &str, options: HttpOptions) -> Result<(u16, Bytes), HttpError> {
    let request = Request::get(url).body(Body::Empty).unwrap();
    let response = http.send(request, options).await?;
    let status = response.status().as_u16();
    let Body::Stream(body) = response.into_body() else { return Ok((status, Bytes::new())) };
    Ok((status, body.collect().await.unwrap().to_bytes()))
}

pub(crate) fn upstream(settings: UpstreamSettings) -> Upstream {
    Upstream::new(settings).unwrap()
}

#[tokio::test]
async fn a_certificate_is_shown_to_whom_asks_for_it() {
    let authority = Authority::new();
    let backend = SecureBackend::asking(&authority.identity("localhost"), &authority).await;
    let upstream = upstream(authority.trusted());
    let certificate = authority.identity("client").client_certificate();
    let leaf = Arc::clone(&certificate.chain[0]);
    let serve = async {
        let stream = backend.accept().await.unwrap();
        let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        let mut wire = Wire::new(stream);
        wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        shown
    };
    let call = HttpOptions { certificate: Some(certificate), ..options() };
    let (shown, answer) = tokio::join!(serve, get(&upstream, &backend.url, call));
    assert_eq!(answer.unwrap(), (200, "ok".into()));
    assert_eq!(shown, &*leaf);

    // A call without one does not use that connection.
    let (refused, answer) = tokio::join!(backend.accept(), get(&upstream, &backend.url, options()));
    assert!(refused.is_none());
    assert!(!answer.unwrap_err().timed_out);
}

#[tokio::test]
async fn a_certificate_without_its_key_is_an_error_of_the_call() {
    let upstream = upstream(UpstreamSettings::default());
    let certificate = Arc::new(sekisho_policy::ports::ClientCertificate {
        chain: vec![Authority::new().identity("a").client_certificate().chain[0].clone()],
        private_key: Arc::new(b"no key".to_vec().into()),
    });
    let call = HttpOptions { certificate: Some(certificate), ..options() };
    let error = get(&upstream, "https://localhost:1/", call).await.unwrap_err();
    let start = "the call to `localhost` failed: the TLS settings for backends cannot be used: ";
    assert!(error.message.starts_with(start), "{}", error.message);
}

#[tokio::test]
async fn a_silent_service_is_waited_for_until_the_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let call = HttpOptions::timeout(Duration::from_millis(20));
    let error = get(&upstream(UpstreamSettings::default()), &url, call).await.unwrap_err();
    assert!(error.timed_out, "{}", error.message);
    assert_eq!(error.message, "the call to `127.0.0.1` failed: no answer within 0.02 s");
}
