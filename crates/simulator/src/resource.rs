//! A simulated account while it runs: configuration, counters and faults.

use std::sync::Arc;

use crate::bare::Bare;
use crate::config::{DeploymentConfig, ResourceConfig, Secret};
use crate::faults::{Fault, FaultSet, OnceKeys};
use crate::limits::Limiter;
use crate::stats::Recorder;
use crate::{a2a, mcp};

#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) config: ResourceConfig,
    pub(crate) keys: Vec<Secret>,
    pub(crate) deployments: Vec<Deployment>,
    /// Faults set by the control endpoint; at the start those of the configuration.
    pub(crate) faults: FaultSet,
    /// Keys of faults that hit once.
    pub(crate) once: OnceKeys,
    pub(crate) recorder: Arc<Recorder>,
    /// Who is connected to the MCP server.
    pub(crate) mcp: mcp::Sessions,
    /// What the A2A agent did.
    pub(crate) a2a: a2a::Tasks,
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
        let bare = config.bare.then(|| Bare::new(config.bare_chunks, config.bare_chunk_ms));
        let faults = FaultSet::new(config.faults.clone());
        Self {
            keys,
            deployments,
            faults,
            once: OnceKeys::default(),
            recorder: Arc::default(),
            mcp: mcp::Sessions::default(),
            a2a: a2a::Tasks::default(),
            bare,
            config,
        }
    }

    /// The deployment of this name, else the one that takes any.
    pub(crate) fn deployment(&self, name: &str) -> Option<&Deployment> {
        let named =
            |wanted: &str| self.deployments.iter().find(|deployment| deployment.config.name == wanted);
        named(name).or_else(|| named("*"))
    }

    /// Names of the deployments that have one of their own.
    pub(crate) fn named_deployments(&self) -> impl Iterator<Item = &str> {
        self.deployments.iter().map(|deployment| deployment.config.name.as_str()).filter(|name| *name != "*")
    }

    /// The fault that hits the next call under this name: the control endpoint's before the configuration's.
    pub(crate) fn take_fault(&self, name: Option<&str>, deployment: Option<&Deployment>) -> Option<Fault> {
        self.faults.take(name).or_else(|| deployment?.faults.take(name))
    }

    /// Back to the state of the start: no statistics, full limits, faults as configured.
    pub(crate) fn reset(&self) {
        self.recorder.reset();
        self.faults.replace(self.config.faults.clone());
        self.once.clear();
        self.mcp.clear();
        self.a2a.clear();
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
