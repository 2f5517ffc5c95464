//! A simulated account while it runs: configuration, counters and faults.

use std::sync::Arc;

use crate::bare::Bare;
use crate::config::{DeploymentConfig, ResourceConfig, Secret};
use crate::faults::{Fault, FaultSet};
use crate::limits::Limiter;
use crate::stats::Recorder;

#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) config: ResourceConfig,
    pub(crate) keys: Vec<Secret>,
    pub(crate) deployments: Vec<Deployment>,
    /// Faults set by the control endpoint.
    pub(crate) faults: FaultSet,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) bare: Option<Bare>,
}

#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) config: DeploymentConfig,
    pub(crate) limiter: Limiter,
    /// Faults of the configuration.
    faults: FaultSet,
}

impl Resource {
    pub(crate) fn new(config: ResourceConfig) -> Self {
        let keys = match config.api_keys.as_slice() {
            [] => vec![Secret::from(format!("{}-key", config.name))],
            keys => keys.to_vec(),
        };
        let deployments = config.deployments.iter().map(Deployment::new).collect();
        let bare = config.bare.then(|| Bare::new(config.bare_chunk_ms));
        Self { keys, deployments, faults: FaultSet::default(), recorder: Arc::default(), bare, config }
    }

    /// The deployment of this name, else the one that takes any.
    pub(crate) fn deployment(&self, name: &str) -> Option<&Deployment> {
        let named =
            |wanted: &str| self.deployments.iter().find(|deployment| deployment.config.name == wanted);
        named(name).or_else(|| named("*"))
    }

    /// The fault that hits the next call of a deployment: the control endpoint's before the configuration's.
    pub(crate) fn take_fault(&self, deployment: Option<&str>) -> Option<Fault> {
        let configured = || self.deployment(deployment?)?.faults.take(deployment);
        self.faults.take(deployment).or_else(configured)
    }

    /// Back to the state of the start: no statistics, full limits, faults as configured.
    pub(crate) fn reset(&self) {
        self.recorder.reset();
        self.faults.replace(Vec::new());
        for deployment in &self.deployments {
            deployment.limiter.reset();
            deployment.faults.replace(deployment.config.faults.clone());
        }
    }
}

impl Deployment {
    fn new(config: &DeploymentConfig) -> Self {
        Self {
            limiter: Limiter::new(config),
            faults: FaultSet::new(config.faults.clone()),
            config: config.clone(),
        }
    }
}
