//! What the reader reports: code, place and words, and that one mistake gives one finding.

use sekisho_diagnostics::SourceMap;
use sekisho_policy::xml::{Limits, Parsed, parse};

fn read(text: &str) -> (SourceMap, Parsed) {
    let mut map = SourceMap::new();
    let file = map.add("policy.xml", text);
    let parsed = parse(text, file, Limits::default());
    (map, parsed)
}

/// Each finding as `line:column code |characters under the span|`.
fn findings(text: &str) -> Vec<String> {
    let (map, parsed) = read(text);
    let show = |found: &sekisho_diagnostics::Diagnostic| {
        let at = map.locate(found.span);
        assert!(found.help.is_some(), "{} has no remedy", found.code);
        format!("{}:{} {} |{}|", at.line, at.column, found.code, map.slice(found.span))
    };
    parsed.diagnostics.iter().map(show).collect()
}

#[test]
fn each_mistake_has_its_place() {
    let cases: &[(&str, &[&str])] = &[
        // Elements.
        ("<a>\n <b>\n </c>\n</a>", &["3:4 mismatched-end-tag |c|"]),
        ("<a>\n <b>\n</a>", &["3:3 mismatched-end-tag |a|"]),
        ("<fragment>\n <b/>\n</policies>\n", &["3:3 mismatched-end-tag |policies|"]),
        (
            "<a><set-header>x</set-heder><c></d></c></a>",
            &["1:19 mismatched-end-tag |set-heder|", "1:32 stray-end-tag |</d>|"],
        ),
        ("<a><b><c></b></c></a>", &["1:12 mismatched-end-tag |b|"]),
        ("<a><b/></b></a>", &["1:8 stray-end-tag |</b>|"]),
        ("<a>\n <b>\n  <c>", &["3:4 unclosed-element |c|"]),
        ("<a><b><c></a>", &["1:12 mismatched-end-tag |a|", "1:5 unclosed-element |b|"]),
        // Tags.
        ("<a><b <c/></b></a>", &["1:4 unclosed-tag |<b|"]),
        ("<a><b/></a", &["1:8 unclosed-tag |</a|"]),
        ("<a ; b='1'/>", &["1:4 unexpected-character |;|"]),
        ("<a><!ENTITY x></a>", &["1:4 unknown-declaration |<!|"]),
        // Attributes.
        ("<a v='1' w='2' v='3'/>", &["1:16 duplicate-attribute |v|"]),
        ("<a v/>", &["1:4 attribute-without-value |v|"]),
        ("<a v=1 w=@(x)/>", &["1:6 unquoted-attribute |1|", "1:10 unquoted-attribute |@(x)|"]),
        ("<a v='1'w='2'/>", &["1:9 missing-space ||"]),
        ("<a>\n <b v=\"1>\n <c w=\"2\"/></b></a>", &["2:7 unterminated-attribute |\"1|"]),
        ("<a v=\"1/>\n", &["1:6 unterminated-attribute |\"1|"]),
        ("<a v=\"say \"hello\" now\" w=\"1\"/>", &["1:11 quote-in-value |\"|"]),
        // Expressions in attributes.
        (
            "<a>\n <b v=\"@(x == 429\" w=\"2\"/>\n <c v=\"@(y\"/>\n</a>",
            &["2:8 unclosed-expression |@(|", "3:8 unclosed-expression |@(|"],
        ),
        ("<a v='@{ if (x) { return 1; '/>", &["1:7 unclosed-expression |@{|"]),
        ("<a><b v=\"@(x == \"abc)\" /></a>", &["1:17 unterminated-string |\"|"]),
        ("<a><b v=\"@(x == &quot;abc)\" /></a>", &["1:17 unterminated-string |&quot;|"]),
        ("<a><b v=\"@(x == 'abc)\" /></a>", &["1:17 unterminated-character |'|"]),
        ("<a><b v=\"@(x /* abc)\" /></a>", &["1:14 unterminated-comment |/*|"]),
        ("<a><b v=\"@(x // abc)\" /></a>", &["1:10 unclosed-expression |@(|"]),
        ("<a><b v=\"@(f(x[0))\" /></a>", &["1:17 mismatched-bracket |)|"]),
        ("<a v=\"@(x) + 1\" w='2'/>", &["1:12 text-after-expression |+ 1|"]),
        ("<a>\n <b v=\"@(x>\n <c/>\n</a>", &["2:8 unclosed-expression |@(|"]),
        // As an XML formatter leaves an expression that it took for attributes.
        (
            "<a><b v=\"@{\n x = F[\"k=\"\"\n  lat=\"\"\n  n=\"\"/{{key}}/{lat}\";}\"/>\n<c/></a>",
            &["1:10 unclosed-expression |@{|"],
        ),
        // Expressions in text.
        (
            "<a><v>@(x</v>\n<v>@(\"a)</v></a>",
            &["1:7 unclosed-expression |@(|", "2:6 unterminated-string |\"|"],
        ),
        ("<a><v>@(x) y</v><w/></a>", &["1:12 text-after-expression |y|"]),
        ("<a><v><![CDATA[@(x]]></v></a>", &["1:16 unclosed-expression |@(|"]),
        ("<a><v><![CDATA[@(x) y]]></v></a>", &["1:21 text-after-expression |y|"]),
        // The document.
        ("", &["1:1 missing-root ||"]),
        (" <!-- only --> ", &["1:1 missing-root ||"]),
        ("<a/>\nmore text\n<!-- fine -->", &["2:1 text-outside-root |more text|"]),
        ("<a/>\n<b/><c/>", &["2:2 content-after-root |b|"]),
        ("<a>\n<!-- <b>\n", &["2:1 unclosed-markup |<!--|"]),
        ("<a><![CDATA[x</a>", &["1:4 unclosed-markup |<![CDATA[|"]),
        ("<!DOCTYPE a [ <!ENTITY x \"]>\"> ]>\n<a>&x;</a>", &["1:1 doctype-refused |<!DOCTYPE a [|"]),
    ];
    for (text, expected) in cases {
        assert_eq!(findings(text), *expected, "{text}");
    }
}

#[test]
fn mistakes_of_one_document_are_all_found() {
    let text = "<policies>\n  <inbound>\n    <set-variable name=\"x\" value=\"@(context.Foo(\" />\n    \
        <set-header name=\"a\" name=\"b\"><value>@(1</value></set-header>\n    <choose><when condition=\"@(true)\"></choose>\n  \
        </inbound>\n  <outbound><base></outbound>\n</policies>\n</policies>";
    assert_eq!(
        findings(text),
        [
            "3:35 unclosed-expression |@(|",
            "4:26 duplicate-attribute |name|",
            "4:42 unclosed-expression |@(|",
            "5:41 mismatched-end-tag |choose|",
            "7:21 mismatched-end-tag |outbound|",
            "9:1 stray-end-tag |</policies>|",
        ]
    );
    let (_, parsed) = read(text);
    let names: Vec<String> = parsed.root.unwrap().elements().map(|section| section.name.clone()).collect();
    assert_eq!(names, ["inbound", "outbound"]);
}

#[test]
fn a_mismatch_names_both_tags_and_the_opening_place() {
    let (_, parsed) = read("<policies>\n  <inbound>\n</policies>");
    let found = &parsed.diagnostics[0];
    assert_eq!(
        found.message,
        "the end tag `</policies>` does not match `<inbound>`, which was opened on line 2, column 3"
    );
    assert_eq!(found.help.as_deref(), Some("close it with `</inbound>`"));
}

#[test]
fn a_cut_off_document_is_one_finding() {
    let (_, parsed) = read("<policies><inbound><choose>");
    let [found] = parsed.diagnostics.as_slice() else { panic!("{:?}", parsed.diagnostics) };
    assert_eq!(found.message, "these elements are never closed: `<choose>`, `<inbound>`, `<policies>`");
    assert_eq!(found.help.as_deref(), Some("add `</choose></inbound></policies>`"));
}

#[test]
fn limits_are_kept() {
    let mut map = SourceMap::new();
    let file = map.add("policy.xml", "");
    let limits = Limits { max_bytes: 40, max_depth: 3, max_mistakes: 4 };
    let codes = |text: &str| -> Vec<&str> {
        parse(text, file, limits).diagnostics.iter().map(|found| found.code).collect()
    };
    assert_eq!(codes(&" ".repeat(41)), ["document-too-large"]);
    assert_eq!(codes("<a><b><c></c></b></a>"), [""; 0]);
    assert_eq!(codes("<a><b><c><d></d></c></b></a>"), ["nesting-too-deep"]);
    let many = codes("<a v=1 w=1 x=1 y=1 z=1 u=1/>");
    assert_eq!((many.len(), many.last()), (5, Some(&"too-many-mistakes")));
    assert!(parse("<a><b><c><d>", file, limits).root.is_some());
}
