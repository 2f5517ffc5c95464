//! The message that the children of `send-request` and `send-one-way-request` describe.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Uri};
use sekisho_diagnostics::Diagnostic;
use sekisho_expression::Needs;

use super::url::{self, UrlSetting};
use crate::body::Body;
use crate::compile::{Choice, Compiler, Number};
use crate::declaration::{Attribute, Child, Children, Kind};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::policies::authentication_basic::{self, Basic};
use crate::policies::authentication_certificate::{self, AuthenticationCertificate};
use crate::policies::authentication_managed_identity::{self, ManagedIdentity, TokenRequest};
use crate::policies::proxy::{self, ProxySetting};
use crate::policies::set_body::{self, SetBody};
use crate::policies::set_header::{self, SetHeader};
use crate::policies::set_method::SetMethod;
use crate::ports::HttpOptions;
use crate::xml::Element;

/// Seconds until the whole answer must be there, when the document does not say.
const DEFAULT_TIMEOUT: f64 = 60.0;

/// `mode`.
pub(crate) const MODE: Attribute = Attribute::optional(
    "mode",
    Kind::OneOf(&["new", "copy"]),
    "`new`: an empty message; `copy`: method, URL, headers and body of the current request.",
)
.or("new");

/// `timeout`.
pub(crate) const TIMEOUT: Attribute =
    Attribute::optional("timeout", Kind::Seconds, "Seconds until the whole answer must be there.").or("60");

/// The children.
pub(crate) const CHILDREN: Children = Children::Elements(&[
    Child::optional("set-url", Children::Text, "The absolute URL; needed unless `mode` is `copy`."),
    Child::optional("set-method", Children::Text, "The method; `GET` when not set in a new message."),
    Child::any("set-header", set_header::CHILDREN, "A header of the message.").with(set_header::ATTRIBUTES),
    Child::optional("set-body", Children::Markup, "The body.").with(set_body::ATTRIBUTES),
    Child::optional("authentication-certificate", Children::None, "The certificate that the gateway shows.")
        .with(authentication_certificate::ATTRIBUTES),
    Child::optional("authentication-managed-identity", Children::None, "A token of the gateway's identity.")
        .with(authentication_managed_identity::ATTRIBUTES),
    Child::optional("authentication-basic", Children::None, "Basic credentials.")
        .with(authentication_basic::ATTRIBUTES),
    Child::optional("proxy", Children::None, "The proxy on the way.").with(proxy::ATTRIBUTES),
]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    New,
    Copy,
}

/// What an element says of a message.
pub(crate) struct MessageSettings {
    mode: Choice<Mode>,
    timeout: Number,
    url: Option<UrlSetting>,
    method: Option<SetMethod>,
    headers: Vec<SetHeader>,
    body: Option<SetBody>,
    authentication: Option<Authentication>,
    proxy: Option<ProxySetting>,
    /// False where the request is over, so that its copy has no body.
    copies_body: bool,
}

enum Authentication {
    Basic(Basic),
    Certificate(AuthenticationCertificate),
    ManagedIdentity(ManagedIdentity),
}

/// A message that was made.
pub(crate) struct Message {
    pub(crate) method: Method,
    pub(crate) url: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The deadline in it is that of the whole answer.
    pub(crate) options: HttpOptions,
}

impl MessageSettings {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        const MODES: &[(&str, Mode)] = &[("new", Mode::New), ("copy", Mode::Copy)];
        let mut settings = Self {
            mode: compiler.choice(element, "mode", MODES, Mode::New),
            timeout: compiler.number(element, "timeout").unwrap_or(Number::Constant(DEFAULT_TIMEOUT)),
            url: None,
            method: None,
            headers: Vec::new(),
            body: None,
            authentication: None,
            proxy: None,
            copies_body: !compiler.section().edits_response(),
        };
        for child in element.elements() {
            settings.add(compiler, element, child)?;
        }
        if settings.url.is_none() && settings.mode.constant() == Some(Mode::New) {
            let message = format!("`{}` needs a `set-url`", element.name);
            let finding = Diagnostic::error("missing-element", element.name_span, message);
            compiler
                .report(finding.with_help("only a copy of the current request has a URL: `mode=\"copy\"`"));
            return None;
        }
        settings.copies_body &= settings.body.is_none();
        if settings.copies_body && settings.mode.constant() != Some(Mode::New) {
            compiler.add_needs(Needs { request_body: true, ..Needs::default() });
        }
        Some(settings)
    }

    fn add(&mut self, compiler: &mut Compiler<'_>, element: &Element, child: &Element) -> Option<()> {
        let authentication = match child.name.as_str() {
            "set-url" => {
                self.url = Some(match child.text() {
                    Some(content) => UrlSetting::new(compiler, content)?,
                    None => return report_empty_url(compiler, child),
                });
                return Some(());
            }
            "set-method" => {
                self.method = Some(SetMethod::new(compiler, child)?);
                return Some(());
            }
            "set-header" => {
                self.headers.push(SetHeader::new(compiler, child)?);
                return Some(());
            }
            "set-body" => {
                self.body = Some(SetBody::new(compiler, child)?);
                return Some(());
            }
            "proxy" => {
                self.proxy = Some(ProxySetting::new(compiler, child)?);
                return Some(());
            }
            "authentication-basic" => Authentication::Basic(Basic::new(compiler, child)?),
            "authentication-certificate" => {
                Authentication::Certificate(AuthenticationCertificate::new(compiler, child)?)
            }
            _ => Authentication::ManagedIdentity(ManagedIdentity::new(compiler, child)?),
        };
        if self.authentication.replace(authentication).is_some() {
            let message = format!("`{}` authenticates in two ways", element.name);
            let finding = Diagnostic::error("repeated-element", child.name_span, message);
            compiler.report(finding.with_help("keep one of them"));
            return None;
        }
        Some(())
    }

    /// Makes the message. A token that it needs is still to be had: [`MessageSettings::token_request`].
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Message, PolicyError> {
        let mode = self.mode.get(exchange)?;
        let mut options = HttpOptions::timeout(self.timeout.seconds(exchange)?);
        let url = match &self.url {
            Some(url) => url.evaluate(exchange)?,
            None if mode == Mode::Copy => url::current(exchange)?,
            None => return Err(PolicyError::internal("InvalidUrl", "a new message needs a `set-url`")),
        };
        let method = match &self.method {
            Some(method) => method.evaluate(exchange)?,
            None if mode == Mode::Copy => exchange.request.method.clone(),
            None => Method::GET,
        };
        let mut headers = match mode {
            Mode::New => HeaderMap::new(),
            Mode::Copy => copied_headers(&exchange.request.headers),
        };
        if self.body.is_some() {
            // The new body is not packed as the copied one was.
            headers.remove(CONTENT_ENCODING);
        }
        for header in &self.headers {
            let evaluated = header.evaluate(exchange)?;
            header.apply(&mut headers, evaluated)?;
        }
        let body = match &self.body {
            Some(body) => body.evaluate(exchange)?.map_or(Body::Empty, Body::Full),
            None if mode == Mode::Copy && self.copies_body => copied_body(&exchange.request.body),
            None => Body::Empty,
        };
        match &self.authentication {
            Some(Authentication::Basic(basic)) => {
                headers.insert(AUTHORIZATION, basic.header(exchange)?);
            }
            Some(Authentication::Certificate(certificate)) => {
                options.certificate = Some(certificate.evaluate(exchange)?);
            }
            Some(Authentication::ManagedIdentity(_)) | None => {}
        }
        if let Some(proxy) = &self.proxy {
            options.proxy = Some(proxy.evaluate(exchange)?);
        }
        Ok(Message { method, url, headers, body, options })
    }

    /// The token that goes into the message, or into a variable.
    pub(crate) fn identity(&self) -> Option<&ManagedIdentity> {
        match &self.authentication {
            Some(Authentication::ManagedIdentity(identity)) => Some(identity),
            _ => None,
        }
    }

    /// What to ask for where the message has a token that no variable takes.
    pub(crate) fn token_request(&self, exchange: &mut Exchange) -> Result<Option<TokenRequest>, PolicyError> {
        let identity = self.identity().filter(|identity| identity.variable().is_none());
        identity.map(|identity| identity.evaluate(exchange)).transpose()
    }

    /// Makes the message with its token.
    pub(crate) async fn complete(&self, exchange: &mut Exchange) -> Result<Message, PolicyError> {
        let mut message = self.evaluate(exchange)?;
        let Some(identity) = self.identity() else { return Ok(message) };
        let request = identity.evaluate(exchange)?;
        let tokens = Arc::clone(&exchange.ports.tokens);
        let token = request.token(&*tokens).await?;
        if let Some(value) = identity.hand_over(exchange, token)? {
            message.headers.insert(AUTHORIZATION, value);
        }
        Ok(message)
    }
}

fn report_empty_url(compiler: &mut Compiler<'_>, child: &Element) -> Option<()> {
    let finding = Diagnostic::error("wrong-value", child.name_span, "`set-url` is empty");
    compiler.report(finding.with_help("write it as `https://host/path`"));
    None
}

/// The headers of the current request without those that belong to its own way here.
fn copied_headers(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [HOST, EXPECT, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

/// The body of the current request, which was buffered before; shared, not copied.
fn copied_body(body: &Body) -> Body {
    match body {
        Body::Full(bytes) => Body::Full(Bytes::clone(bytes)),
        Body::Empty | Body::Stream(_) | Body::Consumed => Body::Empty,
    }
}
