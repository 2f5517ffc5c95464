use super::*;

/// Completes at `|`.
fn at_bar(text: &str) -> Completion {
    let cursor = text.find('|').unwrap();
    complete(&text.replacen('|', "", 1), cursor)
}

fn names(completion: &Completion) -> Vec<&str> {
    completion.candidates.iter().map(|candidate| candidate.text.as_str()).collect()
}

#[test]
fn what_is_offered_and_what_not() {
    // The text with the cursor; some names that are offered; some that are not.
    let cases: &[(&str, &[&str], &[&str])] = &[
        // Members of values.
        ("@(context.|)", &["Request", "Response", "Variables", "Trace", "ToString"], &["context", "string"]),
        ("@(context.Re|)", &["Request", "RequestId", "Response"], &["Variables"]),
        ("@(context.re|", &["Request", "RequestId", "Response"], &["Variables"]),
        ("@(context.Request.Url.|", &["Host", "Path", "Query"], &["Request"]),
        ("@(context.Request.Headers.G|", &["GetValueOrDefault"], &["ContainsKey"]),
        (
            "@(\"abc\".|",
            &["Length", "Substring", "AsJwt", "Select", "ToUpperInvariant"],
            &["IsNullOrEmpty", "Empty"],
        ),
        ("@(\"abc\".Substring(1).Tri|", &["Trim", "TrimEnd", "TrimStart"], &[]),
        ("@(context.Variables.GetValueOrDefault<string>(\"x\").Len|", &["Length"], &[]),
        ("@(((IResponse)context.Variables[\"r\"]).|", &["StatusCode", "Body"], &["Length"]),
        ("@((context.Variables[\"r\"] as JObject).Sel|", &["Select", "SelectToken", "SelectTokens"], &[]),
        (
            "@(context.Request.Body.As<JObject>(preserveContent: true)[\"a\"].|",
            &["SelectToken", "Value"],
            &["Length"],
        ),
        ("@(new JObject(new JProperty(\"a\", 1)).Prop|", &["Properties", "Property"], &[]),
        ("@(new { Name = \"x\", Age = 1 }.|", &["Name", "Age", "ToString"], &["Length"]),
        ("@(new { Name = \"x\" }.Name.Le|", &["Length"], &[]),
        ("@(new[] { 1, 2 }.|", &["Length", "Sum", "Select"], &[]),
        ("@(Tuple.Create(1, \"a\").Item2.Le|", &["Length"], &[]),
        ("@(DateTime.UtcNow.Add|", &["AddDays", "AddHours"], &["UtcNow"]),
        ("@(context.Timestamp.Date.Yea|", &["Year"], &[]),
        ("@((1 + 2).|", &["ToString", "CompareTo"], &["Parse", "Length"]),
        ("@(context.Product.SubscriptionLimit.|", &["HasValue", "Value", "GetValueOrDefault"], &[]),
        // After `?.`.
        ("@(context.Subscription?.|", &["Id", "Key", "Name"], &["Request"]),
        ("@(context.User?.Groups?.Select(g => g.|", &["Id", "Name"], &["Email"]),
        ("@(context.Response?.Headers?.|", &["ContainsKey", "GetValueOrDefault"], &[]),
        // Static members and values of enums.
        ("@(string.|", &["IsNullOrEmpty", "Join", "Empty"], &["Length", "Substring"]),
        ("@(String.Jo|", &["Join"], &[]),
        ("@(int.Pa|", &["Parse"], &[]),
        ("@(Convert.ToBase|", &["ToBase64String"], &[]),
        ("@(Math.M|", &["Max", "Min"], &["Abs"]),
        ("@(\"a\".Equals(\"b\", StringComparison.|", &["OrdinalIgnoreCase", "Ordinal"], &["Length"]),
        ("@(System.Text.Encoding.|", &["UTF8", "ASCII"], &["GetBytes"]),
        ("@(System.Text.Encoding.UTF8.|", &["GetBytes", "GetString"], &["UTF8"]),
        ("@(Newtonsoft.Json.Formatting.|", &["None", "Indented"], &[]),
        ("@(Enumerable.Ra|", &["Range"], &[]),
        // Namespaces and types.
        ("@(System.|", &["Text", "Guid", "DateTime"], &["JObject"]),
        ("@(System.Text.|", &["Encoding", "RegularExpressions", "StringBuilder"], &["Guid"]),
        ("@(Newtonsoft.Json.|", &["Linq", "JsonConvert"], &[]),
        ("@(new System.Text.Str|", &["StringBuilder"], &["Encoding"]),
        ("@(new JO|", &["JObject"], &["JArray", "context"]),
        ("@(new |", &["JObject", "Dictionary", "Uri"], &["context", "true"]),
        ("@(context.Variables[\"a\"] as JA|", &["JArray"], &["JObject"]),
        ("@((JO|", &["JObject"], &["JArray"]),
        ("@(context.Request.Body.As<JO|", &["JObject"], &["JArray"]),
        // Where a value may begin.
        ("@(|", &["context", "new", "null", "string", "Guid", "System"], &["if", "return", "var"]),
        ("@(con|", &["context", "Convert"], &["const"]),
        ("@(1 + con|", &["context"], &["const"]),
        ("@(string.IsNullOrEmpty(con|", &["context"], &[]),
        ("@{ |", &["return", "var", "if", "foreach", "context"], &[]),
        ("@{ var a = 1; re|", &["return"], &[]),
        ("@{ if (true) { ret|", &["return"], &[]),
        ("@{ return tr|", &["true"], &["try"]),
        // Locals.
        ("@{ var first = \"a\"; var second = 1; return fi|", &["first"], &["second"]),
        ("@{ var text = \"a\"; return text.|", &["Length"], &[]),
        ("@{ var text = \"a\"; text.|", &["Length"], &[]),
        ("@{ JObject o = JObject.Parse(\"{}\"); o[\"a\"].|", &["SelectToken"], &[]),
        ("@{ foreach (var c in \"abc\") { c.|", &["ToString", "CompareTo"], &["Length"]),
        ("@{ foreach (var pair in new Dictionary<string, int>()) { pair.|", &["Key", "Value"], &[]),
        ("@{ for (int i = 0; i < 3; i++) { i.To|", &["ToString"], &[]),
        ("@{ if (x.Y( { var inner = \"a\"; inner.Len|", &["Length"], &[]),
        ("@{ { var gone = 1; } return go|", &[], &["gone"]),
        ("@{ const int Limit = 3; return Li|", &["Limit", "List"], &[]),
        ("@{ int Twice(int n) { return n * 2; } return Tw|", &["Twice"], &[]),
        ("@{ int Twice(int number) { return num|", &["number"], &[]),
        ("@{ try { var a = 1; } catch (FormatException problem) { return problem.Mes|", &["Message"], &[]),
        ("@{ int n; if (int.TryParse(\"1\", out n)) { return n.Comp|", &["CompareTo"], &[]),
        ("@{ object o = 1; if (o is string s) { return s.Len|", &["Length"], &[]),
        ("@{ using (var h = SHA256.Create()) { h.Comp|", &["ComputeHash"], &[]),
        ("@{ var o = new JObject { [\"a\"] = context.Api.|", &["Id", "Name"], &[]),
        ("@{ var l = new List<string> { context.Api.|", &["Id", "Name"], &[]),
        ("@{ switch (context.Operation.Id) { case \"a\": return context.Api.Na|", &["Name"], &[]),
        // Lambdas.
        ("@(new[] { \"a\" }.Where(s => s.|", &["Length"], &[]),
        ("@(new[] { \"a\" }.Where(s => s.Length > 0).Select(t => t.Le|", &["Length"], &[]),
        ("@(new[] { \"a\" }.Where(some => so|", &["some"], &[]),
        ("@(new[] { \"a\" }.OrderBy(s => s.Le|", &["Length"], &[]),
        ("@(new[] { \"a\" }.Select((s, at) => at.To|", &["ToString"], &[]),
        ("@(context.User.Groups.Any(g => g.Na|", &["Name"], &[]),
        ("@{ Func<string, int> f = s => s.Le|", &["Length"], &[]),
        ("@(new[] { 1 }.Select(n => new { n, Twice = n * 2 }).Where(o => o.|", &["n", "Twice"], &[]),
        // Queries and tuples.
        ("@(from word in new[] { \"a\" } where word.Le|", &["Length"], &[]),
        ("@(from word in new[] { \"a\" } let size = word.Length orderby size.Comp|", &["CompareTo"], &[]),
        ("@(from word in new[] { \"a\" } select wo|", &["word"], &[]),
        ("@((name: \"a\", size: 1).|", &["name", "size"], &["Length"]),
        ("@{ var (name, size) = (\"a\", 1); return name.Le|", &["Length"], &[]),
        // Interpolated strings.
        ("@($\"a {context.Api.Na|", &["Name"], &[]),
        ("@($\"a {context.Api.Name} {context.Api.|", &["Id", "Name"], &[]),
        // What follows the cursor does not matter.
        ("@(context.Api.Na| + context.Nothing)", &["Name"], &[]),
        ("@{ var text = \"a\"; return text.Le|; }", &["Length"], &[]),
        // Nothing.
        ("@(\"context.|\")", &[], &["Request"]),
        ("@(1 // context.|", &[], &["Request"]),
        ("@(1 /* context.|", &[], &["Request"]),
        ("@($\"context.|", &[], &["Request"]),
        ("@{ var na|", &[], &["nameof", "name"]),
        ("@(context.Nothing.|", &[], &["Request"]),
        ("@(1|", &[], &["Int32"]),
        ("context.|", &[], &["Request"]),
        ("@|", &[], &["context"]),
        ("@(1)|", &[], &["context"]),
        ("|", &[], &["context"]),
    ];
    let mut wrong = Vec::new();
    for (text, offered, absent) in cases {
        let completion = at_bar(text);
        let found = names(&completion);
        let missing: Vec<_> = offered.iter().filter(|name| !found.contains(name)).collect();
        let surplus: Vec<_> = absent.iter().filter(|name| found.contains(name)).collect();
        if !missing.is_empty() || !surplus.is_empty() || found.iter().any(|name| name.contains(PROBE)) {
            wrong.push(format!(
                "{text}: missing {missing:?}, should not be there {surplus:?}, found {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_range_is_the_word_before_the_cursor() {
    for (text, range) in
        [("@(context.Re|", 10..12), ("@(context.|", 10..10), ("@(con|text)", 2..5), ("@(\"é\".Le|", 7..9)]
    {
        assert_eq!(at_bar(text).range, range, "{text}");
    }
}

#[test]
fn a_cursor_beyond_the_text_or_inside_a_character_does_no_harm() {
    assert_eq!(complete("@(context.", 4000).range, 10..10);
    assert_eq!(complete("@(\"é", 4).candidates, Vec::new());
}

#[test]
fn candidates_say_what_they_are() {
    let found = at_bar("@{ var text = \"a\"; return text.Sub|").candidates;
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((only.kind, only.text.as_str()), (Kind::Method, "Substring"));
    assert_eq!((only.signature.as_str(), only.overloads), ("string Substring(int startIndex)", 1));
    let found = at_bar("@{ var text = \"a\"; return tex|").candidates;
    assert!(
        found.iter().any(|one| one.kind == Kind::Variable && one.signature == "string text"),
        "{found:?}"
    );
    let found = at_bar("@(new StringBui|").candidates;
    assert!(found.iter().any(|one| one.signature == "class System.Text.StringBuilder"), "{found:?}");
}

#[test]
fn names_come_once_and_in_order() {
    let found = at_bar("@(\"a\".|");
    let mut sorted = names(&found);
    sorted.sort_by_key(|name| name.to_lowercase());
    sorted.dedup();
    assert_eq!(names(&found), sorted);
}

#[test]
fn members_by_the_name_of_a_type() {
    for name in ["string", "JObject", "System.Guid", "List<string>", "IRequest"] {
        let (of_type, of_value) = members_of_type(name).unwrap();
        assert!(!of_value.is_empty(), "{name}");
        assert!(of_type.is_empty() == (name == "IRequest" || name == "List<string>"), "{name}: {of_type:?}");
    }
    assert!(members_of_type("File").is_none());
}
