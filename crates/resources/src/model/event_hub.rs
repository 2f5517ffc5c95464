//! Where the event hub of a logger is, and who comes to it.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Logger, NamedValues};

/// The event hub of a logger.
#[derive(Clone, Debug)]
pub struct EventHubConnection {
    /// Host name of the namespace, or an address literal without brackets.
    pub host: String,
    /// The port, where one is written.
    pub port: Option<u16>,
    /// Connections are made with TLS.
    pub uses_tls: bool,
    /// Name of the event hub.
    pub hub: String,
    /// Who comes.
    pub credentials: EventHubCredentials,
}

/// Who comes to an event hub.
#[derive(Clone, Debug)]
pub enum EventHubCredentials {
    /// Whoever has the key.
    SharedKey {
        /// Name of the key: `SharedAccessKeyName`.
        name: String,
        /// The key: `SharedAccessKey`.
        key: SecretString,
        /// All of the connection string, which is the password in the Kafka protocol.
        connection_string: SecretString,
    },
    /// A managed identity of the gateway.
    Identity {
        /// The user-assigned identity; none for the system-assigned one.
        client_id: Option<String>,
    },
}

/// Why the event hub of a logger cannot be told. Says what is wrong and quotes nothing: keys stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventHubError {
    /// There is neither `connectionString` nor `endpointAddress`.
    #[error("the logger has neither `connectionString` nor `endpointAddress`")]
    NoCredentials,
    /// There is no `Endpoint`, or what stands there is no address.
    #[error("the endpoint of the event hub is missing or no address")]
    InvalidEndpoint,
    /// A key or its name is missing.
    #[error("the connection string has no `SharedAccessKeyName` or no `SharedAccessKey`")]
    NoKey,
    /// Neither `EntityPath` nor `name` says which hub.
    #[error("neither `credentials.name` nor `EntityPath` names the event hub")]
    NoHub,
    /// A connection without TLS to another machine.
    #[error("connections without TLS are for loopback addresses only")]
    NotLocal,
}

impl Logger {
    /// The event hub; none when named values are not there.
    ///
    /// # Errors
    /// The credentials do not say where the hub is, or as whom to come.
    pub fn event_hub(&self, values: &NamedValues) -> Result<Option<EventHubConnection>, EventHubError> {
        let mut missing = false;
        let mut credential = |name: &str| {
            let (_, written) = self.credentials.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
            match values.expand(written.value.expose_secret()) {
                Ok(expanded) => Some(expanded.expose().to_owned()).filter(|text| !text.trim().is_empty()),
                Err(_) => {
                    missing = true;
                    None
                }
            }
        };
        let (name, connection_string) = (credential("name"), credential("connectionString"));
        let (endpoint, client_id) = (credential("endpointAddress"), credential("identityClientId"));
        if missing {
            return Ok(None);
        }
        match (connection_string, endpoint) {
            (Some(text), _) => of_connection_string(&text, name).map(Some),
            (None, Some(endpoint)) => of_identity(&endpoint, name, client_id).map(Some),
            (None, None) => Err(EventHubError::NoCredentials),
        }
    }
}

fn of_connection_string(text: &str, name: Option<String>) -> Result<EventHubConnection, EventHubError> {
    let option = |name: &str| {
        let mut options = text.split(';').filter_map(|part| part.split_once('='));
        let found = options.find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let is_emulator = option("UseDevelopmentEmulator").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let endpoint = endpoint(option("Endpoint").ok_or(EventHubError::InvalidEndpoint)?, is_emulator)?;
    let key_name = option("SharedAccessKeyName").ok_or(EventHubError::NoKey)?;
    let key = option("SharedAccessKey").ok_or(EventHubError::NoKey)?;
    let hub = name.or_else(|| option("EntityPath").map(str::to_owned)).ok_or(EventHubError::NoHub)?;
    let credentials = EventHubCredentials::SharedKey {
        name: key_name.to_owned(),
        key: SecretString::from(key),
        connection_string: SecretString::from(text.trim()),
    };
    Ok(endpoint.connection(hub, credentials))
}

fn of_identity(
    address: &str,
    name: Option<String>,
    client_id: Option<String>,
) -> Result<EventHubConnection, EventHubError> {
    let endpoint = endpoint(address.trim(), false)?;
    let client_id = client_id.filter(|id| !id.eq_ignore_ascii_case("SystemAssigned"));
    Ok(endpoint.connection(name.ok_or(EventHubError::NoHub)?, EventHubCredentials::Identity { client_id }))
}

struct Endpoint {
    host: String,
    port: Option<u16>,
    uses_tls: bool,
}

impl Endpoint {
    fn connection(self, hub: String, credentials: EventHubCredentials) -> EventHubConnection {
        let Endpoint { host, port, uses_tls } = self;
        EventHubConnection { host, port, uses_tls, hub, credentials }
    }
}

/// `sb://host/`, `host`, `host:port`; `amqp://` is without TLS, and so is the emulator.
fn endpoint(text: &str, is_emulator: bool) -> Result<Endpoint, EventHubError> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("sb://{text}") };
    let url = Url::parse(&with_scheme).map_err(|_| EventHubError::InvalidEndpoint)?;
    let uses_tls = match url.scheme() {
        "sb" | "amqps" | "https" => !is_emulator,
        "amqp" | "http" => false,
        _ => return Err(EventHubError::InvalidEndpoint),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(EventHubError::InvalidEndpoint)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    if !uses_tls && !is_loopback(&host) {
        return Err(EventHubError::NotLocal);
    }
    // A port that its scheme implies is no part of the URL any more; 443 would be wrong here anyway.
    Ok(Endpoint { host, port: url.port(), uses_tls })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{LoggerType, Spanned};
    use super::*;
    use sekisho_diagnostics::{SourceMap, Span};

    fn place() -> Span {
        let mut sources = SourceMap::new();
        let file = sources.add("loggers.json", "x");
        Span::new(file, 0, 1)
    }

    fn read(credentials: &[(&str, &str)]) -> Result<Option<EventHubConnection>, EventHubError> {
        let credentials = credentials
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Spanned::new(SecretString::from(*value), place())));
        let logger = Logger {
            name: Spanned::new("hub".to_owned(), place()),
            logger_type: LoggerType::AzureEventHub,
            description: None,
            credentials: credentials.collect::<BTreeMap<_, _>>(),
            resource_id: None,
            is_buffered: true,
        };
        logger.event_hub(&NamedValues::default())
    }

    const PORTAL: &str = "Endpoint=sb://Contoso.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=a+b/c=;EntityPath=calls";

    #[test]
    fn the_string_that_the_portal_shows() {
        let hub = read(&[("connectionString", PORTAL)]).unwrap().unwrap();
        assert_eq!(
            (hub.host.as_str(), hub.port, hub.uses_tls),
            ("contoso.servicebus.windows.net", None, true)
        );
        assert_eq!(hub.hub, "calls");
        let EventHubCredentials::SharedKey { name, key, connection_string } = hub.credentials else {
            panic!("no key")
        };
        assert_eq!((name.as_str(), key.expose_secret()), ("send", "a+b/c="));
        assert_eq!(connection_string.expose_secret(), PORTAL);
    }

    #[test]
    fn the_name_of_the_logger_comes_before_the_entity_path() {
        let hub = read(&[("name", "other"), ("connectionString", PORTAL)]).unwrap().unwrap();
        assert_eq!(hub.hub, "other");
    }

    #[test]
    fn identities() {
        for (client_id, expected) in
            [("SystemAssigned", None), ("systemAssigned", None), ("11-22", Some("11-22"))]
        {
            let hub = read(&[
                ("name", "calls"),
                ("endpointAddress", "contoso.servicebus.windows.net"),
                ("identityClientId", client_id),
            ]);
            let hub = hub.unwrap().unwrap();
            assert!(hub.uses_tls && hub.host == "contoso.servicebus.windows.net");
            let EventHubCredentials::Identity { client_id } = hub.credentials else { panic!("a key") };
            assert_eq!(client_id.as_deref(), expected);
        }
    }

    #[test]
    fn without_tls_on_this_machine_only() {
        let emulator = |host: &str| {
            format!(
                "Endpoint=sb://{host};SharedAccessKeyName=n;SharedAccessKey=secret;EntityPath=h;UseDevelopmentEmulator=true;"
            )
        };
        let hub = read(&[("connectionString", &emulator("localhost:5999"))]).unwrap().unwrap();
        assert_eq!((hub.host.as_str(), hub.port, hub.uses_tls), ("localhost", Some(5999), false));
        assert!(!read(&[("connectionString", &emulator("[::1]"))]).unwrap().unwrap().uses_tls);
        let refused = read(&[("connectionString", &emulator("hub.example"))]).unwrap_err();
        assert_eq!(refused, EventHubError::NotLocal);
        let refused = read(&[("name", "h"), ("endpointAddress", "amqp://hub.example")]).unwrap_err();
        assert_eq!(refused, EventHubError::NotLocal);
    }

    #[test]
    fn what_is_wrong_is_named_without_quoting() {
        let connection = |text| read(&[("connectionString", text)]).unwrap_err();
        for (error, expected) in [
            (read(&[("name", "h")]).unwrap_err(), EventHubError::NoCredentials),
            (connection("SharedAccessKeyName=n;SharedAccessKey=secret"), EventHubError::InvalidEndpoint),
            (
                connection("Endpoint=ftp://h;SharedAccessKeyName=n;SharedAccessKey=secret"),
                EventHubError::InvalidEndpoint,
            ),
            (connection("Endpoint=sb://h/;SharedAccessKeyName=n"), EventHubError::NoKey),
            (
                connection("Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey=secret"),
                EventHubError::NoHub,
            ),
        ] {
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", read(&[("connectionString", PORTAL)])).contains("a+b/c="));
    }
}
