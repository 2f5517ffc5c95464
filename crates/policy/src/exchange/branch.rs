//! Branches of a call that run beside each other, and what becomes of their changes.
//!
//! A branch is an exchange of its own that begins as the call stands. Bodies in memory are shared; one that still arrives
//! stays with the call, and the branch sees it as read. Afterwards what a branch changed is put into the call part by
//! part, so that branches that change different things do not undo each other.

use bytes::Bytes;
use http::HeaderMap;

use super::{Exchange, Response};
use crate::body::Body;

impl Exchange {
    /// A branch. What it does stays in it until [`Exchange::merge`].
    pub fn fork(&self) -> Exchange {
        let mut branch = Exchange {
            ports: self.ports.clone(),
            backends: self.backends.clone(),
            limits: self.limits.clone(),
            facts: self.facts.clone(),
            request: self.request.fork(),
            response: self.response.as_ref().map(fork_response),
            variables: self.variables.fork(),
            last_error: self.last_error.clone(),
            route: self.route.clone(),
            outgoing: self.outgoing.clone(),
            cors_headers: self.cors_headers.clone(),
            section: self.section,
            request_id: self.request_id,
            timestamp_ticks: self.timestamp_ticks,
            started: self.started,
            tracing: self.tracing,
            tracer: None,
            attempts: Vec::new(),
            traces: Vec::new(),
            applied_limits: Vec::new(),
            timings: self.timings.as_ref().map(|_| Vec::new()),
            counted: self.counted.clone(),
            caching: None,
            semantic: None,
            ledger: self.ledger.clone(),
            at_reply: Vec::new(),
            at_response: Vec::new(),
            at_end: Vec::new(),
        };
        self.branch_trace(&mut branch);
        branch
    }

    /// Takes over what a branch changed against `original`, the call as the branch began with it.
    pub fn merge(&mut self, mut branch: Exchange, original: &Exchange) {
        self.take_records(&mut branch);
        self.variables.merge(branch.variables);
        self.request.merge(branch.request, &original.request);
        match (&mut self.response, branch.response, &original.response) {
            (Some(response), Some(branch), Some(original)) => merge_response(response, branch, original),
            (_, None, None) => {}
            (response, branch, _) => *response = branch,
        }
        if branch.last_error != original.last_error {
            self.last_error = branch.last_error;
        }
        if branch.route != original.route {
            self.set_route(branch.route);
        }
        if branch.outgoing != original.outgoing {
            self.outgoing = branch.outgoing;
        }
        if branch.cors_headers != original.cors_headers {
            self.cors_headers = branch.cors_headers;
        }
    }

    /// Takes over what a branch that counts for nothing else has on record: what it tried and told, and work for later.
    pub fn take_records(&mut self, branch: &mut Exchange) {
        let trace = self.branch_ended(branch);
        self.attempts.append(&mut branch.attempts);
        for entry in std::mem::take(&mut branch.traces) {
            self.add_trace(entry);
        }
        self.applied_limits.append(&mut branch.applied_limits);
        if let (Some(all), Some(more)) = (&mut self.timings, &mut branch.timings) {
            all.append(more);
        }
        self.counted.take_over(std::mem::take(&mut branch.counted));
        self.at_reply.append(&mut branch.at_reply);
        self.at_response.append(&mut branch.at_response);
        self.at_end.append(&mut branch.at_end);
        self.absorb_trace(trace);
    }
}

fn fork_response(response: &Response) -> Response {
    Response {
        status: response.status,
        reason: response.reason.clone(),
        headers: response.headers.clone(),
        body: fork_body(&response.body),
    }
}

fn merge_response(response: &mut Response, branch: Response, original: &Response) {
    if branch.status != original.status {
        response.status = branch.status;
    }
    if branch.reason != original.reason {
        response.reason = branch.reason;
    }
    merge_headers(&mut response.headers, &branch.headers, &original.headers);
    merge_body(&mut response.body, branch.body, &original.body);
}

/// The body as a branch has it.
pub(super) fn fork_body(body: &Body) -> Body {
    match body {
        Body::Empty => Body::Empty,
        Body::Full(bytes) => Body::Full(Bytes::clone(bytes)),
        Body::Stream(_) | Body::Consumed => Body::Consumed,
    }
}

/// Replaces the body when the branch has another one than it began with.
pub(super) fn merge_body(body: &mut Body, branch: Body, original: &Body) {
    let is_same = match (&branch, original) {
        (Body::Empty, Body::Empty) | (Body::Consumed, Body::Consumed) => true,
        (Body::Full(branch), Body::Full(original)) => {
            branch.as_ptr() == original.as_ptr() && branch.len() == original.len()
        }
        _ => false,
    };
    if !is_same {
        *body = branch;
    }
}

/// Header by header.
pub(super) fn merge_headers(headers: &mut HeaderMap, branch: &HeaderMap, original: &HeaderMap) {
    if branch == original {
        return;
    }
    for name in original.keys().filter(|name| !branch.contains_key(*name)) {
        headers.remove(name);
    }
    for name in branch.keys().filter(|name| branch.get_all(*name) != original.get_all(*name)) {
        headers.remove(name);
        for value in branch.get_all(name) {
            headers.append(name, value.clone());
        }
    }
}
