//! `proxy`: the HTTP proxy on the way to the backend.

use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;
use zeroize::Zeroizing;

use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::ports::{BaseUrl, Proxy};
use crate::xml::Element;

/// The attributes, also as a child of `send-request`.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::required("url", Kind::Text, "Where the proxy listens: `http://host:port`."),
    Attribute::optional("username", Kind::Text, "User name for the proxy."),
    Attribute::optional("password", Kind::Text, "Password for the proxy; keep it in a secret named value."),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["proxy"],
    summary: "Sends the calls to the backend through an HTTP proxy.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: Children::None,
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "\
Sends the calls to backends that follow through this HTTP proxy: `forward-request` and `invoke-request` with a backend, in \
place of a proxy of the backend entity. To an `https` backend the proxy opens a tunnel; the gateway speaks TLS with the \
backend itself. The last `proxy` that ran counts.

The way to the proxy is plain HTTP: `url` is `http://host:port`, without a port 80; a path means nothing. With `username` or \
`password` the gateway shows basic credentials to the proxy.

`send-request` and `send-one-way-request` do not use it; they take a `proxy` of their own as a child.",
    errors: &[
        ErrorFact {
            reason: "InvalidProxyUrl",
            status: "500",
            when: "the result of `url` is not of the form `http://host:port`",
        },
        ErrorFact {
            reason: "BackendConnectionFailure",
            status: "500",
            when: "at the call to the backend: the proxy cannot be reached or refuses",
        },
    ],
    example: "for-the-backend",
    differences: &["Basic credentials only: NTLM is not spoken.", "A literal `https` URL is an error at load."],
};

/// Compiled `proxy`: one object for all calls where all of it is literal, so that they share connections.
pub(crate) enum ProxySetting {
    Constant(Arc<Proxy>),
    Evaluated(Box<Evaluated>),
}

/// Of which something is an expression.
pub(crate) struct Evaluated {
    url: Text,
    username: Option<Text>,
    password: Option<Text>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(ProxySetting::new(compiler, element)?))
}

impl ProxySetting {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let url = compiler.text(element, "url")?;
        let username = compiler.text(element, "username");
        let password = compiler.text(element, "password");
        if let Some(literal) = url.constant()
            && proxy_url(literal).is_none()
        {
            let place = element.attribute("url")?.value.span;
            let message = format!("`{}` is not the URL of an HTTP proxy", compiler.written(place));
            let finding = Diagnostic::error("wrong-value", place, message);
            compiler.report(finding.with_help("write it as `http://host:port`"));
            return None;
        }
        let constant = |text: &Option<Text>| match text {
            None => Some(Arc::from("")),
            Some(text) => text.constant().map(Arc::clone),
        };
        if let (Some(url), Some(username), Some(password)) =
            (url.constant(), constant(&username), constant(&password))
        {
            return proxy(url, username, &password).map(ProxySetting::Constant);
        }
        Some(ProxySetting::Evaluated(Box::new(Evaluated { url, username, password })))
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Arc<Proxy>, PolicyError> {
        let Evaluated { url, username, password } = match self {
            ProxySetting::Constant(proxy) => return Ok(Arc::clone(proxy)),
            ProxySetting::Evaluated(texts) => &**texts,
        };
        let mut optional = |text: &Option<Text>| match text {
            Some(text) => text.get(exchange),
            None => Ok(Arc::from("")),
        };
        let (username, password) = (optional(username)?, optional(password)?);
        // The text may hold a credential, so it is not repeated.
        proxy(&url.get(exchange)?, username, &password).ok_or_else(|| {
            PolicyError::internal(
                "InvalidProxyUrl",
                "the URL of the proxy is not of the form http://host:port",
            )
        })
    }
}

fn proxy(url: &str, username: Arc<str>, password: &str) -> Option<Arc<Proxy>> {
    let credentials = (!username.is_empty() || !password.is_empty())
        .then(|| (username, Arc::new(Zeroizing::new(password.to_owned()))));
    Some(Arc::new(Proxy { url: Arc::new(proxy_url(url)?), credentials }))
}

/// Scheme, host and port; a path means nothing to a proxy.
fn proxy_url(text: &str) -> Option<BaseUrl> {
    let url = BaseUrl::parse(text).filter(|url| &*url.scheme == "http" && !url.host.is_empty())?;
    Some(BaseUrl { path: Arc::from(""), query: Arc::from(""), ..url })
}

impl RunNow for ProxySetting {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        exchange.outgoing.proxy = Some(self.evaluate(exchange)?);
        Ok(Outcome::Continue)
    }
}
