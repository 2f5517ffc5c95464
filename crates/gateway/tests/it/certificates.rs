//! Certificates of the configuration: shown to backends, and seen by policies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::bench::{Bench, Wire, entity_api, findings, open_port};
use crate::tls::{Authority, SecureBackend};

const CALL: &str = "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n";

/// An archive with a key, whose password is `secret`.
const ARCHIVE: &[u8] = include_bytes!("../../../expression/src/dotnet/crypto/tests/leaf.pfx");

/// `certificates` with one of this id and these properties.
fn with(id: &str, properties: &str) -> String {
    format!("\ncertificates: {{{id}: {{{properties}}}}}\n")
}

fn archive(password: &str) -> String {
    with("pfx", &format!("data: '{}', password: {password}", STANDARD.encode(ARCHIVE)))
}

#[tokio::test]
async fn a_backend_is_shown_its_certificate() {
    let authority = Authority::new();
    let own = authority.identity("gateway");
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = own.write(folder.path());
    let certificates = with("own", &format!("certificateFile: '{certificate}', keyFile: '{key}'"));
    let thumbprint = {
        let digest = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
        let digest = aws_lc_rs::digest::digest(digest, &own.chain()[0]);
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    };
    for credentials in [
        "certificateIds: [own]".to_owned(),
        "certificateIds: ['/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/a/certificates/own']"
            .to_owned(),
        format!("certificate: ['{thumbprint}']"),
    ] {
        let backend = SecureBackend::asking(&authority.identity("localhost"), &authority).await;
        let properties = format!("credentials: {{{credentials}}}");
        let yaml = entity_api(&backend.url, &properties, "", "") + &certificates;
        let bench = Bench::start_towards(&yaml, open_port(), authority.trusted()).await;
        let serve = async {
            let stream = backend.accept().await.unwrap();
            let shown = stream.get_ref().1.peer_certificates().unwrap()[0].to_vec();
            let mut wire = Wire::new(stream);
            wire.message().await;
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            shown
        };
        let (shown, response) = tokio::join!(serve, bench.call(CALL));
        assert_eq!(response.status(), 200, "{credentials}");
        assert_eq!(shown, own.chain()[0].as_ref());
    }
}

#[tokio::test]
async fn policies_see_the_certificates_of_the_deployment() {
    let tell = "<return-response><set-body>@{
        var found = context.Deployment.Certificates[&quot;pfx&quot;];
        return found.HasPrivateKey + &quot; &quot; + found.Subject;
      }</set-body></return-response>";
    let yaml = entity_api("http://a.example", "", tell, "") + &archive("secret");
    let bench = Bench::start(&yaml).await;
    let body = bench.call(CALL).await.body;
    assert!(body.starts_with("True E=me@example.com, CN=api.example.com"), "{body}");
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_found_at_load() {
    let api = |credentials: &str| {
        entity_api("https://a.example", &format!("credentials: {{{credentials}}}"), "", "")
    };
    assert!(findings(&(api("certificateIds: [pfx]") + &archive("secret"))).is_empty());
    assert_eq!(findings(&(api("") + &archive("wrong"))), ["invalid-certificate"]);
    assert_eq!(findings(&(api("") + &with("a", "data: '???'"))), ["invalid-certificate"]);
    assert_eq!(findings(&api("certificateIds: [missing]")), ["unknown-certificate"]);
    // Extractors leave the material out: only who wants to use it misses it.
    let hollow = with("hollow", "subject: 'CN=a', thumbprint: AB");
    assert!(findings(&(api("") + &hollow)).is_empty());
    assert_eq!(findings(&(api("certificateIds: [hollow]") + &hollow)), ["missing-certificate"]);
    assert_eq!(findings(&api("certificate: [AB]")), ["missing-certificate"]);
    let folder = tempfile::tempdir().unwrap();
    let (certificate, _) = Authority::new().identity("a").write(folder.path());
    let public = with("public", &format!("certificateFile: '{certificate}'"));
    assert!(findings(&(api("") + &public)).is_empty());
    assert_eq!(findings(&(api("certificateIds: [public]") + &public)), ["missing-certificate"]);
}

#[tokio::test]
async fn keys_of_other_forms_are_read() {
    // Made by `openssl ecparam -name prime256v1 -genkey`.
    let folder = tempfile::tempdir().unwrap();
    let (certificate, _) = Authority::new().identity("a").write(folder.path());
    let key = folder.path().join("sec1.key");
    std::fs::write(&key, include_str!("sec1.key")).unwrap();
    let certificates = with("a", &format!("certificateFile: '{certificate}', keyFile: '{}'", key.display()));
    assert!(findings(&(entity_api("https://a.example", "", "", "") + &certificates)).is_empty());
    // The key is not the certificate's, which is seen when it is to be shown.
    let credentials = entity_api("https://a.example", "credentials: {certificateIds: [a]}", "", "");
    assert_eq!(findings(&(credentials + &certificates)), ["upstream-tls"]);
}
