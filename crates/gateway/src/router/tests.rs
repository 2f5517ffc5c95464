use std::cmp::Reverse;

use http::header::HeaderValue;
use proptest::prelude::*;

use super::template::{Part, Segment, TemplateError, match_mixed};
use super::*;

fn tree(operations: &[(&str, &str)]) -> OperationTree {
    let mut tree = OperationTree::default();
    for (index, (method, template)) in operations.iter().enumerate() {
        assert!(tree.insert(method, Template::parse(template, |_| true).unwrap(), index));
    }
    tree
}

fn api(index: usize, operations: &[(&str, &str)]) -> ApiRoute {
    ApiRoute {
        api: index,
        version: None,
        locator: VersionLocator::Path,
        revision: "1".into(),
        is_current: true,
        http: true,
        https: true,
        is_web_socket: false,
        operations: tree(operations),
    }
}

fn find<'r>(
    router: &Router,
    method: &'r Method,
    target: &'r str,
    headers: &'r HeaderMap,
) -> Option<Found<'r>> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    router.find(Lookup { method, path, query, headers, secure: false, is_handshake: false })
}

fn operation(router: &Router, method: Method, target: &str) -> Option<(usize, usize)> {
    let headers = HeaderMap::new();
    let found = find(router, &method, target, &headers)?;
    Some((found.api, found.operation?.0))
}

#[test]
fn the_longest_api_path_wins_without_letter_case() {
    let mut router = Router::default();
    router.insert("", api(0, &[("GET", "/*")]));
    router.insert("team", api(1, &[("GET", "/a/b")]));
    router.insert("team/a", api(2, &[("GET", "/b"), ("GET", "/")]));
    assert_eq!(operation(&router, Method::GET, "/Team/A/b"), Some((2, 0)));
    assert_eq!(operation(&router, Method::GET, "/team/a/"), Some((2, 1)));
    assert_eq!(operation(&router, Method::GET, "/team/a"), Some((2, 1)));
    assert_eq!(operation(&router, Method::GET, "/team/a/c"), None, "a shorter path does not step in");
    assert_eq!(operation(&router, Method::GET, "/teams/a"), Some((0, 0)));
    let headers = HeaderMap::new();
    assert_eq!(find(&router, &Method::GET, "/team/a/b/", &headers).unwrap().rest, "/b/");
}

#[test]
fn handshakes_and_other_calls_have_apis_of_their_own() {
    let mut router = Router::default();
    let web_socket = |index| ApiRoute { is_web_socket: true, ..api(index, &[("GET", "/*")]) };
    router.insert("a", api(0, &[("GET", "/*")]));
    router.insert("a", web_socket(1));
    router.insert("a/deeper", web_socket(2));
    router.insert("b/deeper", api(3, &[("GET", "/*")]));
    router.insert("b", web_socket(4));
    router.insert("c", api(5, &[("GET", "/*")]));
    let headers = HeaderMap::new();
    let find = |path, is_handshake| {
        let lookup =
            Lookup { method: &Method::GET, path, query: "", headers: &headers, secure: false, is_handshake };
        router.find(lookup).map(|found| (found.api, found.rest))
    };
    assert_eq!((find("/a/x", false), find("/a/x", true)), (Some((0, "/x")), Some((1, "/x"))));
    assert_eq!(find("/a/deeper/x", true), Some((2, "/x")));
    assert_eq!(find("/a/deeper/x", false), Some((0, "/deeper/x")), "one for handshakes does not hide it");
    assert_eq!((find("/b/deeper", true), find("/b", false)), (Some((4, "/deeper")), None));
    assert_eq!(find("/c", true), Some((5, "")), "without a WebSocket API it is a call like others");
}

#[test]
fn text_beats_mixed_beats_parameter_beats_wildcard() {
    let mut router = Router::default();
    let templates = [
        ("GET", "/*"),
        ("GET", "/{id}"),
        ("GET", "/{id}.json"),
        ("GET", "/list"),
        ("GET", "/{id}/items/{item}"),
        ("*", "/any/{*rest}"),
        ("GET", "/{id}?full={full}"),
        ("GET", "/{id}?full=yes&deep={deep}"),
    ];
    router.insert("x", api(0, &templates));
    let at = |target| operation(&router, Method::GET, target).map(|(_, operation)| operation);
    assert_eq!(at("/x/list"), Some(3));
    assert_eq!(at("/x/a.JSON"), Some(2));
    assert_eq!(at("/x/.json"), Some(1), "a parameter of a mixed segment is not empty");
    assert_eq!(at("/x/a"), Some(1));
    assert_eq!(at("/x/a?FULL=1"), Some(6));
    assert_eq!(at("/x/a?deep=2&full=Yes"), Some(7));
    assert_eq!(at("/x/a/items/b/"), Some(4));
    assert_eq!(at("/x/list/items/b"), Some(4), "goes back to the parameter when the text leads nowhere");
    assert_eq!(at("/x/a/items"), Some(0));
    assert_eq!(at("/x"), Some(0));
    assert_eq!(operation(&router, Method::PUT, "/x/any/thing/else"), Some((0, 5)));
    assert_eq!(operation(&router, Method::HEAD, "/x/list"), None);
}

#[test]
fn parameters_are_decoded() {
    let mut router = Router::default();
    router.insert("", api(0, &[("GET", "/{a}-{b}/{*rest}"), ("GET", "/q?x={x}&y=1")]));
    let headers = HeaderMap::new();
    let parameters = |target| {
        let found = find(&router, &Method::GET, target, &headers).unwrap().operation.unwrap();
        found.1.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(parameters("/1%202-3/deep/er/"), ["a=1 2", "b=3", "rest=deep/er/"]);
    assert_eq!(parameters("/1-2"), ["a=1", "b=2", "rest="]);
    assert_eq!(parameters("/q?y=1&X=a+b"), ["x=a b"]);
}

#[test]
fn versions_and_revisions() {
    let versioned = |index, version: Option<&str>, locator| ApiRoute {
        version: version.map(Into::into),
        locator,
        ..api(index, &[("GET", "/op")])
    };
    let mut router = Router::default();
    let by_query = || VersionLocator::Query("api-version".into());
    router.insert("q", versioned(0, None, by_query()));
    router.insert("q", versioned(1, Some("v2"), by_query()));
    router.insert("h", versioned(2, Some("v1"), VersionLocator::Header("x-version".into())));
    router.insert("s/v1", versioned(3, Some("v1"), VersionLocator::Path));
    router.insert("s/v1", ApiRoute { revision: "2".into(), is_current: false, ..api(4, &[("GET", "/op")]) });
    assert_eq!(operation(&router, Method::GET, "/q/op"), Some((0, 0)));
    assert_eq!(operation(&router, Method::GET, "/q/op?api-version=V2"), Some((1, 0)));
    assert_eq!(operation(&router, Method::GET, "/q/op?api-version=v3"), None);
    assert_eq!(operation(&router, Method::GET, "/h/op"), None);
    let headers =
        HeaderMap::from_iter([(http::HeaderName::from_static("x-version"), HeaderValue::from_static("v1"))]);
    assert_eq!(find(&router, &Method::GET, "/h/op", &headers).unwrap().api, 2);
    assert_eq!(operation(&router, Method::GET, "/s/v1/op"), Some((3, 0)));
    assert_eq!(operation(&router, Method::GET, "/s/v1;rev=2/op"), Some((4, 0)));
    assert_eq!(operation(&router, Method::GET, "/s/v1;rev=3/op"), None);
    assert_eq!(operation(&router, Method::GET, "/s/v2/op"), None);
}

#[test]
fn only_listed_protocols_are_served() {
    let mut router = Router::default();
    router.insert("a", ApiRoute { http: false, ..api(0, &[("GET", "/")]) });
    let lookup = |secure| {
        router
            .find(Lookup {
                method: &Method::GET,
                path: "/a",
                query: "",
                headers: &HeaderMap::new(),
                secure,
                is_handshake: false,
            })
            .is_some()
    };
    assert!(lookup(true) && !lookup(false));
}

#[test]
fn templates_that_cannot_be_matched_are_refused() {
    let error = |text| Template::parse(text, |_| true).unwrap_err();
    assert_eq!(error("/{a"), TemplateError::OpenBrace);
    assert_eq!(error("/{}"), TemplateError::NoName);
    assert_eq!(error("/{a}{b}"), TemplateError::Adjacent);
    assert_eq!(error("/{*a}/b"), TemplateError::WildcardInside);
    assert_eq!(error("/a?x={y"), TemplateError::OpenBrace);
}

/// What is promised, done the slow way: every template against the path, the best rank first.
fn naive(operations: &[(&str, String)], method: &Method, path: &str, query: &str) -> Option<usize> {
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
    let mut best = None;
    for (index, (wanted, text)) in operations.iter().enumerate() {
        let template = Template::parse(text, |_| true).unwrap();
        let method_fits = *wanted == "*" || *wanted == method.as_str();
        let query_fits = template.query.iter().all(|part| query_values(query, &part.name).next().is_some());
        let Some(kinds) = kinds(&template.segments, &segments) else { continue };
        if !method_fits || !query_fits {
            continue;
        }
        let rank = (kinds, *wanted == "*", Reverse(template.query.len()), index);
        if best.as_ref().is_none_or(|known| rank < *known) {
            best = Some(rank);
        }
    }
    best.map(|(_, _, _, index)| index)
}

/// How well each segment fits; none when the template does not match. The end of a path is better than a wildcard.
fn kinds(template: &[Segment], path: &[&str]) -> Option<Vec<(u8, Reverse<usize>)>> {
    let mut out = Vec::new();
    let mut path = path.iter();
    for segment in template {
        if matches!(segment, Segment::Wildcard(_)) {
            out.push((4, Reverse(0)));
            return Some(out);
        }
        let found = path.next()?;
        out.push(match segment {
            Segment::Literal(text) => text.eq_ignore_ascii_case(found).then_some((1, Reverse(0)))?,
            Segment::Mixed(parts) => {
                let text = parts
                    .iter()
                    .map(|part| if let Part::Literal(text) = part { text.len() } else { 0 })
                    .sum();
                match_mixed(parts, found, &mut Vec::new()).then_some((2, Reverse(text)))?
            }
            Segment::Parameter => (!found.is_empty()).then_some((3, Reverse(0)))?,
            Segment::Wildcard(_) => return None,
        });
    }
    path.next().is_none().then_some(out)
}

proptest! {
    #[test]
    fn the_tree_agrees_with_the_slow_way(
        templates in prop::collection::vec(
            ("GET|POST|\\*", "(/(a|b|\\{p\\}|x\\{p\\}|\\{p\\}\\.j)){0,3}(/\\*|/\\{\\*r\\})?/?(\\?q=\\{q\\})?"),
            1..8,
        ),
        path in "(/(a|B|xa|b\\.j|xb\\.j)){0,4}/?",
        query in "(q=1)?",
    ) {
        let operations: Vec<(&str, String)> =
            templates.iter().map(|(method, template)| (method.as_str(), template.clone())).collect();
        let borrowed: Vec<(&str, &str)> =
            operations.iter().map(|(method, template)| (*method, template.as_str())).collect();
        let found = tree(&borrowed).find(&Method::GET, &path, &query).map(|(operation, _)| operation);
        prop_assert_eq!(found, naive(&operations, &Method::GET, &path, &query));
    }

    #[test]
    fn no_path_and_no_template_panics(template in "[/{}*?=&a%é;]{0,20}", path in "/[/{}*?=&a%é;.]{0,20}") {
        if let Ok(template) = Template::parse(&template, |_| false) {
            let mut operations = OperationTree::default();
            operations.insert("GET", template, 0);
            let mut router = Router::default();
            router.insert("a", ApiRoute { operations, ..api(0, &[]) });
            operation(&router, Method::GET, &path);
        }
    }
}
