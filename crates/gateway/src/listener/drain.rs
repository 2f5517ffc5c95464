//! The end of all connections: first gently, then by force.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;

/// Shared by everything that has to end when the gateway does.
#[derive(Clone, Default)]
pub(crate) struct Drain {
    begun: CancellationToken,
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl Drain {
    /// Runs a task that the drain waits for; a cut ends it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static, runtime: &Handle) {
        let cut = self.cut.clone();
        let task = async move {
            tokio::select! {
                biased;
                () = task => {}
                () = cut.cancelled() => {}
            }
        };
        self.tasks.spawn_on(task, runtime);
    }

    /// Waits for the begin of the drain.
    pub(crate) fn begun(&self) -> WaitForCancellationFuture<'_> {
        self.begun.cancelled()
    }

    /// Begins the drain and waits for all tasks; after `timeout` they are cut. True when none had to be.
    pub(crate) async fn run(&self, timeout: Duration) -> bool {
        self.begun.cancel();
        self.tasks.close();
        let finished = tokio::time::timeout(timeout, self.tasks.wait()).await.is_ok();
        if !finished {
            self.cut.cancel();
            self.tasks.wait().await;
        }
        finished
    }
}
