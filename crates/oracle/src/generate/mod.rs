//! Random well-typed expressions over strings, numbers, dates, JSON and collections.
//!
//! A grammar of [`productions`] (a type and a pattern with typed holes) becomes proptest strategies: one for each type,
//! depth and set of variables in scope, built once and shared. [`literals`] are its leaves.

mod literals;
mod productions;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use proptest::prelude::*;
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::case::Case;

/// How deeply productions nest.
const DEPTH: u32 = 4;

/// So many expressions from a seed.
///
/// # Errors
/// When the grammar has a mistake.
pub fn cases(seed: u64, count: usize) -> Result<Vec<Case>> {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().zip(seed.to_le_bytes()) {
        *place = byte;
    }
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let strategy = expressions()?;
    let image = Arc::new(serde_json::Value::Object(serde_json::Map::new()));
    let one = |_| {
        let tree = strategy.new_tree(&mut runner).map_err(|reason| anyhow!("no expression: {reason}"))?;
        Ok(Case::generated(tree.current(), Arc::clone(&image)))
    };
    (0..count).map(one).collect()
}

/// Whole expressions, as they stand in a policy.
///
/// # Errors
/// When the grammar has a mistake.
pub fn expressions() -> Result<BoxedStrategy<String>> {
    let mut grammar = Grammar::default();
    let mut roots = Vec::new();
    for pattern in productions::ROOTS {
        roots.push((3, grammar.pattern(pattern, DEPTH - 1, &Scope::default())?));
    }
    let plain = productions::types().into_iter().map(|ty| grammar.of(ty, DEPTH, &Scope::default()));
    let plain: Vec<BoxedStrategy<String>> = plain.collect::<Result<_>>()?;
    roots.push((100, Union::new(plain).prop_map(|text| format!("@({text})")).boxed()));
    Ok(Union::new_weighted(roots).boxed())
}

/// The variables that a hole may use: name and type.
type Scope = Vec<(String, &'static str)>;

/// What was built so far.
#[derive(Default)]
struct Grammar {
    built: HashMap<(&'static str, u32, Scope), BoxedStrategy<String>>,
}

impl Grammar {
    /// Expressions of a type.
    fn of(&mut self, ty: &'static str, depth: u32, scope: &Scope) -> Result<BoxedStrategy<String>> {
        let key = (ty, depth, scope.clone());
        if let Some(known) = self.built.get(&key) {
            return Ok(known.clone());
        }
        let variables: Vec<String> =
            scope.iter().filter(|(_, of)| *of == ty).map(|(name, _)| name.clone()).collect();
        let leaf = match variables.is_empty() {
            true => literals::of(ty),
            false => prop_oneof![1 => literals::of(ty), 3 => proptest::sample::select(variables)].boxed(),
        };
        let strategy = if depth == 0 {
            leaf
        } else {
            let mut options = vec![(4, leaf)];
            for (_, pattern) in productions::PRODUCTIONS.iter().filter(|(of, _)| *of == ty) {
                options.push((1, self.pattern(pattern, depth - 1, scope)?));
            }
            Union::new_weighted(options).boxed()
        };
        self.built.insert(key, strategy.clone());
        Ok(strategy)
    }

    /// A pattern such as `{string}.Select($x => {int|$x:char})`: holes name a type, and after `|` the variables that
    /// are in scope there; `$` makes a variable's name unique to its depth.
    fn pattern(&mut self, pattern: &'static str, depth: u32, scope: &Scope) -> Result<BoxedStrategy<String>> {
        let mut texts = Vec::new();
        let mut holes = Vec::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('⟨') {
            let (hole, after) =
                after.split_once('⟩').ok_or_else(|| anyhow!("a hole is open in {pattern}"))?;
            let (ty, variables) = hole.split_once('|').unwrap_or((hole, ""));
            let mut inner = scope.clone();
            for variable in variables.split(',').filter(|variable| !variable.is_empty()) {
                let (name, of) =
                    variable.split_once(':').ok_or_else(|| anyhow!("`{variable}` has no type"))?;
                inner.push((unique(name, depth), productions::known(of)?));
            }
            texts.push(unique(before, depth));
            holes.push(self.of(productions::known(ty)?, depth, &inner)?);
            rest = after;
        }
        let last = unique(rest, depth);
        let filled = holes.prop_map(move |found| {
            let mut out = String::new();
            for (text, hole) in texts.iter().zip(&found) {
                out.push_str(text);
                out.push_str(hole);
            }
            out.push_str(&last);
            out
        });
        Ok(filled.boxed())
    }
}

/// `$x` as `x3`.
fn unique(text: &str, depth: u32) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let end = after.find(|next: char| !next.is_ascii_lowercase()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        out.push_str(before);
        if name.is_empty() {
            // The dollar of an interpolated string.
            out.push('$');
        } else {
            out.push_str(&format!("{name}{depth}"));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test fails by panicking.
    use super::*;
    use crate::answer::{Answer, COMPILE_ERROR};
    use crate::ours;

    #[test]
    fn the_same_seed_makes_the_same_expressions() {
        let texts =
            |seed| cases(seed, 50).unwrap().into_iter().map(|case| case.expression).collect::<Vec<_>>();
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }

    #[test]
    fn most_expressions_compile_and_give_a_value() {
        let compute = || {
            let cases = cases(7, 400).unwrap();
            let answers: Vec<Answer> = cases.iter().map(ours::answer).collect();
            let given = answers.iter().filter(|answer| matches!(answer, Answer::Given { .. })).count();
            let refused = answers
                .iter()
                .filter(
                    |answer| matches!(answer, Answer::Thrown { error } if error.type_name == COMPILE_ERROR),
                )
                .count();
            (given, refused)
        };
        let running = std::thread::Builder::new().stack_size(16 << 20).spawn(compute).unwrap();
        let (given, refused) = running.join().unwrap();
        assert!(given >= 260, "{given} of 400 give a value");
        // Constants that overflow.
        assert!(refused <= 40, "{refused} of 400 do not compile");
    }
}
