//! The debug trace of a call, end to end: credentials, the call, the trace, and what is not in it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::{Answer as Received, Client};
use crate::support::gateway::Gateway;
use crate::support::world::{Answer, World};
use crate::support::{eventually, service};

const KEY: &str = "key-of-the-product";
const SECRET: &str = "hidden-value-1";
const IDENTITY: &str = "token-of-the-identity";
const ARM: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/sekisho/gateways/managed";

const GLOBAL: &str = r#"<policies>
    <inbound>
        <set-variable name="started" value="@(context.Request.Method + &quot; call&quot;)" />
    </inbound>
</policies>
"#;
const PRODUCT: &str = r#"<policies>
    <inbound>
        <base />
        <rate-limit-by-key calls="500" renewal-period="60" counter-key="@(context.Subscription.Id)" />
    </inbound>
</policies>
"#;
const API: &str = r#"<policies>
    <inbound>
        <base />
        <include-fragment fragment-id="team" />
        <choose>
            <when condition="@((string)context.Variables[&quot;team&quot;] == &quot;blue&quot;)">
                <return-response />
            </when>
            <otherwise>
                <trace source="api" severity="information"><message>@("of " + context.Variables["team"])</message></trace>
            </otherwise>
        </choose>
    </inbound>
    <backend>
        <retry condition="@(context.Response.StatusCode == 503)" count="2" interval="0">
            <forward-request buffer-request-body="true" />
        </retry>
    </backend>
    <outbound>
        <base />
        <set-header name="x-started" exists-action="override">
            <value>@((string)context.Variables["started"])</value>
        </set-header>
    </outbound>
</policies>
"#;
const OPERATION: &str = r#"<policies>
    <inbound>
        <base />
        <authentication-managed-identity resource="https://cognitiveservices.azure.com" output-token-variable-name="token" />
        <set-header name="x-credentials" exists-action="override">
            <value>@("t=" + context.Variables["token"] + ";n={{secret-value}}")</value>
        </set-header>
        <set-body>@("for {{secret-value}}")</set-body>
    </inbound>
</policies>
"#;
const FRAGMENT: &str = r#"<fragment>
    <set-variable name="team" value="@(&quot;{{secret-value}}&quot;.Length > 3 ? &quot;red&quot; : &quot;blue&quot;)" />
</fragment>
"#;

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// An API with policies in four scopes and a fragment.
fn four_scopes(world: &World, settings: &str) -> TempDir {
    let folder = service::small(&world.url(), API);
    let at = folder.path();
    write(at, "policy.xml", GLOBAL);
    write(
        at,
        "products/starter/productInformation.json",
        r#"{"properties": {"displayName": "Starter", "state": "published"}}"#,
    );
    write(at, "products/starter/apis/test/productApiInformation.json", "{}");
    write(at, "products/starter/policy.xml", PRODUCT);
    write(at, "apis/test/operations/echo-post/policy.xml", OPERATION);
    write(at, "policy fragments/team/policyFragmentInformation.json", r#"{"properties": {}}"#);
    write(at, "policy fragments/team/policy.xml", FRAGMENT);
    let named = json!({"properties": {"displayName": "secret-value", "secret": true, "value": SECRET}});
    write(at, "named values/secret-value/namedValueInformation.json", &named.to_string());
    let subscription = json!({"properties": {"scope": "/products/starter", "displayName": "Team", "state": "active",
        "primaryKey": KEY, "allowTracing": true}});
    write(at, "subscriptions/team/subscriptionInformation.json", &subscription.to_string());
    write(at, "sekisho.yaml", &format!("identity: {{kind: static, token: {IDENTITY}}}\n{settings}\n"));
    folder
}

/// A gateway and who asks it.
struct Bench {
    world: World,
    gateway: Gateway,
    client: Client,
    folder: TempDir,
}

impl Bench {
    async fn start(settings: &str) -> Self {
        let world = World::start().await;
        let folder = four_scopes(&world, settings);
        let gateway = Gateway::start(folder.path(), &[]).await;
        let answer =
            |status, path: &str| Answer { status: Some(status), path: path.to_owned(), ..Answer::default() };
        world.play(&[answer(503, "/echo"), answer(200, "/echo")]);
        Self { world, gateway, client: Client::new(), folder }
    }

    fn token_file(&self) -> std::path::PathBuf {
        self.gateway.data.join("management-token")
    }

    async fn management(&self, action: &str, body: Value) -> Received {
        let bearer = format!("Bearer {}", std::fs::read_to_string(self.token_file()).unwrap().trim());
        let url = format!("{}{ARM}/{action}?api-version=2023-05-01-preview", self.gateway.management);
        self.client.call(Method::POST, &url, &[("authorization", &bearer)], body.to_string()).await
    }

    async fn credentials(&self, api: &str, life: &str) -> String {
        let wanted = json!({"apiId": api, "credentialsExpireAfter": life, "purposes": ["tracing"]});
        let answer = self.management("listDebugCredentials", wanted).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    async fn call(&self, headers: &[(&str, &str)]) -> Received {
        let url = format!("{}/test/echo?api-key={KEY}&a=1", self.gateway.url);
        let answer = self.client.call(Method::POST, &url, headers, "hello").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    /// A trace that is complete.
    async fn trace(&self, id: &str) -> Value {
        let mut trace = Value::Null;
        for _ in 0..200 {
            let answer = self.management("listTrace", json!({"traceId": id})).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            trace = answer.json();
            if trace.to_string().contains("\"complete\":true") {
                return trace;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the trace is never complete: {trace}");
    }

    /// The trace without what differs from run to run.
    fn normalised(&self, mut trace: Value) -> Value {
        let folder = self.folder.path().display().to_string();
        let hosts = [(self.gateway.url.as_str(), "http://gateway"), (&self.world.url(), "http://backend")];
        visit(&mut trace, &|text| {
            let mut text = text.replace(&folder, "service");
            for (host, name) in hosts {
                text = text.replace(host, name).replace(&host["http://".len()..], &name["http://".len()..]);
            }
            text
        });
        trace
    }
}

fn visit(value: &mut Value, replace: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = replace(text),
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, replace)),
        Value::Object(members) => {
            if members.get("name") == Some(&json!("date")) {
                members.insert("after".to_owned(), json!("…"));
                if let Some(before) = members.get_mut("before") {
                    *before = json!("…");
                }
            }
            for (name, member) in members {
                match name.as_str() {
                    "timestamp" | "elapsed" | "traceId" => *member = json!("…"),
                    "durationMicroseconds" | "timeToFirstByteMicroseconds" => {
                        assert!(member.is_u64());
                        *member = json!(0);
                    }
                    _ => visit(member, replace),
                }
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_tells_every_policy_of_four_scopes_and_no_secret() {
    let bench = Bench::start("").await;
    let api = format!("{}/apis/test", ARM.trim_end_matches("/gateways/managed"));
    let token = bench.credentials(&api, "PT10M").await;
    let answer =
        bench.call(&[("apim-debug-authorization", &token), ("cookie", "session=cookie-of-the-client")]).await;
    assert_eq!(answer.header("x-started"), Some("POST call"));
    let trace = bench.trace(answer.header("apim-trace-id").unwrap()).await;
    let text = trace.to_string();
    for secret in [KEY, SECRET, IDENTITY, &token, "cookie-of-the-client"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let arrived = bench.world.arrived();
    assert_eq!(arrived.len(), 2);
    assert!(arrived.iter().all(|request| !request.headers.contains_key("apim-debug-authorization")));
    assert_eq!(arrived[1].headers["x-credentials"], format!("t={IDENTITY};n={SECRET}"));
    insta::assert_json_snapshot!(bench.normalised(trace));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_good_credentials_trace() {
    let bench = Bench::start("").await;
    let traced = |answer: &Received| answer.header("apim-trace-id").is_some();
    let told = |answer: &Received, name: &str| answer.header(name).is_some();
    let good = bench.credentials("test", "PT10M").await;
    assert!(traced(&bench.call(&[("apim-debug-authorization", &good)]).await));

    let other = bench.credentials("other", "PT10M").await;
    let answer = bench.call(&[("apim-debug-authorization", &other)]).await;
    assert!(!traced(&answer) && told(&answer, "apim-debug-authorization-wrongapi"));

    let short = bench.credentials("test", "PT1S").await;
    eventually("the credentials expire", Duration::from_secs(10), || async {
        let answer = bench.call(&[("apim-debug-authorization", &short)]).await;
        !traced(&answer) && told(&answer, "apim-debug-authorization-expired")
    })
    .await;

    let forged = good.replace("aid=test", "aid=tes");
    for invalid in [forged.as_str(), "nonsense", ""] {
        let answer = bench.call(&[("apim-debug-authorization", invalid)]).await;
        assert!(
            !answer.headers.keys().any(|name| name.as_str().starts_with("apim-")),
            "{:?}",
            answer.headers
        );
    }
    // Off unless the settings say otherwise.
    assert!(!told(&bench.call(&[("ocp-apim-trace", "true")]).await, "ocp-apim-trace-location"));

    assert_eq!(bench.management("invalidateDebugCredentials", json!({})).await.status, 204);
    assert!(!traced(&bench.call(&[("apim-debug-authorization", &good)]).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_header_traces_where_it_is_let() {
    let bench =
        Bench::start("tracing: {legacyHeader: true}\nmanagement: {accessToken: 0123456789abcdef-token}")
            .await;
    assert!(!bench.token_file().exists(), "the settings name a token");
    let answer = bench.call(&[("ocp-apim-trace", "true")]).await;
    let location = answer.header("ocp-apim-trace-location").unwrap();
    assert!(location.starts_with(&bench.gateway.management), "{location}");
    assert_eq!(bench.client.get(location).await.status, 401);
    let shown = [("authorization", "Bearer 0123456789abcdef-token")];
    let trace = bench.client.call(Method::GET, location, &shown, "").await;
    assert_eq!(trace.status, 200);
    assert!(trace.text().contains("include-fragment") && !trace.text().contains(KEY), "{}", trace.text());
    assert!(bench.call(&[]).await.header("ocp-apim-trace-location").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_shows_a_trace() {
    let bench = Bench::start("").await;
    let trace = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(["trace", "--url", &bench.gateway.management, "--data"])
            .arg(&bench.gateway.data)
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let url = format!("{}/test/echo", bench.gateway.url);
    let header = format!("api-key: {KEY}");
    let (code, shown, said) =
        trace(&["--api", "test", "--header", &header, "--data-binary", "hello", "POST", &url]);
    assert_eq!(code, Some(0), "{said}");
    for expected in [
        "\ninbound\n",
        "include-fragment",
        "policy.xml:2:5",
        "variable team: \"red\"",
        "→ 503 in ",
        "\n200 after ",
    ] {
        assert!(shown.contains(expected), "{expected:?} is not in {shown}");
    }
    assert!(!shown.contains('\u{1b}') && !shown.contains(SECRET) && !shown.contains(KEY), "{shown}");
    let id = shown.lines().find_map(|line| line.strip_prefix("trace ")?.split(' ').next()).unwrap();
    let (code, again, _) = trace(&["--json", "--id", id]);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap()["traceId"], id);

    let (code, _, said) = trace(&["--id", "none"]);
    assert!(code == Some(1) && said.contains("there is no such trace"), "{said}");
    let (code, _, said) = trace(&["--api", "nothing", &url]);
    assert!(code == Some(1) && said.contains("API `nothing` does not exist"), "{said}");
    let (code, _, said) = trace(&["--api", "other", "--header", &header, "--data-binary", "x", &url]);
    assert!(code == Some(1) && said.contains("another API"), "{said}");
}
