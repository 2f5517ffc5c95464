//! A conformance case, read from its folder.
//!
//! | file | holds |
//! |---|---|
//! | `policy.xml` | the document of the API |
//! | `global.xml`, `product.xml`, `operation.xml` | documents of other scopes |
//! | `fragment-<id>.xml` | a policy fragment |
//! | `request.http`, `request-2.http` … | the calls, one after the other: `METHOD /target`, headers, an empty line, the body |
//! | `backend.http`, `backend-2.http` … | the backend's answers in order, the last one repeats; or one of the lines `CONNECTION FAILURE`, `TIMEOUT` |
//! | `expected.http`, `expected-2.http` … | the response: status, reason when written, headers that must be there, the exact body |
//! | `expected.json`, `expected-2.json` … | what else must hold of that call; see [`Expected`] |
//! | `case.json` | settings; see [`Settings`] |
//!
//! A case that documents a chosen behaviour says why in `README.md` of its folder.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use sekisho_policy::compile::{ContentSafetySettings, OnSafetyFailure};
use sekisho_policy::exchange::ApiType;
use serde::Deserialize;
use serde_json::Value;

use crate::backends::Script;
use crate::embeddings::EmbeddingSettings;
use crate::message::{self, RequestText, ResponseText};
use crate::pem::PemFile;
use crate::ports::Connection;
use crate::services::ServiceAnswer;

/// `case.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// Named values by display name.
    pub named_values: BTreeMap<String, String>,
    /// Backend ids that exist.
    pub backends: Vec<String>,
    /// The API's service URL; `https://service.example/base` when not set, empty for none.
    pub service_url: Option<String>,
    /// What kind of calls the API takes.
    pub api_type: CaseApiType,
    /// The operation's URL template, for `rewrite-uri`.
    pub url_template: Option<String>,
    /// Parameters that the template matched.
    pub matched_parameters: BTreeMap<String, String>,
    /// The caller's address; `203.0.113.7` when not set.
    pub ip_address: Option<String>,
    /// The subscription's resource name; none when not set.
    pub subscription: Option<String>,
    /// The message of a token source that fails.
    pub token_failure: Option<String>,
    /// The largest body that is buffered, in bytes.
    pub buffered_body: Option<usize>,
    /// What other services answer.
    pub services: Vec<Service>,
    /// Connections of the credential manager by `provider/connection`.
    pub authorizations: BTreeMap<String, ConnectionSettings>,
    /// True when there is an external cache.
    pub external_cache: bool,
    /// True when tokens per minute are those of the last 60 seconds.
    pub sliding_tokens: bool,
    /// What the specification says of the operation: an operation of OpenAPI 3.1 with `components` beside it.
    pub contract: Option<Value>,
    /// JSON schemas of the service by id; a text stands for an XML schema.
    pub schemas: BTreeMap<String, Value>,
    /// A PEM file: the certificate that the client shows, and those that it sends along.
    pub client_certificate: Option<String>,
    /// A PEM file: the certificates that are trusted.
    pub trusted_certificates: Option<String>,
    /// Certificates of the configuration by id, each a PEM file with the certificate and perhaps its key (PKCS#8).
    pub certificates: BTreeMap<String, String>,
    /// Loggers by id, each with its type: `azureEventHub`, or any other.
    pub loggers: BTreeMap<String, String>,
    /// External caches by resource name, for `cache-id`.
    pub caches: Vec<String>,
    /// A backend that makes embeddings.
    pub embeddings: Option<EmbeddingSettings>,
    /// How the gateway caches by meaning.
    pub semantic_cache: SemanticCacheSettings,
    /// How `llm-content-safety` works with its service.
    pub content_safety: ContentSafety,
    /// What is different from call to call; the first entry is for the first call.
    pub calls: Vec<CallSettings>,
}

/// `apiType` of a case.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaseApiType {
    /// Calls of operations.
    #[default]
    Http,
    /// An MCP server.
    Mcp,
    /// An A2A agent.
    A2a,
}

impl CaseApiType {
    /// As policies have it.
    pub fn api_type(self) -> ApiType {
        match self {
            CaseApiType::Http => ApiType::Http,
            CaseApiType::Mcp => ApiType::Mcp,
            CaseApiType::A2a => ApiType::A2a,
        }
    }
}

/// How the gateway caches by meaning.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SemanticCacheSettings {
    /// Event streams are not kept.
    pub bypasses_streams: bool,
    /// Hits carry a header.
    pub marks_hits: bool,
}

/// `contentSafety` of a case: what becomes of text without a verdict.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ContentSafety {
    /// True when it passes.
    pub passes_unchecked: bool,
    /// The same for single policies by their id.
    pub policies: BTreeMap<String, bool>,
}

impl ContentSafety {
    /// As the compiler has it.
    pub fn settings(&self) -> ContentSafetySettings {
        let word = |passes: bool| if passes { OnSafetyFailure::Allow } else { OnSafetyFailure::Deny };
        let policies = self.policies.iter();
        ContentSafetySettings {
            on_failure: word(self.passes_unchecked),
            on_failure_by_policy: policies.map(|(id, passes)| (id.clone(), word(*passes))).collect(),
            ..ContentSafetySettings::default()
        }
    }
}

/// An answer of a service that policies call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Service {
    /// What its URLs begin with; empty for any.
    pub url: String,
    /// A file with the response, or `CONNECTION FAILURE`, or `TIMEOUT`.
    pub reply: String,
    /// How many turns other work gets before the answer is there.
    pub turns: usize,
}

/// A connection of the credential manager: its token, or the token with what belongs to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ConnectionSettings {
    /// A token for the gateway's own identity.
    Token(String),
    /// All of it.
    Full {
        /// The token.
        #[serde(rename = "accessToken")]
        access_token: String,
        /// Further members of the token endpoint's answer.
        #[serde(default)]
        claims: BTreeMap<String, String>,
        /// The token of the caller that is asked for; the gateway's own identity when not set.
        identity: Option<String>,
    },
}

impl ConnectionSettings {
    /// As the fake port has it.
    pub fn connection(&self) -> Connection {
        match self.clone() {
            ConnectionSettings::Token(access_token) => Connection { access_token, ..Connection::default() },
            ConnectionSettings::Full { access_token, claims, identity } => {
                Connection { access_token, claims, identity }
            }
        }
    }
}

/// What is different in one call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CallSettings {
    /// Seconds that pass before it.
    pub pause: f64,
    /// The subscription, in place of that of the case.
    pub subscription: Option<String>,
    /// The caller's address, in place of that of the case.
    pub ip_address: Option<String>,
    /// The certificate that the client shows, in place of that of the case.
    pub client_certificate: Option<String>,
}

/// `expected.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Expected {
    /// Requests that reached the backend, each by some of `target`, `method`, `uri`, `headers` (null: absent), `body`, `timeout` (seconds).
    pub backend: Option<Vec<Value>>,
    /// Waits in seconds, each a number or, where it is random, `[shortest, longest]`.
    pub waits: Option<Vec<Wait>>,
    /// `context.LastError` by some of its members.
    pub last_error: Option<BTreeMap<String, Value>>,
    /// Variables as text, null for one that must not be set.
    pub variables: BTreeMap<String, Option<String>>,
    /// Trace entries as `severity source: message`.
    pub traces: Option<Vec<String>>,
    /// Headers that must not be in the response.
    pub absent_headers: Vec<String>,
    /// Requests that reached other services, each by some of `method`, `url`, `headers`, `body`, `timeout`, `proxy`.
    pub services: Option<Vec<Value>>,
    /// Requests that reached the backend of `embeddings`, as for `backend`.
    pub embeddings: Option<Vec<Value>>,
    /// Metrics as `namespace/name=value {dimension=value, …}`.
    pub metrics: Option<Vec<String>>,
    /// Events as the recorder was told them: the name, and in `{…}` what belongs to it.
    pub events: Option<Vec<String>>,
    /// Events for hubs, each by some of `logger`, `body`, `bytes`, `partitionId`, `partitionKey`, `truncated`.
    pub hub_events: Option<Vec<Value>>,
    /// Findings of the load as `code line:column`; the case then has no request.
    pub findings: Option<Vec<String>>,
}

/// How long a wait is, in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Wait {
    /// So long.
    Exactly(f64),
    /// As long as one of both, or between them.
    Between(f64, f64),
}

/// A case.
#[derive(Debug)]
pub struct Case {
    /// Path below `conformance/`.
    pub name: String,
    /// Documents from the broadest scope on: file name and text.
    pub documents: Vec<(String, String)>,
    /// Fragments by id.
    pub fragments: BTreeMap<String, String>,
    /// The calls, one after the other on the same state.
    pub calls: Vec<Call>,
    /// What the backend does.
    pub backend: Vec<Script>,
    /// What other services do.
    pub services: Vec<ServiceAnswer>,
    /// Findings of the load, when the case is about these.
    pub findings: Option<Vec<String>>,
    /// Settings.
    pub settings: Settings,
    /// The PEM files that the settings name.
    pub pem: BTreeMap<String, PemFile>,
}

/// One call and what must come of it.
#[derive(Debug)]
pub struct Call {
    /// The request.
    pub request: RequestText,
    /// The response.
    pub response: Option<ResponseText>,
    /// The rest of the expectations.
    pub expected: Expected,
}

impl Case {
    /// Reads the case in a folder.
    pub fn read(folder: &Path, name: String) -> Result<Case> {
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).ok();
        let json = |file: &str| text(file).unwrap_or_else(|| "{}".to_owned());
        let documents = ["global.xml", "product.xml", "policy.xml", "operation.xml"];
        let mut case = Case {
            name,
            documents: documents.iter().filter_map(|file| Some(((*file).to_owned(), text(file)?))).collect(),
            fragments: fragments(folder)?,
            calls: Vec::new(),
            backend: Vec::new(),
            services: Vec::new(),
            findings: None,
            settings: serde_json::from_str(&json("case.json")).context("case.json")?,
            pem: BTreeMap::new(),
        };
        let settings = &case.settings;
        let of_calls = settings.calls.iter().filter_map(|call| call.client_certificate.as_ref());
        let of_case = settings.client_certificate.iter().chain(&settings.trusted_certificates);
        for file in of_case.chain(settings.certificates.values()).chain(of_calls) {
            let pem = PemFile::read(&folder.join(file)).context(file.clone())?;
            case.pem.insert(file.clone(), pem);
        }
        for number in 1.. {
            let file = numbered("backend", number, "http");
            let Some(text) = text(&file) else { break };
            case.backend.push(script(&text).context(file)?);
        }
        for service in &case.settings.services {
            let script = match text(&service.reply) {
                Some(text) => script(&text),
                None => script(&service.reply),
            };
            let script = script.with_context(|| service.reply.clone())?;
            case.services.push(ServiceAnswer { url: service.url.clone(), script, turns: service.turns });
        }
        for number in 1.. {
            let file = numbered("expected", number, "json");
            let expected: Expected = serde_json::from_str(&json(&file)).context(file)?;
            if number == 1 {
                case.findings.clone_from(&expected.findings);
            }
            let file = numbered("request", number, "http");
            let Some(request) = text(&file) else { break };
            let answer = numbered("expected", number, "http");
            case.calls.push(Call {
                request: message::request(&request).context(file)?,
                response: text(&answer).map(|text| message::response(&text)).transpose().context(answer)?,
                expected,
            });
        }
        Ok(case)
    }
}

/// `name.extension` for the first, `name-2.extension` for the second.
fn numbered(name: &str, number: usize, extension: &str) -> String {
    if number == 1 { format!("{name}.{extension}") } else { format!("{name}-{number}.{extension}") }
}

fn fragments(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(id) = name.strip_prefix("fragment-").and_then(|rest| rest.strip_suffix(".xml")) {
            out.insert(id.to_owned(), std::fs::read_to_string(entry.path())?);
        }
    }
    Ok(out)
}

fn script(text: &str) -> Result<Script> {
    match text.trim() {
        "CONNECTION FAILURE" => return Ok(Script::ConnectionFailure),
        "TIMEOUT" => return Ok(Script::Timeout),
        _ => {}
    }
    let reply = message::response(text)?;
    Ok(Script::Reply {
        status: reply.status,
        reason: reply.reason.map(Into::into),
        headers: reply.headers,
        body: reply.body,
    })
}
