//! `examples/gallery`: about forty documents of the kinds that platform teams write, each played through by a story in
//! `tests/gallery/<api>.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::client::{Answer as Received, Client};
use crate::support::gateway::Gateway;
use crate::support::service;
use crate::support::world::{Answer, Arrived, World};

/// The secret of the tokens; `GALLERY_JWT_KEY` tells it to the gateway in Base64.
const JWT_SECRET: &str = "gallery-secret-of-thirty-two-bytes";

/// What happens to one document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Story {
    /// Tokens by name: claims, with `exp` and `nbf` as seconds from now. `${name}` in a header is replaced by it.
    #[serde(default)]
    tokens: BTreeMap<String, Value>,
    steps: Vec<Step>,
}

/// A call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Step {
    title: String,
    request: Request,
    /// What the backends and services of the document answer.
    #[serde(default)]
    world: Vec<Answer>,
    expect: Expect,
    /// How often the same is done; once when not set.
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    #[serde(default = "get")]
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    json: Option<Value>,
}

fn get() -> String {
    "GET".to_owned()
}

/// What must come of it; what is not named does not matter.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Expect {
    status: u16,
    /// Null: not there. A text that ends in `*` need only begin so.
    headers: BTreeMap<String, Option<String>>,
    body: Option<String>,
    body_contains: Vec<String>,
    json: Option<Value>,
    /// What reached the world, in order.
    calls: Option<Vec<Call>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Call {
    method: Option<String>,
    target: Option<String>,
    headers: BTreeMap<String, Option<String>>,
    body: Option<String>,
    json: Option<Value>,
}

fn stories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gallery")
}

fn names(folder: &Path, suffix: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().replace(suffix, "")).collect()
}

fn environment(world: &str) -> Vec<(String, String)> {
    let key = STANDARD.encode(JWT_SECRET);
    [("GALLERY_WORLD", world), ("GALLERY_JWT_KEY", key.as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

#[test]
fn every_document_has_a_story_and_none_a_finding() {
    let folder = service::example("gallery");
    assert_eq!(names(&folder.join("apis"), ""), names(&stories(), ".yaml"));
    let checked = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["check", "--format", "json"])
        .arg(&folder)
        .envs(environment("http://127.0.0.1:9"))
        .output()
        .unwrap();
    let findings: Vec<Value> = serde_json::from_slice(&checked.stdout).unwrap();
    assert!(findings.is_empty() && checked.status.success(), "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_story_goes_as_told() {
    let world = World::start().await;
    let gateway = Gateway::start(&service::example("gallery"), &environment(&world.url())).await;
    let client = Client::new();
    let mut differences = Vec::new();
    for name in names(&stories(), ".yaml") {
        let text = std::fs::read_to_string(stories().join(format!("{name}.yaml"))).unwrap();
        let story: Story =
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}.yaml: {error}"));
        let mut places: BTreeMap<String, String> =
            story.tokens.iter().map(|(token, claims)| (token.clone(), signed(claims))).collect();
        places.insert("world".to_owned(), world.url());
        places.insert("gateway".to_owned(), gateway.url.clone());
        for step in &story.steps {
            for _ in 0..step.times {
                world.play(&filled(&step.world, &places));
                let received = call(&client, &gateway, &step.request, &places).await;
                let mut found = Vec::new();
                compare(&step.expect, &received, &world.arrived(), &places, &mut found);
                let told = |difference| format!("{name}: {}: {difference}", step.title);
                differences.extend(found.into_iter().map(told));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

async fn call(
    client: &Client,
    gateway: &Gateway,
    request: &Request,
    places: &BTreeMap<String, String>,
) -> Received {
    let url = format!("{}{}", gateway.url, request.path);
    let mut headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| (name.clone(), fill(value, places))).collect();
    if request.json.is_some() && !request.headers.contains_key("content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let body = match (&request.json, &request.body) {
        (Some(json), _) => json.to_string(),
        (None, body) => body.clone().unwrap_or_default(),
    };
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let method = Method::from_bytes(request.method.as_bytes()).unwrap();
    client.call(method, &url, &headers, fill(&body, places)).await
}

fn compare(
    expect: &Expect,
    received: &Received,
    arrived: &[Arrived],
    places: &BTreeMap<String, String>,
    found: &mut Vec<String>,
) {
    let body = String::from_utf8_lossy(&received.body);
    if expect.status != received.status {
        found.push(format!("status {} instead of {}: {body}", received.status, expect.status));
    }
    compare_headers("response", &expect.headers, &received.headers, places, found);
    compare_body("response", expect.body.as_ref(), expect.json.as_ref(), &received.body, places, found);
    for part in expect.body_contains.iter().filter(|part| !body.contains(part.as_str())) {
        found.push(format!("the body lacks {part:?}: {body}"));
    }
    let Some(calls) = &expect.calls else { return };
    if calls.len() != arrived.len() {
        let arrived: Vec<String> =
            arrived.iter().map(|call| format!("{} {}", call.method, call.target)).collect();
        found.push(format!("{} calls instead of {}: {arrived:#?}", arrived.len(), calls.len()));
        return;
    }
    for (number, (call, arrived)) in calls.iter().zip(arrived).enumerate() {
        let what = format!("call {}", number + 1);
        let mut differs = |what: &str, expected: &Option<String>, is: &str| {
            if let Some(expected) = expected.as_ref().filter(|expected| fill(expected, places) != is) {
                found.push(format!("{what}: {is:?} instead of {expected:?}"));
            }
        };
        differs(&format!("{what} method"), &call.method, &arrived.method);
        differs(&format!("{what} target"), &call.target, &arrived.target);
        compare_headers(&what, &call.headers, &arrived.headers, places, found);
        compare_body(&what, call.body.as_ref(), call.json.as_ref(), &arrived.body, places, found);
    }
}

fn compare_headers(
    what: &str,
    expected: &BTreeMap<String, Option<String>>,
    is: &http::HeaderMap,
    places: &BTreeMap<String, String>,
    found: &mut Vec<String>,
) {
    for (name, expected) in expected {
        let value = is.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let same = match (expected.as_ref().map(|expected| fill(expected, places)), &value) {
            (None, None) => true,
            (Some(expected), Some(value)) => match expected.strip_suffix('*') {
                Some(start) => value.starts_with(start),
                None => expected == *value,
            },
            _ => false,
        };
        if !same {
            found.push(format!("{what} header {name}: {value:?} instead of {expected:?}"));
        }
    }
}

fn compare_body(
    what: &str,
    text: Option<&String>,
    json: Option<&Value>,
    is: &[u8],
    places: &BTreeMap<String, String>,
    found: &mut Vec<String>,
) {
    let is = String::from_utf8_lossy(is);
    if let Some(text) = text.filter(|text| fill(text, places) != is) {
        found.push(format!("{what} body {is:?} instead of {text:?}"));
    }
    if let Some(json) = json {
        let value = serde_json::from_str::<Value>(&is);
        let expected: Value = serde_json::from_str(&fill(&json.to_string(), places)).unwrap();
        if value.as_ref().ok() != Some(&expected) {
            found.push(format!("{what} body {is} instead of {expected}"));
        }
    }
}

/// The text with `${name}` replaced.
fn fill(text: &str, places: &BTreeMap<String, String>) -> String {
    places.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

fn filled(answers: &[Answer], places: &BTreeMap<String, String>) -> Vec<Answer> {
    let mut answers = answers.to_vec();
    for answer in &mut answers {
        answer.body = answer.body.as_ref().map(|body| fill(body, places));
        answer.json =
            answer.json.as_ref().map(|json| serde_json::from_str(&fill(&json.to_string(), places)).unwrap());
        for value in answer.headers.values_mut() {
            *value = fill(value, places);
        }
    }
    answers
}

/// An HS256 token of these claims.
fn signed(claims: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let mut claims = claims.clone();
    for name in ["exp", "nbf", "iat"] {
        if let Some(seconds) = claims.get(name).and_then(Value::as_i64) {
            claims[name] = json!(now + seconds);
        }
    }
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, JWT_SECRET.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
}
