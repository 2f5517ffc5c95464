use super::*;
use crate::budget::Budget;
use crate::{Limits, testing};

fn budget() -> Budget {
    Budget::new(&Limits::default())
}

fn regex(pattern: &str, options: i64) -> Arc<Compiled> {
    compiled(&Text::from(pattern), options, &mut budget())
        .unwrap_or_else(|thrown| panic!("{pattern}: {thrown:?}"))
}

/// Every match: `index:'text'[index:text|-…]` with the groups in brackets.
fn shown(pattern: &str, input: &str, options: i64) -> String {
    let (regex, text) = (regex(pattern, options), Text::from(input));
    let (mut out, mut from) = (Vec::new(), Some(0));
    while let Some(start) = from {
        let Some(spans) = regex.find(&text, start, &mut budget()).unwrap() else { break };
        let whole = spans[0].unwrap();
        let group = |span: &Span| match span {
            Some((start, end)) => format!("{}:{}", text.unit_index(*start), &input[*start..*end]),
            None => "-".to_owned(),
        };
        let groups: Vec<String> = spans.iter().skip(1).map(group).collect();
        out.push(format!(
            "{}:'{}'[{}]",
            text.unit_index(whole.0),
            &input[whole.0..whole.1],
            groups.join("|")
        ));
        from = regex.next_start(input, whole);
    }
    out.join(", ")
}

/// Pattern, text, options and what .NET finds.
#[rustfmt::skip]
const MATCHES: &[(&str, &str, i64, &str)] = &[
    ("a$", "a\n", 0, "0:'a'[]"),
    ("a$", "ba", 0, "1:'a'[]"),
    ("a$", "a\nb\na\n", 0, "4:'a'[]"),
    ("a$", "a\nb\na", 2, "0:'a'[], 4:'a'[]"),
    ("^b", "a\nb", 2, "2:'b'[]"),
    ("a\\Z", "a\n", 0, "0:'a'[]"),
    ("a\\z", "a\n", 0, ""),
    (".+", "a\nb", 0, "0:'a'[], 2:'b'[]"),
    (".+", "a\nb", 16, "0:'a\nb'[]"),
    ("(?s).+", "a\nb", 0, "0:'a\nb'[]"),
    ("(?<y>\\d+)-(?'m'\\d+)", "2024-05", 0, "0:'2024-05'[0:2024|5:05]"),
    ("(?<n>a)(b)", "ab", 0, "0:'ab'[1:b|0:a]"),
    ("(a)(?<n>b)(c)\\1", "abca", 0, "0:'abca'[0:a|2:c|1:b]"),
    ("(?<2>a)(b)", "ab", 0, "0:'ab'[1:b|0:a]"),
    ("(?<n>a)|(?<n>b)", "ab", 0, "0:'a'[0:a], 1:'b'[1:b]"),
    ("(a)|(b)", "b", 0, "0:'b'[-|0:b]"),
    ("\\d+", "१२ 12", 0, "0:'१२'[], 3:'12'[]"),
    ("\\d+", "१२ 12", 256, "3:'12'[]"),
    ("\\w+", "é_1 ß-x", 0, "0:'é_1'[], 4:'ß'[], 6:'x'[]"),
    ("\\w+", "é_1 ß-x", 256, "1:'_1'[], 6:'x'[]"),
    ("\\bfoo\\b", "foo food foo", 0, "0:'foo'[], 9:'foo'[]"),
    ("[a-z-[aeiou]]+", "hello world", 0, "0:'h'[], 2:'ll'[], 6:'w'[], 8:'rld'[]"),
    ("[^a-z]+", "ab12", 0, "2:'12'[]"),
    ("[]a]+", "a]b", 0, "0:'a]'[]"),
    ("[^]a]+", "a]b", 0, "2:'b'[]"),
    ("[\\w-]+", "a-b c", 0, "0:'a-b'[], 4:'c'[]"),
    ("[a\\-z]+", "a-z", 0, "0:'a-z'[]"),
    ("[a[b]+", "[ab", 0, "0:'[ab'[]"),
    ("[\\b]", "\u{8}", 0, "0:'\u{8}'[]"),
    ("(?i)ABC", "abc", 0, "0:'abc'[]"),
    ("a(?i)b(?-i)c", "aBc aBC", 0, "0:'aBc'[]"),
    ("a(?i:b)c", "aBc", 0, "0:'aBc'[]"),
    ("ABC", "abc", 1, "0:'abc'[]"),
    ("(?<x>a) b", "ab", 32, "0:'ab'[0:a]"),
    ("a # comment\n b", "ab", 32, "0:'ab'[]"),
    ("a\\ b[ ]c", "a b c", 32, "0:'a b c'[]"),
    ("(a)(?<n>b)", "ab", 4, "0:'ab'[1:b]"),
    ("(?n)(a)(?<n>b)", "ab", 0, "0:'ab'[1:b]"),
    ("a{2}", "aaa", 0, "0:'aa'[]"),
    ("a{2,}", "aaa", 0, "0:'aaa'[]"),
    ("a{1,2}?", "aaa", 0, "0:'a'[], 1:'a'[], 2:'a'[]"),
    ("a{", "a{", 0, "0:'a{'[]"),
    ("a{,2}", "a{,2}", 0, "0:'a{,2}'[]"),
    ("a{x}", "a{x}", 0, "0:'a{x}'[]"),
    ("(?>a+)b", "aaab", 0, "0:'aaab'[]"),
    ("(?=a)a", "a", 0, "0:'a'[]"),
    ("(?<=\\$)\\d+", "$12", 0, "1:'12'[]"),
    ("(?<!a)b", "ab b", 0, "3:'b'[]"),
    ("(?<=a+)b", "aab", 0, "2:'b'[]"),
    ("(?<=(a))b", "ab", 0, "1:'b'[0:a]"),
    ("(a)(?(1)b|c)", "ab c", 0, "0:'ab'[0:a]"),
    ("(?<q>a)?(?(q)b|c)", "ab c", 0, "0:'ab'[0:a], 3:'c'[-]"),
    ("(?(?=a)ab|c)", "ab c", 0, "0:'ab'[], 3:'c'[]"),
    ("(?#comment)a", "a", 0, "0:'a'[]"),
    ("\\p{Lu}+", "aBC", 0, "1:'BC'[]"),
    ("\\P{L}+", "a1", 0, "1:'1'[]"),
    ("\\p{IsGreek}+", "aα", 0, "1:'α'[]"),
    ("", "ab", 0, "0:''[], 1:''[], 2:''[]"),
    ("x*", "axb", 0, "0:''[], 1:'x'[], 2:''[], 3:''[]"),
    ("(a|ab)(c|bcd)(d*)", "abcd", 0, "0:'abcd'[0:a|1:bcd|4:]"),
    ("😀", "x😀y", 0, "1:'😀'[]"),
    ("(\\w)(\\w)?", "abc", 0, "0:'ab'[0:a|1:b], 2:'c'[2:c|-]"),
    ("\\/", "/", 0, "0:'/'[]"),
    ("[\\d-x]+", "1-x", 0, "0:'1-x'[]"),
    ("\\G\\d", "12a3", 0, "0:'1'[], 1:'2'[]"),
    ("(?<name>\\w+)\\s\\k<name>", "hi hi", 0, "0:'hi hi'[0:hi]"),
    ("(?<name>\\w+)\\s\\k'name'", "hi hi", 0, "0:'hi hi'[0:hi]"),
    ("(\\w)\\1", "aa", 0, "0:'aa'[0:a]"),
    ("(?i)(\\w)\\1", "aA", 0, "0:'aA'[0:a]"),
    ("a\\Ab", "ab", 0, ""),
    ("[\\s\\S]+", "a\n", 0, "0:'a\n'[]"),
    ("\\s+", " \t\u{a0}\u{85}", 0, "0:' \t\u{a0}\u{85}'[]"),
    ("(?m)^\\s*$", "a\n\nb", 0, "2:''[]"),
    ("\\u00e9", "é", 0, "0:'é'[]"),
    ("É", "é", 1, "0:'é'[]"),
    ("[^\\d\\W]+", "a1", 0, "0:'a'[]"),
    ("a.c", "a\rc", 0, "0:'a\rc'[]"),
    ("(?-s).", "\n", 16, ""),
    ("(?x: a b )c d", "abc d", 0, "0:'abc d'[]"),
    ("(?imnsx-imnsx)a", "a", 0, "0:'a'[]"),
    ("#a", "#a", 0, "0:'#a'[]"),
    ("a#b", "a", 32, "0:'a'[]"),
    ("\\#a", "#a", 32, "0:'#a'[]"),
    ("[a-c-[b]]", "abc", 0, "0:'a'[], 2:'c'[]"),
    ("[\\w-[\\d]]+", "a1b", 0, "0:'a'[], 2:'b'[]"),
    ("[a-z-[d-w-[m]]]+", "abmz", 0, "0:'abmz'[]"),
];

#[test]
fn matches_of_dotnet() {
    for (pattern, input, options, expected) in MATCHES {
        assert_eq!(shown(pattern, input, *options), *expected, "{pattern} on {input}");
    }
}

#[test]
fn wrong_patterns_are_refused() {
    let patterns = [
        "a**", "a++", "*a", "a|*", "{2}", "x{2}{3}", "\\y", "[\\y]", "\\p{Foo}", "\\k<a>", "\\1", "(a)\\2",
        "\\", "(", ")", "[a", "[b-a]", "(?<1a>x)", "(?z)", "a)", "[a-\\d]",
    ];
    for pattern in patterns {
        let thrown = compiled(&Text::from(pattern), 0, &mut budget()).err().map(|thrown| thrown.type_name());
        assert_eq!(thrown, Some("System.ArgumentException"), "{pattern}");
    }
}

#[test]
fn what_this_engine_lacks_says_so() {
    for (pattern, options) in [(&*"(".repeat(50), 0), (r"\uD83D", 0)] {
        let thrown =
            compiled(&Text::from(pattern), options, &mut budget()).err().map(|thrown| thrown.type_name());
        assert_eq!(thrown, Some("System.NotSupportedException"), "{pattern}");
    }
}

/// Text, pattern, replacement and what .NET makes of them.
#[rustfmt::skip]
const REPLACED: &[(&str, &str, &str, &str)] = &[
    ("John Smith", "(\\w+) (\\w+)", "$2, $1", "Smith, John"),
    ("abc", "b", "[$&]", "a[b]c"),
    ("abc", "b", "$`", "aac"),
    ("abc", "b", "$'", "acc"),
    ("abc", "b", "$_", "aabcc"),
    ("abc", "(b)", "$+", "abc"),
    ("abc", "(?<n>b)", "<${n}>", "a<b>c"),
    ("abc", "b", "$$", "a$c"),
    ("abc", "b", "$3", "a$3c"),
    ("abc", "(b)", "$10", "a$10c"),
    ("abc", "(b)", "${1}0", "ab0c"),
    ("abc", "b", "${x}", "a${x}c"),
    ("abc", "b", "$", "a$c"),
    ("abc", "b", "${", "a${c"),
    ("abc", "b", "\\n$1", "a\\n$1c"),
    ("a\nb", "$", "!", "a\nb!"),
    ("aaa", "a*", "x", "xx"),
    ("abc", "", "-", "-a-b-c-"),
    ("abc", "(x)?b", "[$1]", "a[]c"),
    ("abc", "(b)", "$01", "abc"),
    ("abc", "(?<n>a)(b)", "$1$2", "bac"),
    ("ab", "b|$", "x", "axx"),
];

fn quoted(text: &str) -> String {
    format!("@\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn replacements_of_dotnet() {
    for (text, pattern, replacement, expected) in REPLACED {
        let (text, pattern, replacement) = (quoted(text), quoted(pattern), quoted(replacement));
        let expression = format!("@(Regex.Replace({text}, {pattern}, {replacement}))");
        testing::assert_evaluates(&expression, "System.String", expected);
    }
}

/// Text, pattern, count and the pieces in .NET.
#[rustfmt::skip]
const SPLIT: &[(&str, &str, i32, &[&str])] = &[
    ("a,b,c", ",", -1, &["a", "b", "c"]),
    ("a1b2c", "(\\d)", -1, &["a", "1", "b", "2", "c"]),
    ("abc", "", -1, &["", "a", "b", "c", ""]),
    (",a,", ",", -1, &["", "a", ""]),
    ("a,b,c", ",", 2, &["a", "b,c"]),
    ("a-b", "(-)|x", -1, &["a", "-", "b"]),
    ("", "x", -1, &[""]),
    ("abc", "x", -1, &["abc"]),
    ("a,b,c", ",", 1, &["a,b,c"]),
    ("aXbX", "(?i)x", -1, &["a", "b", ""]),
    ("a b", "(\\s)(q)?", -1, &["a", " ", "b"]),
];

#[test]
fn pieces_of_dotnet() {
    for (text, pattern, count, expected) in SPLIT {
        let (text, pattern) = (quoted(text), quoted(pattern));
        let expression = match count {
            -1 => format!("@(string.Join(\"~\", Regex.Split({text}, {pattern})))"),
            _ => format!("@(string.Join(\"~\", new Regex({pattern}).Split({text}, {count})))"),
        };
        testing::assert_evaluates(&expression, "System.String", &expected.join("~"));
    }
}

#[test]
fn escape_and_unescape() {
    let escaped = replacement::escape("a.b*[c]{d}(e)^$|#\\ \t\n\r");
    assert_eq!(escaped, r"a\.b\*\[c]\{d}\(e\)\^\$\|\#\\\ \t\n\r");
    assert_eq!(parse::unescape(&escaped).unwrap(), "a.b*[c]{d}(e)^$|#\\ \t\n\r");
    assert_eq!(parse::unescape(r"\u0041\x42\t\cA\e\.\/\101\").unwrap(), "AB\t\u{1}\u{1b}./A");
    assert!(parse::unescape(r"\y").is_err());
}

#[test]
fn members_in_expressions() {
    let cases = [
        (r#"@(Regex.IsMatch("abc", "^a.c$"))"#, "System.Boolean", "true"),
        (r#"@(Regex.Match("abc", "(?<x>b)(c)?").Groups["x"].Value)"#, "System.String", "b"),
        (r#"@(Regex.Match("abc", "(?<x>b)(c)?").Groups[1].Value)"#, "System.String", "c"),
        (r#"@(Regex.Match("abc", "b").Groups["zz"].Success)"#, "System.Boolean", "false"),
        (r#"@(Regex.Match("abc", "x").Success)"#, "System.Boolean", "false"),
        (r#"@(Regex.Match("abc", "(b)").Result("<$1>"))"#, "System.String", "<b>"),
        (r#"@(Regex.Match("\u00e9\U0001F600b", "b").Index)"#, "System.Int32", "3"),
        (r#"@(Regex.Matches("a1b22", @"\d+").Count)"#, "System.Int32", "2"),
        (r#"@(Regex.Matches("a1b22", @"\d+")[1].Value)"#, "System.String", "22"),
        (r#"@(Regex.Match("a1b22", @"\d+").NextMatch().Value)"#, "System.String", "22"),
        (
            r#"@(Regex.Replace("a1b22", @"\d+", m => "<" + m.Value.Length + ">"))"#,
            "System.String",
            "a<1>b<2>",
        ),
        (r#"@(new Regex("a").Replace("aaa", "b", 2))"#, "System.String", "bba"),
        (r#"@(new Regex("a").Replace("aaa", "b", 2, 1))"#, "System.String", "abb"),
        (r#"@(new Regex("^a").IsMatch("ba", 1))"#, "System.Boolean", "false"),
        (r#"@(new Regex(@"\Ga").IsMatch("ba", 1))"#, "System.Boolean", "true"),
        (r#"@(new Regex("a").Match("aba", 1, 2).Index)"#, "System.Int32", "2"),
        (r#"@(string.Join("|", new Regex("a").Split("1a2a3a4", 2, 3)))"#, "System.String", "1a2|3a4"),
        (
            r#"@(new Regex("a", RegexOptions.IgnoreCase | RegexOptions.Multiline).Options)"#,
            "System.Text.RegularExpressions.RegexOptions",
            "IgnoreCase, Multiline",
        ),
        (
            r#"@{ var s = ""; foreach (Match m in Regex.Matches("a1b2", "[a-z]")) { s += m.Value; } return s; }"#,
            "System.String",
            "ab",
        ),
        (
            r#"@(Regex.Matches("a1b2", "[a-z]").Cast<Match>().Select(m => m.Value).First())"#,
            "System.String",
            "a",
        ),
        (r#"@(Regex.Match("ab", "(a)").Groups[1].Captures.Count)"#, "System.Int32", "1"),
        (r#"@(string.Join(",", new Regex("(?<x>b)(c)?").GetGroupNames()))"#, "System.String", "0,1,x"),
        (r#"@(Regex.Escape("a.b"))"#, "System.String", r"a\.b"),
    ];
    for (expression, type_name, value) in cases {
        testing::assert_evaluates(expression, type_name, value);
    }
    testing::assert_throws(r#"@(Match.Empty.Result("x"))"#, "System.NotSupportedException");
    testing::assert_evaluates(
        r#"@(string.Join(",", Regex.Match("abcd", @"(?:(\w)(\w))+").Groups[1].Captures.Cast<Capture>().Select(c => c.Index + c.Value)))"#,
        "System.String",
        "0a,2c",
    );
    testing::assert_throws(r#"@(Regex.IsMatch("a", (string)null))"#, "System.ArgumentNullException");
}

#[test]
fn balancing_groups_and_searches_from_the_right() {
    const RIGHT_TO_LEFT: i64 = 64;
    let balanced = r"^(?:[^()]|(?<open>\()|(?<-open>\)))*(?(open)(?!))$";
    assert_eq!(shown(balanced, "(a(b)c)", 0), "0:'(a(b)c)'[-]");
    assert_eq!(shown(balanced, "(()", 0), "");
    let regex = regex(r"\d{2}", RIGHT_TO_LEFT);
    let text = Text::from("12345");
    let first = regex.find(&text, text.len(), &mut budget()).unwrap().unwrap();
    assert_eq!(first, [Some((3, 5))]);
}

#[test]
fn runaway_patterns_end() {
    let timeout = "System.Text.RegularExpressions.RegexMatchTimeoutException";
    let balancing = format!(r#"@(Regex.IsMatch("{}!", "(?<x>a+)+(?<-x>b)$"))"#, "a".repeat(60));
    testing::assert_throws(&balancing, timeout);
    let expression = format!(r#"@(Regex.IsMatch("{}!", @"^(?:(?=a)a|a)+$"))"#, "a".repeat(40));
    testing::assert_throws(&expression, timeout);
    // Caught over and over, they use up the evaluation's steps.
    let looped = format!(
        r#"@{{ for (var i = 0; i < 100; i++) {{ try {{ Regex.IsMatch("{}!", @"^(?:(?=a)a|a)+$"); }} catch (Exception) {{ }} }} return 1; }}"#,
        "a".repeat(40)
    );
    testing::assert_throws(&looped, "System.TimeoutException");
}

#[test]
fn the_cache_stays_small() {
    for at in 0..600 {
        regex(&format!("cached{at}"), 0);
    }
    let first = regex("kept", 0);
    assert!(Arc::ptr_eq(&first, &regex("kept", 0)));
    assert!(compiled::cached() <= 128);
}

#[test]
fn letters_of_other_scripts() {
    for (pattern, input, found) in [
        (r"\w+", "caf\u{e9} x", "0:'caf\u{e9}'[], 5:'x'[]"),
        (r"\W+", "a\u{e9}-b", "2:'-'[]"),
        (r"\d", "1\u{0661}", "0:'1'[], 1:'\u{0661}'[]"),
        (r"[^\d]+", "1\u{0661}a", "2:'a'[]"),
        (r"[\\p{Nd}]+", r"\p{Nd}5", r"0:'\p{Nd}'[]"),
        (r"[\w-[\d]]+$", "a\u{e9}\n", "0:'a\u{e9}'[]"),
    ] {
        assert_eq!(shown(pattern, input, 0), found, "{pattern} on {input}");
    }
}

#[test]
fn long_classes_and_positions_inside_pairs() {
    assert_eq!(
        shown(r"^[\w.%+-]{1,64}@(?:[\w-]{1,63}\.)+\w{2,63}$", "a.b@c-d.example", 0),
        "0:'a.b@c-d.example'[]"
    );
    let inside = |position| offset(&Text::from("a\u{1F600}b"), position);
    assert_eq!([0, 1, 2, 3, 4, 5].map(inside), [Some(0), Some(1), Some(5), Some(5), Some(6), None]);
    testing::assert_evaluates(r#"@(new Regex(".").Match("\U0001F600b", 1).Value)"#, "System.String", "b");
}
