//! Object storage that compacted files are copied to.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};
use url::Url;

/// Where files are copied to.
#[derive(Clone, Debug)]
pub struct Target {
    store: Arc<dyn ObjectStore>,
}

/// A target that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The address is of no kind that is known.
    #[error("`{0}` is no place for logs; use `s3://bucket/path`, `az://container/path` or `file:///path`")]
    Address(String),
    /// The settings do not fit together, or something is missing.
    #[error("object storage cannot be used: {0}")]
    Settings(#[from] object_store::Error),
    /// The directory of `file://` cannot be made.
    #[error("the directory of the logs' target cannot be made: {0}")]
    Directory(#[from] std::io::Error),
}

/// What the settings tell beside the address.
#[derive(Clone, Debug, Default)]
pub struct TargetSettings {
    /// A service other than the cloud's own.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The storage account of `az://`.
    pub account: Option<String>,
}

impl Target {
    /// Reads an address: `s3://bucket/path`, `az://container/path` or `file:///path`. Files get `gateway` in front of
    /// their paths. Credentials come from the environment, by the names that the clouds' own tools use; without any, from
    /// the identity of the machine.
    ///
    /// # Errors
    /// An address or settings that cannot be used.
    pub fn new(address: &str, settings: &TargetSettings, gateway: &str) -> Result<Target, TargetError> {
        let url = Url::parse(address).map_err(|_| TargetError::Address(address.to_owned()))?;
        let host = url.host_str().unwrap_or_default();
        let is_plain = settings.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        // Failed copies are tried again with the next step of compaction.
        let retry = RetryConfig {
            max_retries: 3,
            retry_timeout: std::time::Duration::from_secs(30),
            ..RetryConfig::default()
        };
        match url.scheme() {
            "s3" if !host.is_empty() => {
                let mut builder = AmazonS3Builder::from_env()
                    .with_bucket_name(host)
                    .with_allow_http(is_plain)
                    .with_retry(retry);
                if let Some(endpoint) = &settings.endpoint {
                    builder = builder.with_endpoint(endpoint);
                }
                if let Some(region) = &settings.region {
                    builder = builder.with_region(region);
                }
                Ok(Self::under(builder.build()?, url.path(), gateway))
            }
            "az" | "azure" if !host.is_empty() => {
                let mut builder = MicrosoftAzureBuilder::from_env()
                    .with_container_name(host)
                    .with_allow_http(is_plain)
                    .with_retry(retry);
                if let Some(endpoint) = &settings.endpoint {
                    builder = builder.with_endpoint(endpoint.clone());
                }
                if let Some(account) = &settings.account {
                    builder = builder.with_account(account);
                }
                Ok(Self::under(builder.build()?, url.path(), gateway))
            }
            "file" => {
                let root: PathBuf =
                    url.to_file_path().map_err(|()| TargetError::Address(address.to_owned()))?;
                std::fs::create_dir_all(&root)?;
                Ok(Self::under(LocalFileSystem::new_with_prefix(root)?, "", gateway))
            }
            _ => Err(TargetError::Address(address.to_owned())),
        }
    }

    fn under(store: impl ObjectStore, path: &str, gateway: &str) -> Target {
        let prefix = Path::from_iter(path.split('/').filter(|part| !part.is_empty()).chain([gateway]));
        Target { store: Arc::new(PrefixStore::new(store, prefix)) }
    }

    pub(super) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }
}
