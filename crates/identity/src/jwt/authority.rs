//! Where the OpenID configuration of a tenant of Microsoft Entra ID is.

use url::Url;

use crate::config::{ConfigError, Environment};
use crate::endpoint::{self, PlainHttp};

const VARIABLE: &str = "AZURE_AUTHORITY_HOST";
const DEFAULT: &str = "https://login.microsoftonline.com";

/// What follows a tenant in the address of its configuration.
const CONFIGURATION: &str = "/v2.0/.well-known/openid-configuration";

/// The authority host of a cloud, without a slash at the end.
#[derive(Clone, Debug)]
pub(super) struct Authority(String);

impl Authority {
    /// The authority of the environment: `AZURE_AUTHORITY_HOST`, a URL or a host name, else that of the public cloud.
    pub(super) fn of(environment: Environment<'_>) -> Result<Authority, ConfigError> {
        let text = environment(VARIABLE).filter(|text| !text.trim().is_empty());
        let text = text.as_deref().map_or(DEFAULT, str::trim);
        let absolute = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&absolute).map_err(|_| ConfigError::NotAUrl { variable: VARIABLE })?;
        endpoint::check(&url, PlainHttp::Loopback, "the authority of tokens")?;
        Ok(Authority(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address of the configuration of a tenant: an id, a domain, `common` or `organizations` below this authority,
    /// or the URL of a tenant, whose first path segment is the tenant. None when it is neither.
    pub(super) fn configuration(&self, tenant: &str) -> Option<String> {
        let tenant = tenant.trim();
        if !tenant.contains("://") {
            return address(&self.0, tenant);
        }
        let url = Url::parse(tenant).ok()?;
        address(&endpoint::origin(&url), url.path_segments()?.next()?)
    }
}

fn address(authority: &str, tenant: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let is_name = !tenant.is_empty() && tenant.chars().all(is_plain) && tenant.trim_matches('.') == tenant;
    is_name.then(|| [authority, "/", tenant, CONFIGURATION].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(host: Option<&str>, tenant: &str) -> Option<String> {
        let authority = Authority::of(&|_| host.map(str::to_owned)).unwrap();
        authority.configuration(tenant)
    }

    #[test]
    fn a_tenant_is_a_name_or_a_url() {
        let public = |tenant: &str| {
            Some(format!("https://login.microsoftonline.com/{tenant}/v2.0/.well-known/openid-configuration"))
        };
        assert_eq!(configuration(None, "contoso.onmicrosoft.com"), public("contoso.onmicrosoft.com"));
        assert_eq!(configuration(None, " common "), public("common"));
        assert_eq!(
            configuration(Some("http://localhost:9"), "https://login.microsoftonline.com/t/v2.0"),
            public("t")
        );
        assert_eq!(
            configuration(Some("login.microsoftonline.us"), "t").as_deref(),
            Some("https://login.microsoftonline.us/t/v2.0/.well-known/openid-configuration")
        );
        for wrong in ["", "a/b", "..", "a?b", "https://login.microsoftonline.com", "a b"] {
            assert_eq!(configuration(None, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        assert!(Authority::of(&|_| Some("http://login.example".to_owned())).is_err());
        assert!(Authority::of(&|_| Some("http://127.0.0.1:1".to_owned())).is_ok());
    }
}
