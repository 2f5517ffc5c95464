//! Lazy walks over a tree: each step looks at the tree as it is then, as .NET's do.

use std::sync::Arc;

use super::names::Name;
use super::tree::Node;
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Enumerable, Iterate, Sequence, Value};

/// What a walk goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Children,
    /// Everything below, in document order.
    Below,
    BelowAndSelf,
    /// Elements around, the nearest first.
    Around,
    AroundAndSelf,
    After,
    Before,
    Attributes,
}

/// Which nodes of an axis are given.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Nodes,
    Elements,
    Named(Name),
}

impl Wanted {
    fn fits(&self, node: &Node) -> bool {
        match self {
            Wanted::Nodes => true,
            Wanted::Elements => node.as_element().is_some(),
            Wanted::Named(name) => node.has_name(name),
        }
    }
}

/// A walk from one node.
pub(super) struct Walk {
    axis: Axis,
    start: Node,
    wanted: Wanted,
    state: State,
    /// Where the current node was seen among its siblings.
    guess: usize,
}

enum State {
    Fresh,
    At(Node),
    Over,
}

impl Walk {
    pub(super) fn new(axis: Axis, start: Node, wanted: Wanted) -> Self {
        Self { axis, start, wanted, state: State::Fresh, guess: 0 }
    }

    /// The next node.
    ///
    /// # Errors
    /// `NullReferenceException` when the node that the walk stands on was taken out of the tree; exceeded limits.
    pub(super) fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Node>, Exception> {
        loop {
            machine.budget().step()?;
            let next = match std::mem::replace(&mut self.state, State::Over) {
                State::Fresh => self.first(),
                State::At(node) => self.after(&node)?,
                State::Over => None,
            };
            let Some(node) = next else { return Ok(None) };
            self.state = State::At(node.clone());
            // Only the other axes give the element itself when it is no element.
            let is_plain = matches!(self.axis, Axis::Attributes);
            if is_plain && matches!(self.wanted, Wanted::Nodes) || self.wanted.fits(&node) {
                return Ok(Some(node));
            }
        }
    }

    fn first(&mut self) -> Option<Node> {
        self.guess = 0;
        match self.axis {
            Axis::Children | Axis::Below => self.start.child(0),
            Axis::BelowAndSelf | Axis::AroundAndSelf => Some(self.start.clone()),
            Axis::Around => element_around(&self.start),
            Axis::After => self.start.sibling(1),
            Axis::Before => {
                let first = self.start.parent()?.child(0)?;
                (!first.is_same(&self.start)).then_some(first)
            }
            Axis::Attributes => self.start.attributes().first().cloned(),
        }
    }

    fn after(&mut self, node: &Node) -> Result<Option<Node>, Exception> {
        Ok(match self.axis {
            Axis::Children => {
                let is_there = node.parent().is_some_and(|parent| parent.is_same(&self.start));
                if is_there { self.beside(node) } else { None }
            }
            Axis::After => self.beside(node),
            Axis::Before => self.beside(node).filter(|next| !next.is_same(&self.start)),
            Axis::Attributes => {
                let is_there = node.parent().is_some_and(|parent| parent.is_same(&self.start));
                if is_there { self.beside(node) } else { None }
            }
            Axis::Around | Axis::AroundAndSelf => element_around(node),
            Axis::Below | Axis::BelowAndSelf => return self.below(node),
        })
    }

    fn beside(&mut self, node: &Node) -> Option<Node> {
        let (parent, at) = node.position(self.guess)?;
        self.guess = at + 1;
        if node.is_attribute() { parent.attributes().get(at + 1).cloned() } else { parent.child(at + 1) }
    }

    fn below(&mut self, node: &Node) -> Result<Option<Node>, Exception> {
        if let Some(first) = node.child(0) {
            self.guess = 0;
            return Ok(Some(first));
        }
        let mut node = node.clone();
        loop {
            if node.is_same(&self.start) {
                return Ok(None);
            }
            let Some(parent) = node.parent() else { return Err(Exception::null_reference()) };
            if let Some(next) = self.beside(&node) {
                return Ok(Some(next));
            }
            node = parent;
        }
    }
}

fn element_around(node: &Node) -> Option<Node> {
    node.parent().filter(|parent| parent.as_element().is_some())
}

impl Iterate for Walk {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        Ok(Walk::next(self, machine)?.map(Node::value))
    }
}

/// The walk as a sequence.
struct Lazy {
    axis: Axis,
    start: Node,
    wanted: Wanted,
}

impl Sequence for Lazy {
    fn iterate(&self) -> Box<dyn Iterate> {
        Box::new(Walk::new(self.axis, self.start.clone(), self.wanted.clone()))
    }
}

/// A sequence of a declared type.
pub(super) fn sequence(element: &'static str, source: Arc<dyn Sequence>) -> Value {
    Value::Enumerable(Arc::new(Enumerable { element: Type::Named(element), source, ordered: false }))
}

/// The nodes of an axis; none of them when the name that is asked for is null.
pub(super) fn walk(element: &'static str, axis: Axis, start: Node, wanted: Option<Wanted>) -> Value {
    match wanted {
        Some(wanted) => sequence(element, Arc::new(Lazy { axis, start, wanted })),
        None => Value::array(Type::Named(element), Vec::new()),
    }
}

/// The walks from every node of another sequence, one after another; null nodes are passed over.
pub(super) struct FromEach {
    pub(super) source: Value,
    pub(super) axis: Axis,
    pub(super) wanted: Wanted,
}

impl Sequence for FromEach {
    fn iterate(&self) -> Box<dyn Iterate> {
        Box::new(FromEachWalk {
            source: self.source.clone(),
            outer: None,
            inner: None,
            axis: self.axis,
            wanted: self.wanted.clone(),
        })
    }
}

struct FromEachWalk {
    source: Value,
    outer: Option<Box<dyn Iterate>>,
    inner: Option<Walk>,
    axis: Axis,
    wanted: Wanted,
}

impl Iterate for FromEachWalk {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        loop {
            if let Some(inner) = &mut self.inner
                && let Some(node) = inner.next(machine)?
            {
                return Ok(Some(node.value()));
            }
            self.inner = None;
            let outer = match &mut self.outer {
                Some(outer) => outer,
                none => none.insert(crate::value::iterate(&self.source, machine)?),
            };
            let Some(next) = outer.next(machine)? else { return Ok(None) };
            if let Some(node) = next.downcast::<Node>() {
                self.inner = Some(Walk::new(self.axis, node.clone(), self.wanted.clone()));
            }
        }
    }
}
