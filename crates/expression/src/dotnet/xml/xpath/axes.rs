//! The axes: which nodes lie in a direction, the nearest first.

use super::super::tree::Node;
use crate::budget::Budget;
use crate::exception::Exception;

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Namespace,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

impl Axis {
    /// An axis by its name.
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Axis::Ancestor,
            "ancestor-or-self" => Axis::AncestorOrSelf,
            "attribute" => Axis::Attribute,
            "child" => Axis::Child,
            "descendant" => Axis::Descendant,
            "descendant-or-self" => Axis::DescendantOrSelf,
            "following" => Axis::Following,
            "following-sibling" => Axis::FollowingSibling,
            "namespace" => Axis::Namespace,
            "parent" => Axis::Parent,
            "preceding" => Axis::Preceding,
            "preceding-sibling" => Axis::PrecedingSibling,
            "self" => Axis::Itself,
            _ => return None,
        })
    }

    /// The nodes, the nearest first. Nodes of namespaces there are none.
    ///
    /// # Errors
    /// Exceeded limits.
    pub(super) fn nodes(self, from: &Node, budget: &mut Budget) -> Result<Vec<Node>, Exception> {
        let mut out = Vec::new();
        match self {
            Axis::Itself => out.push(from.clone()),
            Axis::Parent => out.extend(from.parent()),
            Axis::Ancestor => add_ancestors(from, &mut out),
            Axis::AncestorOrSelf => {
                out.push(from.clone());
                add_ancestors(from, &mut out);
            }
            Axis::Attribute => {
                out.extend(from.attributes().into_iter().filter(|attribute| !declares_namespace(attribute)));
            }
            Axis::Child => out = from.children(),
            Axis::Descendant => add_below(from, &mut out, budget)?,
            Axis::DescendantOrSelf => {
                out.push(from.clone());
                add_below(from, &mut out, budget)?;
            }
            Axis::FollowingSibling => out = siblings(from, true),
            Axis::PrecedingSibling => {
                out = siblings(from, false);
                out.reverse();
            }
            Axis::Following => {
                if from.is_attribute()
                    && let Some(owner) = from.parent()
                {
                    add_below(&owner, &mut out, budget)?;
                }
                add_beside(from, true, &mut out, budget)?;
            }
            Axis::Preceding => add_beside(from, false, &mut out, budget)?,
            Axis::Namespace => {}
        }
        budget.steps(1 + out.len() as u64)?;
        budget.allocate(out.len().saturating_mul(size_of::<Node>()))?;
        Ok(out)
    }
}

fn declares_namespace(attribute: &Node) -> bool {
    attribute.name().is_some_and(|name| name.declares_namespace())
}

fn add_ancestors(from: &Node, out: &mut Vec<Node>) {
    let mut next = from.parent();
    while let Some(node) = next {
        next = node.parent();
        out.push(node);
    }
}

fn add_below(from: &Node, out: &mut Vec<Node>, budget: &mut Budget) -> Result<(), Exception> {
    for child in from.children() {
        budget.step()?;
        out.push(child.clone());
        add_below(&child, out, budget)?;
    }
    Ok(())
}

/// Attributes have no siblings.
fn siblings(from: &Node, after: bool) -> Vec<Node> {
    if from.is_attribute() {
        return Vec::new();
    }
    let Some((parent, at)) = from.position(0) else { return Vec::new() };
    let mut all = parent.children();
    let behind = all.split_off(at.min(all.len()));
    if after { behind.into_iter().skip(1).collect() } else { all }
}

/// Everything after a node and what is below it, or everything before and not around it.
fn add_beside(from: &Node, after: bool, out: &mut Vec<Node>, budget: &mut Budget) -> Result<(), Exception> {
    let mut node = Some(from.clone());
    while let Some(inner) = node {
        let mut beside = siblings(&inner, after);
        if !after {
            beside.reverse();
        }
        for sibling in beside {
            let mut below = vec![sibling.clone()];
            add_below(&sibling, &mut below, budget)?;
            if !after {
                below.reverse();
            }
            out.extend(below);
        }
        node = inner.parent();
    }
    Ok(())
}
