//! Reads the process settings out of `sekisho.yaml`.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::{
    ClientCertificateMode, Gateway, HttpsListener, Limits, Listeners, Management, Process, TlsFiles,
    Upstream, WebSocketLimits, authorizations, azure_monitor, content_safety, destinations, event_hubs,
    identity, logs, open_telemetry, semantic_cache, state, statsd, tracing,
};
use crate::duration;
use crate::fields::{Fields, Unknown, opening, text_of};
use crate::model::Spanned;
use crate::reading::Reading;

/// The words that switch a listener off.
const OFF: [&str; 2] = ["off", "false"];

/// Reads every part; `fields` is the top of the file at `path`.
pub(crate) fn read(fields: &mut Fields<'_>, path: &Path, reading: &mut Reading<'_>) -> Process {
    let defaults = Process::default();
    let default_data = path.parent().unwrap_or_else(|| Path::new("")).join(&defaults.data_directory);
    Process {
        gateway: gateway(fields, reading),
        listeners: listeners(fields, reading),
        management: management(fields, reading),
        data_directory: file_path(fields, "dataDirectory", reading).unwrap_or(default_data),
        limits: limits(fields, reading),
        drain_timeout: short_duration(fields, "drainTimeout", reading).unwrap_or(defaults.drain_timeout),
        identity: identity::read(fields, reading),
        connections: authorizations::read(fields, reading),
        access_log: access_log(fields, reading),
        logs: logs::read(fields, reading),
        azure_monitor: azure_monitor::read(fields, reading),
        open_telemetry: open_telemetry::read(fields, reading),
        statsd: statsd::read(fields, reading),
        upstream: upstream(fields, reading),
        state: state::read(fields, reading),
        content_safety: content_safety::read(fields, reading),
        semantic_cache: semantic_cache::read(fields, reading),
        tracing: tracing::read(fields, reading),
        event_hubs: event_hubs::read(fields, reading),
    }
}

fn gateway(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Gateway {
    let mut gateway = Gateway::default();
    let Some(mut fields) = top.object("gateway", reading) else { return gateway };
    let targets = [
        ("id", &mut gateway.id),
        ("region", &mut gateway.region),
        ("serviceName", &mut gateway.service_name),
    ];
    for (key, target) in targets {
        if let Some(text) = fields.filled_text(key, reading) {
            *target = text.value;
        }
    }
    fields.finish(Unknown::Refused, reading);
    gateway
}

fn listeners(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Listeners {
    let mut listeners = Listeners::default();
    let Some(mut fields) = top.object("listeners", reading) else { return listeners };
    if let Some(http) = address(&mut fields, "http", reading) {
        listeners.http = http.value;
    }
    listeners.https = https(&mut fields, reading);
    listeners.trusted_proxies = trusted_proxies(&mut fields, reading);
    listeners.client_certificate_header = certificate_header(&mut fields, reading);
    fields.finish(Unknown::Refused, reading);
    listeners
}

fn certificate_header(listeners: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<String> {
    let text = listeners.filled_text("clientCertificateHeader", reading)?;
    let name = text.value.trim();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        let message = "`clientCertificateHeader` is not a header name";
        reading.error("invalid-header-name", text.span, message, "write it like `X-ARR-ClientCert`");
        return None;
    }
    Some(name.to_owned())
}

/// Networks, or single addresses.
fn trusted_proxies(listeners: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for node in listeners.list("trustedProxies", reading) {
        let Some(text) = text_of(node, "trustedProxies", reading) else { continue };
        let written = text.value.trim();
        match written.parse::<IpNet>().or_else(|_| written.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => {
                let help = "write it like `10.0.0.0/8` or `192.0.2.1`";
                reading.error(
                    "invalid-address",
                    text.span,
                    "`trustedProxies` holds something else than a network",
                    help,
                );
            }
        }
    }
    networks
}

fn https(listeners: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<HttpsListener> {
    let mut fields = listeners.object("https", reading)?;
    let address = address(&mut fields, "address", reading);
    for key in ["certificateFile", "keyFile"] {
        if fields.node(key).is_none() {
            fields.missing(key, reading);
        }
    }
    let tls = tls_files(&mut fields, reading);
    let modes = [
        ("off", ClientCertificateMode::Off),
        ("false", ClientCertificateMode::Off),
        ("request", ClientCertificateMode::Request),
        ("require", ClientCertificateMode::Require),
    ];
    let client_certificate = fields.choice("clientCertificate", &modes, reading).unwrap_or_default();
    fields.finish(Unknown::Refused, reading);
    let default = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 8443));
    let address = match address {
        Some(given) => given.value?,
        None => default,
    };
    Some(HttpsListener { address, tls: tls?, client_certificate })
}

fn management(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Management {
    let mut management = Management::default();
    let Some(mut fields) = top.object("management", reading) else { return management };
    let given = address(&mut fields, "address", reading);
    management.tls = tls_files(&mut fields, reading);
    management.access_token = access_token(&mut fields, reading);
    for node in fields.list("hosts", reading) {
        management.hosts.extend(text_of(node, "hosts", reading).map(|name| name.value.trim().to_owned()));
    }
    if let Some(given) = given {
        let exposed = given.value.is_some_and(|address| !address.ip().is_loopback());
        if exposed && management.tls.is_none() {
            let message = "the management listener is plain http on an address that is not loopback";
            let help = "use `127.0.0.1`, or add `certificateFile` and `keyFile`";
            reading.error("insecure-management", given.span, message, help);
        }
        management.address = given.value;
    }
    fields.finish(Unknown::Refused, reading);
    management
}

/// `accessToken`, or `accessTokenFile`. A short one could be guessed.
fn access_token(management: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<SecretString> {
    const SHORTEST: usize = 16;
    let direct = management.secret("accessToken", reading);
    let from_file = match management.filled_text("accessTokenFile", reading) {
        Some(path) => {
            let file = reading.beside(path.span, &path.value);
            let token = reading.read_secret(&file, path.span);
            token.map(|token| Spanned::new(SecretString::from(token.trim()), path.span))
        }
        None => None,
    };
    if let (Some(_), Some(second)) = (&direct, &from_file) {
        let message = "`accessToken` and `accessTokenFile` exclude each other";
        reading.error("invalid-value", second.span, message, "remove one of them");
    }
    let token = direct.or(from_file)?;
    let text = token.value.expose_secret();
    if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message =
            format!("the access token must have at least {SHORTEST} printable characters and no blanks");
        reading.error("invalid-value", token.span, message, "make one with `openssl rand -hex 32`");
        return None;
    }
    Some(token.value)
}

/// `certificateFile` and `keyFile`, which come together.
fn tls_files(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<TlsFiles> {
    let certificate = file_path(fields, "certificateFile", reading);
    let key = file_path(fields, "keyFile", reading);
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            reading.files.extend([certificate.clone(), key.clone()]);
            Some(TlsFiles { certificate, key })
        }
        (None, None) => None,
        _ => {
            let message = "`certificateFile` and `keyFile` come together";
            reading.error("missing-property", opening(fields.span), message, "give both or neither");
            None
        }
    }
}

/// An address and port, or `None` for `off`. A bare port is one on every address.
fn address(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<Spanned<Option<SocketAddr>>> {
    let text = fields.filled_text(key, reading)?;
    if OFF.contains(&text.value.to_ascii_lowercase().as_str()) {
        return Some(Spanned::new(None, text.span));
    }
    let written = text.value.trim();
    let complete = match written.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None if written.bytes().all(|byte| byte.is_ascii_digit()) => format!("0.0.0.0:{written}"),
        None => written.replace("localhost:", "127.0.0.1:"),
    };
    match complete.parse() {
        Ok(address) => Some(Spanned::new(Some(address), text.span)),
        Err(_) => {
            let message = format!("`{key}` is not an IP address with a port");
            let help = "write it like `0.0.0.0:8080` or `[::]:8080`, or `off`";
            reading.error("invalid-address", text.span, message, help);
            None
        }
    }
}

fn limits(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Limits {
    const GIBIBYTE: u64 = 1024 * 1024 * 1024;
    let mut limits = Limits::default();
    let Some(mut fields) = top.object("limits", reading) else { return limits };
    let targets = [
        ("headerBytes", &mut limits.header_bytes, 1024..=16 * 1024 * 1024),
        ("urlBytes", &mut limits.url_bytes, 256..=1024 * 1024),
        ("bufferedBodyBytes", &mut limits.buffered_body_bytes, 0..=GIBIBYTE),
    ];
    for (key, target, range) in targets {
        let given = fields.whole_number(key, range, reading);
        if let Some(number) = given.and_then(|number| usize::try_from(number.value).ok()) {
            *target = number;
        }
    }
    if let Some(number) = fields.whole_number("requestBodyBytes", 0..=1024 * GIBIBYTE, reading) {
        limits.request_body_bytes = number.value;
    }
    limits.web_sockets = web_sockets(&mut fields, reading);
    fields.finish(Unknown::Refused, reading);
    limits
}

fn web_sockets(limits: &mut Fields<'_>, reading: &mut Reading<'_>) -> WebSocketLimits {
    let defaults = WebSocketLimits::default();
    let Some(mut fields) = limits.object("webSockets", reading) else { return defaults };
    let connections = fields.whole_number("connections", 0..=10_000_000, reading);
    let web_sockets = WebSocketLimits {
        connections: connections
            .and_then(|number| usize::try_from(number.value).ok())
            .unwrap_or(defaults.connections),
        idle_timeout: optional_duration(&mut fields, "idleTimeout", reading).unwrap_or(defaults.idle_timeout),
        maximum_duration: optional_duration(&mut fields, "maximumDuration", reading)
            .unwrap_or(defaults.maximum_duration),
    };
    fields.finish(Unknown::Refused, reading);
    web_sockets
}

/// A duration, or `Some(None)` for `off`; none when it is not set.
fn optional_duration(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<Option<Duration>> {
    let text = fields.filled_text(key, reading)?;
    if OFF.contains(&text.value.trim().to_ascii_lowercase().as_str()) {
        return Some(None);
    }
    duration_of(&text, key, reading).map(Some)
}

fn upstream(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Upstream {
    let defaults = Upstream::default();
    let Some(mut fields) = top.object("upstream", reading) else { return defaults };
    let upstream = Upstream {
        connect_timeout: short_duration(&mut fields, "connectTimeout", reading)
            .unwrap_or(defaults.connect_timeout),
        idle_timeout: short_duration(&mut fields, "idleTimeout", reading).unwrap_or(defaults.idle_timeout),
        ca_file: file_path(&mut fields, "caFile", reading),
        insecure_skip_verify: fields.boolean("insecureSkipVerify", reading).unwrap_or(false),
        destinations: destinations::read(&mut fields, reading),
    };
    fields.finish(Unknown::Refused, reading);
    upstream
}

fn access_log(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> bool {
    let words = [("on", true), ("off", false), ("true", true), ("false", false)];
    top.choice("accessLog", &words, reading).unwrap_or(false)
}

/// `30s`, `5m`, `500ms`, `1h` or an ISO 8601 duration.
pub(super) fn short_duration(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<Duration> {
    let text = fields.filled_text(key, reading)?;
    duration_of(&text, key, reading)
}

/// A duration between two bounds.
pub(super) fn within(
    fields: &mut Fields<'_>,
    key: &'static str,
    bounds: RangeInclusive<Duration>,
    reading: &mut Reading<'_>,
) -> Option<Duration> {
    let place = fields.node(key)?.span;
    let duration = short_duration(fields, key, reading)?;
    if !bounds.contains(&duration) {
        let message = format!("`{key}` must be from {:?} to {:?}", bounds.start(), bounds.end());
        reading.error("number-out-of-range", place, message, "write it like `10s`");
        return None;
    }
    Some(duration)
}

fn duration_of(text: &Spanned<String>, key: &'static str, reading: &mut Reading<'_>) -> Option<Duration> {
    let parsed = duration::short(&text.value);
    if parsed.is_none() {
        let message = format!("`{key}` is not a duration");
        reading.error("invalid-duration", text.span, message, "write it like `30s`, `5m` or `PT5M`");
    }
    parsed
}

/// A path relative to the file it is written in.
pub(super) fn file_path(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<PathBuf> {
    let text = fields.filled_text(key, reading)?;
    Some(reading.beside(text.span, &text.value))
}
