//! Functions give what Kusto's documentation says of them.

use super::testing::{all, b, d, dec, dt, i, l, null, r, refused, t, ts, value};
use crate::Type;

#[test]
fn texts() {
    all(&[
        ("substring", &[t("123456"), l(1)], "23456"),
        ("substring", &[t("123456"), l(2), l(2)], "34"),
        ("substring", &[t("ABCD"), l(0), l(2)], "AB"),
        ("substring", &[t("123456"), l(-2), l(2)], "56"),
        ("substring", &[t("añb"), l(1), l(1)], "ñ"),
        ("substring", &[d("\"hello\""), l(0), l(4)], "hell"),
        ("strlen", &[t("⒦⒰⒮⒯⒪")], "5"),
        ("string_size", &[t("⒦⒰⒮⒯⒪")], "15"),
        ("strlen", &[null(Type::String)], "0"),
        ("tolower", &[t("HELLO")], "hello"),
        ("toupper", &[t("hello")], "HELLO"),
        ("reverse", &[t("ABC")], "CBA"),
        ("isascii", &[t("añ")], "false"),
        ("indexof", &[t("abcdefg"), t("cde")], "2"),
        ("indexof", &[t("abcdefg"), t("cde"), l(1), l(4)], "2"),
        ("indexof", &[t("abcdefg"), t("cde"), l(1), l(3)], "-1"),
        ("indexof", &[t("abcdefg"), t("cde"), l(3)], "-1"),
        ("indexof", &[t("abcabc"), t("abc"), l(0), l(-1), l(2)], "3"),
        ("indexof", &[t("1234567"), t("5"), l(-4)], "4"),
        ("strcat", &[t("hello"), t(" "), t("world")], "hello world"),
        ("strcat", &[t("n="), l(3), t(" "), b(true)], "n=3 true"),
        ("strcat_delim", &[t("-"), l(1), t("2"), t("A"), ts("1s")], "1-2-A-00:00:01"),
        ("strcat_array", &[d("[1, 2, \"x\"]"), t("->")], "1->2->x"),
        ("strrep", &[t("ABC"), l(2)], "ABCABC"),
        ("strrep", &[t("ABC"), l(3), t("-")], "ABC-ABC-ABC"),
        ("split", &[t("aa_bb"), t("_")], r#"["aa","bb"]"#),
        ("split", &[t("aaa_bbb_ccc"), t("_"), l(1)], r#"["bbb"]"#),
        ("split", &[t(""), t("_")], r#"[""]"#),
        ("replace_string", &[t("A magic trick"), t("magic"), t("new")], "A new trick"),
        ("replace_strings", &[t("a b"), d(r#"["a","b"]"#), d(r#"["1","2"]"#)], "1 2"),
        ("has_any_index", &[t("this is an example"), d(r#"["this","example"]"#)], "0"),
        ("has_any_index", &[t("this is an example"), d(r#"["not","example"]"#)], "1"),
        ("has_any_index", &[t("this is an example"), d(r#"["not","found"]"#)], "-1"),
        ("strcmp", &[t("ABC"), t("abc")], "-1"),
        ("format_bytes", &[l(564)], "564 Bytes"),
        ("format_bytes", &[l(10332), l(1)], "10.1 KB"),
        ("format_bytes", &[l(20010332), l(2)], "19.08 MB"),
        ("format_bytes", &[l(20010332), l(0), t("KB")], "19541 KB"),
        ("tohex", &[l(256)], "100"),
        ("tohex", &[l(256), l(8)], "00000100"),
    ]);
}

#[test]
fn regular_expressions() {
    all(&[
        ("extract", &[t("x=([0-9.]+)"), l(1), t("hello x=45.6|wo")], "45.6"),
        ("extract", &[t("x=([0-9.]+)"), l(1), t("nothing")], ""),
        ("extract_all", &[t(r"([\da-f]{2})"), t("82b8be2d")], r#"["82","b8","be","2d"]"#),
        ("extract_all", &[t(r"(\w)(\d)"), t("a1b2")], r#"[["a","1"],["b","2"]]"#),
        ("extract_all", &[t(r"(\w)(\d)"), d("[2]"), t("a1b2")], r#"["1","2"]"#),
        ("replace_regex", &[t("Number is 1"), t(r"is (\d+)"), t(r"was: \1")], "Number was: 1"),
        ("replace_regex", &[t("none"), t(r"(\d+)"), t(r"\1")], "none"),
        ("replace", &[t("a"), t("b"), t("banana")], "bbnbnb"),
        ("countof", &[t("aaa"), t("a")], "3"),
        ("countof", &[t("aaaa"), t("aa")], "3"),
        ("countof", &[t("ababa"), t("ab"), t("normal")], "2"),
        ("countof", &[t("abcabc"), t("a.c"), t("regex")], "2"),
        ("trim", &[t("--"), t("--https://bing.com--")], "https://bing.com"),
        ("trim", &[t(r"[^\w]+"), t("- Te st1// $")], "Te st1"),
        ("trim_start", &[t("https://"), t("https://bing.com")], "bing.com"),
        ("trim_end", &[t(".com"), t("bing.com")], "bing"),
    ]);
    assert_eq!(refused("extract", &[t("("), l(1), t("x")]).code, "invalid-regex");
}

#[test]
fn times() {
    let t0 = "2015-12-31 23:59:59.9";
    all(&[
        ("now", &[], "2026-01-02T03:04:05.6789010Z"),
        ("ago", &[ts("1h")], "2026-01-02T02:04:05.6789010Z"),
        ("datetime_add", &[t("year"), l(1), dt("2017-10-30 01:02:03")], "2018-10-30T01:02:03.0000000Z"),
        ("datetime_add", &[t("month"), l(1), dt("2021-01-31")], "2021-02-28T00:00:00.0000000Z"),
        ("datetime_add", &[t("week"), l(-1), dt("2017-10-30")], "2017-10-23T00:00:00.0000000Z"),
        ("datetime_diff", &[t("year"), dt("2017-01-01"), dt("2000-12-31")], "17"),
        ("datetime_diff", &[t("quarter"), dt("2017-07-01"), dt("2017-03-30")], "2"),
        ("datetime_diff", &[t("month"), dt("2017-01-01"), dt("2015-12-30")], "13"),
        ("datetime_diff", &[t("week"), dt("2017-10-29 00:00"), dt("2017-09-30 23:59")], "5"),
        ("datetime_diff", &[t("day"), dt("2017-10-29 00:00"), dt("2017-09-30 23:59")], "29"),
        ("datetime_diff", &[t("hour"), dt("2017-10-31 01:00"), dt("2017-10-30 23:59")], "2"),
        ("datetime_diff", &[t("second"), dt("2017-10-30 23:00:10.100"), dt("2017-10-30 23:00:00.900")], "10"),
        ("datetime_part", &[t("week_of_year"), dt("2020-12-31")], "53"),
        ("datetime_part", &[t("quarter"), dt(t0)], "4"),
        ("dayofweek", &[dt("1947-11-30 10:00:05")], "00:00:00"),
        ("dayofweek", &[dt("1970-05-11")], "1.00:00:00"),
        ("dayofmonth", &[dt("2015-12-14")], "14"),
        ("dayofyear", &[dt("2015-12-14")], "348"),
        ("hourofday", &[dt("2015-12-14 18:54")], "18"),
        ("getmonth", &[dt("2015-10-12")], "10"),
        ("getyear", &[dt("2015-10-12")], "2015"),
        ("week_of_year", &[dt("2000-01-01")], "52"),
        ("startofday", &[dt("2017-01-01 10:10:17"), l(-1)], "2016-12-31T00:00:00.0000000Z"),
        ("startofweek", &[dt("2017-01-01 10:10:17")], "2017-01-01T00:00:00.0000000Z"),
        ("startofweek", &[dt("2017-01-01 10:10:17"), l(-1)], "2016-12-25T00:00:00.0000000Z"),
        ("startofmonth", &[dt("2017-01-01 10:10:17"), l(-1)], "2016-12-01T00:00:00.0000000Z"),
        ("startofyear", &[dt("2017-01-01 10:10:17"), l(1)], "2018-01-01T00:00:00.0000000Z"),
        ("endofday", &[dt("2017-01-01 10:10:17")], "2017-01-01T23:59:59.9999990Z"),
        ("endofweek", &[dt("2017-01-01 10:10:17")], "2017-01-07T23:59:59.9999990Z"),
        ("endofmonth", &[dt("2017-02-01")], "2017-02-28T23:59:59.9999990Z"),
        ("endofyear", &[dt("2017-02-01")], "2017-12-31T23:59:59.9999990Z"),
        ("make_datetime", &[l(2017), l(10), l(1)], "2017-10-01T00:00:00.0000000Z"),
        (
            "make_datetime",
            &[l(2017), l(10), l(1), l(12), l(11), r(0.1234567)],
            "2017-10-01T12:11:00.1234570Z",
        ),
        ("make_datetime", &[l(2017), l(13), l(1)], "null"),
        ("make_timespan", &[l(1), l(12), l(30), r(55.123)], "1.12:30:55.1230000"),
        ("make_timespan", &[l(12), l(30)], "12:30:00"),
        ("unixtime_seconds_todatetime", &[l(1_546_300_800)], "2019-01-01T00:00:00.0000000Z"),
        ("unixtime_milliseconds_todatetime", &[l(1_546_300_800_000)], "2019-01-01T00:00:00.0000000Z"),
        ("format_datetime", &[dt("2017-01-29 09:00:05"), t("yy-MM-dd [HH:mm:ss]")], "17-01-29 [09:00:05]"),
        (
            "format_datetime",
            &[dt("2017-01-29 21:00:05.123"), t("yyyy-M-dd hh:mm:ss.fff tt")],
            "2017-1-29 09:00:05.123 PM",
        ),
        ("format_timespan", &[ts("29.09:00:05.12345"), t("dd.hh:mm:ss [FF]")], "29.09:00:05 [12]"),
        ("format_timespan", &[ts("29.09:00:05.12345"), t("ddd.h:mm:ss [fffffff]")], "029.9:00:05 [1234500]"),
        ("datetime_utc_to_local", &[dt("2024-07-01"), t("Europe/Berlin")], "2024-07-01T02:00:00.0000000Z"),
        ("datetime_local_to_utc", &[dt("2024-07-01"), t("Europe/Berlin")], "2024-06-30T22:00:00.0000000Z"),
    ]);
}

#[test]
fn bins() {
    all(&[
        ("bin", &[r(4.5), l(1)], "4"),
        ("bin", &[l(-7), l(3)], "-9"),
        ("bin", &[ts("16d"), ts("7d")], "14.00:00:00"),
        ("bin", &[dt("1970-05-11 13:45:07"), ts("1d")], "1970-05-11T00:00:00.0000000Z"),
        // Weeks begin where Kusto's calendar does, on a Monday.
        ("bin", &[dt("2024-05-08"), ts("7d")], "2024-05-06T00:00:00.0000000Z"),
        ("bin", &[l(5), l(0)], "null"),
        ("bin", &[dec("7.5"), dec("2")], "6"),
        ("bin_at", &[r(6.5), r(2.5), l(7)], "4.5"),
        ("bin_at", &[ts("1h"), ts("1d"), ts("12h")], "-12:00:00"),
        ("floor", &[r(-1.5)], "-2"),
    ]);
    assert_eq!(refused("bin", &[dt("2024-01-01"), l(1)]).code, "type-mismatch");
}

#[test]
fn numbers() {
    all(&[
        ("abs", &[l(-5)], "5"),
        ("abs", &[ts("-1h")], "01:00:00"),
        ("sign", &[r(-42.1)], "-1"),
        ("ceiling", &[r(-1.1)], "-1"),
        ("ceiling", &[dec("0.1")], "1"),
        ("round", &[r(2.98765), l(3)], "2.988"),
        ("round", &[r(2.15), l(1)], "2.2"),
        ("round", &[r(-50.55), l(-2)], "-100"),
        ("round", &[r(21.5), l(-1)], "20"),
        ("round", &[dec("2.345"), l(2)], "2.35"),
        ("sqrt", &[l(9)], "3"),
        ("sqrt", &[l(-1)], "null"),
        ("pow", &[l(2), l(3)], "8"),
        ("exp", &[l(0)], "1"),
        ("log", &[l(1)], "0"),
        ("log", &[l(0)], "null"),
        ("log2", &[l(8)], "3"),
        ("log10", &[l(1000)], "3"),
        ("min_of", &[l(10), l(1), r(-3.5), l(17)], "-3.5"),
        ("max_of", &[l(10), l(1), l(-3), l(17)], "17"),
        ("max_of", &[l(3), null(Type::Long)], "3"),
        ("isnan", &[r(f64::NAN)], "true"),
        ("isinf", &[r(f64::INFINITY)], "true"),
        ("isfinite", &[l(1)], "true"),
        ("pi", &[], "3.141592653589793"),
        ("binary_and", &[l(12), l(10)], "8"),
        ("binary_or", &[l(12), l(10)], "14"),
        ("binary_xor", &[l(12), l(10)], "6"),
        ("binary_not", &[l(100)], "-101"),
        ("binary_shift_left", &[l(1), l(65)], "2"),
        ("binary_shift_right", &[l(8), l(1)], "4"),
        ("bitset_count_ones", &[l(42)], "3"),
    ]);
}

#[test]
fn choices() {
    all(&[
        ("iff", &[b(true), t("yes"), t("no")], "yes"),
        ("iff", &[null(Type::Bool), l(1), r(2.5)], "2.5"),
        ("iif", &[b(false), t("yes"), d("[1]")], "[1]"),
        ("case", &[b(false), t("a"), b(true), t("b"), t("c")], "b"),
        ("coalesce", &[null(Type::Long), l(3), l(4)], "3"),
        ("coalesce", &[t(""), t("x")], "x"),
        ("coalesce", &[null(Type::String), t("")], ""),
        ("isnull", &[null(Type::Long)], "true"),
        ("isnull", &[null(Type::String)], "false"),
        ("isnotnull", &[l(1)], "true"),
        ("isempty", &[null(Type::String)], "true"),
        ("isempty", &[d("\"\"")], "true"),
        ("isempty", &[null(Type::Long)], "true"),
        ("isnotempty", &[t("x")], "true"),
        ("notempty", &[t("")], "false"),
        ("not", &[b(false)], "true"),
    ]);
    assert_eq!(refused("iff", &[b(true), t("x"), l(1)]).code, "type-mismatch");
    assert_eq!(refused("case", &[b(true), t("x"), b(true), t("y")]).code, "wrong-arguments");
}

#[test]
fn conversions() {
    all(&[
        ("tostring", &[l(123)], "123"),
        ("tostring", &[r(1.5)], "1.5"),
        ("tostring", &[d("\"a\\nb\"")], "a\nb"),
        ("tostring", &[d("{\"a\": [1, 2]}")], r#"{"a":[1,2]}"#),
        ("tostring", &[null(Type::Dynamic)], ""),
        ("tostring", &[dt("2017-01-01")], "2017-01-01T00:00:00.0000000Z"),
        ("tostring", &[dec("1.50")], "1.5"),
        ("tolong", &[t("123")], "123"),
        ("tolong", &[t("abc")], "null"),
        ("tolong", &[d("12.9")], "12"),
        ("tolong", &[d("\"77\"")], "77"),
        ("tolong", &[r(1e30)], "null"),
        ("tolong", &[ts("1s")], "10000000"),
        ("toint", &[l(1 << 40)], "null"),
        ("toint", &[t("7")], "7"),
        ("toreal", &[t("123.4")], "123.4"),
        ("todouble", &[l(2)], "2"),
        ("todecimal", &[t("123.45678")], "123.45678"),
        ("todecimal", &[d("0.000002")], "0.000002"),
        ("todecimal", &[r(0.1)], "0.1"),
        ("todecimal", &[t("1e-3")], "0.001"),
        ("todecimal", &[l(-5)], "-5"),
        ("tobool", &[t("TRUE")], "true"),
        ("tobool", &[l(0)], "false"),
        ("tobool", &[t("x")], "null"),
        ("toguid", &[t("70FC66F7-8279-44FC-9092-D364D70FCE44")], "70fc66f7-8279-44fc-9092-d364d70fce44"),
        ("todatetime", &[t("2015-12-24T10:11:12.1234567+02:00")], "2015-12-24T08:11:12.1234560Z"),
        ("todatetime", &[t("2015-12-24 10:11")], "2015-12-24T10:11:00.0000000Z"),
        ("todatetime", &[t("nonsense")], "null"),
        ("totimespan", &[t("0.00:01:00")], "00:01:00"),
        ("totimespan", &[t("1.12:00:00.5")], "1.12:00:00.5000000"),
        ("parse_json", &[t("{\"a\": 1}")], r#"{"a":1}"#),
        ("parse_json", &[t("not json")], "\"not json\""),
        ("parse_json", &[t("null")], "null"),
        ("parse_json", &[t("")], "null"),
        ("todynamic", &[d("\"[1, 2]\"")], "[1,2]"),
    ]);
}

#[test]
fn dynamic_values() {
    let bag = || d(r#"{"a": 1, "b": {"c": "x"}}"#);
    all(&[
        ("pack_array", &[l(1), t("a\"b"), d("{\"x\": 1}")], r#"[1,"a\"b",{"x":1}]"#),
        ("bag_pack", &[t("Level"), t("Information"), t("N"), l(1)], r#"{"Level":"Information","N":1}"#),
        ("pack", &[t("t"), dt("2020-01-01")], r#"{"t":"2020-01-01T00:00:00.0000000Z"}"#),
        ("bag_keys", &[bag()], r#"["a","b"]"#),
        ("bag_merge", &[d(r#"{"A1":12,"B1":2}"#), d(r#"{"A2":81,"A1":1}"#)], r#"{"A1":12,"B1":2,"A2":81}"#),
        ("bag_has_key", &[bag(), t("a")], "true"),
        ("bag_has_key", &[bag(), t("$.b.c")], "true"),
        ("bag_has_key", &[bag(), t("c")], "false"),
        ("bag_remove_keys", &[bag(), d("[\"b\"]")], r#"{"a":1}"#),
        ("bag_set_key", &[bag(), t("a"), l(2)], r#"{"a":2,"b":{"c":"x"}}"#),
        ("treepath", &[bag()], r#"["['a']","['b']","['b']['c']"]"#),
        ("gettype", &[bag()], "dictionary"),
        ("gettype", &[d("[]")], "array"),
        ("gettype", &[t("x")], "string"),
        ("extractjson", &[t("$.b.c"), bag()], "x"),
        ("extractjson", &[t("$.hosts[1].AvailableMB"), t(r#"{"hosts":[{},{"AvailableMB":4836}]}"#)], "4836"),
    ]);
}

#[test]
fn arrays() {
    all(&[
        ("array_length", &[d("[1, 2, 3, \"four\"]")], "4"),
        ("array_length", &[d("{}")], "null"),
        ("array_concat", &[d("[1,2]"), d("[3]"), d("4")], "[1,2,3,4]"),
        ("array_slice", &[d("[1,2,3,4,5]"), l(2), l(-1)], "[3,4,5]"),
        ("array_slice", &[d("[1,2,3,4,5]"), l(-3), l(-2)], "[3,4]"),
        ("array_slice", &[d("[1,2,3]"), l(1), l(2)], "[2,3]"),
        ("array_index_of", &[d("[\"this\",\"is\",\"an\"]"), t("is")], "1"),
        ("array_index_of", &[d("[1,2,1]"), l(1), l(1)], "2"),
        ("array_index_of", &[d("[1,2]"), l(7)], "-1"),
        ("array_sort_asc", &[d("[1,3,4,5,2]")], "[1,2,3,4,5]"),
        ("array_sort_desc", &[d("[\"b\",null,\"a\"]")], r#"["b","a",null]"#),
        ("array_sum", &[d("[1,2,3.5]")], "6.5"),
        ("array_reverse", &[d("[1,2]")], "[2,1]"),
        ("zip", &[d("[1,3]"), d("[2]")], "[[1,2],[3,null]]"),
        ("repeat", &[l(1), l(3)], "[1,1,1]"),
        ("range", &[l(1), l(8), l(3)], "[1,4,7]"),
        ("range", &[l(1), l(3)], "[1,2,3]"),
        ("range", &[r(0.0), r(1.0), r(0.5)], "[0.0,0.5,1.0]"),
        ("range", &[l(3), l(1), l(-1)], "[3,2,1]"),
        ("set_union", &[d("[1,2]"), d("[2,3]")], "[1,2,3]"),
        ("set_intersect", &[d("[1,2,3]"), d("[3,2,5]")], "[2,3]"),
        ("set_difference", &[d("[1,2,2,3]"), d("[3]")], "[1,2]"),
        ("set_has_element", &[d("[\"a\",\"b\"]"), t("b")], "true"),
    ]);
}

#[test]
fn addresses_and_hashes() {
    all(&[
        (
            "url_encode",
            &[t("https://www.bing.com/hello world/")],
            "https%3A%2F%2Fwww.bing.com%2Fhello+world%2F",
        ),
        ("url_encode_component", &[t("a b")], "a%20b"),
        ("url_decode", &[t("https%3a%2f%2fwww.bing.com%2f")], "https://www.bing.com/"),
        (
            "parse_url",
            &[t("scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment")],
            r#"{"Scheme":"scheme","Host":"host","Port":"1234","Path":"/this/is/a/path","Username":"username","Password":"password","Query Parameters":{"k1":"v1","k2":"v2"},"Fragment":"fragment"}"#,
        ),
        ("parse_urlquery", &[t("k1=v1&k2=v2")], r#"{"Query Parameters":{"k1":"v1","k2":"v2"}}"#),
        ("ipv4_is_private", &[t("192.168.1.1/24")], "true"),
        ("ipv4_is_private", &[t("201.201.201.201")], "false"),
        ("ipv4_is_in_range", &[t("192.168.1.6"), t("192.168.1.1/24")], "true"),
        ("ipv4_is_in_range", &[t("x"), t("192.168.1.1/24")], "null"),
        ("ipv4_is_in_any_range", &[t("10.0.0.1"), t("192.168.0.0/16"), t("10.0.0.0/8")], "true"),
        ("ipv4_compare", &[t("192.168.1.1"), t("192.168.1.255")], "-1"),
        ("ipv4_compare", &[t("192.168.1.1/24"), t("192.168.1.255/24")], "0"),
        ("ipv4_is_match", &[t("192.168.1.1/24"), t("192.168.1.255")], "true"),
        ("parse_ipv4", &[t("127.0.0.1")], "2130706433"),
        ("parse_ipv4", &[t("192.1.168.1/24")], "3221334016"),
        ("format_ipv4", &[t("192.168.1.1"), l(24)], "192.168.1.0"),
        ("base64_encode_tostring", &[t("Kusto")], "S3VzdG8="),
        ("base64_decode_tostring", &[t("S3VzdG8=")], "Kusto"),
        ("base64_decode_tostring", &[t("U3RyaW5n_0KHR0YDQvtC60LA")], ""),
        ("hash", &[t("World")], "1846988464401551951"),
        ("hash", &[t("World"), l(100)], "51"),
        ("hash_md5", &[t("World")], "f5a7924e621e84c9280a9a27e1bcb7f6"),
        ("hash_sha256", &[t("World")], "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524"),
    ]);
}

#[test]
fn errors_name_the_function_and_what_it_takes() {
    let error = refused("substring", &[t("x")]);
    assert_eq!(error.code, "wrong-arguments");
    assert_eq!(error.message, "`substring` does not take 1 arguments");
    assert_eq!(
        error.help.as_deref(),
        Some("it is called as `substring(source: string, start: long, length?: long)`")
    );
    let error = refused("dayofyear", &[t("x")]);
    assert_eq!(error.code, "type-mismatch");
    assert_eq!(error.message, "`time` of `dayofyear` is a datetime and cannot be a string");
    assert_eq!(refused("nothing", &[]).code, "unknown-function");
}

#[test]
fn values_are_bounded() {
    use super::testing::environment;
    use crate::Span;
    let call = super::call(
        "strrep",
        super::testing::arguments(&[t("x"), l(1 << 40)]),
        Span::default(),
        &environment(),
    );
    // It is not computed beforehand, and fails where the query runs.
    assert!(super::constant::of(&call.unwrap()).is_none());
    assert_eq!(value("strrep", &[t("x"), i(3)]), "xxx");
}

/// Parquet is read as views, and other sources have dictionaries and other units.
#[test]
fn columns_of_other_layouts_are_read() {
    use datafusion::arrow::array::{ArrayRef, DictionaryArray, StringViewArray, TimestampMillisecondArray};
    use datafusion::arrow::datatypes::Int32Type;
    use datafusion::arrow::record_batch::RecordBatch;
    use datafusion::logical_expr::ident;
    use std::sync::Arc;

    use super::testing::{argument, arguments, collected, environment, shown};
    use crate::{Span, Typed};

    let columns: [(&str, ArrayRef); 3] = [
        ("v", Arc::new(StringViewArray::from(vec![Some(r#"{"a": {"b": 7}}"#), None]))),
        ("k", Arc::new(DictionaryArray::<Int32Type>::from_iter([Some("x"), None]))),
        ("m", Arc::new(TimestampMillisecondArray::from(vec![Some(86_400_000), None]))),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let at = Span::default();
    let call =
        |name: &str, values: &[Typed]| super::call(name, arguments(values), at, &environment()).unwrap();
    let json = call("parse_json", &[Typed::new(ident("v"), Type::String)]);
    let member = |value, name| super::member(argument(value), name, at).unwrap();
    let number = call("tolong", &[member(member(json, "a"), "b")]);
    let length = call("strlen", &[Typed::new(ident("k"), Type::String)]);
    let year = call("getyear", &[Typed::new(ident("m"), Type::DateTime)]);
    let given = [number, length, year];
    let exprs = given.iter().map(|value| value.expr.clone()).collect();
    let batches = collected(batch, exprs, false);
    let row = |row| -> Vec<String> {
        let columns = batches[0].columns().iter().zip(&given);
        columns.map(|(column, value)| shown(column, value.kind, row)).collect()
    };
    assert_eq!(row(0), ["7", "1", "1970"]);
    assert_eq!(row(1), ["null", "0", "null"]);
}

#[test]
fn every_declaration_can_be_read() {
    const KINDS: &[&str] =
        &["any", "string", "long", "real", "number", "bool", "datetime", "timespan", "dynamic", "guid"];
    for (name, takes) in super::signatures().chain(crate::aggregates::signatures()) {
        for part in takes.split(", ").filter(|part| !part.is_empty()) {
            let kind = part.split_once(": ").map(|(_, kind)| kind);
            assert!(kind.is_some_and(|kind| KINDS.contains(&kind)), "{name}({takes})");
        }
        assert_eq!(
            super::names().filter(|known| *known == name).count().max(1),
            1,
            "{name} is declared twice"
        );
    }
}
