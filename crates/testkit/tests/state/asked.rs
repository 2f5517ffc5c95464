//! Counters that keep what they are asked.

use parking_lot::Mutex;
use sekisho_policy::ports::counters::{CounterAsk, CounterError, CounterState, Settlement};
use sekisho_policy::ports::{Counters, PortFuture};

/// Keeps what it is asked; grants everything, or cannot be reached.
#[derive(Default)]
pub(crate) struct AskedCounters {
    pub(crate) decisions: Mutex<Vec<Vec<CounterAsk>>>,
    pub(crate) additions: Mutex<Vec<Vec<CounterAsk>>>,
    pub(crate) settlements: Mutex<Vec<Vec<Settlement>>>,
    pub(crate) is_down: bool,
}

impl Counters for AskedCounters {
    fn decide<'a>(
        &'a self,
        asks: &'a [CounterAsk],
    ) -> PortFuture<'a, Result<Vec<CounterState>, CounterError>> {
        self.decisions.lock().push(asks.to_vec());
        let granted = |ask: &CounterAsk| CounterState {
            granted: true,
            count: ask.amount,
            retry_after: Default::default(),
        };
        let answer = match self.is_down {
            false => Ok(asks.iter().map(granted).collect()),
            true => Err(CounterError { message: "the state does not answer".to_owned() }),
        };
        Box::pin(std::future::ready(answer))
    }

    fn add<'a>(&'a self, asks: &'a [CounterAsk]) -> PortFuture<'a, ()> {
        self.additions.lock().push(asks.to_vec());
        Box::pin(std::future::ready(()))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> PortFuture<'a, Option<Vec<CounterState>>> {
        self.settlements.lock().push(settlements.to_vec());
        let state = |settlement: &Settlement| CounterState {
            granted: true,
            count: settlement.ask.amount,
            retry_after: Default::default(),
        };
        Box::pin(std::future::ready(Some(settlements.iter().map(state).collect())))
    }
}
