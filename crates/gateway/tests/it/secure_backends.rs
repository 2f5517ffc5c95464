//! Which certificates of backends are accepted.

use std::time::Duration;

use sekisho_gateway::UpstreamSettings;

use crate::bench::{Bench, Wire, entity_api, open_port};
use crate::tls::{Authority, Identity, SecureBackend};

const CALL: &str = "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n";

/// A connection that is refused is no wait for a timeout: half a minute would be one.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Calls a backend that shows this certificate; true when it was called, false when the gateway refused it.
async fn accepts(identity: &Identity, settings: UpstreamSettings, properties: &str) -> bool {
    let backend = SecureBackend::start(identity, &[]).await;
    let yaml = entity_api(&backend.url, properties, "", "");
    let mut bench = Bench::start_towards(&yaml, open_port(), settings).await;
    let serve = async {
        let mut wire = Wire::new(backend.accept().await?);
        let request = wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        Some(request)
    };
    let call = async { tokio::time::timeout(AT_ONCE, bench.call(CALL)).await.unwrap() };
    let (request, response) = tokio::join!(serve, call);
    let record = bench.record().await;
    let Some(request) = request else {
        let error = record.last_error.unwrap();
        assert_eq!((response.status(), record.status), (500, 500));
        assert_eq!(error.reason.as_deref(), Some("BackendConnectionFailure"), "{error:?}");
        assert_eq!(record.attempts[0].failure, Some("BackendConnectionFailure"));
        assert!(!response.body.contains("certificate"), "the cause is not the client's: {}", response.body);
        return false;
    };
    assert_eq!(request.header("host").unwrap(), backend.url.trim_start_matches("https://"));
    assert_eq!((response.status(), &*response.body), (200, "ok"));
    assert_eq!(&*record.attempts[0].authority, backend.url);
    true
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_it_is_configured() {
    let authority = Authority::new();
    let identity = authority.identity("localhost");
    assert!(accepts(&identity, authority.trusted(), "").await);
    assert!(!accepts(&identity, UpstreamSettings::default(), "").await);
    assert!(!accepts(&identity, Authority::new().trusted(), "").await, "another authority of the same name");
    assert!(!accepts(&authority.expired("localhost"), authority.trusted(), "").await);
}

#[tokio::test]
async fn the_chain_is_not_checked_where_a_backend_says_so() {
    let unchecked = "tls: {validateCertificateChain: false}";
    let plain = UpstreamSettings::default;
    assert!(accepts(&Identity::self_signed("localhost"), plain(), unchecked).await);
    assert!(accepts(&Authority::new().expired("localhost"), plain(), unchecked).await);
    assert!(!accepts(&Identity::self_signed("localhost"), plain(), "tls: {}").await);
    // The name still is.
    assert!(!accepts(&Identity::self_signed("other.example"), plain(), unchecked).await);
    let nothing = "tls: {validateCertificateChain: false, validateCertificateName: false}";
    assert!(accepts(&Identity::self_signed("other.example"), plain(), nothing).await);
}

#[tokio::test]
async fn the_name_is_not_checked_where_a_backend_says_so() {
    let authority = Authority::new();
    let other = authority.identity("other.example");
    let unchecked = "tls: {validateCertificateName: false}";
    assert!(accepts(&other, authority.trusted(), unchecked).await);
    assert!(!accepts(&other, authority.trusted(), "tls: {validateCertificateName: true}").await);
    // The chain still is, and the time.
    assert!(!accepts(&other, UpstreamSettings::default(), unchecked).await);
    assert!(!accepts(&Identity::self_signed("other.example"), UpstreamSettings::default(), unchecked).await);
    assert!(!accepts(&authority.expired("other.example"), authority.trusted(), unchecked).await);
}

#[tokio::test]
async fn nothing_is_checked_when_the_process_says_so() {
    let settings = || UpstreamSettings { insecure_skip_verify: true, ..UpstreamSettings::default() };
    let strange = Identity::self_signed("other.example");
    assert!(accepts(&strange, settings(), "").await);
    let strict = "tls: {validateCertificateChain: true, validateCertificateName: true}";
    assert!(accepts(&strange, settings(), strict).await);
    assert!(accepts(&Authority::new().expired("localhost"), settings(), "").await);
}

#[tokio::test]
async fn a_backend_without_tls_behind_an_https_url_is_a_connection_failure() {
    let backend = crate::bench::Backend::start().await;
    let url = format!("https://localhost:{}", backend.address.port());
    let mut bench = Bench::start(&entity_api(&url, "", "", "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        wire.send_to_impatient("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        wire
    };
    let call = async { tokio::time::timeout(AT_ONCE, bench.call(CALL)).await.unwrap() };
    let (_wire, response) = tokio::join!(serve, call);
    assert_eq!(response.status(), 500);
    let error = bench.record().await.last_error.unwrap();
    assert_eq!(error.reason.as_deref(), Some("BackendConnectionFailure"));
}
