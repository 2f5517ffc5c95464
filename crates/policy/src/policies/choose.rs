//! `choose`: the first branch whose condition is true runs.

use crate::compile::{Compiler, Flag};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Block, Outcome, PolicyResult, Run, RunLater, RunNow};
use crate::ports::PortFuture;
use crate::xml::Element;

const WHEN: &[Attribute] =
    &[Attribute::required("condition", Kind::Boolean, "A boolean; the first true one decides.")];

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["choose"],
    summary: "Runs the policies of the first `when` whose condition is true, else those of `otherwise`.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[],
    children: Children::Elements(&[
        Child::any("when", Children::Policies, "A branch with its condition.").with(WHEN).at_least(1),
        Child::optional("otherwise", Children::Policies, "The branch that runs when no condition is true."),
    ]),
    once: false,
    reference: Reference {
        behaviour: "Evaluates the conditions in their order. The policies of the first `when` whose condition is true run, and nothing else; without such a `when` those of `otherwise` run, when there is one. Conditions after the first true one are not evaluated.",
        errors: &[ErrorFact::EXPRESSION],
        example: "first-true-branch-runs",
        differences: &["A condition that gives the text `true` or `false` counts as that Boolean."],
    },
    compile: Some(compile),
};

struct Choose {
    branches: Vec<(Flag, Block)>,
    otherwise: Block,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let mut branches = Vec::new();
    let mut otherwise = Block::default();
    for child in element.elements() {
        if child.name == "otherwise" {
            otherwise = compiler.nested_block(child, "otherwise");
            continue;
        }
        let condition = compiler.flag(child, "condition", false);
        let block = compiler.nested_block(child, &format!("when[{}]", branches.len() + 1));
        branches.push((condition, block));
    }
    let policy = Choose { branches, otherwise };
    let immediate =
        policy.otherwise.is_immediate() && policy.branches.iter().all(|(_, block)| block.is_immediate());
    Some(if immediate { Run::now(Immediate(policy)) } else { Run::later(policy) })
}

impl Choose {
    fn branch(&self, exchange: &mut Exchange) -> Result<&Block, crate::pipeline::PolicyError> {
        for (condition, block) in &self.branches {
            if condition.get(exchange)? {
                return Ok(block);
            }
        }
        Ok(&self.otherwise)
    }
}

/// A choice in which no branch ever waits.
struct Immediate(Choose);

impl RunNow for Immediate {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        self.0.branch(exchange)?.run_now(exchange)
    }
}

impl RunLater for Choose {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(async move {
            let block = self.branch(exchange)?;
            if block.steps().is_empty() { Ok(Outcome::Continue) } else { block.run(exchange).await }
        })
    }
}
