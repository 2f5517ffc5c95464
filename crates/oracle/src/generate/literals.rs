//! The leaves: literals and small constructions of each type, with the edges well represented.

use proptest::prelude::*;
use proptest::sample::select;

/// Leaves of a type.
pub(super) fn of(ty: &str) -> BoxedStrategy<String> {
    match ty {
        "int" => prop_oneof![
            6 => (-9..100_i32).prop_map(number),
            1 => any::<i32>().prop_map(number),
            1 => select(vec!["int.MaxValue", "int.MinValue", "0", "1", "0x1F"]).prop_map(str::to_owned),
        ]
        .boxed(),
        "long" => prop_oneof![
            4 => (-9..1000_i64).prop_map(|value| format!("({value}L)")),
            1 => any::<i64>().prop_filter("its text is no literal", |value| *value != i64::MIN)
                .prop_map(|value| format!("({value}L)")),
            1 => select(vec!["long.MaxValue", "long.MinValue", "4294967296L"]).prop_map(str::to_owned),
        ]
        .boxed(),
        // Quarters: sums and products stay exact, so that 15 and 17 digits write the same text.
        "double" => prop_oneof![
            6 => (-4000..4000_i32).prop_map(|quarters| format!("({:?})", f64::from(quarters) / 4.0)),
            1 => select(vec!["1E+20", "double.NaN", "double.PositiveInfinity", "1e-7", "0.5", "123456789.25"])
                .prop_map(str::to_owned),
        ]
        .boxed(),
        "decimal" => prop_oneof![
            5 => (-100_000..100_000_i32, 0..4_usize).prop_map(|(digits, scale)| decimal(digits, scale)),
            1 => select(vec!["decimal.MaxValue", "decimal.MinusOne", "0.0000001m", "4294967.5m"])
                .prop_map(str::to_owned),
        ]
        .boxed(),
        "bool" => select(vec!["true", "false"]).prop_map(str::to_owned).boxed(),
        "string" => prop_oneof![
            6 => proptest::collection::vec(character(), 0..9).prop_map(|parts| format!("\"{}\"", parts.concat())),
            3 => select(WORDS.to_vec()).prop_map(|word| format!("\"{word}\"")),
            1 => select(vec!["string.Empty", "((string)null)", "@\"a\"\"b\\c\"", "\"\\u00e9\\t\""]).prop_map(str::to_owned),
        ]
        .boxed(),
        "char" => character().prop_map(|text| format!("'{text}'")).boxed(),
        "date" => (1..2600_u32, 1..13_u32, 1..29_u32, 0..24_u32, 0..60_u32, 0..60_u32, 0..1000_u32)
            .prop_map(|(year, month, day, hour, minute, second, millisecond)| {
                format!("new DateTime({year}, {month}, {day}, {hour}, {minute}, {second}, {millisecond}, DateTimeKind.Utc)")
            })
            .boxed(),
        "offset" => (1970..2100_u32, 1..13_u32, 1..29_u32, 0..24_u32, -12..15_i32)
            .prop_map(|(year, month, day, hour, zone)| {
                format!("new DateTimeOffset({year}, {month}, {day}, {hour}, 30, 15, TimeSpan.FromHours({zone}))")
            })
            .boxed(),
        "span" => (-50..50_i32, 0..24_u32, 0..60_u32, 0..60_u32, 0..1000_u32)
            .prop_map(|(days, hours, minutes, seconds, milliseconds)| {
                format!("new TimeSpan({days}, {hours}, {minutes}, {seconds}, {milliseconds})")
            })
            .boxed(),
        "guid" => any::<u128>()
            .prop_map(|bits| {
                let digits = format!("{bits:032x}");
                format!("new Guid(\"{digits}\")")
            })
            .boxed(),
        "bytes" => proptest::collection::vec(any::<u8>(), 0..9)
            .prop_map(|bytes| {
                let items: Vec<String> = bytes.iter().map(ToString::to_string).collect();
                format!("new byte[] {{ {} }}", items.join(", "))
            })
            .boxed(),
        "ints" => list("new int[] {", (-9..30_i32).prop_map(number).boxed()),
        "intlist" => list("new List<int> {", (-9..30_i32).prop_map(number).boxed()),
        "strings" => list("new string[] {", of("string")),
        "stringlist" => list("new List<string> {", of("string")),
        "nullable" => prop_oneof![
            3 => (-9..100_i32).prop_map(|value| format!("((int?)({value}))")),
            1 => Just("((int?)null)".to_owned()),
        ]
        .boxed(),
        "dictionary" => proptest::collection::btree_map(select(KEYS.to_vec()), -9..100_i32, 0..4)
            .prop_map(|entries| {
                let items: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{{ \"{key}\", {value} }}")).collect();
                format!("new Dictionary<string, int> {{ {} }}", items.join(", "))
            })
            .boxed(),
        "token" => json().prop_map(|text| format!("JToken.Parse({text:?})")).boxed(),
        "object" => object(json().boxed()).prop_map(|text| format!("JObject.Parse({text:?})")).boxed(),
        "array" => array(json().boxed()).prop_map(|text| format!("JArray.Parse({text:?})")).boxed(),
        "any" => prop_oneof![of("int"), of("string"), of("bool"), of("double"), Just("new object[1][0]".to_owned())]
            .prop_map(|text| format!("((object)({text}))"))
            .boxed(),
        "latin" => select(vec!["\"a<b\"", "\"é&\"", "\"'q'\"", "\"&lt;&#65;\""]).prop_map(str::to_owned).boxed(),
        "key" => select(KEYS.to_vec()).prop_map(|key| format!("\"{key}\"")).boxed(),
        "small" => (0..6_u32).prop_map(|value| value.to_string()).boxed(),
        _ => Just(format!("unknown_type_{ty}")).boxed(),
    }
}

/// Names of members in generated JSON, so that paths meet something.
const KEYS: [&str; 6] = ["a", "b", "c", "name", "items", "Id"];

const WORDS: [&str; 16] = [
    "gpt-4o",
    "Bearer abc.def.ghi",
    "a,b;c,,d",
    "  padded ",
    "2024-02-29T12:30:45Z",
    "42",
    "-7",
    "3.25",
    "true",
    "x=1&y=2%20z",
    "äöü ß",
    "日本語",
    "😀!",
    "AbCdE",
    "https://example.org:8443/a/b?q=1#f",
    "eyJhIjoxfQ==",
];

fn number(value: i32) -> String {
    if value < 0 { format!("({value})") } else { value.to_string() }
}

fn decimal(digits: i32, scale: usize) -> String {
    let text = format!("{:0width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    let dot = if scale == 0 { "" } else { "." };
    let sign = if digits < 0 { "-" } else { "" };
    format!("({sign}{whole}{dot}{fraction}m)")
}

/// A character as it stands between quotes.
fn character() -> BoxedStrategy<String> {
    let plain = "abcxyzABC019 .,;:-_/=&%{}[]".chars().map(String::from);
    let escaped = ["\\\\", "\\n", "\\t", "\\\"", "é", "ß", "İ", "語", "\\u0001"].map(str::to_owned);
    select(plain.chain(escaped).collect::<Vec<String>>()).boxed()
}

fn list(open: &'static str, item: BoxedStrategy<String>) -> BoxedStrategy<String> {
    proptest::collection::vec(item, 0..5)
        .prop_map(move |items| format!("{open} {} }}", items.join(", ")))
        .boxed()
}

/// JSON text of any shape.
fn json() -> impl Strategy<Value = String> {
    let scalars = vec![
        "null",
        "true",
        "false",
        "0",
        "1",
        "-12",
        "2.5",
        "1e3",
        "12345678901",
        "\"\"",
        "\"x\"",
        "\"a,b\"",
        "\"2024-02-29T12:30:45Z\"",
        "\"2020-01-01T00:00:00+02:00\"",
        "\"42\"",
        "\"é\\n\"",
    ];
    let scalar = select(scalars).prop_map(str::to_owned);
    scalar.prop_recursive(2, 12, 3, |inner| prop_oneof![array(inner.clone().boxed()), object(inner.boxed())])
}

fn array(item: BoxedStrategy<String>) -> BoxedStrategy<String> {
    proptest::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(","))).boxed()
}

fn object(item: BoxedStrategy<String>) -> BoxedStrategy<String> {
    proptest::collection::btree_map(select(KEYS.to_vec()), item, 0..4)
        .prop_map(|members| {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        })
        .boxed()
}
