//! `validate-jwt`: lets only requests with a valid JSON web token through.

use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Flag, Number, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::jwt::claims::{self, RequiredClaim};
use crate::jwt::place::{self, Place};
use crate::jwt::refusal::{self, Refusal};
use crate::jwt::{self, Refused, keys};
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::ports::jwts::{JwtAsk, JwtKeys, OpenIdSource, VerifiedJwt};
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-jwt"],
    summary: "Lets only requests with a valid JSON web token through, and keeps the token for later policies.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        place::HEADER_NAME,
        place::QUERY_PARAMETER_NAME,
        place::TOKEN_VALUE,
        refusal::STATUS,
        refusal::MESSAGE,
        Attribute::optional("require-expiration-time", Kind::Boolean, "Refuses tokens without `exp`.")
            .or("true"),
        Attribute::optional(
            "require-scheme",
            Kind::Text,
            "Scheme that must stand before the token in `Authorization`; other headers have none.",
        ),
        Attribute::optional("require-signed-tokens", Kind::Boolean, "Refuses tokens without a signature.")
            .or("true"),
        Attribute::optional(
            "clock-skew",
            Kind::Seconds,
            "Seconds by which the issuer's clock may differ from this one.",
        )
        .or("0"),
        refusal::OUTPUT,
    ],
    children: Children::Elements(&[
        Child::any("openid-config", Children::None, "Where keys and issuer are found.")
            .with(&[Attribute::required("url", Kind::Text, "Address of an OpenID configuration.")]),
        Child::optional(
            "issuer-signing-keys",
            Children::Elements(&[keys::KEY.at_least(1)]),
            "Keys that sign tokens.",
        ),
        Child::optional(
            "decryption-keys",
            Children::Elements(&[keys::KEY.at_least(1)]),
            "Keys that open encrypted tokens; not supported.",
        ),
        claims::AUDIENCES,
        Child::optional(
            "issuers",
            Children::Elements(&[Child::any("issuer", Children::Text, "A value of `iss`.").at_least(1)]),
            "Issuers that are allowed, beside those of the OpenID configurations.",
        ),
        claims::REQUIRED_CLAIMS,
    ]),
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference { behaviour: "", errors: ERRORS, example: "claims", differences: &[] };

const ERRORS: &[ErrorFact] = &[];

struct ValidateJwt {
    place: Place,
    scheme: Option<Text>,
    refusal: Refusal,
    require_expiration: Flag,
    require_signature: Flag,
    skew: Number,
    output: Option<Arc<str>>,
    sources: Sources,
    keys: JwtKeys,
    audiences: Vec<Text>,
    issuers: Vec<Text>,
    required: Vec<RequiredClaim>,
}

/// OpenID configurations.
enum Sources {
    /// Literal addresses.
    Known(Vec<OpenIdSource>),
    /// Some are expressions.
    Evaluated(Vec<Text>),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let place = Place::compile(compiler, element, None);
    let keys = keys::signing_keys(compiler, element);
    keys::refuse_decryption_keys(compiler, element)?;
    let sources = sources(compiler, element);
    let skew = compiler.number(element, "clock-skew").unwrap_or(Number::Constant(0.0));
    Some(Run::later(ValidateJwt {
        place: place?,
        scheme: compiler.text(element, "require-scheme"),
        refusal: Refusal::compile(compiler, element),
        require_expiration: compiler.flag(element, "require-expiration-time", true),
        require_signature: compiler.flag(element, "require-signed-tokens", true),
        skew,
        output: compiler.literal(element, refusal::OUTPUT.name),
        sources: sources?,
        keys: JwtKeys::new(keys?),
        audiences: jwt::texts(compiler, element, claims::AUDIENCES.name)?,
        issuers: jwt::texts(compiler, element, "issuers")?,
        required: claims::required(compiler, element)?,
    }))
}

fn sources(compiler: &mut Compiler<'_>, element: &Element) -> Option<Sources> {
    let mut urls = Vec::new();
    for child in element.elements().filter(|child| child.name == "openid-config") {
        let attribute = child.attribute("url")?;
        if attribute.value.is_literal() && !may_be_called(attribute.value.text.text().trim()) {
            let message = "the keys of an OpenID configuration must come over https";
            let finding = Diagnostic::error("insecure-url", attribute.value.span, message);
            compiler.report(finding.with_help("write an https URL; http is for this machine only"));
            return None;
        }
        urls.push(compiler.text(child, "url")?);
    }
    let known = |text: &Text| text.constant().map(|url| OpenIdSource::Url(url.trim().into()));
    let all_known: Option<Vec<OpenIdSource>> = urls.iter().map(known).collect();
    Some(all_known.map_or(Sources::Evaluated(urls), Sources::Known))
}

/// True for https, and for http on a loopback address: whoever can change the keys on their way can sign any token.
fn may_be_called(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_loopback,
        _ => false,
    }
}

impl RunLater for ValidateJwt {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            match self.check(exchange).await {
                Ok(()) => Ok(Outcome::Continue),
                Err(Refused::Token(why)) => Err(self.refusal.error(exchange, why)),
                Err(Refused::Failure(error)) => Err(error),
            }
        })
    }
}

impl ValidateJwt {
    async fn check(&self, exchange: &mut Exchange) -> Result<(), Refused> {
        let found = self.place.find(exchange, self.scheme.as_ref())?;
        let found = found.ok_or_else(refusal::not_present)?;
        let require_signature = self.require_signature.get(exchange)?;
        let evaluated;
        let sources = match &self.sources {
            Sources::Known(sources) => sources,
            Sources::Evaluated(urls) => {
                evaluated = evaluate(exchange, urls)?;
                &evaluated
            }
        };
        let ask = JwtAsk { token: found.as_str(), keys: &self.keys, sources, require_signature };
        let jwts = Arc::clone(&exchange.ports.jwts);
        let verified = jwt::verified(&*jwts, ask).await?;
        self.check_claims(exchange, &verified)?;
        jwt::keep(exchange, self.output.as_ref(), found.as_str());
        Ok(())
    }

    fn check_claims(&self, exchange: &mut Exchange, verified: &VerifiedJwt) -> Result<(), Refused> {
        let now = claims::unix_time(exchange.ports.clock.utc_ticks());
        let skew = self.skew.get(exchange)?.max(0.0);
        let require_expiration = self.require_expiration.get(exchange)?;
        claims::check_lifetime(&verified.claims, now, skew, require_expiration)?;
        if !self.audiences.is_empty() {
            let allowed = jwt::values(exchange, &self.audiences)?;
            claims::check_audience(&verified.claims, &allowed)?;
        }
        if !self.issuers.is_empty() || !verified.issuers.is_empty() {
            let allowed = jwt::values(exchange, &self.issuers)?;
            let allowed = allowed.iter().chain(&verified.issuers).map(|issuer| &**issuer);
            claims::check_issuer(&verified.claims, allowed)?;
        }
        claims::check_required(exchange, &verified.claims, &self.required)
    }
}

fn evaluate(exchange: &mut Exchange, urls: &[Text]) -> Result<Vec<OpenIdSource>, PolicyError> {
    let url = |text: &Text| Ok(OpenIdSource::Url(text.get(exchange)?.trim().into()));
    urls.iter().map(url).collect()
}
