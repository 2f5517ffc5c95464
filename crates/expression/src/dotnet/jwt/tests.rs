use super::*;

fn token(header: &str, payload: &str) -> String {
    format!("{}.{}.c2ln", BASE64_URL.encode(header), BASE64_URL.encode(payload))
}

fn values(claims: &Value, name: &str) -> Vec<String> {
    let Value::Dictionary(dictionary) = claims else { panic!("no dictionary") };
    let entries = dictionary.entries.lock();
    match entries.get(&Value::from(name).key(KeyComparer::IgnoreCase)) {
        Some(Value::Array(array)) => {
            array.items.lock().iter().filter_map(|item| item.as_text().map(ToString::to_string)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn the_parts_of_a_token() {
    let payload = r#"{"iss":"me","sub":"s","aud":["a","b"],"exp":1700000000,"nbf":"1600000000","iat":1.5e9,"jti":"i",
        "roles":["r1","r2"],"Level":5,"ok":true,"x":{"y":[1.0,2]},"none":null}"#;
    let text = token(r#"{"alg":"RS256","typ":"JWT"}"#, payload);
    for text in [text.clone(), format!("Bearer {text}"), format!("bearer  {text} ")] {
        let value = parse(&text).unwrap();
        let jwt: &Jwt = value.downcast().unwrap();
        assert_eq!((jwt.algorithm.as_deref(), jwt.kind.as_deref()), (Some("RS256"), Some("JWT")));
        assert_eq!((&*jwt.issuer, &*jwt.subject, &*jwt.id), ("me", "s", "i"));
        assert_eq!(jwt.audiences, [Text::from("a"), Text::from("b")]);
        assert_eq!(
            (jwt.expires, jwt.not_before, jwt.issued),
            (Some(1_700_000_000), Some(1_600_000_000), Some(1_500_000_000))
        );
        assert_eq!(values(&jwt.claims, "ROLES"), ["r1", "r2"]);
        assert_eq!(values(&jwt.claims, "level"), ["5"]);
        assert_eq!(values(&jwt.claims, "ok"), ["true"]);
        assert_eq!(values(&jwt.claims, "x"), [r#"{"y":[1.0,2]}"#]);
        assert_eq!(values(&jwt.claims, "none"), [""]);
    }
}

#[test]
fn absent_parts() {
    let value = parse(&token("{}", "{}")).unwrap();
    let jwt: &Jwt = value.downcast().unwrap();
    assert!(jwt.algorithm.is_none() && jwt.audiences.is_empty() && jwt.expires.is_none());
    assert_eq!((&*jwt.issuer, &*jwt.subject, &*jwt.id), ("", "", ""));
    assert!(moment(None).is_null() && moment(Some(i64::MAX)).is_null());
}

#[test]
fn what_is_no_token() {
    let good = token("{}", "{}");
    let texts = ["", "Bearer ", "a.b", "a.b.c", "e30.e30.!", "e30.W10.", "e30.e30.x.y.z", &good[1..]];
    for text in texts {
        assert!(parse(text).is_none(), "{text}");
    }
    // A token without a signature is a token.
    assert!(parse("e30.e30.").is_some());
}

#[test]
fn members_in_expressions() {
    use crate::testing::{assert_evaluates, assert_throws};
    let cases = [
        (
            r#"@("Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Subject)"#,
            "System.String",
            "s",
        ),
        (
            r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Claims["roles"][1])"#,
            "System.String",
            "r2",
        ),
        (
            r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Claims.GetValueOrDefault("ROLES"))"#,
            "System.String",
            "r1,r2",
        ),
        (
            r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Claims.GetValueOrDefault("nope", "none"))"#,
            "System.String",
            "none",
        ),
        (
            r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Claims.ContainsKey("roles"))"#,
            "System.Boolean",
            "true",
        ),
        (
            r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().ExpirationTime > DateTime.MinValue)"#,
            "System.Boolean",
            "true",
        ),
        (
            r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Audiences.First())"#,
            "System.String",
            "a",
        ),
        (r#"@("nonsense".AsJwt() == null)"#, "System.Boolean", "true"),
        (r#"@("nonsense".AsJwt()?.Claims.GetValueOrDefault("x") ?? "d")"#, "System.String", "d"),
        (
            r#"@{ Jwt t; return "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".TryParseJwt(out t) ? t.Algorithm : ""; }"#,
            "System.String",
            "RS256",
        ),
    ];
    for (expression, type_name, value) in cases {
        assert_evaluates(expression, type_name, value);
    }
    assert_throws(
        r#"@("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzIiwiYXVkIjoiYSIsInJvbGVzIjpbInIxIiwicjIiXSwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln".AsJwt().Claims["nope"])"#,
        "System.Collections.Generic.KeyNotFoundException",
    );
}
