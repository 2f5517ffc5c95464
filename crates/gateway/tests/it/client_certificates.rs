//! Certificates that clients show: what policies see of them.

use sekisho_gateway::{GatewayConfig, UpstreamSettings};
use sekisho_resources::process::{ClientCertificateMode, HttpsListener};

use crate::bench::{Bench, Wire, open_port, plain};
use crate::peer;
use crate::tls::{Authority, Identity};

const CALL: &str = "GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Answers with what it sees of the certificate.
const TELL: &str = "apis:
  api:
    path: api
    subscriptionRequired: false
    policy: |
      <policies><inbound><return-response><set-body>@{
        var shown = context.Request.Certificate;
        return shown == null ? \"none\" : shown.Thumbprint + \" \" + shown.VerifyNoRevocation();
      }</set-body></return-response></inbound></policies>
    operations:
      any: {method: '*', urlTemplate: '/*'}
";

/// A gateway that trusts the authority and does this about certificates of clients.
async fn bench(authority: &Authority, client_certificate: ClientCertificateMode) -> Bench {
    let listener = HttpsListener { client_certificate, ..authority.listener() };
    Bench::start_towards(TELL, GatewayConfig { https: vec![listener], ..plain() }, authority.trusted()).await
}

/// What the gateway says of a client with this certificate; none when it is not let in.
async fn told(authority: &Authority, bench: &Bench, identity: Option<&Identity>) -> Option<String> {
    let stream = authority.connect_as(bench.address, &["http/1.1"], identity).await.ok()?;
    let mut wire = Wire::new(stream);
    // TLS 1.3 refuses clients only after they believe to be connected.
    wire.send_to_impatient(CALL).await;
    wire.message_or_end().await.map(|message| message.body)
}

fn thumbprint(identity: &Identity) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, identity.chain()[0].as_ref());
    digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

#[tokio::test]
async fn any_certificate_is_taken_and_shown_to_policies() {
    let authority = Authority::new();
    let bench = bench(&authority, ClientCertificateMode::Request).await;
    let known = authority.identity("client");
    let told_of_known = told(&authority, &bench, Some(&known)).await;
    // The clock of these tests says 1970, when no certificate was valid.
    assert_eq!(told_of_known.unwrap(), format!("{} False", thumbprint(&known)));
    let stranger = Identity::self_signed("client");
    let told_of_stranger = told(&authority, &bench, Some(&stranger)).await;
    assert_eq!(told_of_stranger.unwrap(), format!("{} False", thumbprint(&stranger)));
    assert_eq!(told(&authority, &bench, None).await.unwrap(), "none");
}

#[tokio::test]
async fn a_certificate_may_be_required() {
    let authority = Authority::new();
    let bench = bench(&authority, ClientCertificateMode::Require).await;
    assert_eq!(told(&authority, &bench, None).await, None);
    let stranger = Identity::self_signed("client");
    assert!(told(&authority, &bench, Some(&stranger)).await.is_some());
}

#[tokio::test]
async fn none_is_asked_for_by_default() {
    let authority = Authority::new();
    let bench = bench(&authority, ClientCertificateMode::default()).await;
    assert_eq!(told(&authority, &bench, Some(&authority.identity("client"))).await.unwrap(), "none");
}

#[tokio::test]
async fn http2_shows_it_to_every_call() {
    let authority = Authority::new();
    let bench = bench(&authority, ClientCertificateMode::Request).await;
    let known = authority.identity("client");
    let stream = authority.connect_as(bench.address, &["h2"], Some(&known)).await.unwrap();
    let mut client = peer::Client::new(stream).await;
    for _ in 0..2 {
        let mut response = client.post("/api/x").await.unwrap();
        let body = peer::piece(response.body_mut()).await.unwrap().unwrap();
        assert!(body.starts_with(&thumbprint(&known)), "{body}");
    }
}

#[tokio::test]
async fn a_trusted_proxy_passes_it_on_in_a_header() {
    use base64::Engine;
    let identity = Identity::self_signed("client");
    let encoded = base64::engine::general_purpose::STANDARD.encode(&identity.chain()[0]);
    let call = format!("GET /api/x HTTP/1.1\r\nHost: a\r\nX-ARR-ClientCert: {encoded}\r\n\r\n");
    let told = async |trusted: &str, header: Option<&'static str>| {
        let config = GatewayConfig {
            trusted_proxies: vec![trusted.parse().unwrap()],
            client_certificate_header: header.map(http::HeaderName::from_static),
            ..open_port()
        };
        Bench::start_towards(TELL, config, UpstreamSettings::default()).await.call(&call).await.body
    };
    let shown = told("127.0.0.0/8", Some("x-arr-clientcert")).await;
    assert!(shown.starts_with(&thumbprint(&identity)), "{shown}");
    assert_eq!(told("10.0.0.0/8", Some("x-arr-clientcert")).await, "none", "not from a stranger");
    assert_eq!(told("127.0.0.0/8", None).await, "none", "not when nobody said so");
}
