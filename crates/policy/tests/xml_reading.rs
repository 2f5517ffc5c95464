//! What the reader accepts: every form that real policy documents use.

#![allow(clippy::unwrap_used, reason = "tests end at the first surprise")]

use sekisho_diagnostics::SourceMap;
use sekisho_policy::xml::{Content, ContentKind, Element, Limits, Node, parse};

fn read(text: &str) -> (SourceMap, Element) {
    let mut map = SourceMap::new();
    let file = map.add("policy.xml", text);
    let parsed = parse(text, file, Limits::default());
    assert_eq!(parsed.diagnostics, [], "{text}");
    (map, parsed.root.unwrap())
}

/// Kind and text of the attribute `v` of the root.
fn value(text: &str) -> (ContentKind, String) {
    let (_, root) = read(text);
    let content = &root.attribute("v").unwrap().value;
    (content.kind, content.text.text().to_owned())
}

fn child(root: &Element, index: usize) -> &Element {
    root.elements().nth(index).unwrap()
}

#[test]
fn attribute_values_end_where_they_should() {
    use ContentKind::{Expression, Literal, StatementBlock};
    let cases = [
        // Literals.
        (r#"<a v="x" />"#, Literal, "x"),
        (r#"<a v='x "y"' />"#, Literal, r#"x "y""#),
        (r#"<a v = "x"/>"#, Literal, "x"),
        (r#"<a v=" x "/>"#, Literal, " x "),
        (r#"<a v=""/>"#, Literal, ""),
        (r#"<a v="a<b & c && d"/>"#, Literal, "a<b & c && d"),
        (r#"<a v="https://h/?a=1&name=2&amp;$filter=3"/>"#, Literal, "https://h/?a=1&name=2&$filter=3"),
        (r#"<a v="&lt;&gt;&quot;&apos;&amp;&#65;&#x42;"/>"#, Literal, "<>\"'&AB"),
        (r#"<a v="&nbsp;&#0;&#xD800;&;&#;&amp;quot;"/>"#, Literal, "&nbsp;&#0;&#xD800;&;&#;&quot;"),
        (r#"<a v="a > b"/>"#, Literal, "a > b"),
        (r#"<a v="{{base-url}}/path{{x.y_z}}"/>"#, Literal, "{{base-url}}/path{{x.y_z}}"),
        (r#"<a v="@{{name}}<"/>"#, Literal, "@{{name}}<"),
        ("<a v=\"one\n two\"/>", Literal, "one\n two"),
        (r#"<a v="user@(example)"/>"#, Literal, "user@(example)"),
        // Raw quotation marks, brackets and ampersands.
        (r#"<a v="@(x["y"] == "z")"/>"#, Expression, r#"@(x["y"] == "z")"#),
        (r#"<a v=" @(1) "/>"#, Expression, "@(1)"),
        (
            r#"<a v="@(V.GetValueOrDefault<string>("k", ")"))"/>"#,
            Expression,
            r#"@(V.GetValueOrDefault<string>("k", ")"))"#,
        ),
        (r#"<a v="@(a && b < c >> 2)"/>"#, Expression, "@(a && b < c >> 2)"),
        (r#"<a v="@("a\"/>")"/>"#, Expression, r#"@("a\"/>")"#),
        (r#"<a v='@(x == "y" &amp;&amp; true)'/>"#, Expression, r#"@(x == "y" && true)"#),
        (r#"<a v='@(x.Split('.')[0] + '"')'/>"#, Expression, r#"@(x.Split('.')[0] + '"')"#),
        // Entities, alone and mixed with raw quotation marks.
        (r#"<a v="@(x == &quot;)&quot;)"/>"#, Expression, r#"@(x == ")")"#),
        (
            r#"<a v="@(B.As&lt;JObject&gt;()["k"] &amp;&amp; y)"/>"#,
            Expression,
            r#"@(B.As<JObject>()["k"] && y)"#,
        ),
        (r#"<a v="@(&quot;a" + "b&quot;)"/>"#, Expression, r#"@("a" + "b")"#),
        (r#"<a v="@("?a=1&b=2&amp;$filter=3")"/>"#, Expression, r#"@("?a=1&b=2&$filter=3")"#),
        (r#"<a v="&#64;(1)"/>"#, Expression, "@(1)"),
        // String forms.
        (r#"<a v="@(@"C:\" + @"a"")b")"/>"#, Expression, r#"@(@"C:\" + @"a"")b")"#),
        (r#"<a v="@($"{x("}")}) {{ {y[")"]:N2}")"/>"#, Expression, r#"@($"{x("}")}) {{ {y[")"]:N2}")"#),
        (r#"<a v="@($@"\{a + $"{b}"}"" )")"/>"#, Expression, r#"@($@"\{a + $"{b}"}"" )")"#),
        (r#"<a v="@(@$"\{a}")"/>"#, Expression, r#"@(@$"\{a}")"#),
        (r#"<a v="@($"{d:hh:mm')}")"/>"#, Expression, r#"@($"{d:hh:mm')}")"#),
        (r#"<a v="@($"{d:{{format}}}")"/>"#, Expression, r#"@($"{d:{{format}}}")"#),
        (r#"<a v="@($"{(a ? "b" : "c)")}")"/>"#, Expression, r#"@($"{(a ? "b" : "c)")}")"#),
        ("<a v=\"@(@\"one\ntwo)\")\"/>", Expression, "@(@\"one\ntwo)\")"),
        (
            r#"<a v="@(c == '"' || c == ')' || c == '\'' || c == '&')"/>"#,
            Expression,
            r#"@(c == '"' || c == ')' || c == '\'' || c == '&')"#,
        ),
        // Named values.
        (
            r#"<a v="@({{limit}} + "{{a}}" + $"{{host}}/{b}/{{c}}")"/>"#,
            Expression,
            r#"@({{limit}} + "{{a}}" + $"{{host}}/{b}/{{c}}")"#,
        ),
        (r#"<a v="@{ var k = {{key}}; return k; }"/>"#, StatementBlock, "@{ var k = {{key}}; return k; }"),
        // Comments, and line ends that must stay.
        (
            "<a v=\"@{ // don't ) \"\n return /* \"}' */ 1; }\"/>",
            StatementBlock,
            "@{ // don't ) \"\n return /* \"}' */ 1; }",
        ),
        ("<a v=\"@{\r\n return 4 / 2;\r\n}\r\n\"/>", StatementBlock, "@{\r\n return 4 / 2;\r\n}"),
        ("<a v=\"@(\"https://h\") \t\"/>", Expression, "@(\"https://h\")"),
    ];
    for (text, kind, expected) in cases {
        assert_eq!(value(text), (kind, expected.to_owned()), "{text}");
    }
}

#[test]
fn element_text_follows_the_same_rules() {
    use ContentKind::{Expression, Literal, StatementBlock};
    let cases = [
        ("<v>x</v>", Literal, "x"),
        ("<v>\n  x y \n</v>", Literal, "x y"),
        ("<v>a &amp; b & c < d &lt;e</v>", Literal, "a & b & c < d <e"),
        ("<v>one <!-- two --> three</v>", Literal, "one  three"),
        ("<v>@(B.As<string>() == \"</v>\")</v>", Expression, "@(B.As<string>() == \"</v>\")"),
        ("<v> <!-- c -->\n @(1) <!-- d --> </v>", Expression, "@(1)"),
        (
            "<v>@{ if (a && b<c) { return \"}\"; } // it's\n return &quot;&quot;; }\n</v>",
            StatementBlock,
            "@{ if (a && b<c) { return \"}\"; } // it's\n return \"\"; }",
        ),
        ("<v><![CDATA[ a < b &amp; ]]></v>", Literal, "a < b &amp;"),
        ("<v>\n<![CDATA[@(\"&quot;<\")]]>\n</v>", Expression, "@(\"&quot;<\")"),
        ("<v>{% if a < b %}{{ x }}{%- endif -%}</v>", Literal, "{% if a < b %}{{ x }}{%- endif -%}"),
        ("<v>{\"a\": \"{{b}}\"}</v>", Literal, "{\"a\": \"{{b}}\"}"),
    ];
    for (text, kind, expected) in cases {
        let (_, root) = read(text);
        let content = root.text().unwrap_or_else(|| panic!("no text: {text}"));
        assert_eq!((content.kind, content.text.text()), (kind, expected), "{text}");
        assert_eq!(content.cdata, text.contains("CDATA"), "{text}");
    }
}

#[test]
fn what_is_no_content_is_skipped() {
    let text = "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- <inbound a=\"@(\"> -- ' --><!DOCTYPE policies>\r\n\
        <policies>\r\n  <!-- <set-body>@{ </set-body> -->\r\n <?keep going?>\r\n  <inbound><base/></inbound>\r\n</policies>\r\n<!-- end -->\r\n";
    let (map, root) = read(text);
    assert_eq!(root.name, "policies");
    assert_eq!(root.children.len(), 1);
    let base = child(child(&root, 0), 0);
    assert_eq!(
        (base.name.as_str(), map.slice(base.span), map.slice(base.name_span)),
        ("base", "<base/>", "base")
    );
    assert_eq!(map.locate(base.span).line, 6);
    assert!(map.slice(root.span).ends_with("</policies>"));
}

#[test]
fn every_character_knows_its_place() {
    let text = "<a>\n <b name='n' v=\"@(B.As&lt;T&gt;() &amp;&amp; \"ü\" == bad)\">\n  text &quot;here&quot; end </b>\n</a>";
    let (map, root) = read(text);
    let b = child(&root, 0);
    let at = |content: &Content, needle: &str| {
        let start = content.text.text().find(needle).unwrap();
        content.text.span(start..start + needle.len())
    };
    let attribute = b.attribute("v").unwrap();
    assert_eq!(map.slice(attribute.name_span), "v");
    assert_eq!(map.slice(attribute.value.span), "@(B.As&lt;T&gt;() &amp;&amp; \"ü\" == bad)");
    let bad = map.locate(at(&attribute.value, "bad"));
    assert_eq!((bad.line, bad.column), (2, 53));
    assert_eq!(map.slice(at(&attribute.value, "<T>")), "&lt;T&gt;");
    assert_eq!(map.slice(at(&attribute.value, "&&")), "&amp;&amp;");
    let content = b.text().unwrap();
    assert_eq!(map.slice(at(content, "\"here\"")), "&quot;here&quot;");
    assert_eq!(map.slice(content.span), "text &quot;here&quot; end");
    assert_eq!(map.slice(b.attribute("name").unwrap().value.span), "n");
}

#[test]
fn the_code_of_an_expression_keeps_its_places() {
    let (map, root) = read("<a v=' @( x &amp;&amp; y ) ' w='@{ return 1; }' u='lit'/>");
    let code = |name: &str| root.attribute(name).unwrap().value.code();
    let expression = code("v").unwrap();
    assert_eq!(expression.text(), " x && y ");
    assert_eq!(map.slice(expression.span(6..7)), "y");
    assert_eq!(code("w").unwrap().text(), " return 1; ");
    assert!(code("u").is_none());
}

#[test]
fn a_text_that_became_an_expression_is_classified_again() {
    let (_, root) = read("<a v=' {{pasted}} '/>");
    let value = &root.attribute("v").unwrap().value;
    assert!(value.is_literal());
    let mut pasted = sekisho_diagnostics::MappedText::new(value.span);
    pasted.push_mapped(&value.text, 0..1);
    pasted.push_replaced("@(1 + 1)", value.text.span(1..11));
    let again = Content::classified(pasted, false);
    assert_eq!((again.kind, again.text.text()), (ContentKind::Expression, "@(1 + 1)"));
}

#[test]
fn markup_in_a_body_is_there_byte_for_byte() {
    let inner =
        "\n  <soap:Envelope xmlns:soap=\"urn:s\"><!-- c --><b>{{x}} &amp; </b> <i/></soap:Envelope>\n";
    let (map, root) = read(&format!("<policies><set-body template=\"liquid\">{inner}</set-body></policies>"));
    let body = child(&root, 0);
    assert!(body.text().is_none());
    let source = body.inner_source();
    assert_eq!(source.text(), inner);
    assert_eq!(map.slice(source.whole_span()), inner);
    assert_eq!(child(body, 0).name, "soap:Envelope");
    let (_, empty) = read("<set-body />");
    assert_eq!(empty.inner_source().text(), "");
}

#[test]
fn the_whole_text_keeps_white_space() {
    let (map, root) = read("<v> a &lt; <!-- c --><![CDATA[&lt;]]> b < c\n</v>");
    assert!(root.text().is_none(), "text in several parts");
    let whole = root.whole_text();
    assert_eq!(whole.text(), " a < &lt; b < c\n");
    let b = whole.text().find('b').unwrap();
    assert_eq!(map.slice(whole.span(b..b + 1)), "b");
}

#[test]
fn children_keep_their_order_and_white_space_between_them_is_gone() {
    let (_, root) = read("<a>\n one <b/> two\n <c> </c>\n</a>");
    let shape: Vec<&str> = root
        .children
        .iter()
        .map(|child| match child {
            Node::Element(element) => element.name.as_str(),
            Node::Text(content) => content.text.text(),
        })
        .collect();
    assert_eq!(shape, ["one", "b", "two", "c"]);
    assert!(root.text().is_none());
    assert!(child(&root, 1).text().is_none());
}

/// The idioms of published documents in one: every value is counted, so none swallowed another.
#[test]
fn a_document_of_common_idioms_is_read() {
    let text = r#"<fragment>
	<!-- it's a comment with <when condition="@(x"> -->
	<set-variable name="c" value="@(H.GetValueOrDefault("cookie", "").Split(';').Select(x => x.Trim()).SingleOrDefault(c => c[0] == "{{Prefix}}")?[1] ?? "")" />
	<choose>
		<when condition="@(((IResponse)context.Variables["tokens"]).StatusCode != 200 && a < b)">
			<set-header name="Location" exists-action="override">
				<value>@($"/oauth/signin?redirect={(string)context.Variables["redirect"]}")</value>
			</set-header>
		</when>
	</choose>
	<set-variable name="d" value="@{
		var key = {{TokenKey}}; // don't swap
		var other = key == 1 ? "{{Key1}}" : "{{Key2}}";
		return $"{Convert.ToBase64String(token)}.{key}";
	}" />
	<cache-store-value key="@($"tokens-{V["k"]}-at")" value="@(D.UtcNow.AddSeconds((int)V["t"] / 2))" duration="{{Seconds}}" />
	<set-variable name="e" value="@($"client_id={{ClientId}}&refresh_token={(string)V["t"]}&secret={Uri.EscapeDataString("{{Secret}}")}")" />
	<send-request>
		<set-url>
			@{
			var key = "{{geo-key}}";
			return $"https://maps.example/json?address={code}&key={key}";
			}
		</set-url>
	</send-request>
</fragment>"#;
    let (map, root) = read(text);
    assert_eq!(root.elements().count(), 6);
    let store = child(&root, 3);
    assert_eq!(store.attributes.len(), 3);
    let places: Vec<&str> =
        store.attributes.iter().map(|attribute| map.slice(attribute.value.span)).collect();
    assert_eq!(
        places,
        [r#"@($"tokens-{V["k"]}-at")"#, r#"@(D.UtcNow.AddSeconds((int)V["t"] / 2))"#, "{{Seconds}}"]
    );
    let url = child(child(&root, 5), 0).text().unwrap();
    assert_eq!(url.kind, ContentKind::StatementBlock);
    assert!(url.text.text().ends_with("{key}\";\n\t\t\t}"));
}
