//! What the types of the configuration cannot say by themselves.

use std::collections::HashSet;
use std::net::IpAddr;

use super::{Config, DeploymentKind, ResourceConfig};
use crate::azure::embeddings::MOST_DIMENSIONS;

/// A configuration that cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The address is reachable from elsewhere.
    #[error("the simulator listens on loopback addresses only, not on {0}")]
    NotLoopback(IpAddr),
    /// A resource's name cannot be a path segment, or is taken by the simulator itself.
    #[error(
        "resource name {0:?} is not usable: use letters, digits and hyphens, and neither `metadata` nor `msi`"
    )]
    ResourceName(String),
    /// Two resources have one name.
    #[error("resource {0:?} is configured twice")]
    DuplicateResource(String),
    /// Two deployments of a resource have one name.
    #[error("deployment {deployment:?} of resource {resource:?} is configured twice")]
    DuplicateDeployment {
        /// The resource.
        resource: String,
        /// The deployment.
        deployment: String,
    },
    /// Provisioned throughput without a size.
    #[error("deployment {deployment:?} of resource {resource:?} is ptu and needs tokensPerMinute above 0")]
    PtuWithoutCapacity {
        /// The resource.
        resource: String,
        /// The deployment.
        deployment: String,
    },
    /// Embeddings of no or of too many dimensions.
    #[error("deployment {deployment:?} of resource {resource:?}: dimensions must be 1 to {MOST_DIMENSIONS}")]
    Dimensions {
        /// The resource.
        resource: String,
        /// The deployment.
        deployment: String,
    },
}

impl Config {
    /// Checks names, addresses and sizes.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.address.is_loopback() {
            return Err(ConfigError::NotLoopback(self.address));
        }
        let mut names = HashSet::new();
        for resource in &self.resources {
            let is_plain =
                resource.name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
            let is_taken = matches!(resource.name.as_str(), "" | "metadata" | "msi");
            if !is_plain || is_taken {
                return Err(ConfigError::ResourceName(resource.name.clone()));
            }
            if !names.insert(&resource.name) {
                return Err(ConfigError::DuplicateResource(resource.name.clone()));
            }
            resource.check()?;
        }
        Ok(())
    }
}

impl ResourceConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let mut names = HashSet::new();
        for deployment in &self.deployments {
            let place = || (self.name.clone(), deployment.name.clone());
            if !names.insert(&deployment.name) {
                let (resource, deployment) = place();
                return Err(ConfigError::DuplicateDeployment { resource, deployment });
            }
            let has_capacity = deployment.tokens_per_minute.is_some_and(|tokens| tokens > 0);
            if deployment.kind == DeploymentKind::Ptu && !has_capacity {
                let (resource, deployment) = place();
                return Err(ConfigError::PtuWithoutCapacity { resource, deployment });
            }
            if deployment.dimensions.is_some_and(|dimensions| !(1..=MOST_DIMENSIONS).contains(&dimensions)) {
                let (resource, deployment) = place();
                return Err(ConfigError::Dimensions { resource, deployment });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::DeploymentConfig;
    use super::*;

    #[test]
    fn camel_case_names_and_defaults() {
        let config: Config = serde_json::from_str(
            r#"{"resources":[{"name":"east","acceptAnyToken":true,"deployments":[
                {"name":"gpt","kind":"ptu","tokensPerMinute":100,"faults":[{"status":429,"count":2}]}]}]}"#,
        )
        .unwrap();
        assert_eq!(config.check(), Ok(()));
        assert_eq!(config.resources[0].deployments[0].kind, DeploymentKind::Ptu);
        assert_eq!(config.identity.token_lifetime_seconds, 3600);
        assert!(!format!("{config:?}").contains("simulated-identity-header"));
        assert!(serde_json::from_str::<Config>(r#"{"ports":1}"#).is_err());
    }

    #[test]
    fn mistakes_are_named() {
        let with = |resources| Config { resources, ..Config::default() }.check();
        let resource = |name: &str| ResourceConfig::new(name, Vec::new());
        assert_eq!(with(vec![resource("a/b")]), Err(ConfigError::ResourceName("a/b".into())));
        assert_eq!(with(vec![resource("msi")]), Err(ConfigError::ResourceName("msi".into())));
        assert_eq!(with(vec![resource("a"), resource("a")]), Err(ConfigError::DuplicateResource("a".into())));
        let twice = vec![DeploymentConfig::new("d"), DeploymentConfig::new("d")];
        assert!(matches!(
            with(vec![ResourceConfig::new("a", twice)]),
            Err(ConfigError::DuplicateDeployment { .. })
        ));
        let ptu = DeploymentConfig { kind: DeploymentKind::Ptu, ..DeploymentConfig::new("p") };
        assert!(matches!(
            with(vec![ResourceConfig::new("a", vec![ptu])]),
            Err(ConfigError::PtuWithoutCapacity { .. })
        ));
        let flat = DeploymentConfig { dimensions: Some(0), ..DeploymentConfig::new("e") };
        assert!(matches!(
            with(vec![ResourceConfig::new("a", vec![flat])]),
            Err(ConfigError::Dimensions { .. })
        ));
        let open = Config { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), ..Config::default() };
        assert!(matches!(open.check(), Err(ConfigError::NotLoopback(_))));
    }
}
