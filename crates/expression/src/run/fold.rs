//! What depends on constants alone is computed before it runs.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Evaluation, Frame, Slots};
use crate::budget::Limits;
use crate::program::{Body, Code, Node};
use crate::value::Value;

/// Computes a node of constants once. What throws, or gives something mutable, stays as it is.
pub(crate) fn fold(node: Node) -> Node {
    if !is_constant(&node) {
        return node;
    }
    let mut context = crate::image::JsonContext::default();
    let limits = Limits { steps: 1000, allocated_bytes: 64 << 10, ..Limits::default() };
    let mut machine = Evaluation::new(&mut context, &limits);
    let empty = Body::Expression(Node::Constant(Value::Null));
    let code = Arc::new(Code { body: empty, slots: 0, cells: false, nesting: 1, functions: Vec::new() });
    let result = {
        let mut frame = Frame {
            code: &code,
            machine: &mut machine,
            slots: Slots::Plain(SmallVec::new()),
            caught: Vec::new(),
        };
        frame.eval(&node)
    };
    match result {
        Ok(value) if is_immutable(&value) => Node::Constant(value),
        _ => node,
    }
}

fn is_constant(node: &Node) -> bool {
    let constant = |node: &Node| matches!(node, Node::Constant(value) if !matches!(value, Value::Host(_)));
    match node {
        Node::Call(call) => {
            call.member.member.pure
                && call.outs.is_empty()
                && call.receiver.as_ref().is_none_or(constant)
                && call.arguments.iter().all(constant)
        }
        Node::Arithmetic { operands, .. } | Node::Compare { operands, .. } | Node::Equal { operands, .. } => {
            constant(&operands.0) && constant(&operands.1)
        }
        Node::Convert { value, .. } | Node::Not(value) | Node::Complement(value) | Node::Negate(value, _) => {
            constant(value)
        }
        _ => false,
    }
}

fn is_immutable(value: &Value) -> bool {
    matches!(
        value,
        Value::Null
            | Value::Boolean(_)
            | Value::Char(_)
            | Value::SByte(_)
            | Value::Byte(_)
            | Value::Int16(_)
            | Value::UInt16(_)
            | Value::Int32(_)
            | Value::UInt32(_)
            | Value::Int64(_)
            | Value::UInt64(_)
            | Value::Single(_)
            | Value::Double(_)
            | Value::Decimal(_)
            | Value::String(_)
            | Value::DateTime(_)
            | Value::DateTimeOffset(_)
            | Value::TimeSpan(_)
            | Value::Guid(_)
            | Value::Enum(_)
    )
}
