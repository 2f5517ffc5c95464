//! `include-fragment`: the policies of a fragment in place of the element.

use crate::compile::Compiler;
use crate::declaration::{ALL_SCOPES, ANYWHERE, Attribute, Children, Declaration, Kind, Reference};
use crate::exchange::Exchange;
use crate::pipeline::{Block, PolicyResult, Run, RunLater, RunNow};
use crate::ports::PortFuture;
use crate::xml::Element;

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["include-fragment"],
    summary: "Inserts the policies of a policy fragment.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: &[Attribute::required("fragment-id", Kind::Text, "Resource name of the fragment.").literal()],
    children: Children::None,
    once: false,
    reference: Reference {
        behaviour: "The policies of the fragment run in place of the element, as if they were written there; they must be allowed in its section. Every use of a fragment is compiled on its own when the configuration is loaded.",
        errors: &[],
        example: "in-place",
        differences: &["Fragments do not include fragments."],
    },
    compile: Some(compile),
};

struct Included(Block);
struct Immediate(Block);

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    let id = &element.attribute("fragment-id")?.value;
    let block = compiler.fragment(id.text.text().trim(), id.span)?;
    Some(if block.is_immediate() { Run::now(Immediate(block)) } else { Run::later(Included(block)) })
}

impl RunNow for Immediate {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        self.0.run_now(exchange)
    }
}

impl RunLater for Included {
    fn run<'a>(&'a self, exchange: &'a mut Exchange) -> PortFuture<'a, PolicyResult> {
        Box::pin(self.0.run(exchange))
    }
}
