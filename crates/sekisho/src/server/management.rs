//! The management listener, its access token, and the traces that it hands out.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use sekisho_gateway::{DebugCredentials, DebugTraces, Gateway};
use sekisho_logs::Queries;
use sekisho_management::{Access, Management as Listener, token};
use sekisho_policy::ports::Clock;
use sekisho_resources::process::Process;
use sekisho_telemetry::Metrics;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The key of debug credentials, in the data directory.
const DEBUG_KEY: &str = "debug-key";

/// The running management listener.
pub(super) struct Management {
    pub(super) address: SocketAddr,
    /// Where the access token is that was made for it; none when the settings name one.
    pub(super) token_file: Option<PathBuf>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The listener before there is something to answer.
pub(super) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    access: Access,
    token_file: Option<PathBuf>,
}

impl Bound {
    /// Opens the listener and finds the access token.
    pub(super) async fn open(address: SocketAddr, process: &Process) -> Result<Bound> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let hosts = process.management.hosts.clone();
        let (token, token_file) = match &process.management.access_token {
            Some(token) => (Some(token.clone()), None),
            None => match token::kept_in(&process.data_directory) {
                Ok(token) => (Some(token), Some(process.data_directory.join(token::FILE_NAME))),
                // The data plane needs no such file: it serves where none can be written.
                Err(error) => {
                    anstream::eprintln!("nobody can use the management API: {error}");
                    (None, None)
                }
            },
        };
        Ok(Bound { listener, address, access: Access { token, hosts }, token_file })
    }

    /// Answers until it is [stopped](Management::stop).
    pub(super) fn serve(
        self,
        process: &Process,
        metrics: Arc<Metrics>,
        traces: Arc<DebugTraces>,
        queries: Option<Arc<Queries>>,
        gateway: &Gateway,
    ) -> Management {
        let mut management = Listener::builder(self.access)
            .with_metrics(metrics)
            .with_health(Arc::new(|()| true))
            .with_traces(&process.gateway.id, traces, Arc::new(gateway.api_lookup()));
        if let Some(queries) = queries {
            management = management.with_routes(sekisho_management::query::routes(queries));
        }
        let management = management.build();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(management.serve(self.listener, async {
            let _ = stopped.await;
        }));
        Management { address: self.address, token_file: self.token_file, stop, task }
    }
}

impl Management {
    /// Closes the listener.
    pub(super) async fn stop(self) {
        // A receiver that is gone has ended by itself.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// The traces of a gateway. Without management listener nobody could ask for one, and no file is written.
pub(super) fn traces(
    process: &Process,
    bound: Option<&Bound>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<DebugTraces>> {
    let Some(bound) = bound else {
        return Ok(Arc::new(DebugTraces::new(DebugCredentials::in_memory()?, clock)));
    };
    let credentials = match DebugCredentials::kept_in(process.data_directory.join(DEBUG_KEY)) {
        Ok(credentials) => credentials,
        Err(error) => {
            anstream::eprintln!("debug credentials end with this process: {error}");
            DebugCredentials::in_memory()?
        }
    };
    let traces = Arc::new(DebugTraces::new(credentials, clock));
    if process.tracing.legacy_header {
        traces.answer_legacy_header(format!("http://{}/traces/", bound.address));
    }
    Ok(traces)
}
