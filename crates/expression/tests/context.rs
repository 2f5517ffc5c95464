//! Reads of `context`, over an image of a call and over an empty one.
#![allow(clippy::unwrap_used)] // A test fails by panicking, in its helpers too.

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, compile};

fn image() -> JsonContext {
    JsonContext::from_json(&serde_json::json!({
        "request": {
            "method": "POST",
            "url": "https://backend.example.com:8443/v1/chat%20x?api-version=2024-10-21&tag=a&tag=b&e=",
            "originalUrl": "https://gateway.example.com/openai/v1/chat%20x?api-version=2024-10-21",
            "headers": {"Authorization": ["Basic YWRhOnM6eA=="], "X-List": ["a", "b"], "Cookie": ["x=1; y=2"]},
            "body": "name=ada&tag=1&tag=2", "ipAddress": "10.1.2.3", "matchedParameters": {"id": "7"},
            "foundry": {"deployment": "gpt-4o"}
        },
        "response": {"statusCode": 429, "statusReason": "Too Many Requests", "headers": {"Retry-After": ["7"]},
                     "body": "{\"usage\":{\"total_tokens\":12},\"items\":[{\"n\":\"a\"},{\"n\":\"b\"}]}"},
        "api": {"id": "chat", "name": "Chat", "path": "openai", "version": "v1", "revision": "2", "isCurrentRevision": true,
                "protocols": ["https"], "serviceUrl": "https://backend.example.com/base",
                "subscriptionKeyParameterNames": {"header": "api-key", "query": "subscription-key"}},
        "operation": {"id": "complete", "method": "POST", "name": "Complete", "urlTemplate": "/v1/{id}"},
        "product": {"id": "gold", "name": "Gold", "state": "Published", "subscriptionLimit": 3,
                    "groups": [{"id": "devs", "name": "Developers"}], "apis": [{"id": "chat", "name": "Chat"}]},
        "subscription": {"id": "team-a", "name": "Team A", "key": "k1", "primaryKey": "k1", "secondaryKey": "k2",
                         "createdDate": "2025-01-02T00:00:00Z"},
        "user": {"id": "u1", "email": "ada@example.com", "firstName": "Ada", "lastName": "L", "note": "",
                 "groups": [{"id": "admins", "name": "Administrators"}, {"id": "devs", "name": "Developers"}],
                 "identities": [{"id": "i1", "provider": "Azure"}], "registrationDate": "2024-05-06T00:00:00Z"},
        "deployment": {"gatewayId": "edge-1", "region": "West Europe", "serviceId": "svc", "serviceName": "contoso"},
        "lastError": {"source": "validate-jwt", "reason": "TokenExpired", "message": "expired", "scope": "api",
                      "section": "inbound", "path": "choose[3]/when[2]", "policyId": "p1", "httpErrorCode": 401},
        "requestId": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "timestamp": "2026-01-02T03:04:05Z", "elapsed": "00:00:01.5000000", "tracing": true,
        "variables": {
            "text": {"type": "String", "value": "x"}, "number": {"type": "Int32", "value": 3},
            "long": {"type": "Int64", "value": 5_000_000_000_i64}, "flag": {"type": "Boolean", "value": true},
            "none": {"type": "String", "value": null}, "names": {"type": "String[]", "value": ["a", "b"]},
            "object": {"type": "JObject", "value": {"a": {"b": 1}, "list": [1, 2]}},
            "bytes": {"type": "Byte[]", "value": "AQI="}, "when": {"type": "DateTime", "value": "2026-01-01T00:00:00Z"},
            "reply": {"type": "IResponse", "value": {"statusCode": 201, "statusReason": "Created",
                      "headers": {"Location": ["/x"]}, "body": "{\"id\":9}"}}
        }
    }))
    .unwrap()
}

/// Expression, type and value; or `!` and the exception.
const WITH_CALL: &[(&str, &str, &str)] = &[
    ("@(context.Request.Method)", "System.String", "POST"),
    ("@(context.Request.IpAddress)", "System.String", "10.1.2.3"),
    (
        "@(context.Request.Url.Scheme + \"|\" + context.Request.Url.Host + \"|\" + context.Request.Url.Port)",
        "System.String",
        "https|backend.example.com|8443",
    ),
    ("@(context.Request.Url.Path)", "System.String", "/v1/chat%20x"),
    ("@(context.Request.Url.QueryString)", "System.String", "?api-version=2024-10-21&tag=a&tag=b&e="),
    ("@(context.Request.OriginalUrl.Port)", "System.Int32", "443"),
    ("@(context.Request.Foundry?.Deployment ?? \"none\")", "System.String", "gpt-4o"),
    (
        "@(context.Request.OriginalUrl.ToString())",
        "System.String",
        "https://gateway.example.com/openai/v1/chat%20x?api-version=2024-10-21",
    ),
    ("@(context.Request.Url.Query[\"tag\"])", "System.String[]", "[\"a\",\"b\"]"),
    ("@(context.Request.Url.Query.GetValueOrDefault(\"tag\"))", "System.String", "a,b"),
    ("@(context.Request.Url.Query.GetValueOrDefault(\"none\", \"d\"))", "System.String", "d"),
    ("@(context.Request.Url.Query.GetValueOrDefault(\"e\", \"d\"))", "System.String", ""),
    ("@(context.Request.Url.Query.ContainsKey(\"TAG\"))", "System.Boolean", "false"),
    ("@(context.Request.Url.Query.Count)", "System.Int32", "3"),
    (
        "@(context.Request.Url.Query.Select(q => q.Key + q.Value.Length).ToArray())",
        "System.String[]",
        "[\"api-version1\",\"tag2\",\"e1\"]",
    ),
    ("@(context.Request.Url.Query[\"none\"])", "!", "System.Collections.Generic.KeyNotFoundException"),
    ("@(context.Request.Headers[\"x-list\"][1])", "System.String", "b"),
    ("@(context.Request.Headers[\"none\"])", "!", "System.Collections.Generic.KeyNotFoundException"),
    ("@(context.Request.Headers.GetValueOrDefault(\"none\") == null)", "System.Boolean", "true"),
    ("@(context.Request.Headers.GetValueOrDefault(\"X-LIST\", \"\"))", "System.String", "a,b"),
    ("@(context.Request.Headers.ContainsKey(\"authorization\"))", "System.Boolean", "true"),
    (
        "@{ string[] found; return context.Request.Headers.TryGetValue(\"X-List\", out found) ? found.Length : -1; }",
        "System.Int32",
        "2",
    ),
    ("@(context.Request.Headers.TryGetValue(\"none\", out var found))", "System.Boolean", "false"),
    ("@(context.Request.Headers[\"X-List\"].Contains(\"b\"))", "System.Boolean", "true"),
    ("@(context.Request.Headers.Count(h => h.Value.Any(v => v == \"b\")))", "System.Int32", "1"),
    (
        "@(context.Request.Headers[\"Cookie\"].Single().Split(';').Select(c => c.Trim().Split('=')).Single(c => c[0] == \"y\")[1])",
        "System.String",
        "2",
    ),
    (
        "@(context.Request.Headers.GetValueOrDefault(\"Authorization\", \"\").AsBasic().Password)",
        "System.String",
        "s:x",
    ),
    (
        "@(context.Request.Headers.GetValueOrDefault(\"X-List\", \"\").AsBasic() == null)",
        "System.Boolean",
        "true",
    ),
    (
        "@(context.Request.MatchedParameters[\"id\"] + context.Request.MatchedParameters.GetValueOrDefault(\"none\", \"!\"))",
        "System.String",
        "7!",
    ),
    ("@(int.Parse((string)context.Request.MatchedParameters[\"id\"]))", "System.Int32", "7"),
    ("@(context.Request.Certificate == null)", "System.Boolean", "true"),
    ("@(context.Request.Body.As<string>())", "System.String", "name=ada&tag=1&tag=2"),
    ("@(context.Request.Body.As<byte[]>(preserveContent: true).Length)", "System.Int32", "20"),
    ("@(context.Request.Body.AsFormUrlEncodedContent()[\"tag\"].Count)", "System.Int32", "2"),
    (
        "@(context.Request.Body.AsFormUrlEncodedContent(preserveContent: true)[\"name\"].Single())",
        "System.String",
        "ada",
    ),
    ("@(context.Request.Body.As<JObject>())", "!", "Newtonsoft.Json.JsonReaderException"),
    (
        "@{ context.Request.Body.As<string>(true); return context.Request.Body.As<string>(); }",
        "System.String",
        "name=ada&tag=1&tag=2",
    ),
    ("@{ context.Request.Body.As<string>(); return context.Request.Body?.As<string>(); }", "null", "null"),
    ("@(context.Response.StatusCode >= 400 && context.Response.StatusCode < 500)", "System.Boolean", "true"),
    ("@(context.Response.StatusReason)", "System.String", "Too Many Requests"),
    ("@((int)context.Response.Body.As<JObject>(true)[\"usage\"][\"total_tokens\"])", "System.Int32", "12"),
    (
        "@(context.Response.Body?.As<JObject>(preserveContent: true)[\"usage\"][\"total_tokens\"].Value<double>())",
        "System.Double",
        "12",
    ),
    ("@(context.Response.Body.As<JToken>().SelectToken(\"items[1].n\").ToString())", "System.String", "b"),
    (
        "@(context.Response.Body.As<JObject>()[\"items\"].Select(i => (string)i[\"n\"]).ToList())",
        "System.Collections.Generic.List<System.String>",
        "[\"a\",\"b\"]",
    ),
    (
        "@(int.Parse(context.Response.Headers.GetValueOrDefault(\"Retry-After\", \"10\")) + 1)",
        "System.Int32",
        "8",
    ),
    (
        "@(context.Api.Id + context.Api.Path + context.Api.Version + context.Api.Revision)",
        "System.String",
        "chatopenaiv12",
    ),
    ("@(context.Api.IsCurrentRevision)", "System.Boolean", "true"),
    (
        "@(context.Api.ServiceUrl.Host + context.Api.ServiceUrl.Path)",
        "System.String",
        "backend.example.com/base",
    ),
    ("@(context.Api.Protocols.First())", "System.String", "https"),
    ("@(context.Api.SubscriptionKeyParameterNames.Header)", "System.String", "api-key"),
    (
        "@(context.Operation.Id + context.Operation.Method + context.Operation.Name + context.Operation.UrlTemplate)",
        "System.String",
        "completePOSTComplete/v1/{id}",
    ),
    ("@(context.Product.Name.Equals(\"Gold\"))", "System.Boolean", "true"),
    ("@(context.Product.SubscriptionLimit ?? 0)", "System.Int32", "3"),
    ("@(context.Product.State)", "ProductState", "Published"),
    ("@(context.Product.State == ProductState.Published)", "System.Boolean", "true"),
    ("@(context.Product.Groups.Select(g => g.Name).ToArray())", "System.String[]", "[\"Developers\"]"),
    ("@(context.Product.Apis.Any(a => a.Id == \"chat\"))", "System.Boolean", "true"),
    ("@(context.Subscription.Key == context.Subscription.PrimaryKey)", "System.Boolean", "true"),
    ("@(context.Subscription.CreatedDate.Year)", "System.Int32", "2025"),
    ("@(context.Subscription.EndDate == null)", "System.Boolean", "true"),
    ("@(context.Subscription.EndDate < DateTime.UtcNow)", "System.Boolean", "false"),
    ("@(context.Subscription.StartDate.HasValue)", "System.Boolean", "false"),
    ("@(context.User.Groups.Select(g => g.Id).Contains(\"admins\"))", "System.Boolean", "true"),
    (
        "@(string.Join(\";\", context.User.Groups.Select(g => g.Name)))",
        "System.String",
        "Administrators;Developers",
    ),
    ("@(context.User.Identities.First().Provider)", "System.String", "Azure"),
    (
        "@($\"{context.User.FirstName} {context.User.LastName} <{context.User.Email}>\")",
        "System.String",
        "Ada L <ada@example.com>",
    ),
    (
        "@(\"west europe\".Equals(context.Deployment.Region, StringComparison.OrdinalIgnoreCase))",
        "System.Boolean",
        "true",
    ),
    (
        "@(context.Deployment.GatewayId + context.Deployment.Gateway.Id + context.Deployment.ServiceName)",
        "System.String",
        "edge-1edge-1contoso",
    ),
    ("@(context.Deployment.Certificates.Any(c => c.Value.Thumbprint == \"x\"))", "System.Boolean", "false"),
    ("@(context.Deployment.Certificates.Keys.Count())", "System.Int32", "0"),
    (
        "@(context.LastError.Source + context.LastError.Reason + context.LastError.PolicyId)",
        "System.String",
        "validate-jwtTokenExpiredp1",
    ),
    ("@(context.LastError.Path + context.LastError.HttpErrorCode)", "System.String", "choose[3]/when[2]401"),
    ("@(context.RequestId)", "System.Guid", "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ("@(context.RequestId.ToString(\"N\").Substring(0, 4))", "System.String", "0001"),
    (
        "@(context.Timestamp.AddSeconds(10).ToString(\"yyyy-MM-ddTHH:mm:ssZ\"))",
        "System.String",
        "2026-01-02T03:04:15Z",
    ),
    ("@(context.Elapsed.TotalMilliseconds)", "System.Double", "1500"),
    ("@(context.Elapsed > TimeSpan.FromSeconds(1))", "System.Boolean", "true"),
    ("@(context.Tracing)", "System.Boolean", "true"),
    ("@(context.Variables[\"missing\"] == null)", "System.Boolean", "true"),
    ("@((string)context.Variables[\"text\"] + context.Variables[\"number\"])", "System.String", "x3"),
    ("@((int)context.Variables[\"number\"] + 1)", "System.Int32", "4"),
    ("@((long)context.Variables[\"long\"] + 1)", "System.Int64", "5000000001"),
    ("@((long)context.Variables[\"number\"])", "!", "System.InvalidCastException"),
    ("@((int)context.Variables[\"text\"])", "!", "System.InvalidCastException"),
    ("@((int)context.Variables[\"missing\"])", "!", "System.NullReferenceException"),
    ("@((string)context.Variables[\"missing\"])", "null", "null"),
    ("@((bool)context.Variables[\"flag\"] ? 1 : 2)", "System.Int32", "1"),
    ("@(context.Variables.ContainsKey(\"none\"))", "System.Boolean", "true"),
    ("@(context.Variables.ContainsKey(\"Text\"))", "System.Boolean", "false"),
    ("@(context.Variables.GetValueOrDefault<string>(\"none\", \"d\"))", "null", "null"),
    ("@(context.Variables.GetValueOrDefault<int>(\"missing\", 7))", "System.Int32", "7"),
    ("@(context.Variables.GetValueOrDefault<int>(\"missing\"))", "System.Int32", "0"),
    ("@(context.Variables.GetValueOrDefault(\"text\", \"d\"))", "System.String", "x"),
    ("@(context.Variables.GetValueOrDefault<int>(\"text\"))", "!", "System.InvalidCastException"),
    ("@(context.Variables.TryGetValue(\"text\", out var v) ? (string)v : \"none\")", "System.String", "x"),
    ("@(((string[])context.Variables[\"names\"]).Length)", "System.Int32", "2"),
    ("@((int)((JObject)context.Variables[\"object\"])[\"a\"][\"b\"])", "System.Int32", "1"),
    ("@(((JObject)context.Variables[\"object\"])[\"list\"].Sum(t => (int)t))", "System.Int32", "3"),
    ("@((string)((JObject)context.Variables[\"object\"])[\"none\"] ?? \"d\")", "System.String", "d"),
    (
        "@{ var o = (JObject)context.Variables[\"object\"]; o[\"a\"][\"b\"] = 5; return context.Variables[\"object\"]; }",
        "Newtonsoft.Json.Linq.JObject",
        "{\"a\":{\"b\":5},\"list\":[1,2]}",
    ),
    ("@(((byte[])context.Variables[\"bytes\"])[1])", "System.Byte", "2"),
    ("@((DateTime)context.Variables[\"when\"] < context.Timestamp)", "System.Boolean", "true"),
    ("@(((IResponse)context.Variables[\"reply\"]).StatusCode == 201)", "System.Boolean", "true"),
    ("@((context.Variables[\"reply\"] as IResponse)?.Headers[\"location\"][0])", "System.String", "/x"),
    ("@((string)((IResponse)context.Variables[\"reply\"]).Body.As<JObject>()[\"id\"])", "System.String", "9"),
    ("@(context.Variables[\"number\"] is int n && n > 2)", "System.Boolean", "true"),
    ("@(context.Variables[\"text\"] as int? ?? 5)", "System.Int32", "5"),
    ("@(context.Variables[\"text\"].ToString() + context.Variables[\"flag\"])", "System.String", "xTrue"),
    ("@(context.Variables[\"missing\"].ToString())", "!", "System.NullReferenceException"),
];

const WITHOUT_CALL: &[(&str, &str, &str)] = &[
    ("@(context.Response == null)", "System.Boolean", "true"),
    ("@(context.Response?.StatusCode >= 400)", "System.Boolean", "false"),
    ("@(context.Response.StatusCode)", "!", "System.NullReferenceException"),
    ("@(context.Subscription?.Id ?? \"anonymous\")", "System.String", "anonymous"),
    ("@(context.Product?.Groups?.Count() ?? 0)", "System.Int32", "0"),
    ("@(context.User?.Email?.ToLower() == null)", "System.Boolean", "true"),
    ("@(context.LastError == null)", "System.Boolean", "true"),
    ("@(context.User.Id)", "!", "System.NullReferenceException"),
    ("@(context.Variables.Count)", "System.Int32", "0"),
];

#[track_caller]
fn assert_all(cases: &[(&str, &str, &str)], context: fn() -> JsonContext) {
    let mut differing = Vec::new();
    for (text, ty, value) in cases {
        let file = SourceMap::new().add("policy.xml", *text);
        let found = match compile(&MappedText::verbatim(*text, file, 0)) {
            Err(found) => ("!".to_owned(), format!("{found:?}")),
            Ok(program) => match program.evaluate_rendered(&mut context(), &Limits::default()) {
                Err(thrown) => ("!".to_owned(), thrown.type_name().to_owned()),
                Ok(result) => {
                    let value = result.value.as_str().map_or_else(|| result.value.to_string(), str::to_owned);
                    (result.type_name.unwrap_or_else(|| "null".to_owned()), value)
                }
            },
        };
        if found != ((*ty).to_owned(), (*value).to_owned()) {
            differing.push(format!("{text}\n    wanted {ty} {value}\n    found  {} {}", found.0, found.1));
        }
    }
    assert!(differing.is_empty(), "{} of {}\n{}", differing.len(), cases.len(), differing.join("\n"));
}

#[test]
fn the_call_is_seen() {
    assert_all(WITH_CALL, image);
}

#[test]
fn what_a_call_lacks_is_null() {
    assert_all(WITHOUT_CALL, JsonContext::default);
}
