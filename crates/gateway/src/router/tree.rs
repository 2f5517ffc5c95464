//! The operations of one API as a tree of template segments.
//!
//! A path is held against the tree from the left: text before mixed segments before a parameter before a wildcard.
//! Each node is visited at most once for a path, because each has one place in it.

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;
use percent_encoding::percent_decode_str;

use super::names::Names;
use super::query;
use super::template::{Part, QueryPart, QueryValue, Segment, Template, match_mixed};

/// Values of matched parameters with their names, in template order.
pub(crate) type Parameters = Vec<(Arc<str>, Arc<str>)>;

/// The operations of one API.
#[derive(Clone, Debug, Default)]
pub(crate) struct OperationTree {
    root: Node,
}

#[derive(Clone, Debug, Default)]
struct Node {
    literals: Names<Node>,
    mixed: Vec<(Vec<Part>, Node)>,
    parameter: Option<Box<Node>>,
    /// A wildcard that is a parameter and one that is not lead to different lists.
    wildcard: Vec<Leaf>,
    leaves: Vec<Leaf>,
}

/// An operation at the end of its template.
#[derive(Clone, Debug)]
struct Leaf {
    /// None for `*`.
    method: Option<Method>,
    /// Place of the operation in its API.
    operation: usize,
    parameters: Vec<Arc<str>>,
    query: Vec<QueryPart>,
    /// False for a bare `*`: the rest of the path is no parameter.
    captures_rest: bool,
}

impl OperationTree {
    /// Adds an operation; `method` is a token or `*`. False when the method is neither.
    pub(crate) fn insert(&mut self, method: &str, template: Template, operation: usize) -> bool {
        let method = match method {
            "*" => None,
            token => match Method::from_bytes(token.as_bytes()) {
                Ok(method) => Some(method),
                Err(_) => return false,
            },
        };
        let mut node = &mut self.root;
        let mut rest = None;
        for segment in template.segments {
            node = match segment {
                Segment::Literal(text) => node.literals.get_or_insert_with(&text, Node::default),
                Segment::Mixed(parts) => node.mixed(parts),
                Segment::Parameter => node.parameter.get_or_insert_default(),
                Segment::Wildcard(captures) => {
                    rest = Some(captures);
                    break;
                }
            };
        }
        let leaf = Leaf {
            method,
            operation,
            parameters: template.parameters,
            query: template.query,
            captures_rest: rest == Some(true),
        };
        let leaves = if rest.is_some() { &mut node.wildcard } else { &mut node.leaves };
        let at = leaves.partition_point(|known| known.rank() <= leaf.rank());
        leaves.insert(at, leaf);
        true
    }

    /// The operation of a call: its place in the API, and its parameters. `path` starts behind the API's own path.
    pub(crate) fn find(&self, method: &Method, path: &str, query: &str) -> Option<(usize, Parameters)> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let call = Call { method, query };
        let mut captures = Vec::new();
        let leaf = call.walk(&self.root, Some(path), &mut captures)?;
        Some((leaf.operation, leaf.parameters(&captures, query)))
    }
}

impl Node {
    fn mixed(&mut self, parts: Vec<Part>) -> &mut Node {
        let at = match self.mixed.iter().position(|(known, _)| *known == parts) {
            Some(at) => at,
            None => {
                let literal_length = |parts: &[Part]| -> usize {
                    parts.iter().map(|part| if let Part::Literal(text) = part { text.len() } else { 0 }).sum()
                };
                let length = literal_length(&parts);
                let at = self.mixed.partition_point(|(known, _)| literal_length(known) >= length);
                self.mixed.insert(at, (parts, Node::default()));
                at
            }
        };
        &mut self.mixed[at].1
    }
}

impl Leaf {
    /// Better ones are smaller: a method before `*`, more query parameters before fewer. Ties keep the order of
    /// declaration.
    fn rank(&self) -> (bool, std::cmp::Reverse<usize>) {
        let required = self.query.iter().filter(|part| part.required).count();
        (self.method.is_none(), std::cmp::Reverse(required))
    }

    fn accepts(&self, call: &Call<'_>) -> bool {
        self.method.as_ref().is_none_or(|method| method == call.method)
            && self.query.iter().filter(|part| part.required).all(|part| match &part.value {
                QueryValue::Fixed(value) => {
                    query::values(call.query, &part.name).any(|found| found.eq_ignore_ascii_case(value))
                }
                QueryValue::Parameter(_) => query::values(call.query, &part.name).next().is_some(),
            })
    }

    fn parameters(&self, captures: &[&str], query: &str) -> Parameters {
        let path =
            self.parameters.iter().zip(captures).map(|(name, value)| (Arc::clone(name), decoded(value)));
        let query = self.query.iter().filter_map(|part| match &part.value {
            QueryValue::Fixed(_) => None,
            QueryValue::Parameter(name) => {
                let value = query::values(query, &part.name).next()?;
                Some((Arc::clone(name), Arc::from(&*value)))
            }
        });
        path.chain(query).collect()
    }
}

struct Call<'c> {
    method: &'c Method,
    query: &'c str,
}

impl Call<'_> {
    /// The best leaf under a node. `rest` is what is left of the path; none behind its last segment.
    fn walk<'t, 'p>(
        &self,
        node: &'t Node,
        rest: Option<&'p str>,
        captures: &mut Vec<&'p str>,
    ) -> Option<&'t Leaf> {
        // A slash at the end makes no further segment.
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
            let exact = node.leaves.iter().find(|leaf| leaf.accepts(self));
            return exact.or_else(|| self.wildcard(node, "", captures));
        };
        let (segment, behind) = match rest.split_once('/') {
            Some((segment, behind)) => (segment, Some(behind)),
            None => (rest, None),
        };
        if let Some(next) = node.literals.get(&literal(segment))
            && let Some(leaf) = self.walk(next, behind, captures)
        {
            return Some(leaf);
        }
        let depth = captures.len();
        for (parts, next) in &node.mixed {
            if match_mixed(parts, segment, captures) {
                if let Some(leaf) = self.walk(next, behind, captures) {
                    return Some(leaf);
                }
                captures.truncate(depth);
            }
        }
        if let Some(next) = &node.parameter
            && !segment.is_empty()
        {
            captures.push(segment);
            if let Some(leaf) = self.walk(next, behind, captures) {
                return Some(leaf);
            }
            captures.truncate(depth);
        }
        self.wildcard(node, rest, captures)
    }

    fn wildcard<'t, 'p>(
        &self,
        node: &'t Node,
        rest: &'p str,
        captures: &mut Vec<&'p str>,
    ) -> Option<&'t Leaf> {
        let leaf = node.wildcard.iter().find(|leaf| leaf.accepts(self))?;
        if leaf.captures_rest {
            captures.push(rest);
        }
        Some(leaf)
    }
}

/// A segment as it is compared with text: without escapes. Copies only when there are some.
pub(super) fn literal(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        percent_decode_str(segment).decode_utf8_lossy()
    } else {
        Cow::Borrowed(segment)
    }
}

fn decoded(value: &str) -> Arc<str> {
    Arc::from(&*literal(value))
}
