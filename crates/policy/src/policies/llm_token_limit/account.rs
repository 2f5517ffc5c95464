//! What a call reserved, replaced by what it used.
//!
//! While policies run, what replies use is collected, so that attempts of a `retry` settle together. Once the reply is on
//! its way, its end settles. A call that ends without a reply that used tokens gives back what it reserved, whatever ended
//! it: also when it is dropped.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use parking_lot::Mutex;

use super::limits::Asked;
use crate::metering::{Ledger, ReplyTokens, TokenWatcher};
use crate::pipeline::{AtEnd, CallEnd};
use crate::ports::counters::{CounterAsk, CounterState, Settlement};
use crate::ports::{PortFuture, Ports};

/// The account of one call with one policy.
pub(super) struct Account {
    ports: Ports,
    /// When the decision was asked for.
    reserved_at: Duration,
    entries: Vec<Entry>,
    progress: Mutex<Progress>,
}

/// One counter.
struct Entry {
    /// Its amount is what was reserved.
    ask: CounterAsk,
    /// False when what the call uses is counted by another policy.
    is_charged: bool,
}

struct Progress {
    /// True while policies run.
    collects: bool,
    /// True until something replaced what was reserved.
    is_reserved: bool,
    /// What was used and is not settled yet.
    unsettled: u64,
    /// What was used in all; none once a reply used nobody knows how much.
    used: Option<u64>,
}

impl Account {
    /// The account of a call whose asks were granted.
    pub(super) fn open(ports: Ports, reserved_at: Duration, asked: &[Asked]) -> Arc<Self> {
        let entries = asked
            .iter()
            .map(|asked| Entry { ask: asked.ask.clone(), is_charged: asked.is_charged })
            .collect();
        let progress = Progress { collects: true, is_reserved: true, unsettled: 0, used: Some(0) };
        Arc::new(Self { ports, reserved_at, entries, progress: Mutex::new(progress) })
    }

    /// What the call used so far; none when nobody knows.
    pub(super) fn used(&self) -> Option<u64> {
        self.progress.lock().used
    }

    /// Policies no longer run: from now on the end of a reply settles.
    pub(super) fn pass_on(&self) {
        self.progress.lock().collects = false;
    }

    /// Settles what was used so far, and tells how the counters stand then; none where the state cannot be reached. The
    /// work goes on by itself when nobody waits for it any more.
    pub(super) async fn settle(&self) -> Option<Vec<CounterState>> {
        let work = self.settling().shared();
        self.ports.detach(Box::pin(work.clone().map(drop)));
        work.await
    }

    /// Settles without waiting, unless there is nothing to settle.
    pub(super) fn settle_changes(&self) {
        let has_reserved = self.entries.iter().any(|entry| entry.ask.amount > 0);
        let has_changed = {
            let progress = self.progress.lock();
            progress.unsettled > 0 || (progress.is_reserved && progress.used.is_some() && has_reserved)
        };
        if has_changed {
            self.ports.detach(Box::pin(self.settling().map(drop)));
        }
    }

    fn settling(&self) -> PortFuture<'static, Option<Vec<CounterState>>> {
        let (settlements, ports) = (self.settlements(), self.ports.clone());
        Box::pin(async move { ports.counters.settle(&settlements).await })
    }

    fn settlements(&self) -> Vec<Settlement> {
        let (used, is_replaced) = {
            let mut progress = self.progress.lock();
            // Where nobody knows what a reply used, what was reserved is the best that is known of it.
            let is_replaced = progress.is_reserved && progress.used.is_some();
            progress.is_reserved = false;
            (std::mem::take(&mut progress.unsettled), is_replaced)
        };
        let age = self.ports.clock.monotonic().saturating_sub(self.reserved_at);
        let settlement = |entry: &Entry| Settlement {
            ask: CounterAsk { amount: if entry.is_charged { used } else { 0 }, ..entry.ask.clone() },
            reserved: if is_replaced { entry.ask.amount } else { 0 },
            age,
        };
        self.entries.iter().map(settlement).collect()
    }

    /// Settles what is left when no reply is under way any more.
    fn close(&self) {
        self.pass_on();
        self.settle_changes();
    }
}

impl TokenWatcher for Account {
    fn used(&self, tokens: &ReplyTokens, _ports: &Ports) {
        let collects = {
            let mut progress = self.progress.lock();
            let total = tokens.usage.total;
            progress.unsettled = progress.unsettled.saturating_add(total.unwrap_or(0));
            progress.used = progress.used.zip(total).map(|(used, total)| used.saturating_add(total));
            progress.collects
        };
        if !collects {
            self.settle_changes();
        }
    }
}

/// Closes an account when the call is over, however it ends.
pub(super) struct Closing {
    account: Arc<Account>,
    ledger: Ledger,
}

impl Closing {
    /// For a call whose replies are in `ledger`.
    pub(super) fn new(account: &Arc<Account>, ledger: &Ledger) -> Self {
        Self { account: Arc::clone(account), ledger: ledger.clone() }
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        let account = Arc::clone(&self.account);
        self.ledger.at_rest(move || account.close());
    }
}

impl AtEnd for Closing {
    fn run(self: Box<Self>, _end: CallEnd) -> PortFuture<'static, ()> {
        drop(self);
        Box::pin(std::future::ready(()))
    }
}
