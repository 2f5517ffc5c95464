//! `validate-client-certificate`: refuses callers whose TLS certificate is not one of the expected ones.

use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, closest};
use sekisho_expression::dotnet::crypto::certificate::{
    CertificateDetails, canonical_name, details, thumbprint,
};

use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow, Section};
use crate::ports::clock::UNIX_EPOCH_TICKS;
use crate::ports::record::TraceEntry;
use crate::xml::Element;

const CHECKS: &[Attribute] = &[
    Attribute::optional("validate-revocation", Kind::Boolean, "Asks revocation lists. Has no effect yet.")
        .literal()
        .or("true"),
    Attribute::optional("validate-trust", Kind::Boolean, "A chain must lead to a trusted authority.")
        .literal()
        .or("true"),
    Attribute::optional("validate-not-before", Kind::Boolean, "The certificate must be valid already.")
        .literal()
        .or("true"),
    Attribute::optional("validate-not-after", Kind::Boolean, "The certificate must still be valid.")
        .literal()
        .or("true"),
    Attribute::optional("ignore-error", Kind::Boolean, "Goes on after a failed check.").literal().or("false"),
];

const CLAIMS: &[Attribute] = &[
    Attribute::optional("thumbprint", Kind::Text, "SHA-1 of the certificate.").literal(),
    Attribute::optional("serial-number", Kind::Text, "Serial number in hexadecimal digits.").literal(),
    Attribute::optional("common-name", Kind::Text, "Common name of the subject.").literal(),
    Attribute::optional("subject", Kind::Text, "Distinguished name of the subject.").literal(),
    Attribute::optional("dns-name", Kind::Text, "A DNS name among the alternative names.").literal(),
    Attribute::optional("issuer-subject", Kind::Text, "Distinguished name of the issuer.").literal(),
    Attribute::optional("issuer-thumbprint", Kind::Text, "SHA-1 of the issuer's certificate.").literal(),
    Attribute::optional("issuer-certificate-id", Kind::Text, "Id of a certificate that is the issuer's.")
        .literal(),
];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-client-certificate"],
    summary: "Refuses a call unless the client showed a valid certificate of one of the listed identities.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: CHECKS,
    children: Children::Elements(&[Child::optional(
        "identities",
        Children::Elements(&[Child::any(
            "identity",
            Children::None,
            "A certificate that is accepted: all its attributes must match.",
        )
        .with(CLAIMS)]),
        "Certificates that are accepted, any of them; without it every valid one is.",
    )]),
    once: false,
    reference: Reference {
        behaviour: "\
The certificate is the one that the client showed in the TLS handshake (`listeners.https.clientCertificate` asks for \
it), or that a trusted proxy passes on (`listeners.clientCertificateHeader`). The listener takes any certificate whose \
key the client holds; this policy judges it.

The checks run in this order: there is a certificate; it can be read; `validate-not-before`; `validate-not-after`; \
`validate-trust`; `identities`. Time is the gateway's clock in UTC. A certificate is trusted when it is one of the \
trusted certificates (those of the system and those in `upstream.caFile`), or when a chain of signatures leads to one, \
through certificates that the client sent along. `context.Request.Certificate.Verify()` trusts the same ones. With a \
check of time switched off, the chain is looked at as it was when the certificate was valid.

An `identity` matches when all its attributes do; one matching `identity` is enough. Thumbprints and serial numbers are \
compared without regard to case, spaces and colons, host names without regard to case. Distinguished names match when \
they have the same attributes with the same values, in any order; a value with a comma stands in quotation marks. \
`issuer-thumbprint` and `issuer-certificate-id` match when that certificate signed the client's. The issuer of \
`issuer-thumbprint` is looked for among the certificates that the client sent and those that are trusted.

`ignore-error=\"true\"` lets the call go on after a failed check; a trace entry tells of it.",
        errors: &[
            ErrorFact {
                reason: "ClientCertificateNotFound",
                status: "401",
                when: "the client showed no certificate",
            },
            ErrorFact { reason: "ClientCertificateInvalid", status: "401", when: "it cannot be read" },
            ErrorFact {
                reason: "ClientCertificateNotYetValid",
                status: "401",
                when: "its time has not come",
            },
            ErrorFact { reason: "ClientCertificateExpired", status: "401", when: "its time is over" },
            ErrorFact {
                reason: "ClientCertificateNotTrusted",
                status: "401",
                when: "no chain leads to a trusted certificate",
            },
            ErrorFact {
                reason: "ClientCertificateNotAllowed",
                status: "401",
                when: "no `identity` matches",
            },
        ],
        example: "identity",
        differences: &[
            "Status, reasons and messages are not documented; 401 and these reasons were chosen. The client is told \
             `Client certificate is missing.` or `Invalid client certificate.`, the rest is in `context.LastError`.",
            "Revocation lists are not asked: `validate-revocation=\"true\"`, which is the default, is a warning at \
             load, and a revoked certificate passes. Write `validate-revocation=\"false\"` to say that this is known.",
            "Distinguished names may be written in any order, because documents write them both ways round.",
        ],
    },
    compile: Some(compile),
};

struct ValidateClientCertificate {
    trust: bool,
    not_before: bool,
    not_after: bool,
    ignore_error: bool,
    /// None: every valid certificate is accepted.
    identities: Option<Vec<Identity>>,
}

/// Claims in the form in which they are compared.
struct Identity {
    thumbprint: Option<String>,
    serial_number: Option<String>,
    common_name: Option<Arc<str>>,
    subject: Option<Vec<String>>,
    dns_name: Option<Arc<str>>,
    issuer_subject: Option<Vec<String>>,
    issuer_thumbprint: Option<String>,
    issuer: Option<Arc<[u8]>>,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let holds = |name: &str, default: bool| match element.attribute(name) {
        Some(attribute) => attribute.value.text.text().trim().eq_ignore_ascii_case("true"),
        None => default,
    };
    if holds("validate-revocation", true) {
        let message = "revocation lists are not asked: a revoked certificate passes";
        let place =
            element.attribute("validate-revocation").map_or(element.name_span, |found| found.value.span);
        let finding = Diagnostic::warning("revocation-not-checked", place, message);
        compiler.report(finding.with_help("write `validate-revocation=\"false\"` if that is acceptable"));
    }
    let mut identities = None;
    for child in element.elements().flat_map(Element::elements) {
        let known: &mut Vec<Identity> = identities.get_or_insert_default();
        known.push(identity(compiler, child)?);
    }
    Some(Run::now(ValidateClientCertificate {
        trust: holds("validate-trust", true),
        not_before: holds("validate-not-before", true),
        not_after: holds("validate-not-after", true),
        ignore_error: holds("ignore-error", false),
        identities,
    }))
}

fn identity(compiler: &mut Compiler<'_>, element: &Element) -> Option<Identity> {
    let issuer = match element.attribute("issuer-certificate-id") {
        Some(_) => Some(issuer(compiler, element)?),
        None => None,
    };
    let text = |name: &str| compiler.literal(element, name);
    Some(Identity {
        thumbprint: text("thumbprint").map(|text| hexadecimal(&text)),
        serial_number: text("serial-number").map(|text| serial(&text)),
        common_name: text("common-name"),
        subject: text("subject").map(|text| canonical_name(&text)),
        dns_name: text("dns-name"),
        issuer_subject: text("issuer-subject").map(|text| canonical_name(&text)),
        issuer_thumbprint: text("issuer-thumbprint").map(|text| hexadecimal(&text)),
        issuer,
    })
}

/// The certificate that `issuer-certificate-id` names.
fn issuer(compiler: &mut Compiler<'_>, element: &Element) -> Option<Arc<[u8]>> {
    let value = &element.attribute("issuer-certificate-id")?.value;
    let others = ["issuer-subject", "issuer-thumbprint"];
    if let Some(other) = others.iter().find_map(|name| element.attribute(name)) {
        let message = format!("`{}` and `issuer-certificate-id` exclude each other", other.name);
        let finding = Diagnostic::error("wrong-attributes", other.name_span, message);
        compiler.report(finding.with_help("give one of them"));
        return None;
    }
    let known = &compiler.environment().certificates;
    let id = value.text.text().trim();
    if let Some(facts) = known.get(id) {
        return Some(Arc::clone(&facts.der));
    }
    let message = format!("certificate with id `{}` could not be found", compiler.written(value.span));
    let mut finding = Diagnostic::error("unknown-certificate", value.span, message);
    finding.help = Some(match closest(id, known.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "add it under `certificates/`".to_owned(),
    });
    compiler.report_unresolved(finding);
    None
}

/// Digits in upper case, without what people write between them.
fn hexadecimal(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_uppercase()).collect()
}

/// The same without zeros in front, which some tools write and others leave out.
fn serial(text: &str) -> String {
    hexadecimal(text).trim_start_matches('0').to_owned()
}

impl RunNow for ValidateClientCertificate {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let Err(error) = self.check(exchange) else { return Ok(Outcome::Continue) };
        if !self.ignore_error {
            return Err(error);
        }
        let elapsed = exchange.elapsed();
        exchange.add_trace(TraceEntry {
            source: Arc::from("validate-client-certificate"),
            severity: "information",
            message: error.message,
            metadata: Vec::new(),
            elapsed,
        });
        Ok(Outcome::Continue)
    }
}

impl ValidateClientCertificate {
    fn check(&self, exchange: &Exchange) -> Result<(), PolicyError> {
        let Some(der) = &exchange.request.certificate else {
            let message = "Client certificate is missing.";
            return Err(PolicyError::refusal(401, "ClientCertificateNotFound", message));
        };
        let details = details(der).map_err(|_| {
            refusal("ClientCertificateInvalid", "The client certificate cannot be read.".to_owned())
        })?;
        let now = exchange.ports.clock.utc_ticks();
        let shown = &details.thumbprint;
        if self.not_before && now < details.not_before {
            let message = format!("The client certificate {shown} is not valid yet.");
            return Err(refusal("ClientCertificateNotYetValid", message));
        }
        if self.not_after && now > details.not_after {
            let message = format!("The client certificate {shown} has expired.");
            return Err(refusal("ClientCertificateExpired", message));
        }
        if self.trust && !is_trusted(exchange, der, &details, now) {
            let message = format!("The client certificate {shown} is not trusted.");
            return Err(refusal("ClientCertificateNotTrusted", message));
        }
        let is_allowed = self
            .identities
            .as_ref()
            .is_none_or(|known| known.iter().any(|identity| identity.matches(exchange, der, &details)));
        if is_allowed {
            return Ok(());
        }
        let message = format!("The client certificate {shown} matches no identity.");
        Err(refusal("ClientCertificateNotAllowed", message))
    }
}

fn refusal(reason: &'static str, message: String) -> PolicyError {
    PolicyError::refusal(401, reason, message).with_public("Invalid client certificate.")
}

fn is_trusted(exchange: &Exchange, der: &[u8], details: &CertificateDetails, now: i64) -> bool {
    let Some(store) = &exchange.facts.trust_store else { return false };
    // A time that matters was checked before.
    let then = now.max(details.not_before).min(details.not_after);
    let seconds = u64::try_from((then - UNIX_EPOCH_TICKS) / 10_000_000).unwrap_or(0);
    store.trusts(der, &exchange.request.certificate_issuers, seconds)
}

impl Identity {
    fn matches(&self, exchange: &Exchange, der: &[u8], found: &CertificateDetails) -> bool {
        let is_name = |wanted: &Vec<String>, name: &str| *wanted == canonical_name(name);
        self.thumbprint.as_ref().is_none_or(|wanted| *wanted == found.thumbprint)
            && self.serial_number.as_ref().is_none_or(|wanted| *wanted == serial(&found.serial_number))
            && self.common_name.as_ref().is_none_or(|wanted| **wanted == *found.common_name)
            && self.subject.as_ref().is_none_or(|wanted| is_name(wanted, &found.subject))
            && self
                .dns_name
                .as_ref()
                .is_none_or(|wanted| found.dns_names.iter().any(|name| name.eq_ignore_ascii_case(wanted)))
            && self.issuer_subject.as_ref().is_none_or(|wanted| is_name(wanted, &found.issuer))
            && self.issuer.as_ref().is_none_or(|issuer| found.is_signed_by(der, issuer))
            && self.issuer_thumbprint.as_ref().is_none_or(|wanted| {
                issuer_by_thumbprint(exchange, wanted).is_some_and(|issuer| found.is_signed_by(der, issuer))
            })
    }
}

/// A certificate that the client sent along, or that is trusted.
fn issuer_by_thumbprint<'e>(exchange: &'e Exchange, wanted: &str) -> Option<&'e [u8]> {
    let sent = exchange.request.certificate_issuers.iter().find(|der| thumbprint(der) == wanted);
    sent.map(AsRef::as_ref)
        .or_else(|| exchange.facts.trust_store.as_ref().and_then(|store| store.by_thumbprint(wanted)))
}
