//! What is written of headers and queries: those that a diagnostic names, masked or hidden as it says.

use std::borrow::Cow;

use http::HeaderName;
use percent_encoding::percent_decode_str;
use sekisho_policy::observation::headers::KeptHeaders;
use sekisho_policy::observation::secrets::MASK;
use sekisho_policy::observation::{MaskMode, MessagePlan};
use sekisho_policy::ports::Message;

/// The headers of a message that its plan wants, by their names as the diagnostic has them. Several values of one header
/// are joined by commas.
pub fn headers<'a>(plan: &'a MessagePlan, message: &'a Message) -> Vec<(&'a str, Cow<'a, str>)> {
    let Some(kept) = &message.headers else { return Vec::new() };
    let named = plan.headers.iter().zip(plan.header_names.iter());
    named.filter_map(|(name, written)| Some((&**written, shown(plan, kept, name)?))).collect()
}

/// A header as it may be seen; none for one that is hidden or not there.
fn shown<'a>(plan: &MessagePlan, kept: &'a KeptHeaders, name: &HeaderName) -> Option<Cow<'a, str>> {
    let mut values = kept.get_all(name);
    let first = values.next()?;
    match plan.masked_headers.iter().find(|(masked, _)| masked == name).map(|(_, mode)| mode) {
        Some(MaskMode::Hide) => None,
        Some(MaskMode::Mask) => Some(MASK.into()),
        None => Some(values.fold(first.into(), |all, value| format!("{all}, {value}").into())),
    }
}

/// A query without `?`, its parameters masked or hidden; none when nothing is left of it.
pub fn query(plan: &MessagePlan, query: &str) -> Option<String> {
    let mut shown = String::with_capacity(query.len());
    for pair in query.split('&') {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let mode = mode_of(plan, name);
        if mode == Some(MaskMode::Hide) {
            continue;
        }
        if !shown.is_empty() {
            shown.push('&');
        }
        match mode {
            Some(_) => {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(MASK);
            }
            None => shown.push_str(pair),
        }
    }
    (!shown.is_empty()).then_some(shown)
}

/// Names may be escaped so that nobody recognises them.
fn mode_of(plan: &MessagePlan, name: &str) -> Option<MaskMode> {
    if plan.masked_query.is_empty() {
        return None;
    }
    let name = name.replace('+', " ");
    let name = percent_decode_str(&name).decode_utf8_lossy();
    plan.masked_query.iter().find(|(masked, _)| masked.eq_ignore_ascii_case(&name)).map(|(_, mode)| *mode)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{HeaderMap, HeaderValue};
    use sekisho_policy::observation::HeaderChoice;
    use sekisho_policy::observation::secrets::SecretNames;

    use super::*;

    fn plan() -> MessagePlan {
        let names = ["X-Team", "X-Secret", "X-Hidden", "X-Absent"];
        let header = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
        MessagePlan {
            headers: names.iter().map(|name| header(name)).collect(),
            header_names: names.iter().map(|name| Arc::from(*name)).collect(),
            masked_headers: [(header("x-secret"), MaskMode::Mask), (header("x-hidden"), MaskMode::Hide)]
                .into(),
            masked_query: [(Arc::from("Token"), MaskMode::Mask), (Arc::from("user name"), MaskMode::Hide)]
                .into(),
            ..MessagePlan::default()
        }
    }

    #[test]
    fn headers_are_masked_or_hidden() {
        let mut kept = HeaderMap::new();
        for (name, value) in [("x-team", "a"), ("x-secret", "s"), ("x-hidden", "h"), ("x-other", "o")] {
            kept.append(name, HeaderValue::from_static(value));
        }
        kept.append("x-team", HeaderValue::from_static("b"));
        let headers = KeptHeaders::of(&kept, &HeaderChoice::All, &SecretNames::default());
        let message = Message { headers, ..Message::default() };
        let plan = plan();
        let shown: Vec<_> = super::headers(&plan, &message);
        assert_eq!(shown, [("X-Team", "a, b".into()), ("X-Secret", "***".into())]);
        assert!(super::headers(&plan, &Message::default()).is_empty());
    }

    #[test]
    fn parameters_are_masked_or_hidden() {
        let of = |text: &str| query(&plan(), text);
        assert_eq!(of("a=1&tok%65n=x&user+name=u&User%20Name=v&flag").unwrap(), "a=1&tok%65n=***&flag");
        assert_eq!(of("user+name=u"), None);
        assert_eq!(query(&MessagePlan::default(), "token=x").unwrap(), "token=x");
    }
}
