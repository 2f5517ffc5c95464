//! Counters on Redis.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::settings::OnStateFailure;
use futures_util::future::join_all;
use redis::{FromRedisValue, Value};
use sekisho_policy::ports::counters::{CounterAsk, CounterError, CounterState, Settlement};
use sekisho_policy::ports::{Counters, PortFuture};

use super::key;
use super::script::{Arguments, DECIDE};
use super::store::{RedisStore, Request};
use crate::memory::MemoryCounters;
use crate::window::{EXACT, Rule, Standing, bounded, micros};

/// Counters that gateways share. While the servers cannot be reached, each gateway counts for itself, or nothing is
/// granted.
pub struct RedisCounters {
    pub(super) store: Arc<RedisStore>,
    local: MemoryCounters,
    on_failure: OnStateFailure,
    /// What scripts take for the present, in place of the clock of the server.
    #[cfg(test)]
    pub(super) moment: Option<Arc<dyn sekisho_policy::ports::Clock>>,
}

/// What a script does with the amounts.
#[derive(Clone, Copy)]
enum Mode {
    Decide,
    Add,
    Back,
    Settle,
}

impl RedisCounters {
    /// Counters on `store`; `local` are those to use without it.
    pub fn new(store: Arc<RedisStore>, local: MemoryCounters, on_failure: OnStateFailure) -> Self {
        Self {
            store,
            local,
            on_failure,
            #[cfg(test)]
            moment: None,
        }
    }

    /// Asks the servers; none when they do not answer.
    async fn decide_shared(&self, asks: &[CounterAsk]) -> Option<Vec<CounterState>> {
        let groups = self.groups(asks.iter().map(Change::of));
        let mut standings = match &*groups {
            [all] => self.run(Mode::Decide, all).await?,
            groups => self.decide_in_groups(groups).await?,
        };
        standings.sort_by_key(|(index, _)| *index);
        Some(asks.iter().zip(standings).map(|(_, (_, standing))| standing.state(0)).collect())
    }

    /// One decision on several nodes: each decides for itself, and if one refuses, the others take back.
    async fn decide_in_groups(&self, groups: &[Group<'_>]) -> Option<Vec<(usize, Standing)>> {
        let answers = join_all(groups.iter().map(|group| self.run(Mode::Decide, group))).await;
        let has_added = |answer: &Option<Vec<(usize, Standing)>>| {
            answer.as_ref().is_some_and(|standings| standings.iter().all(|(_, standing)| standing.fits))
        };
        if answers.iter().all(has_added) {
            return answers.into_iter().flatten().flatten().map(Some).collect();
        }
        let regretted = groups.iter().zip(&answers).filter(|(_, answer)| has_added(answer));
        join_all(regretted.map(|(group, _)| self.run(Mode::Back, group))).await;
        let whole: Option<Vec<_>> = answers.into_iter().collect();
        Some(whole?.into_iter().flat_map(without_additions(groups)).collect())
    }

    /// Runs the script on the counters of one node; gives the standing of each by its position in the decision.
    async fn run(&self, mode: Mode, group: &Group<'_>) -> Option<Vec<(usize, Standing)>> {
        let request = Request::Script(&DECIDE, self.arguments(mode, group));
        let answer = self.store.ask(&request, 0).await?;
        let standings = read(answer)?;
        (standings.len() == group.len())
            .then(|| group.iter().zip(standings).map(|((index, _), standing)| (*index, standing)).collect())
    }

    /// The asks that one script decides: all of them on a single server, those of one group on a cluster.
    fn groups<'a>(&self, changes: impl ExactSizeIterator<Item = Change<'a>>) -> Vec<Group<'a>> {
        if !self.store.settings.is_cluster || changes.len() < 2 {
            return vec![changes.enumerate().collect()];
        }
        let mut groups: BTreeMap<&str, Group<'a>> = BTreeMap::new();
        for (index, change) in changes.enumerate() {
            groups.entry(key::group(&change.ask.key)).or_default().push((index, change));
        }
        groups.into_values().collect()
    }

    fn arguments(&self, mode: Mode, group: &Group<'_>) -> Arguments {
        let prefix = &self.store.settings.key_prefix;
        let keys = group
            .iter()
            .map(|(_, change)| key::counter(prefix, &change.ask.key, change.ask.window))
            .collect();
        let mode = match mode {
            Mode::Decide => "decide",
            Mode::Add => "add",
            Mode::Back => "back",
            Mode::Settle => "settle",
        };
        let mut values = Vec::with_capacity(2 + 7 * group.len());
        values.extend([mode.to_owned(), self.moment()]);
        for (_, Change { ask, reserved, age }) in group {
            let (limit, amount) = bounded(ask);
            values.extend(rule(Rule::from(ask.window)));
            values.extend([limit, amount, *reserved, *age].map(|number| number.to_string()));
        }
        Arguments { keys, values }
    }

    #[cfg(not(test))]
    fn moment(&self) -> String {
        String::new()
    }

    #[cfg(test)]
    fn moment(&self) -> String {
        let moment = self.moment.as_ref();
        moment.map_or_else(String::new, |clock| crate::window::Now::of(&**clock).wall.to_string())
    }
}

/// Changes with their positions in the decision.
type Group<'a> = Vec<(usize, Change<'a>)>;

/// What one counter is asked, or how it is settled.
#[derive(Clone, Copy)]
struct Change<'a> {
    ask: &'a CounterAsk,
    /// What is replaced by the amount; 0 except when settling.
    reserved: u64,
    /// How long ago that was added, in microseconds.
    age: u64,
}

impl<'a> Change<'a> {
    fn of(ask: &'a CounterAsk) -> Self {
        Self { ask, reserved: 0, age: 0 }
    }

    fn settling(settlement: &'a Settlement) -> Self {
        let Settlement { ask, reserved, age } = settlement;
        Self { ask, reserved: (*reserved).min(EXACT), age: micros(*age).min(EXACT) }
    }
}

/// Takes from what counters say the amounts that were added to them and given back.
fn without_additions<'a>(
    groups: &'a [Group<'_>],
) -> impl FnMut(Vec<(usize, Standing)>) -> Vec<(usize, Standing)> + 'a {
    let changes: BTreeMap<usize, Change<'_>> = groups.iter().flatten().copied().collect();
    move |mut standings| {
        if standings.iter().all(|(_, standing)| standing.fits) {
            for (index, standing) in &mut standings {
                let amount = changes.get(index).map_or(0, |change| bounded(change.ask).1);
                standing.count = standing.count.saturating_sub(amount);
            }
        }
        standings
    }
}

/// Kind and numbers of a window, as the script reads them.
fn rule(rule: Rule) -> [String; 3] {
    let none = || "0".to_owned();
    match rule {
        Rule::Sliding { length } => ["sliding".to_owned(), length.to_string(), none()],
        Rule::Fixed { phase, length } => ["fixed".to_owned(), length.to_string(), phase.to_string()],
        Rule::Endless => ["endless".to_owned(), none(), none()],
        Rule::Calendar(period) => ["calendar".to_owned(), key::calendar(period).to_owned(), none()],
        Rule::Bucket { refill, interval } => ["bucket".to_owned(), interval.to_string(), refill.to_string()],
    }
}

/// Reads three numbers for each counter.
fn read(answer: Value) -> Option<Vec<Standing>> {
    let numbers = Vec::<i64>::from_redis_value(answer).ok()?;
    let (standings, rest) = numbers.as_chunks::<3>();
    rest.is_empty().then_some(())?;
    standings
        .iter()
        .map(|[fits, count, wait]| {
            Some(Standing {
                fits: *fits == 1,
                count: u64::try_from(*count).ok()?,
                wait: u64::try_from(*wait).ok(),
            })
        })
        .collect()
}

impl Counters for RedisCounters {
    fn decide<'a>(
        &'a self,
        asks: &'a [CounterAsk],
    ) -> PortFuture<'a, Result<Vec<CounterState>, CounterError>> {
        Box::pin(async move {
            if asks.is_empty() {
                return Ok(Vec::new());
            }
            match (self.decide_shared(asks).await, self.on_failure) {
                (Some(states), _) => Ok(states),
                (None, OnStateFailure::Local) => self.local.decide(asks).await,
                (None, OnStateFailure::Deny) => {
                    let message = "the shared state cannot be reached, and nothing is granted without it";
                    Err(CounterError { message: message.to_owned() })
                }
            }
        })
    }

    fn add<'a>(&'a self, asks: &'a [CounterAsk]) -> PortFuture<'a, ()> {
        Box::pin(async move {
            if asks.is_empty() {
                return;
            }
            let groups = self.groups(asks.iter().map(Change::of));
            let answers = join_all(groups.iter().map(|group| self.run(Mode::Add, group))).await;
            if self.on_failure == OnStateFailure::Deny {
                return;
            }
            for (group, _) in groups.iter().zip(answers).filter(|(_, answer)| answer.is_none()) {
                let missed: Vec<CounterAsk> = group.iter().map(|(_, change)| change.ask.clone()).collect();
                self.local.add(&missed).await;
            }
        })
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> PortFuture<'a, Option<Vec<CounterState>>> {
        Box::pin(async move {
            if settlements.is_empty() {
                return Some(Vec::new());
            }
            let groups = self.groups(settlements.iter().map(Change::settling));
            let answers = join_all(groups.iter().map(|group| self.run(Mode::Settle, group))).await;
            let mut states = BTreeMap::new();
            for (group, answer) in groups.iter().zip(answers) {
                match answer {
                    Some(standings) => {
                        states.extend(
                            standings.into_iter().map(|(index, standing)| (index, standing.state(0))),
                        );
                    }
                    None if self.on_failure == OnStateFailure::Local => {
                        let missed: Vec<Settlement> =
                            group.iter().filter_map(|(index, _)| settlements.get(*index).cloned()).collect();
                        let local = self.local.settle(&missed).await.unwrap_or_default();
                        states.extend(group.iter().map(|(index, _)| *index).zip(local));
                    }
                    None => {}
                }
            }
            (states.len() == settlements.len()).then(|| states.into_values().collect())
        })
    }
}
