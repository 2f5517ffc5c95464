//! Limits of one evaluation: an expression of a policy never takes the gateway with it.

use crate::exception::Exception;

/// How much one evaluation may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps: calls, loop turns and elements walked over.
    pub steps: u64,
    /// Bytes of text and elements made, also when they were dropped again.
    pub allocated_bytes: u64,
    /// Nesting while running: each call of a lambda or local function costs the nesting of the expression's text.
    pub depth: u32,
    /// Bytes of a rendered result.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 5_000_000, allocated_bytes: 256 << 20, depth: 1000, output_bytes: 64 << 20 }
    }
}

/// What is left of the limits.
#[derive(Debug)]
pub struct Budget {
    steps: u64,
    bytes: u64,
    depth: u32,
}

impl Budget {
    /// A full budget.
    pub fn new(limits: &Limits) -> Self {
        Self { steps: limits.steps, bytes: limits.allocated_bytes, depth: limits.depth }
    }

    /// Takes one step.
    ///
    /// # Errors
    /// An exception that cannot be caught, when none is left.
    #[inline]
    pub fn step(&mut self) -> Result<(), Exception> {
        self.steps(1)
    }

    /// Takes several steps at once.
    ///
    /// # Errors
    /// As [`Budget::step`].
    #[inline]
    pub fn steps(&mut self, count: u64) -> Result<(), Exception> {
        match self.steps.checked_sub(count) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Exception::limit("the expression took too many steps")),
        }
    }

    /// Accounts for memory before it is allocated.
    ///
    /// # Errors
    /// An exception that cannot be caught, when the limit is reached.
    #[inline]
    pub fn allocate(&mut self, bytes: usize) -> Result<(), Exception> {
        match self.bytes.checked_sub(bytes as u64) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(Exception::limit("the expression used too much memory")),
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
            None => Err(Exception::limit("the expression nests calls too deeply")),
        }
    }

    /// Leaves a nested call.
    pub fn leave(&mut self, cost: u32) {
        self.depth += cost;
    }
}
