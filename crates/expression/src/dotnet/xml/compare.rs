//! Equality of trees, and the order of nodes in a document.

use std::any::Any;
use std::cmp::Ordering;

use super::spend;
use super::tree::{Content, Node};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

static ORDER_COMPARER: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XNodeDocumentOrderComparer")
    .interfaces(&["IComparer<XNode>"])
    .members(&[
        pure("new()", |_| Ok(Value::object(OrderComparer))),
        impure("int Compare(XNode x, XNode y)", compare_order),
    ]);

static EQUALITY_COMPARER: TypeDeclaration = TypeDeclaration::class("System.Xml.Linq.XNodeEqualityComparer")
    .members(&[
        pure("new()", |_| Ok(Value::object(EqualityComparer))),
        impure("bool Equals(XNode x, XNode y)", deep_equals),
    ]);

/// The types of this file.
pub(in crate::dotnet) static TYPES: &[&TypeDeclaration] = &[&ORDER_COMPARER, &EQUALITY_COMPARER];

/// An `XNodeDocumentOrderComparer`.
pub(super) struct OrderComparer;

/// An `XNodeEqualityComparer`.
pub(super) struct EqualityComparer;

impl DotnetObject for OrderComparer {
    fn type_of(&self) -> Type {
        Type::Named(ORDER_COMPARER.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl DotnetObject for EqualityComparer {
    fn type_of(&self) -> Type {
        Type::Named(EQUALITY_COMPARER.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `XNode.CompareDocumentOrder` and the comparer's `Compare`: null comes first.
pub(super) fn compare_order(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (left, right) = (call.argument(0).downcast::<Node>(), call.argument(1).downcast::<Node>());
    let order = match (left, right) {
        (Some(left), Some(right)) => document_order(left, right)?,
        (left, right) => left.is_some().cmp(&right.is_some()),
    };
    Ok(Value::Int32(order as i32))
}

/// `XNode.DeepEquals` and the comparer's `Equals`.
pub(super) fn deep_equals(call: &mut Call<'_>) -> Result<Value, Exception> {
    let size = |at: usize| call.argument(at).downcast::<Node>().map_or(0, Node::size);
    let cost = size(0) + size(1);
    spend(call, cost)?;
    let (left, right) = (call.argument(0).downcast::<Node>(), call.argument(1).downcast::<Node>());
    Ok(Value::Boolean(match (left, right) {
        (Some(left), Some(right)) => are_equal(left, right),
        (None, None) => true,
        _ => false,
    }))
}

/// The positions of a node and of what is around it, from the root on. Attributes stand before children.
fn path(node: &Node) -> Vec<(bool, usize)> {
    let mut path = Vec::new();
    let mut node = node.clone();
    while let Some((parent, at)) = node.position(0) {
        path.push((!node.is_attribute(), at));
        node = parent;
    }
    path.reverse();
    path
}

/// Which of two nodes comes first in their document.
///
/// # Errors
/// `InvalidOperationException` for nodes of different trees.
pub(super) fn document_order(left: &Node, right: &Node) -> Result<Ordering, Exception> {
    if left.is_same(right) {
        return Ok(Ordering::Equal);
    }
    if !left.root().is_same(&right.root()) {
        return Err(Exception::invalid_operation(
            "The operation requires that the nodes share a common ancestor.",
        ));
    }
    Ok(path(left).cmp(&path(right)))
}

/// Nodes of one tree in its order.
pub(super) fn in_document_order(nodes: Vec<Node>) -> Vec<Node> {
    let mut placed: Vec<(Vec<(bool, usize)>, Node)> =
        nodes.into_iter().map(|node| (path(&node), node)).collect();
    placed.sort_by(|(left, _), (right, _)| left.cmp(right));
    placed.into_iter().map(|(_, node)| node).collect()
}

fn are_equal(left: &Node, right: &Node) -> bool {
    let same = |left: &parking_lot::Mutex<String>, right: &parking_lot::Mutex<String>| {
        let left = left.lock().clone();
        left == *right.lock()
    };
    if left.is_same(right) {
        return true;
    }
    match (left.content(), right.content()) {
        (Content::Document { .. }, Content::Document { .. }) => contents_are_equal(left, right),
        (Content::Element(_), Content::Element(_)) => {
            left.name() == right.name()
                && contents_are_equal(left, right)
                && attributes_are_equal(left, right)
        }
        (Content::Text(left), Content::Text(right))
        | (Content::CData(left), Content::CData(right))
        | (Content::Comment(left), Content::Comment(right)) => same(left, right),
        (
            Content::Instruction { target: left_target, data: left },
            Content::Instruction { target: right_target, data: right },
        ) => same(left_target, right_target) && same(left, right),
        (Content::DocumentType(left), Content::DocumentType(right)) => {
            let left = left.lock().clone();
            left == *right.lock()
        }
        _ => false,
    }
}

fn attributes_are_equal(left: &Node, right: &Node) -> bool {
    let (left, right) = (left.attributes(), right.attributes());
    left.len() == right.len()
        && left
            .iter()
            .zip(&right)
            .all(|(left, right)| left.name() == right.name() && left.inner_text() == right.inner_text())
}

/// Neighbouring texts count as one.
fn contents_are_equal(left: &Node, right: &Node) -> bool {
    let (left_text, right_text) = (only_text(left), only_text(right));
    if left_text.is_some() || right_text.is_some() {
        return left_text == right_text;
    }
    let (left, right) = (left.children(), right.children());
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let collect = |nodes: &mut std::iter::Peekable<std::slice::Iter<'_, Node>>| {
            let mut text = String::new();
            while let Some(next) = nodes.next_if(|node| matches!(node.content(), Content::Text(_))) {
                text.push_str(&next.inner_text());
            }
            text
        };
        if collect(&mut left) != collect(&mut right) {
            return false;
        }
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if are_equal(left, right) => {}
            _ => return false,
        }
    }
}

/// The text of an element that holds nothing else; none for `<a />`.
fn only_text(node: &Node) -> Option<String> {
    let children = node.children();
    if children.is_empty() {
        let is_text = node.as_element().is_some() && !node.is_empty_element();
        return is_text.then(String::new);
    }
    let is_text = children.iter().all(|child| matches!(child.content(), Content::Text(_)));
    is_text.then(|| node.inner_text())
}
