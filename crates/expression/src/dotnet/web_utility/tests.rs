use super::*;

#[test]
fn url_encoding_keeps_what_dotnet_keeps() {
    let all: String = (' '..='~').collect();
    let expected = "+!%22%23%24%25%26%27()*%2B%2C-.%2F0123456789%3A%3B%3C%3D%3E%3F%40ABCDEFGHIJKLMNOPQRSTUVWXYZ\
                    %5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D%7E";
    assert_eq!(url_encode(&all), expected);
    assert_eq!(url_encode("é€😀"), "%C3%A9%E2%82%AC%F0%9F%98%80");
    assert_eq!(url_decode(expected), all);
}

#[test]
fn url_decoding_leaves_what_is_no_escape() {
    assert_eq!(url_decode("a+b%20c%C3%A9%zz%4%u0041%FF%"), "a b c\u{e9}%zz%4%u0041\u{FFFD}%");
}

#[test]
fn html_encoding_follows_current_dotnet() {
    assert_eq!(html_encode("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    assert_eq!(html_encode("é\u{A0}ÿĀ€😀"), "&#233;&#160;&#255;Ā€&#128512;");
}

#[test]
fn html_decoding() {
    let text = "&lt;a&gt;&amp;amp;&quot;&#39;&#x41;&#65;&eacute;&nope;&&lt;x&lt &#xD800;&#1114112;&# 65;&apos;&hearts;&#128512;";
    assert_eq!(html_decode(text), "<a>&amp;\"'AA\u{e9}&nope;&<x&lt &#xD800;&#1114112;A'\u{2665}\u{1F600}");
}

#[test]
fn entity_names_are_sorted() {
    assert!(entities::NAMES.is_sorted_by(|left, right| left.0 < right.0));
}

#[test]
fn members_in_expressions() {
    use crate::testing::{assert_evaluates, assert_throws};
    let cases = [
        (r#"@(System.Net.WebUtility.UrlEncode("a b&c"))"#, "System.String", "a+b%26c"),
        (r#"@(WebUtility.UrlDecode("a+b%26c"))"#, "System.String", "a b&c"),
        (r#"@(WebUtility.HtmlDecode(WebUtility.HtmlEncode("<&>")))"#, "System.String", "<&>"),
        (r#"@(WebUtility.UrlEncode(null) == null)"#, "System.Boolean", "true"),
    ];
    for (expression, type_name, value) in cases {
        assert_evaluates(expression, type_name, value);
    }
    assert_throws("@(WebUtility.UrlEncodeToBytes(new byte[1], 0, 5))", "System.ArgumentOutOfRangeException");
}
