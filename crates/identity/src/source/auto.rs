//! `auto`: the first source that the environment offers, in the order of the Azure SDKs.

use super::{AppService, ClientSecret, Imds, Source, WorkloadIdentity};
use crate::config::{ConfigError, Environment};

/// Chooses. A source that the environment offers but that cannot work becomes [`Source::Unavailable`]: falling
/// through to the next one would use another identity than the one that was meant. `AZURE_CLIENT_ID` also says which
/// user-assigned identity a metadata service shall use when a policy names none.
pub(super) fn resolve(environment: Environment<'_>, identity: &str) -> Source {
    choose(environment, identity).unwrap_or_else(Source::Unavailable)
}

fn choose(environment: Environment<'_>, identity: &str) -> Result<Source, ConfigError> {
    let value = |variable| environment(variable).filter(|text: &String| !text.trim().is_empty());
    let is_set = |variable| value(variable).is_some();

    if let (Some(tenant_id), Some(client_id), Some(secret)) =
        (value("AZURE_TENANT_ID"), value("AZURE_CLIENT_ID"), value("AZURE_CLIENT_SECRET"))
    {
        let secret = secret.into();
        let application = ClientSecret::resolve(None, &tenant_id, &client_id, secret, environment, identity)?;
        return Ok(Source::ClientSecret(application));
    }
    if is_set("AZURE_FEDERATED_TOKEN_FILE") && is_set("AZURE_TENANT_ID") && is_set("AZURE_CLIENT_ID") {
        let workload = WorkloadIdentity::resolve(None, None, None, None, environment, identity)?;
        return Ok(Source::WorkloadIdentity(workload));
    }
    if is_set("IDENTITY_ENDPOINT") {
        if is_set("IDENTITY_SERVER_THUMBPRINT") {
            return Err(ConfigError::Unsupported("the managed identity of service fabric"));
        }
        if is_set("IDENTITY_HEADER") {
            let mut app_service = AppService::resolve(None, None, environment, identity)?;
            app_service.default_client_id = value("AZURE_CLIENT_ID");
            return Ok(Source::AppService(app_service));
        }
        if is_set("IMDS_ENDPOINT") {
            return Err(ConfigError::Unsupported("the managed identity of azure arc"));
        }
    }
    if is_set("MSI_ENDPOINT") {
        return Err(ConfigError::Unsupported(
            "the managed identity of cloud shell and azure machine learning",
        ));
    }
    let mut imds = Imds::resolve(None, environment, identity)?;
    imds.default_client_id = value("AZURE_CLIENT_ID");
    Ok(Source::Imds(imds))
}
