use proptest::prelude::*;

use super::*;

const ECHO: &str = "echo";

fn rules() -> KeyRules {
    KeyRules {
        api: ECHO.into(),
        required: true,
        header: HeaderName::from_static("ocp-apim-subscription-key"),
        header_text: "Ocp-Apim-Subscription-Key".into(),
        query: "subscription-key".into(),
        bearer: false,
        products: vec![0, 1],
        open_product: None,
    }
}

fn keys() -> KeyIndex {
    let mut keys = KeyIndex::new().unwrap();
    let entries = [
        ("product-key", KeyScope::Product(1), true),
        ("other-product-key", KeyScope::Product(2), true),
        ("api-key", KeyScope::Api(ECHO.into()), true),
        ("other-api-key", KeyScope::Api("other".into()), true),
        ("all-key", KeyScope::All, true),
        ("suspended-key", KeyScope::All, false),
        ("twice", KeyScope::Api("other".into()), true),
        ("twice", KeyScope::Api(ECHO.into()), true),
    ];
    for (key, scope, is_usable) in entries {
        let facts = Arc::new(SubscriptionFacts {
            id: format!("of-{key}").into(),
            key: key.into(),
            ..Default::default()
        });
        keys.insert(KeyEntry { key: key.into(), scope, is_usable, allow_tracing: false, facts, user: None });
    }
    keys
}

/// Subscription id and product of a call, or why it is denied.
fn check(
    rules: &KeyRules,
    header: Option<&str>,
    query: &str,
) -> Result<(Option<String>, Option<usize>), Denied> {
    let mut headers = HeaderMap::new();
    if let Some(value) = header {
        headers.insert(&rules.header, HeaderValue::from_str(value).unwrap());
    }
    let access = rules.check(&keys(), &headers, query)?;
    Ok((access.subscription.map(|facts| facts.id.to_string()), access.product))
}

fn of(key: &str) -> Option<String> {
    Some(format!("of-{key}"))
}

#[test]
fn every_row_of_the_table_with_a_key() {
    let closed = rules();
    let open = KeyRules { required: false, open_product: Some(0), ..rules() };
    for rules in [closed, open] {
        assert_eq!(check(&rules, Some("product-key"), ""), Ok((of("product-key"), Some(1))));
        assert_eq!(check(&rules, Some("api-key"), ""), Ok((of("api-key"), None)));
        assert_eq!(check(&rules, Some("all-key"), ""), Ok((of("all-key"), None)));
        assert_eq!(check(&rules, Some("twice"), ""), Ok((of("twice"), None)));
        for stranger in ["other-product-key", "other-api-key", "suspended-key", "nobody"] {
            assert_eq!(check(&rules, Some(stranger), ""), Err(Denied::Invalid), "{stranger}");
        }
    }
}

#[test]
fn every_row_of_the_table_without_a_key() {
    assert_eq!(check(&rules(), None, ""), Err(Denied::Missing));
    assert_eq!(check(&rules(), Some(""), "subscription-key="), Err(Denied::Missing));
    assert_eq!(check(&KeyRules { required: false, ..rules() }, None, ""), Ok((None, None)));
    assert_eq!(check(&KeyRules { open_product: Some(1), ..rules() }, None, ""), Ok((None, Some(1))));
}

#[test]
fn the_query_counts_only_without_the_header() {
    assert_eq!(check(&rules(), None, "a=1&Subscription-Key=api%2Dkey"), Ok((of("api-key"), None)));
    assert_eq!(check(&rules(), Some("nobody"), "subscription-key=api-key"), Err(Denied::Invalid));
}

#[test]
fn bearer_only_where_it_is_enabled() {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("bearer  api-key"))]);
    assert_eq!(rules().check(&keys(), &headers, ""), Err(Denied::Missing));
    let bearer = KeyRules { bearer: true, ..rules() };
    assert_eq!(bearer.check(&keys(), &headers, "").unwrap().subscription.unwrap().id.as_ref(), "of-api-key");
}

#[test]
fn a_bearer_token_that_is_no_key_counts_as_none() {
    let with = |token: &str| {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap())])
    };
    let bearer = KeyRules { bearer: true, ..rules() };
    assert_eq!(bearer.check(&keys(), &with("a.b.c"), ""), Err(Denied::Invalid));
    let open = KeyRules { required: false, ..bearer };
    assert_eq!(open.check(&keys(), &with("a.b.c"), ""), Ok(Access::default()));
    assert_eq!(open.check(&keys(), &with("suspended-key"), ""), Err(Denied::Invalid));
    assert!(open.check(&keys(), &with("all-key"), "").unwrap().subscription.is_some());
}

#[test]
fn refusals_are_those_of_api_management() {
    let error = rules().refusal(Denied::Missing, "https://gw.example/", "team/echo");
    assert_eq!(
        (error.source, error.reason, error.status),
        (Some("authorization"), Some("SubscriptionKeyNotFound"), 401)
    );
    let response = error.response(&[0; 16]);
    assert_eq!(
        response.headers.get(WWW_AUTHENTICATE).unwrap(),
        "AzureApiManagementKey realm=\"https://gw.example/team/echo\",name=\"Ocp-Apim-Subscription-Key\",type=\"header\""
    );
    let mut body = response.body;
    assert_eq!(
        body.read(true).unwrap(),
        "{ \"statusCode\": 401, \"message\": \"Access denied due to missing subscription key. Make sure to include \
         subscription key when making requests to an API.\" }"
    );
}

proptest! {
    #[test]
    fn only_the_very_key_opens(key in "[ -~]{0,40}") {
        let known = ["product-key", "api-key", "all-key", "twice"];
        let opened = check(&rules(), Some(&key), "").is_ok();
        prop_assert_eq!(opened, known.contains(&key.as_str()));
    }
}
