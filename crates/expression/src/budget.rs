//! Limits of one evaluation: an expression of a policy never takes the gateway with it.
//!
//! Steps, allocated bytes and nesting are counted, so that an expression reaches these limits at the same place in every
//! run. Work that grows with its input is charged before it is done: [`BYTES_PER_STEP`] bytes of text are a step, and
//! so is an element of a collection.
//!
//! Time is the backstop for what the counts miss. It is read from the machine's monotonic clock and not from the call's:
//! that one is what expressions compute with, and tests stop it. No value depends on the time an evaluation took, only
//! whether it is ended; an evaluation of fewer than [`STEPS_PER_LOOK`] steps never looks at the clock.

use std::fmt;
use std::time::{Duration, Instant};

use crate::exception::Exception;

/// How much one evaluation may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Steps: calls, loop turns, elements walked over, and work by the amount of data.
    pub steps: u64,
    /// Bytes of text and elements made, also when they were dropped again.
    pub allocated_bytes: u64,
    /// Nesting while running: each call of a lambda or local function costs the nesting of the expression's text.
    pub depth: u32,
    /// Bytes of a rendered result.
    pub output_bytes: usize,
    /// How long it may run.
    pub time: Duration,
    /// What the host does about evaluations that take long.
    pub overtime: Option<&'static dyn Overtime>,
}

impl Limits {
    /// Usual limits. A second is a hundred times what a policy needs to read a large body, and less than what makes a
    /// client give up; five million steps are reached in a good part of it.
    pub const DEFAULT: Self = Self {
        steps: 5_000_000,
        allocated_bytes: 256 << 20,
        depth: 1000,
        output_bytes: 64 << 20,
        time: Duration::from_secs(1),
        overtime: None,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Where evaluations that take longer than [`FIRST_SLICE`] have to wait for their turn, so that the threads they run on
/// serve others meanwhile.
pub trait Overtime: Sync {
    /// Called once, on the evaluating thread, before the evaluation goes on. False ends it.
    fn begin(&self) -> bool;
    /// Called now and then after that: the place may go to another evaluation for a while. False ends this one.
    fn turn(&self) -> bool;
    /// Called when an evaluation that has begun its overtime is over, or was ended by one of the above.
    fn end(&self);
}

impl fmt::Debug for dyn Overtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Overtime")
    }
}

/// So much text is worth a step.
pub const BYTES_PER_STEP: usize = 64;

/// After so many steps the clock is looked at.
pub const STEPS_PER_LOOK: u64 = 256;

/// What an evaluation may run before [`Overtime::begin`].
pub const FIRST_SLICE: Duration = Duration::from_millis(2);

/// How long a step takes at the most on a machine of today; work of many steps is not begun when the time that is left
/// would not do.
const STEP: Duration = Duration::from_nanos(100);

/// What is left of the limits.
#[derive(Debug)]
pub struct Budget {
    /// Steps until the next look at the clock.
    ready: u64,
    /// Steps beyond these.
    steps: u64,
    bytes: u64,
    depth: u32,
    limits: Limits,
    /// When the first steps were used up.
    began: Option<Instant>,
    is_overtime: bool,
}

impl Budget {
    /// A full budget.
    pub fn new(limits: &Limits) -> Self {
        let ready = limits.steps.min(STEPS_PER_LOOK);
        Self {
            ready,
            steps: limits.steps - ready,
            bytes: limits.allocated_bytes,
            depth: limits.depth,
            limits: *limits,
            began: None,
            is_overtime: false,
        }
    }

    /// Takes one step.
    ///
    /// # Errors
    /// An exception that cannot be caught, when none is left.
    #[inline]
    pub fn step(&mut self) -> Result<(), Exception> {
        self.steps(1)
    }

    /// Takes several steps at once: before the work that is worth them.
    ///
    /// # Errors
    /// As [`Budget::step`].
    #[inline]
    pub fn steps(&mut self, count: u64) -> Result<(), Exception> {
        match self.ready.checked_sub(count) {
            Some(left) => {
                self.ready = left;
                Ok(())
            }
            None => self.look(count),
        }
    }

    /// Takes the steps that work over so many bytes of text is worth: a search, a copy, a comparison.
    ///
    /// # Errors
    /// As [`Budget::step`].
    #[inline]
    pub fn work(&mut self, bytes: usize) -> Result<(), Exception> {
        if bytes < BYTES_PER_STEP {
            return Ok(());
        }
        self.steps((bytes / BYTES_PER_STEP) as u64)
    }

    /// Accounts for memory before it is allocated, and for the work to fill it.
    ///
    /// # Errors
    /// An exception that cannot be caught, when the limit is reached.
    #[inline]
    pub fn allocate(&mut self, bytes: usize) -> Result<(), Exception> {
        match self.bytes.checked_sub(bytes as u64) {
            Some(left) => {
                self.bytes = left;
                self.work(bytes)
            }
            None => Err(self.too_much_memory()),
        }
    }

    /// Enters a nested call that uses so much of the stack; [`Budget::leave`] with the same cost ends it.
    ///
    /// # Errors
    /// An exception that cannot be caught, when calls are nested too deeply.
    pub fn enter(&mut self, cost: u32) -> Result<(), Exception> {
        self.steps(1)?;
        match self.depth.checked_sub(cost) {
            Some(left) => {
                self.depth = left;
                Ok(())
            }
            None => Err(Exception::limit("The expression nests calls too deeply.")),
        }
    }

    /// Leaves a nested call.
    pub fn leave(&mut self, cost: u32) {
        self.depth += cost;
    }

    /// The steps at hand are used up: are there more, and is there time?
    #[cold]
    fn look(&mut self, count: u64) -> Result<(), Exception> {
        let Some(left) = (self.ready + self.steps).checked_sub(count) else {
            let limit = self.limits.steps;
            return Err(stopped(format!("The expression took more than {limit} steps.")));
        };
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        let lasts = STEP.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        let end = now.duration_since(began).saturating_add(lasts);
        if end > self.limits.time {
            let limit = self.limits.time;
            return Err(stopped(format!("The expression ran longer than {limit:?}.")));
        }
        if end > FIRST_SLICE {
            self.wait_for_turn()?;
        }
        self.ready = left.min(STEPS_PER_LOOK);
        self.steps = left - self.ready;
        Ok(())
    }

    /// The time spent waiting is not the evaluation's own.
    fn wait_for_turn(&mut self) -> Result<(), Exception> {
        let Some(overtime) = self.limits.overtime else { return Ok(()) };
        let before = Instant::now();
        let goes_on = if self.is_overtime { overtime.turn() } else { overtime.begin() };
        self.is_overtime = true;
        self.began = self.began.map(|began| began + before.elapsed());
        if goes_on {
            return Ok(());
        }
        Err(stopped("The expression took long while too many others did.".to_owned()))
    }

    #[cold]
    fn too_much_memory(&self) -> Exception {
        let limit = self.limits.allocated_bytes;
        Exception::limit_of(
            "System.OutOfMemoryException",
            format!("The expression used more than {limit} bytes of memory."),
        )
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        if let (true, Some(overtime)) = (self.is_overtime, self.limits.overtime) {
            overtime.end();
        }
    }
}

#[cold]
fn stopped(message: String) -> Exception {
    Exception::limit_of("System.TimeoutException", message)
}
