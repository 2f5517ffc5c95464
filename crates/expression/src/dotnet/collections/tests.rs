//! Results as .NET gives them.

use crate::testing::{assert_evaluates, assert_throws, evaluate};

/// Runs statements over `l`, a list of 3, 1, 2, and compares the text of the result.
#[track_caller]
fn assert_list(body: &str, value: &str) {
    let program = format!("@{{ var l = new List<int> {{ 3, 1, 2 }}; {body} }}");
    assert_evaluates(&program, "System.String", value);
}

#[test]
fn lists() {
    let then = |change: &str| format!("{change} return string.Join(\",\", l);");
    for (change, value) in [
        ("l.Add(4);", "3,1,2,4"),
        ("l.AddRange(new[] { 7, 8 });", "3,1,2,7,8"),
        ("l.Insert(0, 9);", "9,3,1,2"),
        ("l.InsertRange(1, new[] { 7, 8 });", "3,7,8,1,2"),
        ("l.Remove(1);", "3,2"),
        ("l.RemoveAt(0);", "1,2"),
        ("l.RemoveRange(0, 2);", "2"),
        ("l.RemoveAll(n => n > 1);", "1"),
        ("l.Clear();", ""),
        ("l.Sort();", "1,2,3"),
        ("l.Sort((a, b) => b - a);", "3,2,1"),
        ("l.Reverse();", "2,1,3"),
        ("l[0] = 5; l[1]++;", "5,2,2"),
        ("l = l.FindAll(n => n != 1);", "3,2"),
        ("l = l.GetRange(1, 2);", "1,2"),
        ("l = l.ConvertAll(n => n * 2);", "6,2,4"),
        ("l = new List<int>(l.ToArray());", "3,1,2"),
    ] {
        assert_list(&then(change), value);
    }
    for (expression, value) in [
        ("l.IndexOf(2)", "2"),
        ("l.IndexOf(9)", "-1"),
        ("l.FindIndex(n => n == 1)", "1"),
        ("l.Find(n => n < 3)", "1"),
        ("l.Count", "3"),
        ("l.LastIndexOf(3)", "0"),
    ] {
        assert_evaluates(
            &format!("@{{ var l = new List<int> {{ 3, 1, 2 }}; return {expression}; }}"),
            "System.Int32",
            value,
        );
    }
    assert_throws("@(new List<int>()[0])", "System.ArgumentOutOfRangeException");
    assert_throws("@{ new List<int>().RemoveAt(0); return 1; }", "System.ArgumentOutOfRangeException");
    assert_throws(
        "@{ var l = new List<object> { new { A = 1 }, 1 }; l.Sort(); return 1; }",
        "System.InvalidOperationException",
    );
    assert_evaluates("@(new List<string> { \"a\" }.Contains(\"a\"))", "System.Boolean", "true");
}

#[test]
fn arrays() {
    for (expression, value) in [
        ("new[] { 1, 2, 3 }.Length", "3"),
        ("Array.IndexOf(new[] { \"a\", \"b\" }, \"b\")", "1"),
        ("Array.FindIndex(new[] { 1, 2 }, n => n > 1)", "1"),
        ("Array.Find(new[] { 1, 2 }, n => n > 1)", "2"),
        ("Array.BinarySearch(new[] { 1, 3, 5 }, 4)", "-3"),
        ("new byte[4].Length", "4"),
        ("new[] { 1, 2 }.GetUpperBound(0)", "1"),
    ] {
        assert_evaluates(&format!("@({expression})"), "System.Int32", value);
    }
    let then =
        |change: &str| format!("@{{ var a = new[] {{ 3, 1, 2 }}; {change} return string.Join(\",\", a); }}");
    for (change, value) in [
        ("Array.Sort(a);", "1,2,3"),
        ("Array.Sort(a, (x, y) => y.CompareTo(x));", "3,2,1"),
        ("Array.Reverse(a);", "2,1,3"),
        ("Array.Copy(new[] { 7, 8 }, a, 2);", "7,8,2"),
        ("Array.Copy(a, 0, a, 1, 2);", "3,3,1"),
        ("Array.Clear(a, 1, 1);", "3,0,2"),
        ("a = Array.ConvertAll(a, n => n + 1);", "4,2,3"),
        ("a = Array.FindAll(a, n => n > 1);", "3,2"),
    ] {
        assert_evaluates(&then(change), "System.String", value);
    }
    assert_evaluates(
        "@{ var k = new byte[4]; Array.Copy(new byte[] { 1, 2 }, 0, k, 2, 2); return k[3]; }",
        "System.Byte",
        "2",
    );
    assert_evaluates("@(Array.Exists(new[] { \"a\" }, s => s == \"a\"))", "System.Boolean", "true");
    assert_evaluates("@(((IList<int>)new[] { 4 })[0])", "System.Int32", "4");
    assert_throws("@(((IList<int>)new[] { 4 })[3])", "System.ArgumentOutOfRangeException");
    assert_evaluates(
        "@(new Dictionary<string, int[]>().ToString())",
        "System.String",
        "System.Collections.Generic.Dictionary`2[System.String,System.Int32[]]",
    );
    assert_throws("@(new int[1][1])", "System.IndexOutOfRangeException");
    assert_throws("@{ Array.Copy(new[] { 1 }, new int[0], 1); return 1; }", "System.ArgumentException");
    assert_throws("@{ ((IList<int>)new[] { 4 }).Add(1); return 1; }", "System.NotSupportedException");
}

#[test]
fn dictionaries() {
    let run = |body: &str| {
        format!("@{{ var d = new Dictionary<string, int> {{ {{ \"a\", 1 }}, {{ \"b\", 2 }} }}; {body} }}")
    };
    for (body, value) in [
        ("return d[\"b\"];", "2"),
        ("d[\"c\"] = 3; return d.Count;", "3"),
        ("int v; d.TryGetValue(\"a\", out v); return v;", "1"),
        ("int v = 9; d.TryGetValue(\"z\", out v); return v;", "0"),
        ("d.Remove(\"a\"); return d.Count;", "1"),
        ("return d.GetValueOrDefault(\"z\", 7);", "7"),
        ("return d.Values.Sum();", "3"),
        ("int s = 0; foreach (var p in d) { s += p.Value; } return s;", "3"),
        ("return d.First(p => p.Key == \"b\").Value;", "2"),
        ("return ((IDictionary<string, int>)d)[\"a\"];", "1"),
        ("return new Dictionary<string, int>(d)[\"a\"];", "1"),
    ] {
        assert_evaluates(&run(body), "System.Int32", value);
    }
    assert_evaluates(&run("return string.Join(\",\", d.Keys);"), "System.String", "a,b");
    assert_evaluates(&run("return d.ContainsKey(\"A\");"), "System.Boolean", "false");
    assert_evaluates(&run("return d.ContainsValue(2);"), "System.Boolean", "true");
    let ignoring = "@(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { { \"a\", 1 } }[\"A\"])";
    assert_evaluates(ignoring, "System.Int32", "1");
    assert_evaluates("@(new Dictionary<string, int> { [\"a\"] = 4 }[\"a\"])", "System.Int32", "4");
    let thrown = evaluate(&run("return d[\"zz\"];")).unwrap_err();
    assert_eq!(thrown.message(), "The given key 'zz' was not present in the dictionary.");
    let thrown = evaluate(&run("d.Add(\"a\", 1); return 1;")).unwrap_err();
    assert_eq!(thrown.message(), "An item with the same key has already been added. Key: a");
    assert_throws(&run("return d[null];"), "System.ArgumentNullException");
}

#[test]
fn a_jobject_is_a_dictionary_too() {
    let run = |body: &str| {
        format!("@{{ var d = (IDictionary<string, JToken>)JObject.Parse(\"{{'a':1,'b':2}}\"); {body} }}")
    };
    assert_evaluates(&run("return string.Join(\",\", d.Keys);"), "System.String", "a,b");
    assert_evaluates(
        &run("d.Add(\"c\", 5); d[\"a\"] = 7; d.Remove(\"b\"); return d.ToString().Replace(\"\\n\", \"\");"),
        "System.String",
        "{  \"a\": 7,  \"c\": 5}",
    );
    assert_evaluates(&run("return d.ContainsKey(\"a\");"), "System.Boolean", "true");
    assert_evaluates(
        &run("string s = \"\"; foreach (var p in d) { s += p.Key + p.Value; } return s;"),
        "System.String",
        "a1b2",
    );
}

#[test]
fn sets_queues_and_stacks() {
    let set = |body: &str| {
        format!(
            "@{{ var s = new HashSet<string> {{ \"a\", \"b\" }}; {body} return string.Join(\",\", s.OrderBy(x => x)); }}"
        )
    };
    for (body, value) in [
        ("s.Add(\"a\"); s.Add(\"c\");", "a,b,c"),
        ("s.UnionWith(new[] { \"c\" });", "a,b,c"),
        ("s.IntersectWith(new[] { \"b\", \"c\" });", "b"),
        ("s.ExceptWith(new[] { \"b\" });", "a"),
        ("s.SymmetricExceptWith(new[] { \"b\", \"c\" });", "a,c"),
        ("s.RemoveWhere(x => x == \"a\");", "b"),
    ] {
        assert_evaluates(&set(body), "System.String", value);
    }
    assert_evaluates(
        "@(new HashSet<string>(StringComparer.OrdinalIgnoreCase) { \"a\" }.Contains(\"A\"))",
        "System.Boolean",
        "true",
    );
    assert_evaluates("@(new HashSet<int> { 1 }.IsSubsetOf(new[] { 1, 2 }))", "System.Boolean", "true");
    assert_evaluates("@(new HashSet<int> { 1 }.Add(1))", "System.Boolean", "false");
    let queue = "@{ var q = new Queue<int>(); q.Enqueue(1); q.Enqueue(2); return q.Dequeue() * 100 + q.Peek() * 10 + q.Count; }";
    assert_evaluates(queue, "System.Int32", "121");
    let stack =
        "@{ var q = new Stack<int>(new[] { 1, 2, 3 }); q.Push(4); q.Pop(); return string.Join(\",\", q); }";
    assert_evaluates(stack, "System.String", "3,2,1");
    assert_throws("@(new Queue<int>().Dequeue())", "System.InvalidOperationException");
    assert_throws("@(new Stack<int>().Pop())", "System.InvalidOperationException");
}

#[test]
fn pairs_and_tuples() {
    assert_evaluates("@(new KeyValuePair<string, int>(\"a\", 1).Key)", "System.String", "a");
    assert_evaluates("@(Tuple.Create(1, \"b\").Item2)", "System.String", "b");
    assert_evaluates("@(new Tuple<int, string>(1, \"b\").Item1)", "System.Int32", "1");
    assert_evaluates("@(Tuple.Create(1, \"b\").ToString())", "System.String", "(1, b)");
    assert_evaluates("@(Tuple.Create(1, 2).Equals(Tuple.Create(1, 2)))", "System.Boolean", "true");
    let walk = "@{ var e = new List<int> { 4, 5 }.GetEnumerator(); int s = 0; while (e.MoveNext()) { s += e.Current; } return s; }";
    assert_evaluates(walk, "System.Int32", "9");
}
