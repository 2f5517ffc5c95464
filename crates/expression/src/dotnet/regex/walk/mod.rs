//! A backtracking search that keeps every capture: what balancing groups, `RegexOptions.RightToLeft` and the
//! captures of repeated groups need and the fast engine does not give.
//!
//! A pattern becomes a program of [`Step`]s. The searcher keeps its choices and, between them, how to take back what it
//! did since: nothing here recurses with the length of the text.

mod compile;
mod run;
mod set;

pub(super) use compile::compile;
pub(super) use run::Captured;

use set::Set;

/// A program.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    sets: Vec<Set>,
    groups: usize,
    backwards: bool,
    ecma_script: bool,
}

/// One instruction.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// One character of a set; to the left when `backwards`.
    One {
        set: usize,
        backwards: bool,
    },
    Assert(Assertion),
    /// Goes on at the first place, and at the second when that fails.
    Split(usize, usize),
    Jump(usize),
    /// A group begins.
    Open,
    /// A group ends: captured as `group`; `pop` loses its last capture.
    Close {
        group: Option<usize>,
        pop: Option<usize>,
    },
    Reference {
        group: usize,
        ignore_case: bool,
        backwards: bool,
    },
    /// Goes on behind this step when the group has a capture, else at the place.
    IfCaptured {
        group: usize,
        otherwise: usize,
    },
    EnterLoop,
    /// Decides between one more turn, which begins behind this step, and the place behind the loop.
    Loop {
        least: u32,
        most: Option<u32>,
        lazy: bool,
        exit: usize,
    },
    LeaveLoop,
    /// What follows up to [`Step::Commit`] is settled once it matches.
    Guard,
    /// As [`Step::Guard`], and goes on at the place when it fails.
    GuardOr(usize),
    /// Drops the choices since the guard; goes back to where it stood when `rewind`.
    Commit {
        rewind: bool,
    },
    /// What a negative test guards has matched: fails.
    Refuse,
    /// Behind a guard that failed.
    DropGuard,
    Fail,
    Matched,
}

/// A test of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assertion {
    TextStart,
    TextEnd,
    /// The end, or before a line feed that ends the text.
    LastEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
    /// Where the search began.
    SearchStart,
}
