//! What changed of a call since it was last looked at.
//!
//! The call is looked at when a policy begins and when it ends, and what changed in between is put down to the policy that
//! ran: the innermost one.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::redact::Redactor;
use super::text::Shown;
use crate::body::Body;
use crate::exchange::{Exchange, Response};

/// Something that is another now.
pub(crate) type Change<T> = Option<(T, T)>;

/// What changed of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestChanges {
    pub(crate) method: Change<String>,
    pub(crate) url: Change<Shown>,
    pub(crate) backend: Change<Option<String>>,
    pub(crate) headers: Vec<HeaderChange>,
    pub(crate) body: Option<BodyChange>,
}

/// What changed of the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResponseChanges {
    /// None where there was, or is, no response.
    pub(crate) status: Change<Option<u16>>,
    pub(crate) reason: Change<Shown>,
    pub(crate) headers: Vec<HeaderChange>,
    pub(crate) body: Option<BodyChange>,
}

/// A header; values of one name are joined by commas. One that was added has no `before`, one that was removed no `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderChange {
    pub(crate) name: HeaderName,
    pub(crate) before: Option<Shown>,
    pub(crate) after: Option<Shown>,
}

/// What became of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyChange {
    /// It is another one, of so many bytes.
    Replaced(usize),
    /// It was brought into memory, so many bytes.
    Buffered(usize),
    /// Another one arrives.
    Arriving,
    /// It was read, or sent, and not kept.
    Consumed,
    /// There is none any more.
    Removed,
}

/// A body as it was seen.
#[derive(Clone, Debug)]
enum Seen {
    Empty,
    Full(Bytes),
    Stream,
    Consumed,
}

impl Seen {
    fn of(body: &Body) -> Self {
        match body {
            Body::Empty => Seen::Empty,
            Body::Full(bytes) => Seen::Full(bytes.clone()),
            Body::Stream(_) => Seen::Stream,
            Body::Consumed => Seen::Consumed,
        }
    }

    fn change_to(&self, now: &Seen) -> Option<BodyChange> {
        match (self, now) {
            (Seen::Empty, Seen::Empty) | (Seen::Stream, Seen::Stream) | (Seen::Consumed, Seen::Consumed) => {
                None
            }
            (Seen::Full(before), Seen::Full(after)) => {
                let is_same = before.as_ptr() == after.as_ptr() && before.len() == after.len();
                (!is_same).then_some(BodyChange::Replaced(after.len()))
            }
            (Seen::Stream, Seen::Full(after)) => Some(BodyChange::Buffered(after.len())),
            (_, Seen::Full(after)) => Some(BodyChange::Replaced(after.len())),
            (_, Seen::Empty) => Some(BodyChange::Removed),
            (_, Seen::Stream) => Some(BodyChange::Arriving),
            (_, Seen::Consumed) => Some(BodyChange::Consumed),
        }
    }
}

/// The call as it was last seen.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    method: String,
    url: String,
    backend: Option<String>,
    headers: HeaderMap,
    body: Seen,
    response: Option<SeenResponse>,
}

#[derive(Clone, Debug)]
struct SeenResponse {
    status: u16,
    reason: String,
    headers: HeaderMap,
    body: Seen,
}

impl SeenResponse {
    fn of(response: &Response) -> Self {
        Self {
            status: response.status,
            reason: response.reason().to_owned(),
            headers: response.headers.clone(),
            body: Seen::of(&response.body),
        }
    }
}

impl Snapshot {
    /// The call as it is.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        Self {
            method: exchange.request.method.to_string(),
            url: url(exchange),
            backend: backend(exchange),
            headers: exchange.request.headers.clone(),
            body: Seen::of(&exchange.request.body),
            response: exchange.response.as_ref().map(SeenResponse::of),
        }
    }

    /// What is another now; afterwards the call is seen as it is.
    pub(crate) fn look(
        &mut self,
        exchange: &Exchange,
        redactor: &mut Redactor,
    ) -> (RequestChanges, ResponseChanges) {
        if self.headers != exchange.request.headers {
            redactor.learn_headers(&exchange.request.headers);
        }
        let now_response = exchange.response.as_ref();
        let has_other_headers =
            |seen: &SeenResponse| now_response.is_some_and(|now| now.headers != seen.headers);
        if let Some(now) = now_response
            && self.response.as_ref().is_none_or(has_other_headers)
        {
            redactor.learn_headers(&now.headers);
        }
        let request = self.request_changes(exchange, redactor);
        let response = response_changes(self.response.as_ref(), now_response, redactor);
        if request != RequestChanges::default() || response != ResponseChanges::default() {
            *self = Self::of(exchange);
        }
        (request, response)
    }

    fn request_changes(&self, exchange: &Exchange, redactor: &Redactor) -> RequestChanges {
        let request = &exchange.request;
        let (url, backend) = (url(exchange), backend(exchange));
        RequestChanges {
            method: (self.method != request.method.as_str())
                .then(|| (self.method.clone(), request.method.to_string())),
            url: (self.url != url).then(|| (redactor.show(&self.url), redactor.show(&url))),
            backend: (self.backend != backend).then(|| (self.backend.clone(), backend)),
            headers: header_changes(&self.headers, &request.headers, redactor),
            body: self.body.change_to(&Seen::of(&request.body)),
        }
    }
}

fn response_changes(
    before: Option<&SeenResponse>,
    after: Option<&Response>,
    redactor: &Redactor,
) -> ResponseChanges {
    let none = HeaderMap::new();
    let status = (before.map(|before| before.status), after.map(|after| after.status));
    let is_same_reason = match (before, after) {
        (Some(before), Some(after)) => before.reason == after.reason() || before.status != after.status,
        _ => true,
    };
    let body_before = before.map_or(&Seen::Empty, |before| &before.body);
    let body_after = after.map_or(Seen::Empty, |after| Seen::of(&after.body));
    ResponseChanges {
        status: (status.0 != status.1).then_some(status),
        reason: (!is_same_reason).then(|| {
            let text = |reason: Option<&str>| redactor.show(reason.unwrap_or(""));
            (text(before.map(|before| before.reason.as_str())), text(after.map(Response::reason)))
        }),
        headers: header_changes(
            before.map_or(&none, |before| &before.headers),
            after.map_or(&none, |after| &after.headers),
            redactor,
        ),
        body: body_before.change_to(&body_after),
    }
}

fn url(exchange: &Exchange) -> String {
    let url = exchange.request.url();
    let usual = matches!((url.scheme, url.port), ("http" | "ws", 80) | ("https" | "wss", 443));
    let port = if usual { String::new() } else { format!(":{}", url.port) };
    format!("{}://{}{port}{}{}", url.scheme, url.host, url.path, url.query)
}

fn backend(exchange: &Exchange) -> Option<String> {
    exchange.route.backend.as_ref().map(|backend| backend.id.to_string())
}

fn header_changes(before: &HeaderMap, after: &HeaderMap, redactor: &Redactor) -> Vec<HeaderChange> {
    if before == after {
        return Vec::new();
    }
    let removed = before.keys().filter(|name| !after.contains_key(*name));
    let other = after.keys().filter(|name| before.get_all(*name) != after.get_all(*name));
    let shown = |headers: &HeaderMap, name: &HeaderName| joined(headers, name, redactor);
    removed
        .chain(other)
        .map(|name| HeaderChange {
            name: name.clone(),
            before: shown(before, name),
            after: shown(after, name),
        })
        .collect()
}

/// The values of a header as one text; none without any.
pub(crate) fn joined(headers: &HeaderMap, name: &HeaderName, redactor: &Redactor) -> Option<Shown> {
    let mut values = headers.get_all(name).iter().map(|value: &HeaderValue| redactor.header(name, value));
    let mut all = values.next()?;
    for value in values {
        all.text.push_str(", ");
        all.text.push_str(&value.text);
        all.is_cut |= value.is_cut;
    }
    Some(all)
}

impl RequestChanges {
    /// Puts later changes behind these.
    pub(crate) fn merge(&mut self, later: RequestChanges) {
        then(&mut self.method, later.method);
        then(&mut self.url, later.url);
        then(&mut self.backend, later.backend);
        merge_headers(&mut self.headers, later.headers);
        self.body = later.body.or(self.body);
    }
}

impl ResponseChanges {
    /// Puts later changes behind these.
    pub(crate) fn merge(&mut self, later: ResponseChanges) {
        then(&mut self.status, later.status);
        then(&mut self.reason, later.reason);
        merge_headers(&mut self.headers, later.headers);
        self.body = later.body.or(self.body);
    }
}

/// From where the first change began to where the later one led.
fn then<T>(change: &mut Change<T>, later: Change<T>) {
    match (change.as_mut(), later) {
        (Some(first), Some((_, after))) => first.1 = after,
        (None, Some(later)) => *change = Some(later),
        (_, None) => {}
    }
}

fn merge_headers(headers: &mut Vec<HeaderChange>, later: Vec<HeaderChange>) {
    for change in later {
        match headers.iter_mut().find(|known| known.name == change.name) {
            Some(known) => known.after = change.after,
            None => headers.push(change),
        }
    }
}
