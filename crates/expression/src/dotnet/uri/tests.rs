use super::*;

fn absolute(text: &str) -> Parts {
    Uri::create(text, Kind::Absolute).unwrap().parts.unwrap()
}

#[test]
fn canonical_and_shown_form() {
    // Text, AbsoluteUri, ToString().
    let cases = [
        ("https://Example.COM/a/b?x=1#f", "https://example.com/a/b?x=1#f", "https://example.com/a/b?x=1#f"),
        (
            "http://user:pw@host:8080/p/../q/./r?a b=\u{e9}&c=%20%41#fr ag",
            "http://user:pw@host:8080/q/r?a%20b=%C3%A9&c=%20A#fr%20ag",
            "http://user:pw@host:8080/q/r?a b=\u{e9}&c= A#fr ag",
        ),
        ("HTTP://h", "http://h/", "http://h/"),
        ("https://h:443", "https://h/", "https://h/"),
        ("https://h:444/", "https://h:444/", "https://h:444/"),
        (
            "https://h/a b/<x>\"{}|\\^`[]",
            "https://h/a%20b/%3Cx%3E%22%7B%7D%7C/%5E%60[]",
            "https://h/a b/<x>\"{}|/^`[]",
        ),
        ("https://[2001:DB8::0:1]/", "https://[2001:db8::1]/", "https://[2001:db8::1]/"),
        ("https://b\u{fc}cher.de/\u{e4}", "https://b\u{fc}cher.de/%C3%A4", "https://b\u{fc}cher.de/\u{e4}"),
        ("https://h?x", "https://h/?x", "https://h/?x"),
        ("https://h#f", "https://h/#f", "https://h/#f"),
        ("  https://h/x  ", "https://h/x", "https://h/x"),
        ("https://h/a//b/..//c", "https://h/a///c", "https://h/a///c"),
        ("https://h/../..", "https://h/", "https://h/"),
        ("https://h/a/.", "https://h/a/", "https://h/a/"),
        ("https://h/a/%2e%2e/b", "https://h/b", "https://h/b"),
        ("http://1.2.3", "http://1.2.0.3/", "http://1.2.0.3/"),
        ("http://h:/x", "http://h/x", "http://h/x"),
        ("http://h/a%2", "http://h/a%252", "http://h/a%252"),
        ("https://h/a%00b", "https://h/a%00b", "https://h/a%00b"),
        ("https://h/+%2B%26?x=%26%3d%23", "https://h/+%2B%26?x=%26%3d%23", "https://h/+%2B%26?x=%26%3d%23"),
        ("urn:isbn:123", "urn:isbn:123", "urn:isbn:123"),
        ("data:text/plain,hello world", "data:text/plain,hello%20world", "data:text/plain,hello world"),
        ("sb://ns.x.net/q", "sb://ns.x.net/q", "sb://ns.x.net/q"),
        ("http://h.:80/", "http://h./", "http://h./"),
    ];
    for (text, canonical, shown) in cases {
        let uri = Uri::create(text, Kind::Absolute).unwrap();
        assert_eq!(uri.parts.as_ref().unwrap().text(Upto::Fragment), canonical, "{text}");
        assert_eq!(uri.to_text(), shown, "{text}");
    }
}

#[test]
fn parts_of_a_uri() {
    let parts = absolute("http://user:pw@host:8080/p/q?a=1#f");
    assert_eq!(parts.authority(), "host:8080");
    assert_eq!(
        [0, 1, 2, 3].map(|part| parts.left_part(part)),
        [
            "http://",
            "http://user:pw@host:8080",
            "http://user:pw@host:8080/p/q",
            "http://user:pw@host:8080/p/q?a=1",
        ]
    );
    assert_eq!(unescape_data(&absolute("https://h/%2F%41%7e/a%20b").path), "//A~/a b");
    assert_eq!((absolute("wss://h/x").port, absolute("sb://h/x").port), (443, -1));
    assert!(absolute("http://localhost:5000").is_loopback() && absolute("https://[::1]/").is_loopback());
    assert_eq!(absolute("http://256.1.1.1/").host_kind, HostKind::Dns);
    assert!(parse::parse("https://h\\a\\b").is_ok_and(|parts| parts.path == "/a/b"));
}

#[test]
fn what_is_refused() {
    let message = |text: &str, kind| Uri::create(text, kind).unwrap_err().message().to_owned();
    for text in ["http://", "http:///x", "https://exa mple/", "http://ex%41mple/"] {
        assert_eq!(message(text, Kind::Either), "Invalid URI: The hostname could not be parsed.", "{text}");
    }
    for text in ["http://h:99999/", "http://h:abc/"] {
        assert_eq!(message(text, Kind::Either), "Invalid URI: Invalid port specified.", "{text}");
    }
    assert_eq!(message("", Kind::Absolute), "Invalid URI: The URI is empty.");
    assert_eq!(message("x y", Kind::Absolute), "Invalid URI: The format of the URI could not be determined.");
    assert!(Uri::create("http://h/x", Kind::Relative).is_err());
    for text in ["rel", "1http://x", "http:x", "/rel/path?q"] {
        assert!(Uri::create(text, Kind::Either).unwrap().parts.is_none(), "{text}");
    }
    assert!(Uri::create(&format!("http://h/{}", "a".repeat(70_000)), Kind::Either).is_err());
}

#[test]
fn relative_references() {
    let base = Uri::create("https://h/a/b/c?x#y", Kind::Absolute).unwrap();
    let cases = [
        ("d", "https://h/a/b/d"),
        ("/d", "https://h/d"),
        ("../d", "https://h/a/d"),
        ("../../../d", "https://h/d"),
        ("?q", "https://h/a/b/c?q"),
        ("#f", "https://h/a/b/c?x#f"),
        ("//o/p", "https://o/p"),
        ("", "https://h/a/b/c?x#y"),
        ("d/./e/../f", "https://h/a/b/d/f"),
        ("http://z/y", "http://z/y"),
        ("d?x#y", "https://h/a/b/d?x#y"),
    ];
    for (relative, whole) in cases {
        assert_eq!(joined(&base, relative).unwrap().to_text(), whole, "{relative}");
    }
    let made = absolute("https://h/a/b/").relative_to(&absolute("https://h/a/c/d?x")).unwrap();
    assert_eq!(made.to_text(), "../c/d?x");
}

#[test]
fn escapes() {
    let all: String = (' '..='~').collect();
    assert_eq!(
        escape_data(&all),
        "%20%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0123456789%3A%3B%3C%3D%3E%3F%40ABCDEFGHIJKLMNOPQRSTUVWXYZ\
         %5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~"
    );
    assert_eq!(
        escape::escape_uri(&all),
        "%20!%22#$%25&'()*+,-./0123456789:;%3C=%3E?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[%5C]%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D~"
    );
    assert_eq!(
        unescape_data("a+b%20c%C3%A9%zz%4%FF%e2%82%ac%E2%82x%"),
        "a+b c\u{e9}%zz%4%FF\u{20AC}%E2%82x%"
    );
}

#[test]
fn members_in_expressions() {
    use crate::testing::{assert_evaluates, assert_throws};
    let cases = [
        (r#"@(new Uri("https://h:8443/a/b?x=1").Host)"#, "System.String", "h"),
        (r#"@(new Uri("https://h:8443/a/b?x=1").Port)"#, "System.Int32", "8443"),
        (r#"@(new Uri("https://h/a b"))"#, "System.Uri", "https://h/a b"),
        (r#"@(new Uri("https://h/a").GetLeftPart(UriPartial.Authority))"#, "System.String", "https://h"),
        (r#"@(new Uri(new Uri("https://h/a/"), "b").AbsoluteUri)"#, "System.String", "https://h/a/b"),
        (
            r#"@{ Uri u; return Uri.TryCreate("x y", UriKind.Absolute, out u) + "" + (u == null); }"#,
            "System.String",
            "FalseTrue",
        ),
        (r#"@(new Uri("https://H/a") == new Uri("https://h/a"))"#, "System.Boolean", "true"),
        (r#"@(Uri.EscapeDataString("a b/c"))"#, "System.String", "a%20b%2Fc"),
        (r#"@(string.Join("|", new Uri("https://h/a/b").Segments))"#, "System.String", "/|a/|b"),
    ];
    for (expression, type_name, value) in cases {
        assert_evaluates(expression, type_name, value);
    }
    assert_throws(r#"@(new Uri("/x", UriKind.Relative).Host)"#, "System.InvalidOperationException");
    assert_throws(r#"@(new Uri("x y"))"#, "System.UriFormatException");
}
