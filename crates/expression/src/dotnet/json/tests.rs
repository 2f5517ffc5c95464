//! Results as Newtonsoft.Json gives them; where its versions differ, the current one.

use super::{Formatting, parse, to_json};
use crate::Limits;
use crate::budget::Budget;
use crate::testing::{assert_evaluates, assert_throws, evaluate};
use crate::value::Value;

fn read(text: &str) -> Result<String, String> {
    let mut budget = Budget::new(&Limits::default());
    let token = parse(text, &mut budget).map_err(|thrown| thrown.message().to_owned())?;
    to_json(&token, Formatting::None).map_err(|thrown| thrown.message().to_owned())
}

#[track_caller]
fn assert_reads(text: &str, json: &str) {
    assert_eq!(read(text).as_deref(), Ok(json), "{text}");
}

#[track_caller]
fn assert_refuses(text: &str, message: &str) {
    assert_eq!(read(text).unwrap_err(), message, "{text}");
}

#[track_caller]
fn assert_text(expression: &str, value: &str) {
    assert_evaluates(expression, "System.String", value);
}

/// Name, type and message of what an expression throws.
#[track_caller]
fn assert_message(expression: &str, type_name: &str, message: &str) {
    let thrown = match evaluate(expression) {
        Err(thrown) => thrown,
        Ok(value) => panic!("{expression} gave {value:?}"),
    };
    assert_eq!((thrown.type_name(), thrown.message()), (type_name, message), "{expression}");
}

#[test]
fn reads_leniently() {
    for (text, json) in [
        ("[1,,2]", "[1,undefined,2]"),
        ("[1,]", "[1]"),
        ("[,1]", "[undefined,1]"),
        (r#"{"a":1,}"#, r#"{"a":1}"#),
        ("{a:1,$b:2,c1:3}", r#"{"a":1,"$b":2,"c1":3}"#),
        (r#"{'a':'x"y'}"#, r#"{"a":"x\"y"}"#),
        (r#"{"a":,"b":1}"#, r#"{"a":undefined,"b":1}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        ("// c\n{/*x*/\"a\":/*z*/1/*w*/}//", r#"{"a":1}"#),
        ("017", "15"),
        ("0x1F", "31"),
        ("NaN", "\"NaN\""),
        ("[-Infinity,Infinity]", "[\"-Infinity\",\"Infinity\"]"),
        ("undefined", "undefined"),
        (r#""a\u0000\u001f\u0085\u2028é\/'\"""#, r#""a\u0000\u001f\u0085\u2028é/'\"""#),
        (r#"{"a":"\ud83d\ude00"}"#, "{\"a\":\"😀\"}"),
        ("[\"a\nb\"]", r#"["a\nb"]"#),
        ("[1]//c", "[1]"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ] {
        assert_reads(text, json);
    }
}

#[test]
fn numbers_keep_their_text() {
    assert_reads(
        "[1.5e3,0.1,100000.0,1e15,1e14,123456789012345680.0,0.0001,0.00001,1.,.5,-0.0,1e5,-12,1e300]",
        "[1500.0,0.1,100000.0,1E+15,100000000000000.0,1.2345678901234568E+17,0.0001,1E-05,1.0,0.5,-0.0,100000.0,-12,1E+300]",
    );
}

#[test]
fn refuses_with_path_and_position() {
    for (text, message) in [
        ("{,}", "Invalid property identifier character: ,. Path '', line 1, position 1."),
        (
            r#"{"a":}"#,
            "Unexpected character encountered while parsing value: }. Path 'a', line 1, position 5.",
        ),
        (
            "[1 2]",
            "After parsing a value an unexpected character was encountered: 2. Path '[0]', line 1, position 3.",
        ),
        (r#"{"a":tru}"#, "Error parsing boolean value. Path 'a', line 1, position 5."),
        ("tru", "Error parsing boolean value. Path '', line 0, position 0."),
        (
            "[1]x",
            "Additional text encountered after finished reading JSON content: x. Path '', line 1, position 3.",
        ),
        ("", "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        ("  ", "Error reading JToken from JsonReader. Path '', line 1, position 2."),
        (r#"{"a":1"#, "Unexpected end of content while loading JObject. Path 'a', line 1, position 6."),
        ("[1", "Unexpected end of content while loading JArray. Path '[0]', line 1, position 2."),
        ("\"abc", "Unterminated string. Expected delimiter: \". Path '', line 1, position 4."),
        ("\"\\q\"", "Bad JSON escape sequence: \\q. Path '', line 1, position 3."),
        (
            r#"{"a" 1}"#,
            "Invalid character after parsing property name. Expected ':' but got: 1. Path '', line 1, position 5.",
        ),
        ("1-2", "Input string '1-2' is not a valid number. Path '', line 1, position 3."),
        ("12abc", "Input string '12abc' is not a valid number. Path '', line 1, position 5."),
        (
            r#"{"a b":{"c.d":[tru]}}"#,
            "Error parsing boolean value. Path '['a b']['c.d'][0]', line 1, position 15.",
        ),
        (
            r#"{"a":1 "b":2}"#,
            "After parsing a value an unexpected character was encountered: \". Path 'a', line 1, position 7.",
        ),
        (
            r#"{"a":1]"#,
            "JsonToken EndArray is not valid for closing JsonType Object. Path '', line 1, position 7.",
        ),
    ] {
        assert_refuses(text, message);
    }
    assert!(read(&"[".repeat(65)).unwrap_err().starts_with("The reader's MaxDepth of 64 has been exceeded."));
    assert_throws("@(JObject.Parse(\"[1]\"))", "Newtonsoft.Json.JsonReaderException");
    assert_message(
        "@(JObject.Parse(\"[1]\"))",
        "Newtonsoft.Json.JsonReaderException",
        "Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray. Path '', line 1, position 1.",
    );
}

#[test]
fn dates_are_recognised() {
    assert_reads(
        r#"["2020-01-02T03:04:05+02:00","2020-01-02T03:04:05","2020-01-02T03:04:05.1230000Z","2020-01-02","\/Date(1234567890000)\/","2020-13-02T03:04:05","2020-01-02T24:00:00"]"#,
        r#"["2020-01-02T01:04:05+00:00","2020-01-02T03:04:05","2020-01-02T03:04:05.123Z","2020-01-02","2009-02-13T23:31:30Z","2020-13-02T03:04:05","2020-01-03T00:00:00"]"#,
    );
    assert_text(
        "@((string)JObject.Parse(\"{\\\"d\\\":\\\"2020-01-02T03:04:05Z\\\"}\")[\"d\"])",
        "01/02/2020 03:04:05",
    );
    assert_text("@(JObject.Parse(\"{'d':'2020-01-02T03:04:05Z'}\")[\"d\"].Type.ToString())", "Date");
}

#[test]
fn writes_indented_by_default() {
    assert_text(
        "@(JObject.Parse(\"{'a':[1,{'b':[]},{}],'c':{},'d':null,'e':true,'f':'x'}\").ToString().Replace(\"\\n\", \"|\"))",
        r#"{|  "a": [|    1,|    {|      "b": []|    },|    {}|  ],|  "c": {},|  "d": null,|  "e": true,|  "f": "x"|}"#,
    );
    assert_text("@(new JProperty(\"a\", 1, 2).ToString(Newtonsoft.Json.Formatting.None))", r#""a":[1,2]"#);
}

/// An object with a token of every kind.
const ALL: &str = "JObject.Parse(\"{'a':1,'s':'str','f':1.5,'b':true,'n':null,'d':'2020-01-02T03:04:05Z','l':[1,2,3],'o':{'x':1},'y':'12','h':2.5,'z':3000000000}\")";

#[test]
fn explicit_casts_convert() {
    for (cast, key, ty, value) in [
        ("string", "a", "System.String", "1"),
        ("int", "f", "System.Int32", "2"),
        ("int", "h", "System.Int32", "2"),
        ("int", "y", "System.Int32", "12"),
        ("int", "b", "System.Int32", "1"),
        ("bool", "a", "System.Boolean", "true"),
        ("double", "a", "System.Double", "1"),
        ("double", "f", "System.Double", "1.5"),
        ("decimal", "f", "System.Decimal", "1.5"),
        ("string", "b", "System.String", "True"),
        ("string", "n", "null", "null"),
        ("int?", "n", "null", "null"),
        ("bool?", "n", "null", "null"),
        ("int?", "zz", "null", "null"),
        ("string", "zz", "null", "null"),
        ("long", "z", "System.Int64", "3000000000"),
        ("string", "f", "System.String", "1.5"),
    ] {
        assert_evaluates(&format!("@(({cast}){ALL}[\"{key}\"])"), ty, value);
    }
}

#[test]
fn explicit_casts_refuse() {
    for (cast, key, ty, message) in [
        ("int", "s", "System.FormatException", "Input string was not in a correct format."),
        ("bool", "s", "System.FormatException", "String was not recognized as a valid Boolean."),
        ("int", "n", "System.ArgumentException", "Can not convert Null to Int32."),
        ("int", "d", "System.ArgumentException", "Can not convert Date to Int32."),
        ("string", "l", "System.ArgumentException", "Can not convert Array to String."),
        ("string", "o", "System.ArgumentException", "Can not convert Object to String."),
        ("int", "zz", "System.ArgumentNullException", "Value cannot be null.\nParameter name: value"),
        ("int", "z", "System.OverflowException", "Value was either too large or too small for an Int32."),
        ("DateTime", "a", "System.ArgumentException", "Can not convert Integer to DateTime."),
        ("byte[]", "f", "System.ArgumentException", "Can not convert Float to byte array."),
    ] {
        assert_message(&format!("@(({cast}){ALL}[\"{key}\"])"), ty, message);
    }
}

#[test]
fn value_and_to_object() {
    for (member, ty, value) in [
        ("Value<string>(\"a\")", "System.String", "1"),
        ("Value<int>(\"f\")", "System.Int32", "2"),
        ("Value<int?>(\"n\")", "null", "null"),
        ("Value<int>(\"zz\")", "System.Int32", "0"),
        ("Value<bool>(\"b\")", "System.Boolean", "true"),
        ("Value<JArray>(\"l\")", "Newtonsoft.Json.Linq.JArray", "[1,2,3]"),
        ("Value<JToken>(\"o\")", "Newtonsoft.Json.Linq.JObject", "{\"x\":1}"),
        ("Value<string>(\"n\")", "null", "null"),
        ("Value<string>(\"d\")", "System.String", "01/02/2020 03:04:05"),
        ("SelectToken(\"l\").ToObject<int[]>().Length", "System.Int32", "3"),
        ("SelectToken(\"a\").ToObject<object>()", "System.Int64", "1"),
        ("SelectToken(\"o\").ToObject<Dictionary<string, string>>()[\"x\"]", "System.String", "1"),
        ("SelectToken(\"l\").Values<int>().Sum()", "System.Int32", "6"),
        ("GetValue(\"A\", StringComparison.OrdinalIgnoreCase).ToString()", "System.String", "1"),
        ("SelectToken(\"l\")[0].Value<int>()", "System.Int32", "1"),
    ] {
        assert_evaluates(&format!("@({ALL}.{member})"), ty, value);
    }
    for (member, ty) in [
        ("Value<int>(\"s\")", "System.FormatException"),
        ("Value<int>(\"n\")", "System.InvalidCastException"),
        ("Value<string>(\"o\")", "System.InvalidCastException"),
        ("Value<bool>(\"d\")", "System.InvalidCastException"),
        ("SelectToken(\"l\")[9]", "System.ArgumentOutOfRangeException"),
        ("SelectToken(\"l\")[\"q\"]", "System.ArgumentException"),
        ("SelectToken(\"a\")[\"q\"]", "System.InvalidOperationException"),
        ("SelectToken(\"zz\").ToString()", "System.NullReferenceException"),
        ("SelectToken(\"zz\", true)", "Newtonsoft.Json.JsonException"),
    ] {
        assert_throws(&format!("@({ALL}.{member})"), ty);
    }
    assert_message(
        &format!("@(((JToken){ALL})[0])"),
        "System.ArgumentException",
        "Accessed JObject values with invalid key value: 0. Object property name expected.",
    );
}

#[test]
fn trees_change_in_place() {
    let run = |body: &str| {
        format!(
            "@{{ var o = JObject.Parse(\"{{'a':{{'b':1}},'l':[1,2]}}\"); {body} return o.ToString(Newtonsoft.Json.Formatting.None); }}"
        )
    };
    for (body, json) in [
        ("o[\"a\"][\"b\"] = 2;", r#"{"a":{"b":2},"l":[1,2]}"#),
        ("o[\"n\"] = null;", r#"{"a":{"b":1},"l":[1,2],"n":null}"#),
        ("o.Add(\"x\", \"y\"); o.Remove(\"a\");", r#"{"l":[1,2],"x":"y"}"#),
        ("((JArray)o[\"l\"]).Add(3); o[\"l\"].Last.AddBeforeSelf(9);", r#"{"a":{"b":1},"l":[1,2,9,3]}"#),
        // A token with a parent is copied: the change of the original does not show.
        ("o[\"c\"] = o[\"a\"]; o[\"a\"][\"b\"] = 5;", r#"{"a":{"b":5},"l":[1,2],"c":{"b":1}}"#),
        ("o.Property(\"a\").Remove();", r#"{"l":[1,2]}"#),
        ("o[\"l\"][0].Remove();", r#"{"a":{"b":1},"l":[2]}"#),
        ("o[\"l\"][0].Replace(\"z\");", r#"{"a":{"b":1},"l":["z",2]}"#),
        (
            "((JArray)o[\"l\"]).Insert(0, new JObject(new JProperty(\"q\", 1.0)));",
            r#"{"a":{"b":1},"l":[{"q":1.0},1,2]}"#,
        ),
        ("o.Merge(JObject.Parse(\"{'a':{'c':2},'l':[3]}\"));", r#"{"a":{"b":1,"c":2},"l":[1,2,3]}"#),
        ("o.AddFirst(new JProperty(\"first\", true));", r#"{"first":true,"a":{"b":1},"l":[1,2]}"#),
        ("((JArray)o[\"l\"]).RemoveAt(1); ((JObject)o[\"a\"]).RemoveAll();", r#"{"a":{},"l":[1]}"#),
        (
            "foreach (var p in o.Properties().ToList()) { if (p.Name == \"a\") p.Value = p.Name; }",
            r#"{"a":"a","l":[1,2]}"#,
        ),
        (
            "foreach (var p in o) { if (p.Key == \"l\") ((JArray)p.Value).Clear(); }",
            r#"{"a":{"b":1},"l":[]}"#,
        ),
        ("o[\"self\"] = o;", r#"{"a":{"b":1},"l":[1,2],"self":{"a":{"b":1},"l":[1,2]}}"#),
    ] {
        assert_text(&run(body), json);
    }
    assert_message(
        &run("o[\"a\"].Remove();"),
        "Newtonsoft.Json.JsonException",
        "Cannot add or remove items from Newtonsoft.Json.Linq.JProperty.",
    );
    assert_message(
        &run("o.Add(\"a\", 1);"),
        "System.ArgumentException",
        "Can not add property a to Newtonsoft.Json.Linq.JObject. Property with the same name already exists on object.",
    );
    assert_message(
        &run("o.Add(new JValue(1));"),
        "System.ArgumentException",
        "Can not add Newtonsoft.Json.Linq.JValue to Newtonsoft.Json.Linq.JObject.",
    );
}

#[test]
fn constructors_take_content() {
    for (expression, json) in [
        (
            "new JObject(new JProperty(\"a\", 1), new JProperty(\"b\", new JArray(1, \"x\", true)))",
            r#"{"a":1,"b":[1,"x",true]}"#,
        ),
        ("new JObject { [\"a\"] = 1, [\"b\"] = \"x\" }", r#"{"a":1,"b":"x"}"#),
        ("new JObject { { \"a\", 1 }, { \"b\", null } }", r#"{"a":1,"b":null}"#),
        ("new JArray(new[] { 1, 2 })", "[1,2]"),
        ("new JArray(new string[] { \"a\", \"b\" })", r#"["a","b"]"#),
        ("new JArray { 1, \"x\" }", r#"[1,"x"]"#),
        ("new JProperty(\"a\", new List<string> { \"x\" }).Value", r#"["x"]"#),
        ("new JArray(new JArray(1))", "[1]"),
        (
            "new JArray(\"a b\".Split(' ').Select(s => new JObject(new JProperty(\"n\", s))))",
            r#"[{"n":"a"},{"n":"b"}]"#,
        ),
        (
            "JObject.FromObject(new { a = 1, b = \"x\", c = new[] { 1, 2 }, d = (string)null, e = 1.0, f = 1.50m })",
            r#"{"a":1,"b":"x","c":[1,2],"d":null,"e":1.0,"f":1.50}"#,
        ),
        (
            "JObject.FromObject(new { g = Guid.Empty, h = TimeSpan.FromSeconds(5), j = 'c', k = new byte[] { 1, 2 } })",
            r#"{"g":"00000000-0000-0000-0000-000000000000","h":"00:00:05","j":"c","k":"AQI="}"#,
        ),
        ("JToken.FromObject(new Dictionary<string, object> { { \"k\", 1 } })", r#"{"k":1}"#),
        ("JArray.FromObject(new List<int> { 1 })", "[1]"),
        (
            "JObject.FromObject(new { p = Tuple.Create(1, \"b\"), q = new KeyValuePair<string, int>(\"a\", 1) })",
            r#"{"p":{"Item1":1,"Item2":"b"},"q":{"Key":"a","Value":1}}"#,
        ),
    ] {
        assert_text(&format!("@(({expression}).ToString(Newtonsoft.Json.Formatting.None))"), json);
    }
    assert_throws("@(new JObject(1))", "System.ArgumentException");
    assert_throws("@(new JProperty(\"a\", new { b = 1 }))", "System.ArgumentException");
    assert_message(
        "@(JObject.FromObject(\"x\"))",
        "System.ArgumentException",
        "Object serialized to String. JObject instance expected.",
    );
}

#[test]
fn paths_and_queries() {
    let store = "JObject.Parse(\"{'store':{'book':[{'t':'A','p':8,'i':'x'},{'t':'B','p':12},{'t':'C','p':8.5}],'bike':{'p':20}},'a b':1}\")";
    for (path, found) in [
        ("store.book[0].t", "A"),
        ("$.store.book[*].t", "A,B,C"),
        ("$..p", "8,12,8.5,20"),
        ("$.store.book[?(@.p < 10)].t", "A,C"),
        ("$.store.book[?(@.i)].t", "A"),
        ("$.store.book[?(@.t == 'B' || @.p == 8)].t", "A,B"),
        ("$.store.book[?(@.p > 8 && @.t != 'B')].t", "C"),
        ("$.store.book[-1:].t", "C"),
        ("$.store.book[:2].t", "A,B"),
        ("$.store.book[::-1].t", "C,B,A"),
        ("$.store.book[0,2].t", "A,C"),
        ("['a b']", "1"),
        ("$.store['book'][1]['t']", "B"),
        ("store.book[5].t", ""),
        ("$..book[?(@.p >= $.store.bike.p)].t", ""),
    ] {
        let text = format!("@(string.Join(\",\", {store}.SelectTokens(\"{path}\").Select(t => (string)t)))");
        assert_text(&text, found);
    }
    let path = |token: &str| format!("@{{ var o = {store}; return {token}.Path; }}");
    assert_text(&path("o.SelectToken(\"$.store.book[1].p\")"), "store.book[1].p");
    assert_text(&path("o.Descendants().OfType<JProperty>().Last()"), "['a b']");
    assert_throws(&format!("@({store}.SelectToken(\"$..p\"))"), "Newtonsoft.Json.JsonException");
    assert_throws(&format!("@({store}.SelectToken(\"store[\"))"), "Newtonsoft.Json.JsonException");
}

#[test]
fn json_convert() {
    assert_text("@(JsonConvert.SerializeObject(new { a = 1, b = new[] { \"x\" } }))", r#"{"a":1,"b":["x"]}"#);
    assert_text("@(JsonConvert.SerializeObject(\"a\\\"b\"))", r#""a\"b""#);
    assert_text("@(JsonConvert.SerializeObject(null))", "null");
    assert_evaluates("@(JsonConvert.DeserializeObject(\"5\"))", "System.Int64", "5");
    assert_evaluates("@(JsonConvert.DeserializeObject(\"\"))", "null", "null");
    assert_evaluates("@(JsonConvert.DeserializeObject<List<int>>(\"[1,'2']\").Sum())", "System.Int32", "3");
    assert_text(
        "@(JsonConvert.DeserializeObject<Dictionary<string, string>>(\"{'e':'2020-01-02T03:04:05Z'}\")[\"e\"])",
        "2020-01-02T03:04:05Z",
    );
    assert_throws(
        "@(JsonConvert.DeserializeObject<List<int>>(\"['x']\"))",
        "Newtonsoft.Json.JsonReaderException",
    );
    assert_throws(
        "@(JsonConvert.DeserializeObject<string[]>(\"{}\"))",
        "Newtonsoft.Json.JsonSerializationException",
    );
    assert_throws(
        "@(JsonConvert.DeserializeObject<int>(\"null\"))",
        "Newtonsoft.Json.JsonSerializationException",
    );
}

#[test]
fn deep_equality_ignores_the_order_of_properties() {
    let equal = |left: &str, right: &str| {
        format!("@(JToken.DeepEquals(JToken.Parse(\"{left}\"), JToken.Parse(\"{right}\")))")
    };
    for (left, right, value) in [
        ("{'a':1,'b':[2]}", "{'b':[2],'a':1}", "true"),
        ("[1,2]", "[2,1]", "false"),
        ("1", "1.0", "false"),
        ("'a'", "'a'", "true"),
    ] {
        assert_evaluates(&equal(left, right), "System.Boolean", value);
    }
}

#[test]
fn a_tree_that_is_too_deep_is_refused_and_dropped_without_harm() {
    let deep = "@{ var t = new JArray(); for (int i = 0; i < 20000; i++) { t = new JArray((object)t); } return t.Count; }";
    assert!(matches!(evaluate(deep), Ok(Value::Int32(1))));
    let written = "@{ var t = new JArray(); for (int i = 0; i < 20000; i++) { t = new JArray((object)t); } return t.ToString(); }";
    assert!(!evaluate(written).unwrap_err().is_catchable());
}

#[test]
fn navigation() {
    let run = |expression: &str| {
        format!(
            "@{{ var o = JObject.Parse(\"{{'s':{{'b':[{{'t':1}},{{'t':2}}]}},'n':null,'e':[]}}\"); return {expression}; }}"
        )
    };
    for (expression, value) in [
        ("o.Children().Count()", "3"),
        ("o.Descendants().Count()", "14"),
        ("(int)o[\"s\"][\"b\"][0].Next[\"t\"]", "2"),
        ("o[\"s\"][\"b\"][0].Ancestors().Count()", "5"),
        ("o.Values().Count()", "3"),
        ("o[\"s\"][\"b\"].Values(\"t\").Count()", "2"),
        ("((JArray)o[\"s\"][\"b\"]).Values<int>(\"t\").Sum()", "3"),
        ("JArray.Parse(\"[{'a':1},2]\").Children<JObject>().Count()", "1"),
        ("new JValue(1).Children().Count()", "0"),
        ("new JValue(1).CompareTo(new JValue(2))", "-1"),
    ] {
        assert_evaluates(&run(expression), "System.Int32", value);
    }
    for (expression, value) in [
        ("o.First.ToString(Newtonsoft.Json.Formatting.None)", r#""s":{"b":[{"t":1},{"t":2}]}"#),
        ("o.Last.Type.ToString()", "Property"),
        ("o[\"s\"].Parent.Type.ToString()", "Property"),
        ("new JValue((string)null).Type.ToString()", "String"),
        ("new JValue(5).ToString(\"000\")", "005"),
        ("$\"{o[\"s\"][\"b\"][1][\"t\"]:000}\"", "002"),
        ("new JRaw(\"{x}\").ToString(Newtonsoft.Json.Formatting.None)", "{x}"),
    ] {
        assert_text(&run(expression), value);
    }
    assert_evaluates(&run("o[\"s\"][\"b\"][0].Previous"), "null", "null");
    assert_evaluates(&run("o[\"s\"].DeepClone().Parent"), "null", "null");
    assert_evaluates(&run("o[\"n\"].HasValues || o[\"e\"].HasValues"), "System.Boolean", "false");
    assert_evaluates(&run("o[\"n\"].Type == JTokenType.Null"), "System.Boolean", "true");
    assert_evaluates(&run("o.TryGetValue(\"zz\", out var found)"), "System.Boolean", "false");
    assert_throws(&run("new JValue(1).First"), "System.InvalidOperationException");
    assert_throws(&run("o.Property(\"n\")[\"x\"]"), "System.InvalidOperationException");
}

/// The shapes that policies use most.
#[test]
fn idioms_of_policies() {
    let run = |body: &str| {
        format!(
            "@{{ JObject body = JObject.Parse(\"{{'model':'m','stream':true,'max_tokens':5,'usage':{{'total_tokens':7}},'messages':[{{'role':'user','content':'hi'}}]}}\"); {body} }}"
        )
    };
    for (body, ty, value) in [
        ("return (string)body[\"messages\"][0][\"content\"];", "System.String", "hi"),
        ("return body[\"x\"]?[\"y\"]?.ToString() ?? \"none\";", "System.String", "none"),
        ("return body[\"usage\"]?[\"total_tokens\"]?.Value<int>() ?? 0;", "System.Int32", "7"),
        ("return body.Value<bool?>(\"stream\") == true;", "System.Boolean", "true"),
        ("return body.SelectToken(\"usage.total_tokens\")?.ToString();", "System.String", "7"),
        ("return body[\"stream\"] != null && body[\"stream\"].Value<bool>();", "System.Boolean", "true"),
        ("body[\"temperature\"] = 0.5; return body[\"temperature\"].ToString();", "System.String", "0.5"),
        ("return ((JArray)body[\"messages\"]).Count;", "System.Int32", "1"),
        ("return body[\"messages\"].Count();", "System.Int32", "1"),
        ("return body[\"messages\"].Any(m => (string)m[\"role\"] == \"user\");", "System.Boolean", "true"),
        ("return body[\"messages\"].Last()[\"role\"].ToString();", "System.String", "user"),
        (
            "return string.Join(\" \", body[\"messages\"].Select(m => m[\"content\"].ToString()));",
            "System.String",
            "hi",
        ),
        (
            "var s = 0; foreach (var m in body[\"messages\"]) { s += m[\"content\"].ToString().Length; } return s;",
            "System.Int32",
            "2",
        ),
        (
            "foreach (JObject m in (JArray)body[\"messages\"]) { m[\"role\"] = \"system\"; } return (string)body[\"messages\"][0][\"role\"];",
            "System.String",
            "system",
        ),
        ("return (int?)body[\"none\"] ?? 3;", "System.Int32", "3"),
        ("return body[\"max_tokens\"].ToObject<int>() + 1;", "System.Int32", "6"),
        ("return body[\"model\"].Type == JTokenType.String;", "System.Boolean", "true"),
        (
            "var a = new JArray(); a.Add(new JObject { { \"x\", 1 } }); body[\"l\"] = a; return body[\"l\"].ToString(Formatting.None);",
            "System.String",
            "[{\"x\":1}]",
        ),
        ("var a = new JArray(); a.Add(\"t\"); return a.First().ToString() + a.Last;", "System.String", "tt"),
        ("return body.Properties().Select(p => p.Name).First();", "System.String", "model"),
        ("return (body[\"messages\"] as JArray)?[0]?[\"role\"]?.Value<string>();", "System.String", "user"),
        ("return \"m=\" + body[\"model\"] + $\";{body[\"max_tokens\"]}\";", "System.String", "m=m;5"),
        ("return body.ContainsKey(\"model\") && !body.ContainsKey(\"q\");", "System.Boolean", "true"),
    ] {
        assert_evaluates(&run(body), ty, value);
    }
}
