//! `authentication-certificate`: the certificate that the gateway shows to the backend.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use sekisho_diagnostics::{Diagnostic, closest};
use sekisho_expression::dotnet::crypto::certificate::{KeyedCertificate, thumbprint};
use sekisho_expression::value::Value;
use zeroize::Zeroizing;

use crate::compile::setting::{AnyValue, to_text};
use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::ports::ClientCertificate;
use crate::xml::Element;

/// The attributes, also as a child of `send-request`.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::optional("thumbprint", Kind::Text, "Thumbprint of a certificate of the configuration."),
    Attribute::optional("certificate-id", Kind::Text, "Resource name of a certificate of the configuration."),
    Attribute::optional(
        "body",
        Kind::Text,
        "The certificate with its key itself: a `byte[]` with PKCS#12 or PEM.",
    ),
    Attribute::optional("password", Kind::Text, "Password of the certificate in `body`."),
];

/// The ways to name a certificate, of which a policy has one.
const WAYS: [&str; 3] = ["thumbprint", "certificate-id", "body"];

/// The largest certificate that `body` may give, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["authentication-certificate"],
    summary: "Shows a client certificate to the backend.",
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
Calls to backends that follow show this client certificate when the backend asks for one, in place of a certificate of \
the backend entity. As a child of `send-request` and `send-one-way-request` it is for that message alone.

Exactly one attribute says which: `certificate-id` and `thumbprint` choose a certificate of the configuration, which must \
have its private key; a thumbprint is the SHA-1 digest in hexadecimal digits, in any case, spaces between them left out. \
`body` gives the certificate with its key itself: a `byte[]` with PKCS#12 (`.pfx`), opened with `password`, or with PEM. A \
text is PEM, or PKCS#12 in Base64. Further certificates in it are sent along as the chain. The key of a PEM is in PKCS#8 \
or, for RSA, in PKCS#1, and not encrypted.

Literal ids and thumbprints are looked up at load. Prefer the id: a renewed certificate has another thumbprint.",
    errors: &[ErrorFact {
        reason: "ClientCertificateFailure",
        status: "500",
        when: "an evaluated id or thumbprint names no certificate with a key, or `body` cannot be opened",
    }],
    example: "by-certificate-id",
    differences: &[
        "The documentation names no format of `body` but a byte array: PKCS#12 and PEM are read, and texts of both.",
        "The reason `ClientCertificateFailure` was chosen: none is documented.",
        "A certificate that came last as `body` is kept open for the next call, so that its connections are shared.",
    ],
};

/// Compiled `authentication-certificate`.
pub(crate) enum AuthenticationCertificate {
    /// A literal that was found at load. None: it was not found and that is only a warning.
    Constant(Option<Arc<ClientCertificate>>),
    /// One of the configuration's, by what an expression says.
    Named { name: Text, is_thumbprint: bool, known: Vec<Known> },
    /// The certificate itself.
    Body { body: AnyValue, password: Option<Text>, last: Mutex<Option<Opened>> },
}

/// A certificate of the configuration that has a key.
pub(crate) struct Known {
    id: Arc<str>,
    thumbprint: String,
    certificate: Arc<ClientCertificate>,
}

/// A certificate that was opened before: keys are derived on purpose slowly, and connections are shared by certificate.
pub(crate) struct Opened {
    body: Zeroizing<Vec<u8>>,
    password: Zeroizing<String>,
    certificate: Arc<ClientCertificate>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(AuthenticationCertificate::new(compiler, element)?))
}

impl AuthenticationCertificate {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let given: Vec<&str> = WAYS.into_iter().filter(|name| element.attribute(name).is_some()).collect();
        let [way] = given.as_slice() else {
            let message = format!("`{}` names its certificate in {} ways", element.name, given.len());
            let finding = Diagnostic::error("wrong-attributes", element.name_span, message);
            compiler.report(finding.with_help("give one of `thumbprint`, `certificate-id` and `body`"));
            return None;
        };
        if *way == "body" {
            let password = compiler.text(element, "password");
            return Some(AuthenticationCertificate::Body {
                body: compiler.any_value(element, "body")?,
                password,
                last: Mutex::new(None),
            });
        }
        let name = compiler.text(element, way)?;
        let is_thumbprint = *way == "thumbprint";
        let known = known(compiler);
        let Some(literal) = name.constant() else {
            return Some(AuthenticationCertificate::Named { name, is_thumbprint, known });
        };
        let found = find(&known, literal, is_thumbprint).cloned();
        if found.is_none() {
            report_missing(compiler, element, way, literal, &known);
        }
        Some(AuthenticationCertificate::Constant(found))
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Arc<ClientCertificate>, PolicyError> {
        match self {
            AuthenticationCertificate::Constant(found) => {
                found.clone().ok_or_else(|| failure("the certificate does not exist"))
            }
            AuthenticationCertificate::Named { name, is_thumbprint, known } => {
                let name = name.get(exchange)?;
                let found = find(known, &name, *is_thumbprint).cloned();
                found.ok_or_else(|| failure(format!("certificate `{name}` does not exist or has no key")))
            }
            AuthenticationCertificate::Body { body, password, last } => {
                let body = bytes(exchange, body)?;
                let password = match password {
                    Some(password) => Zeroizing::new(password.get(exchange)?.to_string()),
                    None => Zeroizing::default(),
                };
                open(exchange, body, password, last)
            }
        }
    }
}

fn failure(message: impl Into<String>) -> PolicyError {
    PolicyError::internal("ClientCertificateFailure", message)
}

/// The certificates of the configuration that can be shown: those with a key.
fn known(compiler: &Compiler<'_>) -> Vec<Known> {
    let certificates = compiler.environment().certificates.iter();
    certificates
        .filter_map(|(id, facts)| {
            let certificate = ClientCertificate {
                chain: vec![Arc::clone(&facts.der)],
                private_key: facts.private_key.clone()?,
            };
            Some(Known {
                id: Arc::from(id.as_str()),
                thumbprint: thumbprint(&facts.der),
                certificate: Arc::new(certificate),
            })
        })
        .collect()
}

/// Thumbprints are compared as certificate stores do it: in any case, without spaces and marks between digits.
fn find<'k>(known: &'k [Known], name: &str, is_thumbprint: bool) -> Option<&'k Arc<ClientCertificate>> {
    let found = if is_thumbprint {
        let digits: String = name.chars().filter(char::is_ascii_hexdigit).collect();
        known.iter().find(|known| known.thumbprint.eq_ignore_ascii_case(&digits))
    } else {
        known.iter().find(|known| &*known.id == name.trim())
    };
    found.map(|known| &known.certificate)
}

fn report_missing(compiler: &mut Compiler<'_>, element: &Element, way: &str, name: &str, known: &[Known]) {
    let place = element.attribute(way).map_or(element.name_span, |attribute| attribute.value.span);
    let written = compiler.written(place);
    let (message, help) = if compiler.environment().certificates.contains_key(name) {
        (
            format!("certificate `{written}` has no private key"),
            "give the certificate with its key".to_owned(),
        )
    } else {
        let ids = known.iter().map(|known| &*known.id);
        let help = match closest(name, ids).filter(|_| way == "certificate-id") {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "add it to the certificates of the configuration".to_owned(),
        };
        (format!("certificate `{written}` could not be found"), help)
    };
    compiler.report_unresolved(Diagnostic::error("unknown-certificate", place, message).with_help(help));
}

/// The bytes that `body` gives; a text is PEM, or Base64 of PKCS#12.
fn bytes(exchange: &mut Exchange, body: &AnyValue) -> Result<Zeroizing<Vec<u8>>, PolicyError> {
    let bytes = match body.get(exchange)? {
        Value::Bytes(bytes) => bytes.lock().clone(),
        other => {
            let text = to_text(exchange, &other)?.unwrap_or_else(|| Arc::from(""));
            if text.contains("-----BEGIN ") {
                text.as_bytes().to_vec()
            } else {
                let digits: String = text.split_ascii_whitespace().collect();
                STANDARD.decode(digits).map_err(|_| failure("`body` is neither PKCS#12 nor PEM"))?
            }
        }
    };
    let bytes = Zeroizing::new(bytes);
    if bytes.len() > MAX_BODY {
        return Err(failure(format!("`body` is larger than {MAX_BODY} bytes")));
    }
    Ok(bytes)
}

fn open(
    exchange: &Exchange,
    body: Zeroizing<Vec<u8>>,
    password: Zeroizing<String>,
    last: &Mutex<Option<Opened>>,
) -> Result<Arc<ClientCertificate>, PolicyError> {
    if let Some(opened) = &*last.lock()
        && opened.body == body
        && opened.password == password
    {
        return Ok(Arc::clone(&opened.certificate));
    }
    let keyed = KeyedCertificate::read(&body, &password, &exchange.limits.expression)
        .map_err(|exception| failure(format!("`body` cannot be used: {}", exception.message())))?;
    let certificate = Arc::new(ClientCertificate {
        chain: keyed.chain.into_iter().map(Arc::from).collect(),
        private_key: Arc::new(keyed.private_key),
    });
    *last.lock() = Some(Opened { body, password, certificate: Arc::clone(&certificate) });
    Ok(certificate)
}

impl RunNow for AuthenticationCertificate {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        exchange.outgoing.certificate = Some(self.evaluate(exchange)?);
        Ok(Outcome::Continue)
    }
}
