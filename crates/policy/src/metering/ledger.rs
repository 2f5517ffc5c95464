//! The account of one call.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use sekisho_llm::Usage;

use crate::ports::Ports;

/// What one reply used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyTokens {
    /// The counts, and where they come from.
    pub usage: Usage,
    /// The backend entity that sent the reply.
    pub backend_id: Option<Arc<str>>,
}

/// Someone who acts on what replies used: limits, metrics.
pub trait TokenWatcher: Send + Sync {
    /// A reply ended, or was given up: this is what it used. Never waits; what has to wait is
    /// [detached](Ports::detach). Once for each reply: before the client can see the end of it, or soon after where long
    /// texts had to be counted first.
    fn used(&self, tokens: &ReplyTokens, ports: &Ports);
}

/// The account of one call. Shared by the call, its branches, and the bodies that are under way.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Account>>);

#[derive(Default)]
struct Account {
    replies: Vec<ReplyTokens>,
    /// Replies that have not ended.
    open: usize,
    watchers: Vec<Arc<dyn TokenWatcher>>,
    at_rest: Vec<Box<dyn FnOnce() + Send>>,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ledger").field(&self.0.lock().replies).finish()
    }
}

impl Ledger {
    /// Tells `watcher` of every reply that ends from now on.
    pub fn watch(&self, watcher: Arc<dyn TokenWatcher>) {
        self.0.lock().watchers.push(watcher);
    }

    /// Replies that have ended, in that order.
    pub fn replies(&self) -> Vec<ReplyTokens> {
        self.0.lock().replies.clone()
    }

    /// Runs `work` when no reply is under way any more: at once, or with the end of the last one.
    pub fn at_rest(&self, work: impl FnOnce() + Send + 'static) {
        let mut account = self.0.lock();
        if account.open > 0 {
            account.at_rest.push(Box::new(work));
            return;
        }
        drop(account);
        work();
    }

    /// A reply begins.
    pub(super) fn open(&self) {
        self.0.lock().open += 1;
    }

    /// A reply ended.
    pub(super) fn close(&self, tokens: &ReplyTokens, ports: &Ports) {
        let mut account = self.0.lock();
        account.replies.push(tokens.clone());
        let watchers = account.watchers.clone();
        drop(account);
        for watcher in watchers {
            watcher.used(tokens, ports);
        }
        let mut account = self.0.lock();
        account.open = account.open.saturating_sub(1);
        let works = if account.open == 0 { std::mem::take(&mut account.at_rest) } else { Vec::new() };
        drop(account);
        for work in works {
            work();
        }
    }
}
