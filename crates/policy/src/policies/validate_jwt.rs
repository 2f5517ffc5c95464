//! `validate-jwt`: lets only requests with a valid JSON web token through.

use std::sync::Arc;

use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Flag, Number, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::jwt::claims;
use crate::jwt::place::{self, Place};
use crate::jwt::refusal::{self, Refusal};
use crate::jwt::required::{self, RequiredClaim};
use crate::jwt::{self, Refused, keys};
use crate::pipeline::{PolicyError, PolicyResult, Run, RunLater, Section};
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
        required::REQUIRED_CLAIMS,
    ]),
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "The token is taken from the one place that the document names. In the `Authorization` header `Bearer` before \
        it is dropped, whatever its case; `require-scheme` asks for a scheme there and drops that one. Other headers, query \
        parameters and `token-value` hold the bare token. A header that is sent twice holds none that is valid.\n\n\
        Signatures may be made with HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512. A \
        key checks the algorithms of its own kind only, and a key of a key set that names its `alg` only that one, so that a \
        public key never passes for a secret. RSA keys have 2,048 to 8,192 bits, secrets at least 128. `none` is accepted \
        with `require-signed-tokens=\"false\"`, for tokens whose signature is empty; signed ones are checked all the same.\n\n\
        Keys whose id is the token's `kid` are tried. When there is no such key, or no `kid`, all keys of the document and of \
        the OpenID configurations are tried that are for the algorithm. Keys of the document are decoded when it is loaded.\n\n\
        An OpenID configuration and its key set are fetched when they are first needed, at most 512 KiB each, within 10 \
        seconds together, over https (http on loopback addresses only); redirects are followed while they stay on https. They \
        are used for one hour and refreshed in the background of a call from the 55th minute on. While that fails the old \
        keys are used on until they are 24 hours old, and it is tried again after 1 second, then 2, up to 5 minutes; the same \
        pauses hold for a first fetch that failed, and calls are refused meanwhile. Keys that lay unused for more than their \
        hour are fetched before they are used. A `kid` that no key has causes a fetch at once, and then not again for 5 \
        minutes. At most 128 configurations are kept.\n\n\
        Then the claims: `exp`, which must be there unless `require-expiration-time` is `false`; `nbf`; one of `audiences` in \
        `aud`, where a slash at the end does not count; `iss`; and the required claims. The issuer must be one of `issuers`, or \
        that of the configuration whose key signed the token (of any of them, for keys of the document); without both, every \
        issuer is accepted. `{tenantid}` in a configured issuer stands for the token's own `tid`.\n\n\
        A required claim without values only has to be there. Else, with `match=\"all\"` each value must be among those of the \
        claim, with `any` one of them. The values of a claim are the items of a list, or the one value it has; `separator` \
        splits texts, and white space around the parts does not count. Numbers and booleans are compared as JSON writes them. \
        Names and values are case-sensitive.\n\n\
        An accepted token is put into the variable `output-token-variable-name` as a `Jwt`. Tokens are at most 262,144 characters \
        long, and their JSON is nested at most 128 levels deep.",
    errors: ERRORS,
    example: "claims",
    differences: &[
        "Encrypted tokens (JWE) are not supported: `decryption-keys` is an error when the document is loaded.",
        "ES256, ES384, ES512, HS384, HS512, RS384, PS384 and PS512 are accepted beside the documented algorithms.",
        "The messages of `context.LastError` are not those of the .NET library; reasons are the documented ones. The client \
         sees `JWT not present.` or `Invalid JWT.`.",
        "A token that is not valid yet, has no expiration time, or whose keys cannot be fetched is refused with `JwtInvalid`: \
         the documentation has no reason of its own for these.",
        "An `Authorization` header without the required scheme counts as no token.",
        "With several OpenID configurations an issuer is accepted only for keys of its own configuration.",
        "A first unknown `kid` fetches the keys again at once, also within five minutes of their first fetch.",
        "OpenID configurations over plain http are refused unless they are on this machine.",
        "Keys take no expressions. Secrets shorter than 128 bits and RSA keys shorter than 2,048 bits give a warning and accept \
         no token.",
    ],
};

/// Also those of `validate-azure-ad-token`.
pub(super) const ERRORS: &[ErrorFact] = &[
    refused("TokenNotPresent", "There is no token, or not behind the required scheme."),
    refused(
        "TokenSignatureInvalid",
        "No key that may have signed the token did, or it is not signed and must be.",
    ),
    refused(
        "TokenSignatureKeyNotFound",
        "The token names a key that does not exist, and no other key signed it.",
    ),
    refused("TokenExpired", "`exp` lies in the past by more than `clock-skew`."),
    refused("TokenAudienceNotAllowed", "`aud` has none of the audiences."),
    refused("TokenIssuerNotAllowed", "`iss` is no allowed issuer."),
    refused("TokenClaimNotFound", "Required claims are missing; the message names them."),
    refused("TokenClaimValueNotAllowed", "A required claim has other values."),
    refused(
        "JwtInvalid",
        "The token cannot be read, is not valid yet, has no expiration time, or its keys are not available.",
    ),
];

const fn refused(reason: &'static str, when: &'static str) -> ErrorFact {
    ErrorFact { reason, status: "failed-validation-httpcode", when }
}

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
        required: required::compile(compiler, element)?,
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
    let behind = |scheme: &str| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    if behind("https://").is_some() {
        return true;
    }
    let Some(rest) = behind("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => authority.split(':').next(),
    };
    let host = host.unwrap_or("");
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl RunLater for ValidateJwt {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let checked = self.check(exchange).await;
            self.refusal.outcome(exchange, checked)
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
        required::check(exchange, &verified.claims, &self.required)
    }
}

fn evaluate(exchange: &mut Exchange, urls: &[Text]) -> Result<Vec<OpenIdSource>, PolicyError> {
    let url = |text: &Text| Ok(OpenIdSource::Url(text.get(exchange)?.trim().into()));
    urls.iter().map(url).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for url in [
            "https://a.example/{tenant}/x",
            "HTTPS://a",
            "http://localhost:1/x",
            "http://127.1.2.3",
            "http://[::1]:2/",
        ] {
            assert!(may_be_called(url), "{url}");
        }
        for url in [
            "http://a.example/",
            "http://localhost.example/",
            "http://user@127.0.0.1",
            "ftp://127.0.0.1",
            "",
            "é",
        ] {
            assert!(!may_be_called(url), "{url}");
        }
    }
}
