//! Connections on both sides: stale ones, the drain, HTTP/2 and TLS.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject;
use sekisho_gateway::GatewayConfig;
use sekisho_resources::process::{HttpsListener, TlsFiles};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::bench::{Backend, Bench, Wire, open_api, plain, soon};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A backend that answers once, and hangs up on the second call without an answer; then what it gets next.
async fn second_call(request: &str) -> (u16, Option<String>) {
    let backend = Backend::start().await;
    let bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut first = backend.accept().await;
    first.message().await;
    first.send(ANSWER).await;
    assert_eq!(client.message().await.status(), 200);
    client.send(request).await;
    let serve = async {
        first.message().await;
        drop(first);
        let mut again = backend.accept().await;
        let request = again.message().await;
        again.send(ANSWER).await;
        (request.start, again)
    };
    tokio::select! {
        response = client.message() => (response.status(), None),
        (start, _again) = serve => (client.message().await.status(), Some(start)),
    }
}

#[tokio::test]
async fn a_stale_connection_is_replaced_when_the_body_is_there() {
    let (status, again) = second_call("GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((status, again.as_deref()), (200, Some("GET /base/x HTTP/1.1")));
}

#[tokio::test]
async fn a_streamed_body_is_never_sent_twice() {
    let (status, again) = second_call("POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!((status, again), (500, None));
}

#[tokio::test]
async fn backend_connections_are_kept() {
    let backend = Backend::start().await;
    let bench = Bench::start(&open_api(backend.address, "")).await;
    let mut wire = None;
    for _ in 0..3 {
        let mut client = bench.client().await;
        client.send("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut connected = match wire.take() {
            Some(wire) => wire,
            None => backend.accept().await,
        };
        connected.message().await;
        connected.send(ANSWER).await;
        assert_eq!(client.message().await.body, "ok");
        wire = Some(connected);
    }
}

#[tokio::test]
async fn the_drain_lets_calls_end() {
    let backend = Backend::start().await;
    let Bench { gateway, address, .. } = Bench::start(&open_api(backend.address, "")).await;
    let mut idle = Wire::new(TcpStream::connect(address).await.unwrap());
    idle.send("GET /status-0123456789abcdef HTTP/1.1\r\nHost: a\r\n\r\n").await;
    idle.message().await;
    let mut client = Wire::new(TcpStream::connect(address).await.unwrap());
    client.send("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut wire = backend.accept().await;
    wire.message().await;
    let drained = tokio::spawn(gateway.shutdown(Duration::from_secs(20)));
    idle.ended().await;
    assert!(TcpStream::connect(address).await.is_err(), "no new connections");
    wire.send(ANSWER).await;
    let response = client.message().await;
    assert_eq!((&*response.body, response.header("connection")), ("ok", Some("close")));
    client.ended().await;
    assert!(soon(drained).await.unwrap());
}

#[tokio::test]
async fn the_drain_cuts_what_does_not_end() {
    let backend = Backend::start().await;
    let Bench { gateway, address, .. } = Bench::start(&open_api(backend.address, "")).await;
    let mut client = Wire::new(TcpStream::connect(address).await.unwrap());
    client.send("GET /api HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut wire = backend.accept().await;
    wire.message().await;
    assert!(!soon(gateway.shutdown(Duration::from_millis(20))).await);
    client.ended().await;
    wire.ended().await;
}

#[tokio::test]
async fn http2_without_tls() {
    let backend = Backend::start().await;
    let bench = Bench::start(&open_api(backend.address, "")).await;
    let stream = TokioIo::new(TcpStream::connect(bench.address).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send("HTTP/1.1 200 Odd\r\nContent-Length: 2\r\n\r\nok").await;
        request
    };
    let uri = format!("http://{}/api/x", bench.address);
    let call = async {
        let response = sender.send_request(Request::get(uri).body(Empty::<bytes::Bytes>::new()).unwrap());
        let response = soon(response).await.unwrap();
        let version = response.version();
        (version, soon(response.into_body().collect()).await.unwrap().to_bytes())
    };
    let (request, (version, body)) = tokio::join!(serve, call);
    assert_eq!(request.start, "GET /base/x HTTP/1.1");
    assert_eq!(request.header("x-forwarded-host"), Some(bench.address.to_string().as_str()));
    assert_eq!((version, &*body), (Version::HTTP_2, &b"ok"[..]));
    connection.abort();
}

/// The serial number of the certificate that a listener shows, and whether it serves HTTP/1.1 behind it.
async fn certificate(address: std::net::SocketAddr, trusted: &std::path::Path) -> (Vec<u8>, u16) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls_pki_types::CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = soon(TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    let mut wire = Wire::new(stream);
    wire.send("GET /status-0123456789abcdef HTTP/1.1\r\nHost: a\r\n\r\n").await;
    (shown, wire.message().await.status())
}

#[tokio::test]
async fn certificates_are_replaced_while_serving() {
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsFiles { certificate: folder.path().join("chain.pem"), key: folder.path().join("key.pem") };
    let write = |age: u64| {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
        std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        // The clock of the file system may be coarse; the test says when the files were written.
        let written = std::time::UNIX_EPOCH + Duration::from_secs(age);
        std::fs::File::options().write(true).open(&tls.key).unwrap().set_modified(written).unwrap();
    };
    write(1_000);
    let listener = HttpsListener {
        address: ([127, 0, 0, 1], 0).into(),
        tls: tls.clone(),
        client_certificate: Default::default(),
    };
    let config = GatewayConfig { https: vec![listener], ..plain() };
    let bench = Bench::start_with("apis: {}", config).await;
    assert!(bench.gateway.addresses()[0].secure);
    let (before, status) = certificate(bench.address, &tls.certificate).await;
    assert_eq!(status, 200);
    assert_eq!(bench.gateway.reload_certificates().unwrap(), 0);
    write(2_000);
    assert_eq!(bench.gateway.reload_certificates().unwrap(), 1);
    let (after, _) = certificate(bench.address, &tls.certificate).await;
    assert_ne!(before, after);
    std::fs::write(&tls.key, "no key").unwrap();
    assert!(bench.gateway.reload_certificates().is_err());
    assert_eq!(certificate(bench.address, &tls.certificate).await.0, after);
}
