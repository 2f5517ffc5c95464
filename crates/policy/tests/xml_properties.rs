//! What holds for every document: the reader ends, its places lie in the document, and what is
//! written reads as the same tree.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use sekisho_diagnostics::{SourceMap, Span};
use sekisho_policy::xml::{Content, ContentKind, Element, Form, Limits, Node, Parsed, parse, write};

fn read(text: &str) -> Parsed {
    let file = SourceMap::new().add("policy.xml", text);
    parse(text, file, Limits::default())
}

/// The tree without its places.
fn shape(element: &Element) -> String {
    let content =
        |content: &Content| format!("{:?} {} {:?}", content.kind, content.cdata, content.text.text());
    let attributes: Vec<String> =
        element.attributes.iter().map(|found| format!("{}={}", found.name, content(&found.value))).collect();
    let children: Vec<String> = element
        .children
        .iter()
        .map(|child| match child {
            Node::Element(child) => shape(child),
            Node::Text(text) => content(text),
        })
        .collect();
    format!("{}[{}]({})", element.name, attributes.join(";"), children.join(";"))
}

fn check_span(text: &str, span: Span) {
    assert!(span.start <= span.end);
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
}

fn check_content(text: &str, content: &Content) {
    check_span(text, content.span);
    for (at, character) in content.text.text().char_indices() {
        check_span(text, content.text.span(at..at + character.len_utf8()));
    }
}

fn check_element(text: &str, element: &Element) {
    check_span(text, element.span);
    check_span(text, element.name_span);
    check_span(text, element.inner_source().whole_span());
    check_span(text, element.whole_text().whole_span());
    for attribute in &element.attributes {
        check_span(text, attribute.name_span);
        check_content(text, &attribute.value);
    }
    for child in &element.children {
        match child {
            Node::Element(child) => check_element(text, child),
            Node::Text(content) => check_content(text, content),
        }
    }
}

fn check_document(text: &str) {
    let parsed = read(text);
    for found in &parsed.diagnostics {
        check_span(text, found.span);
    }
    if let Some(root) = &parsed.root {
        check_element(text, root);
    }
    assert!(parsed.root.is_some() || !parsed.diagnostics.is_empty());
}

/// Pieces that mean something to the reader, to be put together at random.
const PIECES: &[&str] = &[
    "<a>",
    "</a>",
    "<b ",
    "</b>",
    "/>",
    ">",
    "<",
    "v=",
    "w='",
    "\"",
    "'",
    "@(",
    "@{",
    ")",
    "}",
    "{{x}}",
    "$\"{",
    "@\"",
    "$@\"",
    "//",
    "/*",
    "*/",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<!DOCTYPE",
    "[",
    "]",
    "&",
    "&amp;",
    "&quot;",
    "&#10;",
    "\n",
    " ",
    "x",
    "ü",
    "\\",
    "=",
    ":",
    ";",
    "</",
    "\u{FEFF}",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

/// Texts that need care: white space inside, everything that is escaped, what looks like an entity.
fn literal() -> impl Strategy<Value = String> {
    let parts = [
        "x", "ü", " ", "\n", "\t", "\r\n", "<", ">", "&", "\"", "'", "&amp;", "&#65;", "]]>", "{{n}}", "@",
        "(", "<b>",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..12)
        .prop_map(|parts| parts.concat())
        .prop_filter("an expression", |text| ContentKind::of(text) == ContentKind::Literal)
}

fn expression() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        r#"@(a["b"] == "c" && d < e)"#,
        r#"@("&amp;" + "&b=c" + '"' + '\'')"#,
        "@{ // don't )\r\n\treturn $\"{x(\"}\")} {{y}}\"; }",
        r#"@(B.As<JObject>()["</v>"] + @"\")"#,
        "@{{{limit}}}",
        r#"@($@"{a:N2}""" + {{x}})"#,
    ])
    .prop_map(str::to_owned)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![literal().prop_map(|text| escaped(&text)), expression().prop_map(|text| escaped(&text))]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        value(),
        literal().prop_map(|text| format!("<![CDATA[{}]]>", text.replace("]]>", "]] >"))),
        Just("<!-- <x> @( -->".to_owned()),
    ]
}

/// A document without mistakes.
fn document() -> impl Strategy<Value = String> {
    let leaf = (prop::sample::select(vec!["a", "set-header", "set-body", "v:w"]), value(), value(), text())
        .prop_map(|(name, first, second, text)| {
            format!("<{name} x=\"{first}\" y = \"{second}\">{text}</{name}>")
        });
    leaf.prop_recursive(4, 24, 4, |inner| {
        (
            prop::sample::select(vec!["policies", "b", "set-body"]),
            prop::collection::vec(inner, 0..4),
            literal(),
        )
            .prop_map(|(name, children, text)| {
                format!("<{name}>{}{}</{name}>", children.join("\n"), escaped(&text))
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC*") {
        check_document(&text);
    }

    #[test]
    fn any_mixture_of_markup_is_read_to_its_end(text in soup()) {
        check_document(&text);
        check_document(&format!("<p><q v=\"{text}\" /></p>"));
        check_document(&format!("<p><q>@({text}</q></p>"));
    }

    #[test]
    fn what_is_written_reads_as_the_same_tree(text in document()) {
        let parsed = read(&text);
        prop_assert_eq!(&parsed.diagnostics, &vec![], "{}", text);
        let root = parsed.root.unwrap();
        for form in [Form::RawXml, Form::Xml] {
            let written = write(&root, form);
            let again = read(&written);
            prop_assert_eq!(&again.diagnostics, &vec![], "{}", written);
            let again = again.root.unwrap();
            prop_assert_eq!(shape(&again), shape(&root), "{}", &written);
            prop_assert_eq!(write(&again, form), written);
        }
    }

    #[test]
    fn documents_without_findings_survive_writing(text in soup()) {
        let text = format!("<p v=\"1\">{text}</p>");
        let parsed = read(&text);
        if let (Some(root), []) = (parsed.root, parsed.diagnostics.as_slice()) {
            for form in [Form::RawXml, Form::Xml] {
                let again = read(&write(&root, form));
                prop_assert_eq!(&again.diagnostics, &vec![]);
                prop_assert_eq!(shape(&again.root.unwrap()), shape(&root));
            }
        }
    }
}

#[test]
fn both_forms_look_as_expected() {
    let text = "<policies><inbound><base/><set-variable name=\"a\" value=\"@(B.As<T>()[\"k\"] && x)\"/>\
        <set-header name='h'><value>@(\"a\" + '&')</value></set-header><!-- gone -->\
        <set-body template=\"liquid\"> <x>{{ y }} </x></set-body></inbound></policies>";
    let root = read(text).root.unwrap();
    let raw = "<policies>\n    <inbound>\n        <base />\n        \
        <set-variable name=\"a\" value=\"@(B.As<T>()[\"k\"] && x)\" />\n        \
        <set-header name=\"h\">\n            <value>@(\"a\" + '&')</value>\n        </set-header>\n        \
        <set-body template=\"liquid\"> <x>{{ y }} </x></set-body>\n    </inbound>\n</policies>\n";
    assert_eq!(write(&root, Form::RawXml), raw);
    let escaped = raw
        .replace("@(B.As<T>()[\"k\"] && x)", "@(B.As&lt;T&gt;()[&quot;k&quot;] &amp;&amp; x)")
        .replace("'&'", "'&amp;'");
    assert_eq!(write(&root, Form::Xml), escaped);
}

#[test]
fn hostile_documents_take_linear_time() {
    let size = 400 * 1024;
    let fill = |unit: &str| unit.repeat(size / unit.len());
    let documents = [
        format!("<a v=\"@{}", fill("(")),
        format!("<a>@{}", fill("(")),
        fill("<a "),
        fill("<a>"),
        fill("</a>"),
        fill("<"),
        format!("<a>{}</a>", fill("&")),
        format!("<a v='{}'/>", fill("&")),
        format!("<a v='{}'/>", fill("&#10;")),
        format!("<a v='@({})'/>", fill("&amp;")),
        format!("<a>{}", fill("<b v=\"@(\" x=\"@(\" ")),
        format!("<a>{}", fill("<b v=\"@( '\n")),
        format!("<a>{}", fill("<b>@(</b>")),
        format!("<a>{}</a>", fill("x<!---->")),
        format!("<a>{}</a>", fill("<![CDATA[x]]>")),
        format!("<a>{}</a>", fill("<b/></c>")),
        format!("<a {}/>", fill("v='1' ")),
        format!("<a v=\"@($\"{}", fill("{$\"")),
        format!("<a v=\"@(x\" {}", fill("\n")),
        format!("<a v=\"x\"y{}", fill(" \"")),
        format!("<!DOCTYPE a {}", fill("]>[")),
        format!("{}<a>", fill("\"\n ")),
    ];
    let distinct: String = (0..size / 8).map(|index| format!("a{index}='' ")).collect();
    for document in documents.into_iter().chain([format!("<a {distinct}/>")]) {
        let document: String = document.chars().take(500 * 1024).collect();
        let started = Instant::now();
        let parsed = read(&document);
        let start: String = document.chars().take(20).collect();
        assert!(parsed.diagnostics.len() <= Limits::default().max_mistakes + 1, "{start}");
        if let Some(root) = &parsed.root {
            let _ = (root.inner_source(), root.whole_text());
        }
        // Generous: quadratic work on this size takes minutes.
        assert!(started.elapsed() < Duration::from_secs(10), "{start} took {:?}", started.elapsed());
    }
}
