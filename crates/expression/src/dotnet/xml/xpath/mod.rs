//! XPath 1.0 over a tree, as `SelectNodes` and `SelectSingleNode` ask for it.
//!
//! A small evaluator of its own: every step over a node is paid for, and nesting is limited when a path is parsed.

mod axes;
mod evaluate;
mod functions;
mod lexer;
mod parser;

use super::compare::in_document_order;
use super::tree::Node;
use crate::call::Machine;
use crate::exception::Exception;

/// The namespace of a prefix in a path.
pub(super) trait Prefixes {
    /// None for an unknown prefix.
    fn namespace(&self, prefix: &str) -> Option<String>;
}

/// The value of an expression.
#[derive(Clone, Debug)]
enum Value {
    /// Without doubles, in no certain order.
    Nodes(Vec<Node>),
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({:?})", self.name().map(|name| name.qualified()))
    }
}

/// The nodes that a path selects from a node, in document order.
///
/// # Errors
/// `XPathException` for what is no path, unknown prefixes and functions, and expressions without nodes; exceeded limits.
pub(super) fn select(
    path: &str,
    from: &Node,
    prefixes: Option<&dyn Prefixes>,
    machine: &mut dyn Machine,
) -> Result<Vec<Node>, Exception> {
    machine.budget().steps(1 + path.len() as u64)?;
    let parsed = parser::parse(path, prefixes)?;
    match evaluate::evaluate(&parsed, from, machine)? {
        Value::Nodes(nodes) => {
            machine.budget().steps(1 + nodes.len() as u64 * 8)?;
            Ok(in_document_order(nodes))
        }
        _ => Err(wrong("Expression must evaluate to a node-set.")),
    }
}

fn wrong(message: impl Into<String>) -> Exception {
    Exception::new("System.Xml.XPath.XPathException", message)
}
