//! What a trace of a call holds, and that no secret is in it however policies pass it on.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests may fail as tests do

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use sekisho_diagnostics::{Location, SourceMap, Span, has_errors, render};
use sekisho_expression::Limits;
use sekisho_expression::context::SubscriptionFacts;
use sekisho_policy::body::Body;
use sekisho_policy::compile::{Compiler, Environment, NamedValue};
use sekisho_policy::document::assemble;
use sekisho_policy::exchange::{Arrival, CallFacts, Exchange, ExchangeLimits, OriginalUrl, Request};
use sekisho_policy::pipeline::Scope;
use sekisho_policy::tracing::{Head, Places, SecretNames, Secrets, Tracer};
use sekisho_testkit::backends::ScriptedBackends;
use sekisho_testkit::ports::FakePorts;
use serde_json::Value;

struct Sources(SourceMap);

impl Places for Sources {
    fn locate(&self, span: Span) -> Location {
        self.0.locate(span)
    }

    fn written(&self, span: Span) -> &str {
        self.0.slice(span)
    }
}

/// Runs a document as the policies of an API; its trace.
async fn traced(document: &str, secret: &str, key: &str, headers: HeaderMap) -> String {
    let mut sources = SourceMap::new();
    let file = sources.add("policy.xml", document);
    let mut environment = Environment::default();
    environment.named_values.insert("secret".to_owned(), NamedValue { value: Some(secret.into()) });
    let mut compiler = Compiler::new(&environment, &sources);
    let compiled = compiler.document(sources.text(file), file, Scope::Api);
    let findings = compiler.into_diagnostics();
    assert!(!has_errors(&findings), "{}", render::text(&findings, &sources, false));
    let pipeline = assemble(&[&compiled]);

    let fakes = FakePorts::default();
    let query = format!("?subscription-key={key}");
    let request = Request::new(
        Method::POST,
        headers,
        Body::full("hello"),
        OriginalUrl { query: query.as_str().into(), ..OriginalUrl::default() },
        [203, 0, 113, 7].into(),
        "/".to_owned(),
        query.trim_start_matches('?').to_owned(),
    );
    let subscription = SubscriptionFacts { primary_key: key.into(), ..SubscriptionFacts::default() };
    let mut exchange = Exchange::new(Arrival {
        ports: fakes.ports(),
        backends: Arc::new(ScriptedBackends::new(Vec::new(), Vec::new())),
        limits: Arc::new(ExchangeLimits { buffered_body: 1 << 20, expression: Limits::default() }),
        facts: CallFacts { subscription: Some(Arc::new(subscription)), ..CallFacts::default() },
        request,
        request_id: [0; 16],
    });
    let tracer = Tracer::begin(&exchange, SecretNames::default(), Arc::new(Secrets::new([secret], [])));
    exchange.trace_with(tracer);
    pipeline.run(&mut exchange).await;
    let tracer = exchange.finish_trace().unwrap();
    tracer.render(&Head { trace_id: "t".to_owned(), status: 200, ..Head::default() }, &Sources(sources))
}

fn run(document: &str, secret: &str, key: &str, headers: HeaderMap) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(traced(document, secret, key, headers))
}

/// Policies that pass secrets on in every way that a document has.
const PASSES_ON: &str = r#"<policies><inbound>
    <set-variable name="plain" value="{{secret}}" />
    <set-variable name="joined" value="@("a" + context.Variables["plain"] + "b")" />
    <set-variable name="basic" value="@("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:{{secret}}")))" />
    <set-variable name="shifted" value="@(Convert.ToBase64String(Encoding.UTF8.GetBytes("user1:{{secret}}:end")))" />
    <set-variable name="escaped" value="@(System.Uri.EscapeDataString((string)context.Variables["plain"]))" />
    <set-variable name="json" value="@(new JObject(new JProperty("k", (string)context.Variables["plain"])))" />
    <set-variable name="client" value="@(context.Request.Headers.GetValueOrDefault("Authorization", ""))" />
    <set-variable name="own-key" value="@(context.Subscription.PrimaryKey + context.Request.OriginalUrl.ToString())" />
    <set-header name="x-copy" exists-action="override"><value>@((string)context.Variables["joined"])</value></set-header>
    <set-header name="x-copy-2" exists-action="override"><value>{{secret}}</value></set-header>
    <set-query-parameter name="copy" exists-action="override"><value>@((string)context.Variables["plain"])</value></set-query-parameter>
    <authentication-basic username="user" password="@((string)context.Variables["joined"] + "!")" />
    <set-header name="x-basic" exists-action="override"><value>@(context.Request.Headers.GetValueOrDefault("Authorization", ""))</value></set-header>
    <authentication-managed-identity resource="https://r.example" output-token-variable-name="token" />
    <set-variable name="token-copy" value="@("Bearer " + context.Variables["token"])" />
    <trace source="s" severity="error"><message>@("m" + context.Variables["plain"] + context.Variables["token"])</message><metadata name="n" value="{{secret}}" /></trace>
    <set-variable name="thrown" value="@(int.Parse((string)context.Variables["plain"] + "x"))" />
</inbound><backend /><outbound /><on-error>
    <set-body>@(context.LastError.Message + context.Variables["plain"])</set-body>
</on-error></policies>"#;

/// Every text that Base64 runs of a text stand for.
fn decoded(text: &str) -> Vec<String> {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
    let runs = text.split(|c| !is_digit(c)).filter(|run| run.len() >= 8);
    runs.flat_map(|run| (0..4).map(move |from| run.get(from..).unwrap_or("")))
        .map(|run| String::from_utf8_lossy(&base64(run)).into_owned())
        .collect()
}

fn base64(run: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for value in run.bytes().filter_map(digit) {
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_secret_is_in_a_trace(
        secret in "[A-Za-z0-9+/=&%:<>~_-]{8,40}",
        key in "[a-f0-9]{32}",
        client in "[A-Za-z0-9._-]{12,60}",
    ) {
        let headers = HeaderMap::from_iter([
            (http::header::AUTHORIZATION, HeaderValue::try_from(format!("Bearer {client}")).unwrap()),
        ]);
        let trace = run(PASSES_ON, &secret, &key, headers);
        let texts = decoded(&trace);
        for hidden in [secret.as_str(), &key, &client, "token-for-"] {
            prop_assert!(!trace.contains(hidden), "{hidden} is in {trace}");
            prop_assert!(!texts.iter().any(|text| text.contains(hidden)), "{hidden} is in Base64 in {trace}");
        }
        prop_assert!(trace.contains("FormatException") && trace.matches("***").count() > 20, "{trace}");
    }
}

fn entries(trace: &str, section: &str) -> Vec<Value> {
    let trace: Value = serde_json::from_str(trace).unwrap();
    trace["traceEntries"][section].as_array().unwrap().clone()
}

#[test]
fn branches_and_expressions_are_told_where_they_stand() {
    const DOCUMENT: &str = r#"<policies><inbound>
    <wait for="all">
        <choose><when condition="@(true)"><set-variable name="a" value="@(1 + 1)" /></when></choose>
        <choose><when condition="@(false)"><set-variable name="b" value="b" /></when></choose>
    </wait>
    <set-variable name="a" value="@(2)" />
    <set-variable name="a" value="@((int)context.Variables[&quot;a&quot;] * 2)" />
</inbound><backend /><outbound /><on-error /></policies>"#;
    let trace = run(DOCUMENT, "unused-secret", "0123456789abcdef", HeaderMap::new());
    let inbound = entries(&trace, "inbound");
    let told: Vec<String> = inbound
        .iter()
        .filter(|entry| entry["data"]["kind"] == "policy")
        .map(|entry| {
            let data = &entry["data"];
            format!(
                "{} {} {} {}",
                data["run"],
                data["parent"],
                data["path"].as_str().unwrap(),
                data["location"]["line"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "1 null wait[1] 2",
            "2 1 wait[1]/choose[1] 3",
            "3 2 wait[1]/choose[1]/when[1]/set-variable[1] 3",
            "4 1 wait[1]/choose[2] 4",
            "5 null set-variable[1] 6",
            "6 null set-variable[2] 7",
        ]
    );
    let last = &inbound.last().unwrap()["data"];
    assert_eq!(last["variables"], serde_json::json!([{"name": "a", "before": "2", "after": "4"}]));
    let expression = &last["expressions"][0];
    assert_eq!(expression["text"], "@((int)context.Variables[&quot;a&quot;] * 2)");
    assert_eq!((&expression["type"], &expression["column"]), (&"System.Int32".into(), &35.into()));
    // A variable that is set to what it was did not change.
    assert_eq!(inbound[5]["data"].get("variables"), None);
}

#[test]
fn a_refusal_tells_rule_counter_and_what_would_pass() {
    const DOCUMENT: &str = r#"<policies><inbound>
    <rate-limit-by-key calls="1" renewal-period="60" counter-key="k" increment-count="1" />
    <rate-limit-by-key calls="1" renewal-period="60" counter-key="k" />
</inbound><backend /><outbound /><on-error /></policies>"#;
    let trace = run(DOCUMENT, "unused-secret", "0123456789abcdef", HeaderMap::new());
    let refused = &entries(&trace, "inbound")[2]["data"];
    let limit = &refused["limits"][0];
    assert_eq!(limit["rule"], "1 in 60 s, sliding");
    assert_eq!(limit["counter"].as_str().unwrap().len(), 16);
    assert_eq!(
        (&limit["granted"], &limit["remaining"], &limit["retryAfterSeconds"]),
        (&false.into(), &0.into(), &60.into())
    );
    assert_eq!(
        (&refused["outcome"], &refused["error"]["reason"]),
        (&"error".into(), &"RateLimitExceeded".into())
    );
}

#[test]
fn a_trace_has_bounds_and_counts_what_they_cost() {
    let loops = r#"<retry condition="@(true)" count="50" interval="0"><set-variable name="v" value="@(new string('x', 20000))" />
        <set-variable name="v" value="@("")" /></retry>"#;
    let document = format!(
        "<policies><inbound>{}</inbound><backend /><outbound /><on-error /></policies>",
        loops.repeat(6)
    );
    let trace = run(&document, "unused-secret", "0123456789abcdef", HeaderMap::new());
    assert!(trace.len() < 2 * 1024 * 1024, "{}", trace.len());
    assert!(entries(&trace, "inbound").len() <= 501);
    assert!(entries(&trace, "outbound")[0]["data"]["dropped"].as_u64().unwrap() > 100);
}
