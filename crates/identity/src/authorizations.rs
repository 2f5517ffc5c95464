//! Connections of the credential manager: the adapter of [`sekisho_policy::ports::Authorizations`].
//!
//! A connection gets its tokens by OAuth 2.0 client credentials. They are kept, refreshed ahead and asked for once for
//! all who wait, as the tokens of identities are: see [`IdentityTokens`].

use std::collections::BTreeMap;

use secrecy::SecretString;
use sekisho_policy::ports::{Authorization, AuthorizationError, Authorizations, PortFuture, Tokens};
use url::Url;

use crate::config::ConfigError;
use crate::provider::{IdentityPorts, IdentityTokens};
use crate::source::{OAuthClient, Source};

/// A connection as it is configured.
#[derive(Clone, Debug)]
pub struct ConnectionConfig {
    /// Its provider: `provider-id`.
    pub provider: String,
    /// Its name: `authorization-id`.
    pub connection: String,
    /// Where tokens are asked for: https, or http on loopback.
    pub token_endpoint: Url,
    /// The application's id.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: SecretString,
    /// Scopes; none when the endpoint needs none.
    pub scopes: Vec<String>,
    /// Further fields of the request, such as `audience` or `resource`.
    pub parameters: BTreeMap<String, String>,
}

/// The connections of a gateway.
#[derive(Debug, Default)]
pub struct Connections {
    /// None without any connection. Connections stand for client ids there.
    tokens: Option<IdentityTokens>,
}

impl Connections {
    /// Makes the connections ready. Nothing is asked for yet.
    ///
    /// # Errors
    /// A token endpoint that would show the secret to the network.
    pub fn new(connections: &[ConnectionConfig], ports: IdentityPorts) -> Result<Connections, ConfigError> {
        let mut sources = BTreeMap::new();
        for config in connections {
            let key = key(&config.provider, &config.connection);
            let client = OAuthClient::new(
                config.token_endpoint.clone(),
                config.client_id.clone(),
                config.client_secret.clone(),
                &config.scopes,
                config.parameters.clone(),
                &format!("the connection {key}"),
            )?;
            sources.insert(key, Source::OAuth(client));
        }
        let tokens = (!sources.is_empty()).then(|| IdentityTokens::of_sources(sources, ports));
        Ok(Connections { tokens })
    }
}

/// Names of resources go without regard to case.
fn key(provider: &str, connection: &str) -> String {
    format!("{provider}/{connection}").to_ascii_lowercase()
}

impl Authorizations for Connections {
    fn authorization<'a>(
        &'a self,
        provider: &'a str,
        connection: &'a str,
        _identity: Option<&'a str>,
    ) -> PortFuture<'a, Result<Authorization, AuthorizationError>> {
        Box::pin(async move {
            let key = key(provider, connection);
            let Some(tokens) = self.tokens.as_ref().filter(|tokens| tokens.has_source(&key)) else {
                let message = format!("there is no connection `{connection}` of provider `{provider}`");
                return Err(AuthorizationError { message });
            };
            match tokens.token(&key, Some(&key)).await {
                Ok(access_token) => Ok(Authorization { access_token, claims: Vec::new() }),
                Err(error) => Err(AuthorizationError { message: error.message }),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::provider::tokio_spawner;
    use crate::testing::{Answer, FakeClock, FakeHttp, KeptEvents, settle, token};

    fn config(endpoint: &str) -> ConnectionConfig {
        ConnectionConfig {
            provider: "github".to_owned(),
            connection: "bot".to_owned(),
            token_endpoint: Url::parse(endpoint).unwrap(),
            client_id: "app".to_owned(),
            client_secret: "s&cret".into(),
            scopes: vec!["read".to_owned(), "write".to_owned()],
            parameters: BTreeMap::from([("audience".to_owned(), "https://api.example".to_owned())]),
        }
    }

    fn connections(clock: &Arc<FakeClock>, http: &Arc<FakeHttp>) -> Connections {
        let ports = IdentityPorts {
            http: http.clone(),
            clock: clock.clone(),
            recorder: Arc::new(KeptEvents::default()),
            spawner: tokio_spawner(),
        };
        Connections::new(&[config("https://login.example/token")], ports).unwrap()
    }

    async fn given(connections: &Connections) -> Result<String, String> {
        let given = connections.authorization("github", "Bot", None).await;
        given.map(|given| given.access_token.to_string()).map_err(|error| error.message)
    }

    #[tokio::test]
    async fn a_token_is_asked_for_once_and_refreshed_ahead() {
        let clock = Arc::new(FakeClock::default());
        let http = FakeHttp::answering([token("one", 3600, &clock), token("two", 3600, &clock)]);
        let connections = connections(&clock, &http);
        let (first, second) = tokio::join!(given(&connections), given(&connections));
        assert_eq!((first.unwrap().as_str(), second.unwrap().as_str()), ("one", "one"));
        assert_eq!(http.count(), 1);
        {
            let sent = http.sent.lock();
            assert_eq!(sent[0].line, "POST https://login.example/token");
            let form = "grant_type=client_credentials&client_id=app&client_secret=s%26cret\
                &scope=read+write&audience=https%3A%2F%2Fapi.example";
            assert_eq!(sent[0].body, form);
        }
        clock.advance(Duration::from_secs(3000)).await;
        assert_eq!(given(&connections).await.unwrap(), "one", "still good while the next is fetched");
        settle().await;
        assert_eq!(http.count(), 2);
        assert_eq!(given(&connections).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn failures_name_the_connection_and_no_secret() {
        let clock = Arc::new(FakeClock::default());
        let body = r#"{"error":"invalid_client","error_description":"s&cret is wrong"}"#;
        let http = FakeHttp::answering([Answer::Status(401, body.to_owned())]);
        let connections = connections(&clock, &http);
        let error = given(&connections).await.unwrap_err();
        assert_eq!(error, "no token for github/bot from https://login.example: it answered 401");
        let unknown = connections.authorization("github", "other", None).await.unwrap_err();
        assert_eq!(unknown.message, "there is no connection `other` of provider `github`");
        assert!(!format!("{connections:?} {:?}", config("https://a")).contains("s&cret"));
    }

    #[tokio::test]
    async fn an_answer_without_a_lifetime_is_kept_for_a_while() {
        let clock = Arc::new(FakeClock::default());
        let http = FakeHttp::answering([
            Answer::Status(200, r#"{"access_token":"short","token_type":"bearer"}"#.to_owned()),
            token("two", 3600, &clock),
        ]);
        let connections = connections(&clock, &http);
        assert_eq!(given(&connections).await.unwrap(), "short");
        clock.advance(Duration::from_secs(301)).await;
        assert_eq!(given(&connections).await.unwrap(), "two");
    }

    #[test]
    fn the_secret_goes_to_no_plain_endpoint() {
        let ports = IdentityPorts {
            http: FakeHttp::answering([]),
            clock: Arc::new(FakeClock::default()),
            recorder: Arc::new(KeptEvents::default()),
            spawner: tokio_spawner(),
        };
        let error = Connections::new(&[config("http://login.example/token")], ports).unwrap_err();
        assert!(error.to_string().starts_with("the connection github/bot may not use"), "{error}");
    }
}
