//! A queue, a sender, and the task between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sekisho_policy::ports::Clock;
use sekisho_policy::ports::clock::within;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::queue::Queue;
use super::sender::Sender;
use super::{Destination, ExportCounts, ExportMeans, Loss, QueueLimits, SendSettings};

/// Takes items for a destination. Never waits: what does not fit is dropped and counted.
pub struct Exporter<T> {
    queue: Arc<Queue<T>>,
    counts: ExportCounts,
}

/// The task that sends. Dropping this leaves it running; [`ExportTask::finish`] ends it.
pub struct ExportTask {
    close: Box<dyn Fn() + Send + Sync>,
    waiting: Box<dyn Fn() -> usize + Send + Sync>,
    under_way: Arc<AtomicUsize>,
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
    counts: ExportCounts,
    clock: Arc<dyn Clock>,
}

impl<T: Send + Sync + 'static> Exporter<T> {
    /// Starts the task, on the runtime that this is called on.
    pub fn start<D: Destination<Item = T>>(
        destination: Arc<D>,
        limits: QueueLimits,
        settings: SendSettings,
        means: ExportMeans,
        counts: ExportCounts,
    ) -> (Self, ExportTask) {
        let queue = Arc::new(Queue::new(limits));
        let under_way = Arc::new(AtomicUsize::new(0));
        let (ending, is_ending) = watch::channel(false);
        let clock = Arc::clone(&means.clock);
        let sender = Sender::new(destination, settings, means, counts.clone(), is_ending);
        let (source, sending, time) = (Arc::clone(&queue), Arc::clone(&under_way), Arc::clone(&clock));
        let task = tokio::spawn(async move {
            while let Some(batch) = source.batch(&*time).await {
                sending.store(batch.len(), Ordering::Relaxed);
                sender.send(batch).await;
                sending.store(0, Ordering::Relaxed);
            }
        });
        let (closed, counted) = (Arc::clone(&queue), Arc::clone(&queue));
        let task = ExportTask {
            close: Box::new(move || closed.close()),
            waiting: Box::new(move || counted.len()),
            under_way,
            ending,
            task,
            counts: counts.clone(),
            clock,
        };
        (Self { queue, counts }, task)
    }

    /// Hands over an item of about so many bytes.
    pub fn push(&self, item: T, bytes: usize) {
        if !self.queue.push(item, bytes) {
            self.counts.dropped(1, Loss::QueueFull);
        }
    }
}

impl ExportTask {
    /// Takes no more items and sends those that wait. What is not sent within `patience` is dropped and counted; false
    /// then.
    pub async fn finish(mut self, patience: Duration) -> bool {
        (self.close)();
        self.ending.send_replace(true);
        let is_done = within(&*self.clock, patience, &mut self.task).await.is_some();
        if !is_done {
            self.task.abort();
            let _ = (&mut self.task).await;
        }
        let lost = (self.waiting)() + self.under_way.load(Ordering::Relaxed);
        self.counts.dropped(lost, Loss::Shutdown);
        is_done && lost == 0
    }
}
