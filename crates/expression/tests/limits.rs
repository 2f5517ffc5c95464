//! Runaway expressions are ended by one of the limits, soon after it is reached.
#![allow(clippy::unwrap_used)] // A test fails by panicking, in its helpers too.

use std::time::{Duration, Instant};

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, compile};

/// Only time ends these, and memory those that keep what they make.
const TIME: Duration = Duration::from_millis(100);
const LIMITS: Limits = Limits { steps: u64::MAX, allocated_bytes: 4 << 30, time: TIME, ..Limits::DEFAULT };

/// What they may take beyond: an optimised build is what users run, and its bound is the promise.
const BEYOND: Duration = Duration::from_millis(if cfg!(debug_assertions) { 3000 } else { 50 });

/// A name, what comes before the endless loop, and what the loop does.
const LOOPS: &[(&str, &str, &str)] = &[
    ("nothing", "", ""),
    ("numbers", "long a = 1;", "a = a * 31 % 1000003;"),
    ("catch", "", "try { throw new Exception(\"a\"); } catch (Exception) { }"),
    ("replace", "var s = new string('a', 4000000);", "s.Replace(\"a\", \"b\");"),
    ("replace-nothing", "var s = new string('a', 4000000);", "s.Replace(\"ab\", \"b\");"),
    (
        "replace-ignoring-case",
        "var s = new string('a', 4000000);",
        "s.Replace(\"A\", \"b\", StringComparison.OrdinalIgnoreCase);",
    ),
    ("index-of", "var s = new string('a', 4000000);", "s.IndexOf(\"b\");"),
    (
        "index-of-worst",
        "var s = new string('a', 4000000); var t = new string('a', 2000) + \"b\";",
        "s.IndexOf(t);",
    ),
    (
        "index-of-ignoring-case",
        "var s = new string('é', 2000000);",
        "s.IndexOf(\"b\", StringComparison.OrdinalIgnoreCase);",
    ),
    (
        "contains-culture",
        "var s = new string('é', 2000000);",
        "s.StartsWith(s, StringComparison.InvariantCulture);",
    ),
    ("compare-culture", "var s = new string('é', 2000000); var t = s + \"a\";", "string.Compare(s, t);"),
    ("equal", "var s = new string('a', 4000000); var t = s + \"\";", "if (s == t + \"\") { }"),
    (
        "equals",
        "var s = new string('a', 4000000); var t = s + \"x\"; var u = s + \"y\";",
        "t.Equals(u); object.Equals(t, u);",
    ),
    ("upper", "var s = new string('é', 2000000);", "s.ToUpper();"),
    ("index", "var s = new string('é', 2000000); var n = 0;", "n = s[1999999];"),
    ("substring", "var s = new string('é', 2000000);", "s.Substring(1, 3);"),
    ("split", "var s = new string(',', 2000000);", "s.Split(',');"),
    ("trim", "var s = new string(' ', 4000000);", "s.Trim();"),
    ("hash", "var s = new string('a', 4000000);", "s.GetHashCode();"),
    ("key", "var s = new string('a', 4000000); var d = new Dictionary<string, int>();", "d.ContainsKey(s);"),
    ("join", "var l = Enumerable.Repeat(\"ab\", 500000).ToList();", "string.Join(\",\", l);"),
    ("concat", "var s = new string('a', 4000000);", "string.Concat(s, \"b\");"),
    ("format", "var s = new string('a', 4000000);", "string.Format(\"{0}\", s);"),
    ("format-parse", "var s = string.Concat(Enumerable.Repeat(\"{{}}\", 500000));", "string.Format(s, 1);"),
    ("number-format", "var f = new string('0', 1000000);", "1.5.ToString(f);"),
    (
        "date-format",
        "var f = string.Concat(Enumerable.Repeat(\"yyyy\", 200000));",
        "DateTime.MinValue.ToString(f);",
    ),
    (
        "date-format-plain",
        "var f = new string('a', 100000); var g = new string('\\'', 100000);",
        "DateTime.MinValue.ToString(f); try { DateTime.MinValue.ToString(g); } catch (Exception) { }",
    ),
    ("date-parse", "var f = new string(' ', 2000000);", "try { DateTime.Parse(f); } catch { }"),
    (
        "number-parse",
        "var f = new string('1', 2000000);",
        "double.Parse(f); try { decimal.Parse(f); } catch { }",
    ),
    ("decimal", "var m = 1.0000000000000000000000000001m;", "m = m * m / 1.0000000000000000000000000003m;"),
    ("builder", "var b = new StringBuilder(new string('a', 4000000));", "b.Replace(\"a\", \"b\");"),
    (
        "builder-insert",
        "var b = new StringBuilder(new string('a', 4000000));",
        "b.Insert(0, 'x'); b.Remove(0, 1);",
    ),
    ("builder-index", "var b = new StringBuilder(new string('é', 2000000)); var n = 0;", "n = b[1999999];"),
    ("regex-words", "var s = new string('a', 200000);", "Regex.Matches(s, \"a\").Count.ToString();"),
    (
        "regex-backtrack",
        "var s = new string('a', 40) + \"!\";",
        "try { Regex.IsMatch(s, @\"^(?:(?=a)a|a)+$\"); } catch (Exception) { }",
    ),
    (
        "regex-classic",
        "var s = new string('a', 100000) + \"!\";",
        "try { Regex.IsMatch(s, @\"(a+)+$\"); } catch (Exception) { }",
    ),
    (
        "regex-back-reference",
        "var s = new string('a', 20000) + \"!\";",
        "try { Regex.IsMatch(s, @\"(a*)(a*)\\1\\2$\"); } catch (Exception) { }",
    ),
    ("regex-replace", "var s = new string('a', 200000);", "Regex.Replace(s, \"a\", \"bb\");"),
    ("regex-split", "var s = new string('a', 200000);", "Regex.Split(s, \"a\");"),
    (
        "regex-compile",
        "var n = 0;",
        "n++; try { new Regex(\"(a{1,1000}){1,1000}\" + n); } catch (Exception) { }",
    ),
    ("list-contains", "var l = Enumerable.Range(0, 1000000).ToList();", "l.Contains(-1); l.IndexOf(-1);"),
    ("list-insert", "var l = Enumerable.Range(0, 1000000).ToList();", "l.Insert(0, 1); l.RemoveAt(0);"),
    ("list-reverse", "var l = Enumerable.Range(0, 1000000).ToList();", "l.Reverse();"),
    ("list-sort", "var l = Enumerable.Range(0, 1000000).ToList();", "l.Sort((a, b) => b - a);"),
    ("list-copies", "var l = Enumerable.Range(0, 1000000).ToList();", "l.ToArray();"),
    ("array-index-of", "var a = new int[1000000];", "Array.IndexOf(a, 1); Array.Reverse(a); Array.Sort(a);"),
    ("byte-arrays", "var a = new byte[8000000];", "a.Contains((byte)1);"),
    ("order-by", "var l = Enumerable.Range(0, 1000000).ToList();", "l.OrderBy(x => -x).First();"),
    (
        "distinct",
        "var l = Enumerable.Range(0, 1000000).ToList();",
        "l.Distinct().Count(); l.GroupBy(x => x % 3).Count();",
    ),
    (
        "last",
        "var l = Enumerable.Range(0, 1000000).ToList();",
        "l.Last(); l.ElementAt(999999); l.Skip(999999).First();",
    ),
    ("sequence-equal", "var l = Enumerable.Range(0, 1000000).ToList();", "l.SequenceEqual(l);"),
    (
        "dictionary",
        "var d = Enumerable.Range(0, 300000).ToDictionary(x => x);",
        "d.ContainsValue(-1); d.Keys.Count.ToString(); d.Count.ToString();",
    ),
    (
        "dictionary-removed",
        "var d = Enumerable.Range(0, 300000).ToDictionary(x => x); for (int i = 1; i < 300000; i++) { d.Remove(i - 1); }",
        "d.First();",
    ),
    (
        "foreach-break",
        "var d = Enumerable.Range(0, 300000).ToDictionary(x => x);",
        "foreach (var p in d) { break; }",
    ),
    ("text-foreach-break", "var s = new string('a', 4000000);", "foreach (var c in s) { break; }"),
    ("text-first", "var s = new string('a', 4000000);", "s.First(); s.ToCharArray();"),
    (
        "json-parse",
        "var s = \"[\" + string.Join(\",\", Enumerable.Range(0, 300000)) + \"]\";",
        "JArray.Parse(s);",
    ),
    (
        "json-parse-objects",
        "var s = \"[\" + string.Join(\",\", Enumerable.Repeat(\"{\\\"a\\\":{\\\"b\\\":\\\"2024-01-01T00:00:00Z\\\"}}\", 50000)) + \"]\";",
        "JToken.Parse(s);",
    ),
    ("json-deep", "var s = new string('[', 1000000);", "try { JToken.Parse(s); } catch (Exception) { }"),
    ("json-text", "var j = new JArray(Enumerable.Range(0, 300000));", "j.ToString();"),
    ("json-clone", "var j = new JArray(Enumerable.Range(0, 300000));", "j.DeepClone();"),
    (
        "json-equals",
        "var j = new JArray(Enumerable.Range(0, 300000)); var k = j.DeepClone();",
        "JToken.DeepEquals(j, k);",
    ),
    (
        "json-select",
        "var j = new JArray(Enumerable.Range(0, 300000).Select(x => new JObject { [\"a\"] = x }));",
        "j.SelectToken(\"$..b\"); j.SelectTokens(\"$..*\").Count();",
    ),
    (
        "json-path",
        "var p = string.Concat(Enumerable.Repeat(\".a\", 500000)); var j = new JObject();",
        "j.SelectToken(\"$\" + p);",
    ),
    ("json-insert", "var j = new JArray(Enumerable.Range(0, 300000));", "j.Insert(0, 1); j.RemoveAt(0);"),
    (
        "json-last",
        "var j = new JArray(Enumerable.Range(0, 300000));",
        "j.Last.ToString(); j.IndexOf(j.Last); j.Count.ToString();",
    ),
    (
        "json-first",
        "var j = new JArray(Enumerable.Range(0, 300000));",
        "j.First().ToString(); j.Children().First().ToString(); j.Any();",
    ),
    (
        "json-of-object",
        "var l = Enumerable.Range(0, 300000).ToList();",
        "JArray.FromObject(l); JsonConvert.SerializeObject(l);",
    ),
    (
        "json-names",
        "var o = new JObject(); for (int i = 0; i < 50000; i++) { o[\"k\" + i] = i; }",
        "o.Properties().Count(); o.Property(\"k49999\").ToString(); foreach (var p in o) { break; }",
    ),
    (
        "xml-parse",
        "var s = \"<a>\" + string.Concat(Enumerable.Repeat(\"<b c='d'>e</b>\", 50000)) + \"</a>\";",
        "XElement.Parse(s);",
    ),
    (
        "xml-text",
        "var x = XElement.Parse(\"<a>\" + string.Concat(Enumerable.Repeat(\"<b c='d'>e</b>\", 50000)) + \"</a>\");",
        "x.ToString(); x.Value.ToString();",
    ),
    (
        "xml-walk",
        "var x = XElement.Parse(\"<a>\" + string.Concat(Enumerable.Repeat(\"<b c='d'>e</b>\", 50000)) + \"</a>\");",
        "x.Elements(\"z\").Count(); x.Descendants().Last().ToString(); x.Elements().First().ToString();",
    ),
    ("bytes", "var s = new string('é', 2000000);", "Encoding.UTF8.GetBytes(s);"),
    (
        "text-of-bytes",
        "var b = new byte[4000000];",
        "Encoding.UTF8.GetString(b); Encoding.ASCII.GetString(b); BitConverter.ToString(b);",
    ),
    (
        "base64",
        "var b = new byte[4000000]; var s = Convert.ToBase64String(b);",
        "Convert.ToBase64String(b); Convert.FromBase64String(s);",
    ),
    ("sha", "var b = new byte[8000000];", "SHA512.Create().ComputeHash(b); MD5.Create().ComputeHash(b);"),
    ("hmac", "var b = new byte[8000000];", "new HMACSHA512(b).ComputeHash(b);"),
    ("aes", "var b = new byte[4000000];", "b.Encrypt(\"Aes\", new byte[32], new byte[16]);"),
    (
        "escape",
        "var s = new string('é', 1000000);",
        "Uri.EscapeDataString(s); WebUtility.UrlEncode(s); WebUtility.HtmlEncode(s);",
    ),
    (
        "unescape",
        "var s = string.Concat(Enumerable.Repeat(\"%41&amp;\", 200000));",
        "Uri.UnescapeDataString(s); WebUtility.UrlDecode(s); WebUtility.HtmlDecode(s);",
    ),
    (
        "uri",
        "var s = \"http://a/\" + new string('b', 1000000);",
        "try { new Uri(s).ToString(); } catch (Exception) { }",
    ),
    (
        "jwt",
        "var s = new string('a', 1000000) + \".\" + new string('a', 1000000) + \".a\";",
        "s.AsJwt(); s.AsBasic();",
    ),
    ("guid", "var s = new string('a', 4000000);", "Guid g; Guid.TryParse(s, out g);"),
    ("interpolated", "var s = new string('a', 4000000);", "var t = $\"{s,10}{s}\";"),
    (
        "closures",
        "Func<int, int> f = x => x; for (int i = 0; i < 100; i++) { var g = f; f = x => g(x) + 1; }",
        "f(1);",
    ),
    (
        "lazy",
        "IEnumerable<int> e = Enumerable.Range(0, 1000000); for (int i = 0; i < 20; i++) { e = e.Where(x => true); }",
        "e.Count();",
    ),
    ("zip", "var e = Enumerable.Range(0, int.MaxValue);", "e.Where(x => false).FirstOrDefault();"),
    (
        "aggregate",
        "var e = Enumerable.Range(0, int.MaxValue);",
        "e.Sum(x => (long)x); e.Max(); e.Aggregate((a, b) => a ^ b);",
    ),
    ("cross", "var e = Enumerable.Range(0, int.MaxValue);", "e.SelectMany(x => e).Count();"),
    (
        "composite-keys",
        "object a = 1; for (int i = 0; i < 13; i++) { a = Tuple.Create(a, a); } var h = new HashSet<object>();",
        "h.Contains(a); a.Equals(Tuple.Create(a));",
    ),
];

#[test]
fn endless_loops_end_within_50_ms_of_their_limit() {
    let only = std::env::var("SEKISHO_LOOP").ok();
    let mut slow = Vec::new();
    for (name, before, turn) in LOOPS {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let text = format!("@{{ {before} while (true) {{ {turn} }} return 1; }}");
        let file = SourceMap::new().add("policy.xml", text.as_str());
        let program = match compile(&MappedText::verbatim(&text, file, 0)) {
            Ok(program) => program,
            Err(found) => panic!("{name} does not compile: {found:?}"),
        };
        let begin = Instant::now();
        let thrown = program.evaluate(&mut JsonContext::default(), &LIMITS).unwrap_err();
        let took = begin.elapsed();
        let beyond = took.saturating_sub(TIME);
        println!("{name}: {took:.0?} {thrown:?}");
        assert!(!thrown.is_catchable(), "{name}: {thrown:?}");
        if beyond > BEYOND {
            slow.push(format!("{name}: {beyond:.0?} beyond"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
