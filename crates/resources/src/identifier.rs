//! ARM ids and the short ids that the service accepts in their place.

use crate::model::SubscriptionScope;

/// The name at the end of `/backends/name`, of a full ARM id, or of a bare name.
///
/// `collection` is what must stand before it, in any case. `None` for an id of something else.
pub(crate) fn name_in<'t>(id: &'t str, collection: &str) -> Option<&'t str> {
    let trimmed = id.trim().trim_matches('/');
    match trimmed.rsplit_once('/') {
        None => (!trimmed.is_empty()).then_some(trimmed),
        Some((parent, name)) => {
            let above = parent.rsplit('/').next().unwrap_or(parent);
            (above.eq_ignore_ascii_case(collection) && !name.is_empty()).then_some(name)
        }
    }
}

/// API and operation of `/apis/a/operations/o` or of a full ARM id with that end. `None` for an id of something else.
pub(crate) fn operation(id: &str) -> Option<(&str, &str)> {
    let (api, operation) = id.trim().trim_matches('/').rsplit_once('/')?;
    let (api, collection) = api.rsplit_once('/')?;
    let api = name_in(api, "apis").filter(|_| api.contains('/'))?;
    (collection.eq_ignore_ascii_case("operations") && !operation.is_empty()).then_some((api, operation))
}

/// The scope of a subscription: `/apis`, `/apis/x`, `/products/x`, `/`, or a full ARM id with such an end.
pub(crate) fn scope(text: &str) -> Option<SubscriptionScope> {
    let trimmed = text.trim().trim_end_matches('/');
    if trimmed.is_empty() {
        return text.contains('/').then_some(SubscriptionScope::Service);
    }
    let segments: Vec<&str> = trimmed.trim_start_matches('/').split('/').collect();
    let last = segments.last().copied()?;
    let before = segments.len().checked_sub(2).and_then(|at| segments.get(at)).copied().unwrap_or("");
    let is = |word: &str, wanted: &str| word.eq_ignore_ascii_case(wanted);
    let full_id = is(segments.first().copied().unwrap_or(""), "subscriptions");
    if is(before, "products") {
        Some(SubscriptionScope::Product(last.to_owned()))
    } else if is(before, "apis") {
        Some(SubscriptionScope::Api(last.to_owned()))
    } else if is(last, "apis") && (segments.len() == 1 || full_id) {
        Some(SubscriptionScope::AllApis)
    } else if full_id && is(before, "service") {
        Some(SubscriptionScope::Service)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/apim";

    #[test]
    fn names_are_found_in_ids() {
        assert_eq!(name_in("/backends/a", "backends"), Some("a"));
        assert_eq!(name_in(&format!("{SERVICE}/Backends/a"), "backends"), Some("a"));
        assert_eq!(name_in("a", "backends"), Some("a"));
        assert_eq!(name_in("/loggers/a", "backends"), None);
        assert_eq!(name_in("/", "backends"), None);
    }

    #[test]
    fn operations_are_found_in_ids() {
        assert_eq!(operation("/apis/a;rev=2/operations/o"), Some(("a;rev=2", "o")));
        assert_eq!(operation("apis/a/operations/o"), Some(("a", "o")));
        assert_eq!(operation(&format!("{SERVICE}/apis/a/operations/o")), Some(("a", "o")));
        for wrong in
            ["o", "/operations/o", "/apis/a/tools/o", "/products/a/operations/o", "/apis/a/operations/", ""]
        {
            assert_eq!(operation(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn scopes_are_told_apart() {
        assert_eq!(scope("/apis"), Some(SubscriptionScope::AllApis));
        assert_eq!(scope("/apis/chat"), Some(SubscriptionScope::Api("chat".to_owned())));
        assert_eq!(scope("/products/p"), Some(SubscriptionScope::Product("p".to_owned())));
        assert_eq!(scope(&format!("{SERVICE}/apis")), Some(SubscriptionScope::AllApis));
        assert_eq!(scope(&format!("{SERVICE}/products/p")), Some(SubscriptionScope::Product("p".to_owned())));
        assert_eq!(scope(SERVICE), Some(SubscriptionScope::Service));
        assert_eq!(scope(&format!("{SERVICE}/")), Some(SubscriptionScope::Service));
        assert_eq!(scope("/"), Some(SubscriptionScope::Service));
        assert_eq!(scope("/users/1"), None);
        assert_eq!(scope(""), None);
    }
}
