//! Cases and answers side by side.

use crate::answer::Answer;
use crate::case::{Case, Compared};
use crate::difference::Differences;
use crate::ours;

/// How a comparison ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many were compared.
    pub cases: usize,
    /// How many answers are the same.
    pub agreeing: usize,
    /// How many differ as `differences.yaml` says.
    pub explained: usize,
    /// How many differ only in the digits of fractions.
    pub digits: usize,
    /// How many of the generated ones mono's compiler takes otherwise than C# says: its parser refuses some of what
    /// the grammar makes, it breaks down or writes code that cannot run, and it lets a remainder by a constant zero
    /// through.
    pub compiler: usize,
    /// The others: the case, the answer of .NET, and ours.
    pub unexplained: Vec<(Case, Answer, Answer)>,
}

impl Outcome {
    /// Adds one comparison.
    pub fn add(&mut self, case: &Case, theirs: &Answer, differences: &Differences) {
        self.cases += 1;
        let ours = ours::answer(case);
        if let Some(known) = differences.of(&case.expression) {
            if known.agrees(&ours, case.compared) {
                self.explained += 1;
                return;
            }
        } else if theirs.agrees(&ours, case.compared) {
            self.agreeing += 1;
            return;
        } else if case.compared == Compared::Value && theirs.agrees_but_for_digits(&ours) {
            self.digits += 1;
            return;
        } else if case.is_generated() && (is_fault_of_compiler(theirs) || is_division_by_zero(&ours)) {
            self.compiler += 1;
            return;
        }
        self.unexplained.push((case.clone(), theirs.clone(), ours));
    }

    /// What differs, for people.
    pub fn report(&self) -> String {
        let one = |(case, theirs, ours): &(Case, Answer, Answer)| {
            format!("{}: {}\n    .NET {theirs}\n    here {ours}\n", case.place(), case.expression)
        };
        self.unexplained.iter().map(one).collect()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} cases, {} agreeing, {} explained differences ({} digits of fractions, {} faults of mono's compiler), \
             {} unexplained",
            self.cases,
            self.agreeing,
            self.explained + self.digits + self.compiler,
            self.digits,
            self.compiler,
            self.unexplained.len()
        )
    }
}

/// A syntax error, an error of the compiler itself, or code that the runtime refuses to run.
fn is_fault_of_compiler(answer: &Answer) -> bool {
    let Answer::Thrown { error } = answer else { return false };
    let is_syntax = ["CS1525", "CS1031"].iter().any(|code| error.message.starts_with(code));
    is_syntax
        || error.message.contains("Mono.CSharp.InternalErrorException")
        || error.type_name == "System.InvalidProgramException"
}

/// Refused for a constant zero on the right of `/` or `%`.
fn is_division_by_zero(answer: &Answer) -> bool {
    matches!(answer, Answer::Thrown { error } if error.message == "division by constant zero")
}
