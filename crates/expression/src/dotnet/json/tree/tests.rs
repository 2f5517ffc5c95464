use std::sync::{Arc, Barrier};

use crate::dotnet::json::node::{JToken, JTokenType};
use crate::dotnet::json::{Formatting, location, to_json};
use crate::testing::assert_evaluates;
use crate::value::{Text, Value};

use super::unite;

#[track_caller]
fn assert_text(expression: &str, value: &str) {
    assert_evaluates(expression, "System.String", value);
}

#[test]
fn parents_of_a_token_live_as_long_as_the_token() {
    assert_text(r#"@(JObject.Parse("{'a':{'b':[1,{'c':2}]}}")["a"]["b"][1]["c"].Path)"#, "a.b[1].c");
    assert_text(
        r#"@(new JObject(new JProperty("a", new JArray(1)))["a"][0].Root.ToString(Formatting.None))"#,
        r#"{"a":[1]}"#,
    );
}

#[test]
fn references_follow_their_token_into_other_trees() {
    let chain = r#"@{ var inner = new JObject(); var first = inner; var all = new List<JToken>();
        for (var i = 0; i < 40; i++) { all.Add(inner); var outer = new JObject(new JProperty("n" + i, inner)); inner = outer; }
        first["x"] = 1;
        return all[1].Path.Length + "," + first.Ancestors().Count() + "," + (all[39].Root == first.Root); }"#;
    assert_text(chain, "146,80,True");
}

#[test]
fn the_value_of_a_removed_property_keeps_it_and_what_is_below() {
    let removed = r#"@{ var tree = JObject.Parse("{'a':{'b':1},'c':2}"); var a = tree["a"]; tree.Remove("a");
        return a.Path + "|" + a.ToString(Formatting.None) + "|" + a["b"].Path + "|" + tree.ToString(Formatting.None); }"#;
    assert_text(removed, r#"a|{"b":1}|a.b|{"c":2}"#);
}

#[test]
fn identity_outlasts_a_move() {
    let (small, mut large) = (JToken::object(), JToken::array());
    let before = small.address();
    for _ in 0..3 {
        let (grown, _) = unite(&large.0, &JToken::null().0);
        large = JToken(grown);
    }
    let (_, moved) = unite(&large.0, &small.0);
    assert_eq!(JToken(moved).address(), before);
    assert_ne!(large.address(), before);
}

#[test]
fn threads_that_unite_the_same_trees_end() {
    let trees: Vec<JToken> = (0..8)
        .map(|at| JToken::scalar(JTokenType::String, Value::String(Text::from(at.to_string()))))
        .collect();
    let trees = Arc::new(trees);
    let start = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4_usize)
        .map(|own| {
            let (trees, start) = (Arc::clone(&trees), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                for step in 0..trees.len() {
                    let (left, right) = ((own + step) % trees.len(), (own * 3 + step * 5) % trees.len());
                    unite(&trees[left].0, &trees[right].0);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for (at, tree) in trees.iter().enumerate() {
        assert_eq!(to_json(tree, Formatting::None).unwrap(), format!("\"{at}\""));
        assert_eq!(location::path_of(tree), "");
    }
}
