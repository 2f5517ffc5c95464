use crate::testing::{assert_evaluates, assert_throws};

fn quoted(text: &str) -> String {
    format!("@\"{}\"", text.replace('"', "\"\""))
}

/// Text; what `ToString()` makes of the parsed element, and without formatting. As .NET writes them.
const PARSED: &[(&str, &str, &str)] = &[
    ("<a/>", "<a />", "<a />"),
    ("<a></a>", "<a></a>", "<a></a>"),
    ("<a>t</a>", "<a>t</a>", "<a>t</a>"),
    ("<a><b/></a>", "<a>\n  <b />\n</a>", "<a><b /></a>"),
    ("<a>x<b/></a>", "<a>x<b /></a>", "<a>x<b /></a>"),
    ("<a> <b/> </a>", "<a>\n  <b />\n</a>", "<a><b /></a>"),
    (
        "<a x='1' y=\"2\"><b>1</b><c d='&lt;&quot;&apos;&#10;&#x9;\n'/></a>",
        "<a x=\"1\" y=\"2\">\n  <b>1</b>\n  <c d=\"&lt;&quot;'&#xA;&#x9; \" />\n</a>",
        "<a x=\"1\" y=\"2\"><b>1</b><c d=\"&lt;&quot;'&#xA;&#x9; \" /></a>",
    ),
    ("<a xmlns='u'><b/></a>", "<a xmlns=\"u\">\n  <b />\n</a>", "<a xmlns=\"u\"><b /></a>"),
    (
        "<p:a xmlns:p='u'><p:b p:x='1'/></p:a>",
        "<p:a xmlns:p=\"u\">\n  <p:b p:x=\"1\" />\n</p:a>",
        "<p:a xmlns:p=\"u\"><p:b p:x=\"1\" /></p:a>",
    ),
    ("<a><![CDATA[<x>]]></a>", "<a><![CDATA[<x>]]></a>", "<a><![CDATA[<x>]]></a>"),
    ("<a><!--c--><?pi d?></a>", "<a>\n  <!--c-->\n  <?pi d?>\n</a>", "<a><!--c--><?pi d?></a>"),
    ("<a>&amp;&lt;&gt;&quot;&#65;</a>", "<a>&amp;&lt;&gt;\"A</a>", "<a>&amp;&lt;&gt;\"A</a>"),
    ("<?xml version='1.0' encoding='utf-8'?><a/>", "<a />", "<a />"),
    ("<!-- x --><a/>", "<a />", "<a />"),
    ("<a>\r\n</a>", "<a></a>", "<a></a>"),
    ("<a\n/>", "<a />", "<a />"),
    (
        "<a><b><c>1</c></b><b>2</b></a>",
        "<a>\n  <b>\n    <c>1</c>\n  </b>\n  <b>2</b>\n</a>",
        "<a><b><c>1</c></b><b>2</b></a>",
    ),
    (
        "<a xml:space='preserve'> <b/></a>",
        "<a xml:space=\"preserve\"> <b /></a>",
        "<a xml:space=\"preserve\"> <b /></a>",
    ),
    ("  <a/>", "<a />", "<a />"),
    ("<a>é😀</a>", "<a>é😀</a>", "<a>é😀</a>"),
    ("<a>&#13;&#10;x&#13;</a>", "<a>\nx\n</a>", "<a>\nx\n</a>"),
    (
        "<a><b>1</b><c>t<d/></c><e><f/></e></a>",
        "<a>\n  <b>1</b>\n  <c>t<d /></c>\n  <e>\n    <f />\n  </e>\n</a>",
        "<a><b>1</b><c>t<d /></c><e><f /></e></a>",
    ),
];

#[test]
fn texts_of_dotnet() {
    for (text, indented, compact) in PARSED {
        let parse = format!("XElement.Parse({})", quoted(text));
        assert_evaluates(&format!("@({parse}.ToString())"), "System.String", indented);
        assert_evaluates(
            &format!("@({parse}.ToString(SaveOptions.DisableFormatting))"),
            "System.String",
            compact,
        );
    }
    let document = r#"@(XDocument.Parse("<?xml version='1.0'?><!-- x --><a/>").ToString())"#;
    assert_evaluates(document, "System.String", "<!-- x -->\n<a />");
    let preserved = r#"@(XElement.Parse("<a> <b/> </a>", LoadOptions.PreserveWhitespace).ToString())"#;
    assert_evaluates(preserved, "System.String", "<a> <b /> </a>");
}

#[test]
fn what_is_no_xml() {
    let texts = [
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "",
        "text",
        "<a>&foo;</a>",
        "<a b='1' b='2'/>",
        "<a b=1/>",
        "<p:a/>",
        "<a>]]></a>",
        "<a b='<'/>",
        "<1a/>",
        "<!DOCTYPE a [<!ENTITY x '&x;'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x '<b>'>]><a>&x;</a>",
        "<a b='1'c='2'/>",
        "<a><!-- -- --></a>",
        " <?xml version='1.0'?><a/>",
        "<a xmlns:p=''/>",
        "x<a/>",
        "<a/>x",
        "<a>&#0;</a>",
        "<a b='&x;'/>",
    ];
    for text in texts {
        assert_throws(&format!("@(XElement.Parse({}))", quoted(text)), "System.Xml.XmlException");
        assert_throws(&format!("@(XDocument.Parse({}))", quoted(text)), "System.Xml.XmlException");
    }
    let deep = format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000));
    assert_throws(&format!("@(XElement.Parse({}))", quoted(&deep)), "System.Xml.XmlException");
    let built = r#"@{ var x = new XElement("a"); for (var i = 0; i < 1000; i++) { x = new XElement("a", x); } return x; }"#;
    assert_throws(built, "System.NotSupportedException");
}

/// Runs code over a small tree.
fn over(code: &str, type_name: &str, value: &str) {
    let tree = "<r xmlns:p='u' id='7'><a>1</a><b k='v'>2<c>3</c></b><a>4</a><p:q p:z='9'/></r>";
    let expression =
        format!(r#"@{{ XNamespace u = "u"; var x = XElement.Parse("{tree}"); return {code}; }}"#);
    assert_evaluates(&expression, type_name, value);
}

#[test]
fn reading_a_tree() {
    let cases = [
        (r#"x.Element("a").Value"#, "1"),
        (r#"x.Attribute("id").Value + x.Attribute("zz")"#, "7"),
        (r#"x.Descendants("c").First().Value + x.Value"#, "31234"),
        (
            r#"x.Name + x.Name.LocalName + "[" + x.Name.NamespaceName + "]" + x.Element(u.GetName("q")).Name"#,
            "rr[]{u}q",
        ),
        (
            r#"x.Element("{u}q").Name.LocalName + x.Element(u.GetName("q")).Attribute(u.GetName("z")).Value"#,
            "q9",
        ),
        (r#"x.Element("b").Parent.Name + "" + x.FirstAttribute + x.LastAttribute"#, "rxmlns:p=\"u\"id=\"7\""),
        (
            r#"x.Element("b").ToString() + x.LastNode"#,
            "<b k=\"v\">2<c>3</c></b><p:q p:z=\"9\" xmlns:p=\"u\" />",
        ),
        (r#"string.Concat(x.Elements("a").Select(e => e.Value))"#, "14"),
        (r#"string.Concat(x.Elements().Elements().Select(e => e.Name.LocalName))"#, "c"),
        (r#"x.GetPrefixOfNamespace(u) + x.GetNamespaceOfPrefix("p") + x.GetDefaultNamespace()"#, "pu"),
        (r#"x.Element("a").NextNode.ToString()"#, "<b k=\"v\">2<c>3</c></b>"),
        (r#"(string)x.Element("zz") + (string)x.Attribute("id")"#, "7"),
    ];
    for (code, value) in cases {
        over(code, "System.String", value);
    }
    let numbers = [
        ("x.Descendants().Count()", "5"),
        ("x.DescendantsAndSelf().Count()", "6"),
        ("x.DescendantNodes().Count()", "9"),
        (r#"x.Element("b").ElementsAfterSelf().Count()"#, "2"),
        (r#"x.Descendants("c").First().Ancestors().Count()"#, "2"),
        (r#"(int)x.Element("a") + (int)x.Attribute("id")"#, "8"),
        ("x.Attributes().Count()", "2"),
    ];
    for (code, value) in numbers {
        over(code, "System.Int32", value);
    }
    over("x.NodeType", "System.Xml.XmlNodeType", "Element");
    over(r#"(int?)x.Attribute("zz") == null && x.Element("zz") == null"#, "System.Boolean", "true");
    over(r#"XNode.DeepEquals(x, new XElement(x)) && !x.Equals(new XElement(x))"#, "System.Boolean", "true");
    assert_throws(r#"@((int)XElement.Parse("<a>x</a>"))"#, "System.FormatException");
    assert_throws(r#"@(XElement.Parse("<a/>").Element("b").Value)"#, "System.NullReferenceException");
}

#[test]
fn building_a_tree() {
    let cases = [
        (
            r#"new XElement("a", new XAttribute("x", 1), new XElement("b", "t"), "text", 2.5, true, null, new[] { new XElement("c"), new XElement("d", 1) })"#,
            "<a x=\"1\">\n  <b>t</b>text2.5true<c /><d>1</d></a>",
        ),
        (r#"new XElement("a", (object)null)"#, "<a />"),
        (r#"new XElement("a", "")"#, "<a></a>"),
        (
            r#"new XElement("{u}a", new XElement("b"), new XElement("{u}c"), new XAttribute("{v}x", 1))"#,
            "<a p1:x=\"1\" xmlns:p1=\"v\" xmlns=\"u\">\n  <b xmlns=\"\" />\n  <c />\n</a>",
        ),
        (
            r#"new XElement(XName.Get("a", "u"), new XAttribute(XNamespace.Xmlns.GetName("p"), "u"), new XElement("{u}b"))"#,
            "<p:a xmlns:p=\"u\">\n  <p:b />\n</p:a>",
        ),
        (r#"new XElement("a", "\r\n\t<>&\"'")"#, "<a>\n\t&lt;&gt;&amp;\"'</a>"),
        (
            r#"new XElement("a", new XAttribute("b", "\r\n\t<>&\"'"))"#,
            "<a b=\"&#xD;&#xA;&#x9;&lt;&gt;&amp;&quot;'\" />",
        ),
        (r#"new XDocument(new XDeclaration("1.0", "utf-8", null), new XElement("a"))"#, "<a />"),
        (r#"XDocument.Parse("<?xml version='1.0'?><a/>").Declaration"#, "<?xml version=\"1.0\"?>"),
        (r#"new XCData("x]]>y")"#, "<![CDATA[x]]]]><![CDATA[>y]]>"),
        (r#"new XText("a<b")"#, "a&lt;b"),
        (r#"new XComment("c")"#, "<!--c-->"),
        (r#"new XProcessingInstruction("t", "d")"#, "<?t d?>"),
    ];
    for (code, value) in cases {
        assert_evaluates(&format!("@(({code}).ToString())"), "System.String", value);
    }
    assert_throws(r#"@(new XElement("a b"))"#, "System.Xml.XmlException");
    assert_throws(
        r#"@(new XDocument(new XElement("a"), new XElement("b")))"#,
        "System.InvalidOperationException",
    );
}

#[test]
fn changing_a_tree() {
    let cases = [
        (
            "<a>1<b/></a>",
            r#"e.Add(new XElement("c", 5)); e.AddFirst("f"); e.SetAttributeValue("k", "v"); e.SetElementValue("b", "B"); e.SetElementValue("n", 3); e.Element("c").Remove();"#,
            "<a k=\"v\">f1<b>B</b><n>3</n></a>",
        ),
        ("<a x='1'>1<b/></a>", r#"e.SetValue(7); e.SetAttributeValue("x", null);"#, "<a>7</a>"),
        (
            "<a><b/><c/></a>",
            r#"e.Element("b").ReplaceWith(new XElement("z")); e.Element("c").AddAfterSelf(new XElement("y")); e.Element("c").AddBeforeSelf("t"); e.Element("c").Value = "v";"#,
            "<a><z />t<c>v</c><y /></a>",
        ),
        ("<a q='1'><b/><c/></a>", "e.RemoveNodes();", "<a q=\"1\" />"),
        ("<a q='1'><b/><c/></a>", "e.RemoveAll();", "<a />"),
        (
            "<a q='1'><b/><b/><c/></a>",
            r#"e.Elements("b").Remove(); e.Attributes().Remove();"#,
            "<a><c /></a>",
        ),
        ("<a/>", r#"e.Name = "z";"#, "<z />"),
        ("<a><b/></a>", "e.Element(\"b\").Add(e);", "<a><b><a><b /></a></b></a>"),
    ];
    for (text, code, value) in cases {
        let expression = format!(
            r#"@{{ var e = XElement.Parse("{text}"); {code} return e.ToString(SaveOptions.DisableFormatting); }}"#
        );
        assert_evaluates(&expression, "System.String", value);
    }
}

#[test]
fn a_node_keeps_the_tree_that_it_came_from() {
    let cases = [
        (
            r#"XElement.Parse("<a><b><c/></b></a>").Element("b").Element("c").Ancestors().Count()"#,
            "System.Int32",
            "2",
        ),
        (
            r#"XDocument.Parse("<a><b/></a>").Root.Element("b").Document.Root.Name.LocalName"#,
            "System.String",
            "a",
        ),
        (
            r#"XElement.Parse("<r xmlns:p='u'><p:q/></r>").Elements().First().ToString()"#,
            "System.String",
            "<p:q xmlns:p=\"u\" />",
        ),
        (
            r#"XElement.Parse("<a><b/></a>").Element("b").Parent.Element("b").Parent.Name.LocalName"#,
            "System.String",
            "a",
        ),
    ];
    for (code, type_name, value) in cases {
        assert_evaluates(&format!("@({code})"), type_name, value);
    }
    let joined = r#"@{ var b = new XElement("b"); new XElement("a", b); var c = new XElement("c"); b.Add(c); return c.Parent.Parent.Name.LocalName; }"#;
    assert_evaluates(joined, "System.String", "a");
    let same = r#"@{ var x = XElement.Parse("<a><b/></a>"); return x.FirstNode == x.LastNode && x.Element("b").Parent == x; }"#;
    assert_evaluates(same, "System.Boolean", "true");
}

#[test]
fn walks_see_changes() {
    let tree = "<r><a/><b><c/></b><a/></r>";
    let cases = [
        // The walk ends where its node is gone.
        ("foreach (var e in x.Elements()) e.Remove();", "<r><b><c /></b><a /></r>"),
        ("x.Elements().Remove();", "<r />"),
        (
            "foreach (var e in x.Elements(\"a\")) e.AddAfterSelf(new XElement(\"n\"));",
            "<r><a /><n /><b><c /></b><a /><n /></r>",
        ),
        ("x.ReplaceNodes(x.Elements(\"a\"));", "<r><a /><a /></r>"),
    ];
    for (code, value) in cases {
        let expression = format!(
            r#"@{{ var x = XElement.Parse("{tree}"); {code} return x.ToString(SaveOptions.DisableFormatting); }}"#
        );
        assert_evaluates(&expression, "System.String", value);
    }
    assert_throws(
        &format!(r#"@{{ foreach (var e in XElement.Parse("{tree}").Descendants()) e.Remove(); return 1; }}"#),
        "System.NullReferenceException",
    );
}

#[test]
fn entities_are_bounded() {
    let mut subset = String::from("<!ENTITY e0 'xxxxxxxxxx'>");
    for level in 1..10 {
        let inner = format!("&e{};", level - 1).repeat(10);
        subset.push_str(&format!("<!ENTITY e{level} '{inner}'>"));
    }
    let text = format!("<!DOCTYPE a [{subset}]><a>&e9;</a>");
    let expression = format!("@(XElement.Parse({}).Value.Length)", quoted(&text));
    let thrown = crate::testing::evaluate(&expression).unwrap_err();
    let types = ["System.Xml.XmlException", "System.InsufficientExecutionStackException"];
    assert!(types.contains(&thrown.type_name()), "{thrown:?}");
}

#[test]
fn documents_of_system_xml() {
    let load = r#"var d = new XmlDocument(); d.LoadXml("<r xmlns:p='u'><a k='v'>1</a><p:b/><a>2</a></r>"); var m = new XmlNamespaceManager(d.NameTable); m.AddNamespace("x", "u");"#;
    let cases = [
        ("d.DocumentElement.SelectSingleNode(\"a\").InnerText", "1"),
        ("d.SelectSingleNode(\"//a[2]\").InnerText + d.SelectSingleNode(\"//@k\").Value", "2v"),
        ("d.SelectSingleNode(\"//x:b\", m).Name", "p:b"),
        ("d.DocumentElement[\"a\"].GetAttribute(\"k\") + d.DocumentElement.ChildNodes.Count", "v3"),
        ("d.DocumentElement.OuterXml", "<r xmlns:p=\"u\"><a k=\"v\">1</a><p:b /><a>2</a></r>"),
    ];
    for (code, value) in cases {
        assert_evaluates(&format!("@{{ {load} return {code}; }}"), "System.String", value);
    }
    for path in ["//a[", "foo()", "//p:b", "1 + 1", "$v"] {
        assert_throws(
            &format!("@{{ {load} return d.SelectSingleNode(\"{path}\"); }}"),
            "System.Xml.XPath.XPathException",
        );
    }
    let deep = "(".repeat(1000) + "a" + &")".repeat(1000);
    assert_throws(
        &format!("@{{ {load} return d.SelectSingleNode(\"{deep}\"); }}"),
        "System.Xml.XPath.XPathException",
    );
}

#[test]
fn a_reader_goes_from_token_to_token() {
    let reader = r#"var r = XmlReader.Create(new StringReader("<r><b k='1'>x<c/></b><d/></r>"));"#;
    let cases = [
        (
            "var s = \"\"; r.MoveToContent(); while (!r.EOF) { if (r.Name == \"b\" && r.NodeType == XmlNodeType.Element) s += ((XElement)XNode.ReadFrom(r)).Value; else { s += r.Name; r.Read(); } } return s;",
            "rxdr",
        ),
        ("r.ReadToFollowing(\"b\"); return r.ReadInnerXml() + r.Name;", "x<c />d"),
        ("r.ReadToFollowing(\"b\"); return r.GetAttribute(\"k\") + r.Depth;", "11"),
    ];
    for (code, value) in cases {
        assert_evaluates(&format!("@{{ {reader} {code} }}"), "System.String", value);
    }
    assert_throws(
        r#"@{ var r = XmlReader.Create(new StringReader("<!DOCTYPE a><a/>")); while (r.Read()) { } return 1; }"#,
        "System.Xml.XmlException",
    );
}
