use super::*;

fn body(paths: &[&str], text: &str, is_cut: bool) -> Option<String> {
    let masking = Masking::new([], [], paths.iter().copied()).unwrap();
    match masking.body(text.as_bytes(), is_cut) {
        Masked::Text(text) => Some(String::from_utf8(text.into_owned()).unwrap()),
        Masked::Refused => None,
    }
}

#[test]
fn values_at_paths_are_masked() {
    let request = r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":[{"text":"b"}]}]}"#;
    assert_eq!(
        body(&["$.messages[*].content"], request, false).unwrap(),
        r#"{"model":"m","messages":[{"role":"user","content":"***"},{"role":"user","content":"***"}]}"#
    );
    assert_eq!(
        body(&["$.messages[1]['content'][0].text"], request, false).unwrap(),
        r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":[{"text":"***"}]}]}"#
    );
    let nested = r#"{"secret":{"secret":1},"a":[{"secret":"x","b":2}]}"#;
    assert_eq!(
        body(&["$..secret"], nested, false).unwrap(),
        r#"{"secret":"***","a":[{"secret":"***","b":2}]}"#
    );
    assert_eq!(
        body(&["$.a[*].*"], nested, false).unwrap(),
        r#"{"secret":{"secret":1},"a":[{"secret":"***","b":"***"}]}"#
    );
}

#[test]
fn what_has_no_such_value_stays_byte_for_byte() {
    let text = "{ \"n\" : 1.10 }\n";
    assert_eq!(body(&["$.x"], text, false).unwrap(), text);
    assert_eq!(body(&["$.x"], "plain text", false).unwrap(), "plain text");
    assert_eq!(body(&[], "{broken", true).unwrap(), "{broken");
}

#[test]
fn json_that_cannot_be_read_is_not_kept() {
    assert_eq!(body(&["$.x"], "{\"x\": \"secret", false), None);
    assert_eq!(body(&["$.x"], "{\"y\": 1}", true), None);
}

#[test]
fn the_events_of_a_stream_are_masked_one_by_one() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\ndata: {\"id\":1}\n\ndata: [DONE]\n\ndata: {\"choi";
    assert_eq!(
        body(&["$.choices[*].delta.content"], stream, true).unwrap(),
        "data: {\"choices\":[{\"delta\":{\"content\":\"***\"}}]}\n\r\ndata: {\"id\":1}\n\ndata: [DONE]\n\ndata: ***\n"
    );
}

#[test]
fn paths_that_are_none_are_refused_with_their_place() {
    for (path, at) in
        [("messages", 0), ("$", 1), ("$.", 1), ("$..", 1), ("$[x]", 1), ("$.a['b]", 3), ("$.a..", 3)]
    {
        let error = Masking::new([], [], [path]).unwrap_err();
        assert_eq!((error.path.as_str(), error.at), (path, at));
    }
}

#[test]
fn queries_and_headers_are_masked() {
    let masking = Masking::new(["X-Team"], ["Team"], []).unwrap();
    assert_eq!(masking.query("a=1&t%65am=x&team=&flag"), "a=1&t%65am=***&team=***&flag");
    assert_eq!(masking.query("a=1"), "a=1");
    assert!(masking.hides_header("x-team"));
    assert!(!masking.hides_header("x-other"));
}
