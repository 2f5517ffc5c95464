//! `validate-azure-ad-token`: lets only requests with a valid token of a Microsoft Entra tenant through.
//!
//! A tenant issues tokens of two versions. Both are signed by the same keys and have different issuers, so the one that
//! the OpenID configuration names is not enough: see [`issuers`].

use std::sync::Arc;

use serde_json::Value;

use super::validate_jwt;
use crate::compile::{Compiler, Text};
use crate::declaration::{ALL_SCOPES, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference};
use crate::exchange::Exchange;
use crate::jwt::claims::{self, Claims};
use crate::jwt::place::{self, Place};
use crate::jwt::refusal::{self, Refusal};
use crate::jwt::required::{self, RequiredClaim};
use crate::jwt::{self, Refused, keys};
use crate::pipeline::{PolicyResult, Run, RunLater, Section};
use crate::ports::PortFuture;
use crate::ports::jwts::{JwtAsk, JwtError, JwtKeys, OpenIdSource, VerifiedJwt};
use crate::xml::Element;

const APPLICATION_IDS: Children =
    Children::Elements(&[Child::any("application-id", Children::Text, "An application id.").at_least(1)]);

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["validate-azure-ad-token"],
    summary: "Lets only requests with a valid token of a Microsoft Entra tenant through, and keeps the token for later policies.",
    sections: &[Section::Inbound],
    scopes: ALL_SCOPES,
    attributes: &[
        Attribute::required(
            "tenant-id",
            Kind::Text,
            "The tenant: its id, one of its domains, its URL, or `common` or `organizations` for any.",
        ),
        place::HEADER_NAME.or("Authorization"),
        place::QUERY_PARAMETER_NAME,
        place::TOKEN_VALUE,
        refusal::STATUS,
        refusal::MESSAGE,
        refusal::OUTPUT,
    ],
    children: Children::Elements(&[
        Child::optional(
            "client-application-ids",
            APPLICATION_IDS,
            "Applications whose tokens are accepted: `azp`, or `appid` in tokens of version 1.",
        ),
        Child::optional(
            "backend-application-ids",
            APPLICATION_IDS,
            "Applications that tokens may be for: `aud`, with or without `api://`.",
        ),
        claims::AUDIENCES,
        required::REQUIRED_CLAIMS,
        Child::optional(
            "decryption-keys",
            Children::Elements(&[Child::any("key", Children::None, "A certificate.").at_least(1).with(&[
                Attribute::required("certificate-id", Kind::Text, "A certificate with its private key.")
                    .literal(),
            ])]),
            "Keys that open encrypted tokens; not supported.",
        ),
    ]),
    once: false,
    reference: REFERENCE,
    compile: Some(compile),
};

const REFERENCE: Reference = Reference {
    behaviour: "Tokens are checked as by `validate-jwt`, with the keys of the tenant: its OpenID configuration of version 2, \
        `https://login.microsoftonline.com/<tenant>/v2.0/.well-known/openid-configuration`. Fetching, refreshing and limits are \
        those of `validate-jwt`. The environment variable `AZURE_AUTHORITY_HOST` names the host of another cloud, as for \
        Azure's own clients; a `tenant-id` that is a URL brings its own host, and its first path segment is the tenant.\n\n\
        The issuer must be the one that the configuration names, or that of version 1 of the same tenant, \
        `https://sts.windows.net/<tenant id>/` (`https://sts.chinacloudapi.cn/<tenant id>/` in the cloud of China). With \
        `common` and `organizations` any tenant's issuer is accepted that goes with the token's own `tid`; with \
        `organizations` not that of personal accounts.\n\n\
        `client-application-ids` are compared with `azp`, or `appid` where there is no `azp`, without regard to case. \
        `backend-application-ids`, with and without `api://` before them, and `audiences` together are the audiences of which \
        `aud` must name one; without both, `aud` is not looked at. Tokens must be signed and must have `exp`; clocks may not \
        differ. `required-claims` and the output variable are those of `validate-jwt`.",
    errors: ERRORS,
    example: "client",
    differences: &[
        "`client-application-ids` may be left out; every application of the tenant is then accepted.",
        "`decryption-keys` is an error when the document is loaded, as in `validate-jwt`.",
        "A client application that is not listed is `TokenClaimValueNotAllowed`, a token without one `TokenClaimNotFound`.",
        "Signing keys that an application has of its own are not known: the key set is that of the tenant.",
    ],
};

const ERRORS: &[ErrorFact] = validate_jwt::ERRORS;

/// The tenant of personal accounts.
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

struct ValidateAzureAdToken {
    tenant: Tenant,
    place: Place,
    refusal: Refusal,
    output: Option<Arc<str>>,
    clients: Vec<Text>,
    backends: Vec<Text>,
    audiences: Vec<Text>,
    required: Vec<RequiredClaim>,
    /// None: the tenant's keys are the only ones.
    keys: JwtKeys,
}

enum Tenant {
    Known([OpenIdSource; 1]),
    Evaluated(Text),
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let place = Place::compile(compiler, element, Some("Authorization"));
    keys::refuse_decryption_keys(compiler, element)?;
    let tenant = compiler.text(element, "tenant-id")?;
    let tenant = match tenant.constant() {
        Some(tenant) => Tenant::Known([OpenIdSource::EntraTenant(tenant.trim().into())]),
        None => Tenant::Evaluated(tenant),
    };
    Some(Run::later(ValidateAzureAdToken {
        tenant,
        place: place?,
        refusal: Refusal::compile(compiler, element),
        output: compiler.literal(element, refusal::OUTPUT.name),
        clients: jwt::texts(compiler, element, "client-application-ids")?,
        backends: jwt::texts(compiler, element, "backend-application-ids")?,
        audiences: jwt::texts(compiler, element, claims::AUDIENCES.name)?,
        required: required::compile(compiler, element)?,
        keys: JwtKeys::default(),
    }))
}

impl RunLater for ValidateAzureAdToken {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let checked = self.check(exchange).await;
            self.refusal.outcome(exchange, checked)
        })
    }
}

impl ValidateAzureAdToken {
    async fn check(&self, exchange: &mut Exchange) -> Result<(), Refused> {
        let found = self.place.find(exchange, None)?;
        let found = found.ok_or_else(refusal::not_present)?;
        let evaluated;
        let sources = match &self.tenant {
            Tenant::Known(sources) => sources,
            Tenant::Evaluated(tenant) => {
                evaluated = [OpenIdSource::EntraTenant(tenant.get(exchange)?.trim().into())];
                &evaluated
            }
        };
        let ask = JwtAsk { token: found.as_str(), keys: &self.keys, sources, require_signature: true };
        let jwts = Arc::clone(&exchange.ports.jwts);
        let verified = jwt::verified(&*jwts, ask).await?;
        self.check_claims(exchange, &verified, sources)?;
        jwt::keep(exchange, self.output.as_ref(), found.as_str());
        Ok(())
    }

    fn check_claims(
        &self,
        exchange: &mut Exchange,
        verified: &VerifiedJwt,
        sources: &[OpenIdSource],
    ) -> Result<(), Refused> {
        let claims = &verified.claims;
        let now = claims::unix_time(exchange.ports.clock.utc_ticks());
        claims::check_lifetime(claims, now, 0.0, true)?;
        let mut audiences = jwt::values(exchange, &self.audiences)?;
        for backend in jwt::values(exchange, &self.backends)? {
            audiences.push(format!("api://{backend}").into());
            audiences.push(backend);
        }
        if !audiences.is_empty() {
            claims::check_audience(claims, &audiences)?;
        }
        let issuers = verified.issuers.iter().flat_map(|issuer| issuers(issuer));
        let mut issuers: Vec<String> = issuers.collect();
        let is_organizations = |source: &OpenIdSource| matches!(source, OpenIdSource::EntraTenant(name) if &**name == "organizations");
        if claims::tenant(claims) == Some(PERSONAL_ACCOUNTS) && sources.iter().any(is_organizations) {
            issuers.clear();
        }
        claims::check_issuer(claims, issuers.iter().map(String::as_str))?;
        if !self.clients.is_empty() {
            let allowed = jwt::values(exchange, &self.clients)?;
            check_client(claims, &allowed)?;
        }
        required::check(exchange, claims, &self.required)
    }
}

/// The application that asked for the token.
fn check_client(claims: &Claims, allowed: &[Arc<str>]) -> Result<(), JwtError> {
    let Some(name) = ["azp", "appid"].into_iter().find(|name| claims.contains_key(*name)) else {
        return Err(claims::claims_not_found(&["azp"]));
    };
    let client = claims.get(name).and_then(Value::as_str);
    if client.is_some_and(|client| allowed.iter().any(|allowed| allowed.trim().eq_ignore_ascii_case(client)))
    {
        return Ok(());
    }
    Err(claims::value_not_allowed(claims, name))
}

/// The issuers of a tenant by the issuer that its OpenID configuration of version 2 names,
/// `https://login.microsoftonline.com/<tenant>/v2.0`: that one, and that of tokens of version 1.
fn issuers(configured: &str) -> Vec<String> {
    let mut issuers = vec![configured.to_owned()];
    let Some((host, rest)) = configured.split_once("://").and_then(|(_, rest)| rest.split_once('/')) else {
        return issuers;
    };
    let tenant = rest.split('/').next().unwrap_or("");
    let version_1 = match host {
        "login.partner.microsoftonline.cn" | "login.chinacloudapi.cn" => "sts.chinacloudapi.cn",
        _ => "sts.windows.net",
    };
    if claims::is_guid(tenant) || tenant == "{tenantid}" {
        issuers.push(format!("https://{version_1}/{tenant}/"));
    }
    issuers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_have_their_issuer() {
        let tenant = "11111111-2222-3333-4444-555555555555";
        assert_eq!(
            issuers(&format!("https://login.microsoftonline.com/{tenant}/v2.0")),
            [
                format!("https://login.microsoftonline.com/{tenant}/v2.0"),
                format!("https://sts.windows.net/{tenant}/")
            ]
        );
        assert_eq!(
            issuers("https://login.partner.microsoftonline.cn/{tenantid}/v2.0").get(1).map(String::as_str),
            Some("https://sts.chinacloudapi.cn/{tenantid}/")
        );
        assert_eq!(issuers("https://issuer.example/"), ["https://issuer.example/"]);
    }
}
