//! Which API and which operation a call is for.
//!
//! The longest API path that the call's path starts with wins. Where several APIs share a path, version and revision
//! decide; then the template of the operation. WebSocket APIs and the others do not see each other: a request to become a
//! WebSocket goes to one of the former where there is one, every other request to the latter. Letter case does not matter, a slash at the end neither. Built once for
//! a configuration; finding allocates nothing but the matched parameters.

mod names;
mod query;
mod template;
mod tree;

use http::{HeaderMap, Method};

use names::Names;
pub(crate) use template::Template;
pub(crate) use tree::{OperationTree, Parameters};

pub(crate) use query::{values as query_values, without as without_parameter};

/// The APIs of a configuration by their paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Router {
    root: PathNode,
}

/// A place in the tree of API paths.
#[derive(Clone, Debug, Default)]
struct PathNode {
    children: Names<PathNode>,
    /// The APIs whose path ends here.
    apis: Vec<ApiRoute>,
    /// The WebSocket APIs whose path ends here.
    web_sockets: Vec<ApiRoute>,
}

/// What the router knows of an API.
#[derive(Clone, Debug)]
pub(crate) struct ApiRoute {
    /// Its place in the snapshot.
    pub(crate) api: usize,
    /// Its version; none for the original one. Versions that stand in the path are part of the path instead.
    pub(crate) version: Option<Box<str>>,
    /// Where calls name a version.
    pub(crate) locator: VersionLocator,
    /// Its revision.
    pub(crate) revision: Box<str>,
    /// True when calls that name no revision get this one.
    pub(crate) is_current: bool,
    /// Reachable over plain HTTP.
    pub(crate) http: bool,
    /// Reachable over HTTPS.
    pub(crate) https: bool,
    /// Takes handshakes of WebSockets, and nothing else.
    pub(crate) is_web_socket: bool,
    /// Its operations.
    pub(crate) operations: OperationTree,
}

/// Where a call says which version it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VersionLocator {
    /// In the path, or nowhere.
    Path,
    /// The query parameter of this name.
    Query(Box<str>),
    /// The header of this name.
    Header(Box<str>),
}

/// What routing looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup<'p, 'r> {
    /// The method.
    pub(crate) method: &'r Method,
    /// The path with its leading slash, escaped as on the wire.
    pub(crate) path: &'p str,
    /// The query without `?`.
    pub(crate) query: &'r str,
    /// The headers.
    pub(crate) headers: &'r HeaderMap,
    /// True when the client used HTTPS.
    pub(crate) secure: bool,
    /// True for a request to become a WebSocket.
    pub(crate) is_handshake: bool,
}

/// Where a call belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found<'r> {
    /// Place of the API in the snapshot.
    pub(crate) api: usize,
    /// The path behind the API's own path: empty, or with a leading slash.
    pub(crate) rest: &'r str,
    /// Place of the operation in the API, with the matched parameters; none when no operation fits.
    pub(crate) operation: Option<(usize, Parameters)>,
}

impl Router {
    /// Adds an API under a path without slashes at its ends.
    pub(crate) fn insert(&mut self, path: &str, route: ApiRoute) {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let node = segments.fold(&mut self.root, |node, segment| {
            node.children.get_or_insert_with(segment, PathNode::default)
        });
        if route.is_web_socket {
            node.web_sockets.push(route);
        } else {
            node.apis.push(route);
        }
    }

    /// Finds the API of a call and its operation; none when there is no such API.
    pub(crate) fn find<'p>(&self, lookup: Lookup<'p, '_>) -> Option<Found<'p>> {
        if lookup.is_handshake
            && let Some(found) = self.find_among(|node| &node.web_sockets, lookup)
        {
            return Some(found);
        }
        self.find_among(|node| &node.apis, lookup)
    }

    fn find_among<'p>(
        &self,
        apis: impl Fn(&PathNode) -> &Vec<ApiRoute>,
        lookup: Lookup<'p, '_>,
    ) -> Option<Found<'p>> {
        let (apis, revision, rest) = self.longest(apis, lookup.path)?;
        let route = apis.iter().find(|route| route.accepts(lookup, revision))?;
        let operation = route.operations.find(lookup.method, rest, lookup.query);
        Some(Found { api: route.api, rest, operation })
    }

    /// The APIs of the longest path that is a head of `path`, the revision asked for, and the rest.
    fn longest<'r>(
        &self,
        apis: impl Fn(&PathNode) -> &Vec<ApiRoute>,
        path: &'r str,
    ) -> Option<(&[ApiRoute], Option<&'r str>, &'r str)> {
        let mut node = &self.root;
        let mut rest = path;
        let mut best = (!apis(node).is_empty()).then_some((apis(node).as_slice(), None, rest));
        while let Some(behind) = rest.strip_prefix('/') {
            let length = behind.find('/').unwrap_or(behind.len());
            let (segment, after) = behind.split_at(length);
            if let Some((name, revision)) = split_revision(segment) {
                let end = if name.is_empty() { Some(node) } else { node.children.get(&tree::literal(name)) };
                return end
                    .map(&apis)
                    .filter(|apis| !apis.is_empty())
                    .map(|apis| (apis.as_slice(), Some(revision), after));
            }
            let Some(next) = node.children.get(&tree::literal(segment)) else { break };
            node = next;
            rest = after;
            if !apis(node).is_empty() {
                best = Some((apis(node).as_slice(), None, rest));
            }
        }
        best
    }
}

impl ApiRoute {
    fn accepts(&self, lookup: Lookup<'_, '_>, revision: Option<&str>) -> bool {
        let protocol = if lookup.secure { self.https } else { self.http };
        let revision = match revision {
            Some(wanted) => wanted.eq_ignore_ascii_case(&self.revision),
            None => self.is_current,
        };
        protocol && revision && self.is_wanted_version(lookup)
    }

    fn is_wanted_version(&self, lookup: Lookup<'_, '_>) -> bool {
        let is_mine = |wanted: Option<&str>| match (wanted.filter(|wanted| !wanted.is_empty()), &self.version)
        {
            (Some(wanted), Some(mine)) => wanted.eq_ignore_ascii_case(mine),
            (None, None) => true,
            _ => false,
        };
        match &self.locator {
            VersionLocator::Path => true,
            VersionLocator::Query(name) => is_mine(query::values(lookup.query, name).next().as_deref()),
            VersionLocator::Header(name) => {
                is_mine(lookup.headers.get(&**name).and_then(|value| value.to_str().ok()).map(str::trim))
            }
        }
    }
}

/// `name;rev=N` taken apart.
fn split_revision(segment: &str) -> Option<(&str, &str)> {
    let at = segment.find(';')?;
    let marker = segment.get(at..at + ";rev=".len())?;
    marker.eq_ignore_ascii_case(";rev=").then_some(())?;
    Some((segment.get(..at)?, segment.get(at + marker.len()..)?))
}

#[cfg(test)]
mod tests;
