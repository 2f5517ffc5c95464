//! What the mutator begins with: the cases of the conformance suite, and expressions that strain every limit.

use std::path::Path;

const HOSTILE: &[&str] = &[
    "@{ while (true) { } }",
    "@{ int F(int n) => F(n + 1) + F(n); return F(0); }",
    "@{ Func<int, int> f = null; f = n => n < 2 ? n : f(n - 1) + f(n - 2); return f(40); }",
    "@{ var s = \"a\"; for (int i = 0; i < 40; i++) { s = s.Replace(\"a\", \"aa\"); } return s.Length; }",
    "@{ var s = \"a\"; while (true) { s = s + s.ToUpper() + $\"{s,10}\"; } }",
    "@{ var b = new StringBuilder(\"ab\"); while (true) { b.Append(b).Insert(0, b.ToString()).Replace(\"a\", \"bb\"); } }",
    "@(string.Join(\",\", Enumerable.Range(0, int.MaxValue)))",
    "@(new string('x', int.MaxValue).Length + \"\".PadLeft(int.MaxValue).Length)",
    "@(string.Format(\"{0,2000000000}{1:D999999}\", 1, 2))",
    "@(Enumerable.Range(0, int.MaxValue).ToList().OrderBy(x => -x).ToArray())",
    "@(Enumerable.Repeat(\"x\", 100000).SelectMany(x => Enumerable.Repeat(x, 100000)).Distinct().Count())",
    "@(Regex.IsMatch(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"(a+)+$\"))",
    "@(Regex.Replace(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", @\"(a|aa)+\\1$\", m => m.Value + m.Value))",
    "@(JObject.Parse(\"{\\\"a\\\":[[[[[[1]]]]]]}\").SelectTokens(\"$..*\").Select(t => t.ToString()).ToList())",
    "@{ var o = new JObject(); for (int i = 0; i < 1000; i++) { o = new JObject { [\"a\"] = o }; } return o; }",
    "@{ var l = new List<object>(); while (true) { l.Add(l.ToArray()); l.Reverse(); l.Insert(0, l.Count); } }",
    "@{ var d = new Dictionary<string, object>(); for (int i = 0; ; i++) { d[\"k\" + i] = d.Values.ToList(); } }",
    "@{ var q = new Queue<int>(); for (int i = 0; i < 100000; i++) { q.Enqueue(i); q.Contains(-1); } return q.Count; }",
    "@(XElement.Parse(\"<a><b><c d='e'>f</c></b></a>\").DescendantsAndSelf().Select(e => e.ToString()).ToList())",
    "@(Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('é', 100000)).Concat(new byte[100000]).ToArray()))",
    "@(decimal.MaxValue.ToString(\"N28\") + double.MaxValue.ToString(\"F99\") + 1e-300.ToString(\"R\"))",
    "@(DateTime.MaxValue.AddTicks(long.MaxValue).ToString(\"yyyyyyyyyyyyyyyyyyyy\") + TimeSpan.MinValue)",
    "@(new byte[1000].Encrypt(\"Aes\", new byte[32], new byte[16]).Decrypt(\"Aes\", new byte[32], new byte[16]))",
    "@(\"a,b;c\".Split(new[] { ',', ';' }, int.MinValue).Aggregate((a, b) => a + b + a))",
    "@{ try { throw new Exception(\"a\", new Exception(\"b\")); } catch (Exception e) when (e.InnerException != null) { throw; } finally { } }",
    "@(new int[] { 3, 1, 2 }.OrderBy(x => { while (true) { } return x; }).First())",
    "@(unchecked((int)uint.MaxValue << 33) / (int.MinValue % -1))",
    "@(context.Request.Body.As<JObject>(true)[\"a\"][1][\"b\"]?.ToString() ?? context.Request.Url.Query[\"d\"][1])",
    "@(((JObject)context.Variables[\"j\"]).SelectToken(\"a.b[?(@.c == 'd')].c\").Value<string>())",
    "@(context.Response.Body.As<XElement>().Elements().First().Attribute(\"c\").Value)",
];

/// All seeds. The folder may be absent.
pub(crate) fn all(conformance: &Path) -> Vec<String> {
    let mut out: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    let mut files: Vec<_> = std::fs::read_dir(conformance)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.sort();
    for file in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
        out.extend(cases(&std::fs::read_to_string(file).unwrap_or_default()));
    }
    out
}

/// The cases of a file: each begins in column 0 with `@(` or `@{`.
fn cases(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        if line.starts_with("@(") || line.starts_with("@{") {
            out.push(line.to_owned());
            is_open = true;
        } else if line.starts_with('#') || line.starts_with("context:") || line.starts_with("mono:") {
            is_open = false;
        } else if let (true, Some(last)) = (is_open, out.last_mut()) {
            last.push('\n');
            last.push_str(line);
        }
    }
    out.into_iter().map(|case| case.trim_end().to_owned()).collect()
}
