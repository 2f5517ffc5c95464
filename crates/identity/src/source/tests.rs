use std::collections::HashMap;

use super::*;
use crate::testing::{Sent, take_apart};

fn environment(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    move |name: &str| variables.get(name).cloned()
}

fn resolve(config: &SourceConfig, variables: &[(&str, &str)]) -> Result<Source, ConfigError> {
    Source::resolve(config, &environment(variables), "the identity")
}

async fn sent(source: &Source, resource: &str, client_id: Option<&str>) -> Sent {
    let ask = Ask { resource, client_id };
    let request = match source {
        Source::Imds(imds) => imds.request(ask),
        Source::AppService(app_service) => app_service.request(ask),
        Source::WorkloadIdentity(workload) => workload.request(ask).await,
        Source::ClientSecret(application) => application.request(ask),
        Source::OAuth(client) => client.request(),
        Source::Static(_) | Source::Unavailable(_) => panic!("{source:?} sends nothing"),
    };
    take_apart(request.unwrap()).await
}

const RESOURCE: &str = "https://cognitiveservices.azure.com";
const ENCODED: &str = "https%3A%2F%2Fcognitiveservices.azure.com";

#[tokio::test]
async fn imds_is_asked_with_the_metadata_header() {
    let source = resolve(&SourceConfig::Imds { endpoint: None }, &[]).unwrap();
    let system = sent(&source, RESOURCE, None).await;
    let path = "/metadata/identity/oauth2/token?api-version=2018-02-01";
    assert_eq!(system.line, format!("GET http://169.254.169.254{path}&resource={ENCODED}"));
    assert_eq!(system.headers.get("metadata").map(String::as_str), Some("true"));
    assert_eq!(system.body, "");
    let user = sent(&source, RESOURCE, Some("0a-1b")).await;
    assert_eq!(user.line, format!("GET http://169.254.169.254{path}&resource={ENCODED}&client_id=0a-1b"));

    let variables = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9999/")];
    let source = resolve(&SourceConfig::Imds { endpoint: None }, &variables).unwrap();
    assert_eq!(sent(&source, "r", None).await.line, format!("GET http://127.0.0.1:9999{path}&resource=r"));
}

#[tokio::test]
async fn app_service_is_asked_with_its_header() {
    let variables = [("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token"), ("IDENTITY_HEADER", "h3ader")];
    let source = resolve(&SourceConfig::AppService { endpoint: None, header: None }, &variables).unwrap();
    let sent = sent(&source, RESOURCE, Some("0a-1b")).await;
    assert_eq!(
        sent.line,
        format!(
            "GET http://127.0.0.1:41/msi/token?api-version=2019-08-01&resource={ENCODED}&client_id=0a-1b"
        )
    );
    assert_eq!(sent.headers.get("x-identity-header").map(String::as_str), Some("h3ader"));
    assert_eq!(sent.headers.get("metadata").map(String::as_str), Some("true"));
}

#[tokio::test]
async fn workload_identity_exchanges_the_token_that_is_in_the_file_now() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first.jwt\n").unwrap();
    let variables = [
        ("AZURE_TENANT_ID", "tenant-1"),
        ("AZURE_CLIENT_ID", "client-1"),
        ("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap()),
    ];
    let config = SourceConfig::WorkloadIdentity {
        authority: None,
        tenant_id: None,
        client_id: None,
        token_file: None,
    };
    let source = resolve(&config, &variables).unwrap();
    let first = sent(&source, RESOURCE, None).await;
    assert_eq!(first.line, "POST https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token");
    assert_eq!(
        first.headers.get("content-type").map(String::as_str),
        Some("application/x-www-form-urlencoded")
    );
    let jwt_bearer = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert_eq!(
        first.body,
        format!(
            "client_assertion=first.jwt&client_assertion_type={jwt_bearer}&client_id=client-1\
             &grant_type=client_credentials&scope={ENCODED}%2F.default"
        )
    );
    std::fs::write(file.path(), "second.jwt").unwrap();
    let second = sent(&source, RESOURCE, Some("client-2")).await;
    assert!(second.body.starts_with("client_assertion=second.jwt&"), "{}", second.body);
    assert!(second.body.contains("&client_id=client-2&"), "{}", second.body);
}

#[tokio::test]
async fn a_token_file_that_is_no_use_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let config = |path: &std::path::Path| SourceConfig::WorkloadIdentity {
        authority: None,
        tenant_id: Some("t".to_owned()),
        client_id: Some("c".to_owned()),
        token_file: Some(path.to_owned()),
    };
    let error = async || {
        let Source::WorkloadIdentity(workload) = resolve(&config(&path), &[]).unwrap() else { panic!() };
        workload.request(Ask { resource: "r", client_id: None }).await.unwrap_err().to_string()
    };
    let missing = error().await;
    assert!(missing.starts_with(&format!("the token file {}: ", path.display())), "{missing}");
    std::fs::write(&path, " \n").unwrap();
    assert!(error().await.ends_with("it is empty"));
    std::fs::write(&path, "x".repeat(70_000)).unwrap();
    assert!(error().await.ends_with("it has more than 65536 bytes"));
}

#[tokio::test]
async fn a_client_secret_is_posted() {
    let config = SourceConfig::ClientSecret {
        authority: Some(url::Url::parse("https://login.example/").unwrap()),
        tenant_id: "contoso.onmicrosoft.com".to_owned(),
        client_id: "app".to_owned(),
        client_secret: "s&cret".into(),
    };
    let source = resolve(&config, &[]).unwrap();
    let sent = sent(&source, "https://x/", None).await;
    assert_eq!(sent.line, "POST https://login.example/contoso.onmicrosoft.com/oauth2/v2.0/token");
    assert_eq!(
        sent.body,
        "client_secret=s%26cret&client_id=app&grant_type=client_credentials&scope=https%3A%2F%2Fx%2F%2F.default"
    );
    assert!(!format!("{source:?}").contains("s&cret"));
}

#[tokio::test]
async fn auto_follows_the_order_of_the_azure_sdks() {
    let mut variables = vec![
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/token"),
        ("IDENTITY_ENDPOINT", "http://169.254.129.2:8081/msi/token"),
        ("IDENTITY_HEADER", "h"),
    ];
    let auto = |variables: &[(&str, &str)]| resolve(&SourceConfig::Auto, variables).unwrap();
    assert!(matches!(auto(&variables), Source::ClientSecret(_)));
    variables.retain(|(name, _)| *name != "AZURE_CLIENT_SECRET");
    assert!(matches!(auto(&variables), Source::WorkloadIdentity(_)));
    variables.retain(|(name, _)| *name != "AZURE_FEDERATED_TOKEN_FILE");
    let app_service = auto(&variables);
    assert!(matches!(app_service, Source::AppService(_)));
    assert!(sent(&app_service, "r", None).await.line.ends_with("&resource=r&client_id=c"));
    variables.retain(|(name, _)| !name.starts_with("IDENTITY"));
    let imds = auto(&variables);
    assert!(matches!(imds, Source::Imds(_)));
    assert!(sent(&imds, "r", Some("other")).await.line.ends_with("&resource=r&client_id=other"));
}

#[test]
fn auto_never_falls_through_to_another_identity() {
    let cause = |variables: &[(&str, &str)]| match resolve(&SourceConfig::Auto, variables).unwrap() {
        Source::Unavailable(cause) => cause.to_string(),
        other => panic!("{other:?}"),
    };
    let endpoint = ("IDENTITY_ENDPOINT", "http://localhost:40342/token");
    assert!(cause(&[endpoint, ("IMDS_ENDPOINT", "http://localhost:40342")]).contains("azure arc"));
    assert!(
        cause(&[endpoint, ("IDENTITY_HEADER", "h"), ("IDENTITY_SERVER_THUMBPRINT", "t")])
            .contains("service fabric")
    );
    assert!(cause(&[("MSI_ENDPOINT", "http://localhost:1")]).contains("cloud shell"));
    assert!(
        cause(&[("IDENTITY_ENDPOINT", "http://10.0.0.1/"), ("IDENTITY_HEADER", "h")]).contains("use https")
    );
}

#[test]
fn plain_http_stays_on_the_machine() {
    let url = |text: &str| Some(url::Url::parse(text).unwrap());
    let imds = |text: &str| resolve(&SourceConfig::Imds { endpoint: url(text) }, &[]).map(drop);
    let entra = |text: &str| {
        let config = SourceConfig::ClientSecret {
            authority: url(text),
            tenant_id: "t".to_owned(),
            client_id: "c".to_owned(),
            client_secret: "s".into(),
        };
        resolve(&config, &[]).map(drop)
    };
    for allowed in ["https://x.example", "http://127.0.0.1:1", "http://[::1]:1", "http://LOCALHOST:1"] {
        assert_eq!(imds(allowed), Ok(()), "{allowed}");
        assert_eq!(entra(allowed), Ok(()), "{allowed}");
    }
    for link_local in ["http://169.254.1.2", "http://[fe80::1]"] {
        assert_eq!(imds(link_local), Ok(()), "{link_local}");
        assert!(entra(link_local).is_err(), "{link_local}");
    }
    for refused in ["http://10.0.0.1", "http://localhost.example", "ftp://127.0.0.1", "https://u:p@x.example"]
    {
        assert!(imds(refused).is_err(), "{refused}");
        assert!(entra(refused).is_err(), "{refused}");
    }
    let text = entra("https://user:hunter2@x.example").unwrap_err().to_string();
    assert_eq!(text, "the identity may not use https://x.example: the url holds a user name or a password");
}

#[test]
fn a_missing_value_is_named_with_its_variable() {
    let config = SourceConfig::AppService {
        endpoint: Some(url::Url::parse("http://127.0.0.1:1/token").unwrap()),
        header: None,
    };
    assert_eq!(
        resolve(&config, &[("IDENTITY_HEADER", " ")]).unwrap_err().to_string(),
        "the identity needs the value of X-IDENTITY-HEADER: configure it, or set IDENTITY_HEADER"
    );
    let config = SourceConfig::ClientSecret {
        authority: None,
        tenant_id: "t/../x".to_owned(),
        client_id: "c".to_owned(),
        client_secret: "s".into(),
    };
    assert!(matches!(resolve(&config, &[]).unwrap_err(), ConfigError::Characters { value: "tenant id", .. }));
}
