//! Makes programs of patterns.

use super::set::Set;
use super::{Assertion, Program, Step};
use crate::dotnet::regex::node::{Group, GroupKey, Node, undefined};

/// Steps of one program, at most.
const LONGEST: usize = 100_000;

/// The program of a pattern.
///
/// # Errors
/// A message of .NET when a group is undefined; none when the pattern is too large.
pub(in crate::dotnet::regex) fn compile(
    root: &Node,
    groups: &[Group],
    ignore_case: bool,
    backwards: bool,
    ecma_script: bool,
) -> Result<Program, Option<String>> {
    let program =
        Program { steps: Vec::new(), sets: Vec::new(), groups: groups.len(), backwards, ecma_script };
    let mut compiler = Compiler { program, groups, ignore_case, backwards };
    compiler.node(root)?;
    compiler.push(Step::Matched)?;
    Ok(compiler.program)
}

struct Compiler<'g> {
    program: Program,
    groups: &'g [Group],
    /// As inline options have it here.
    ignore_case: bool,
    backwards: bool,
}

type Done = Result<(), Option<String>>;

impl Compiler<'_> {
    fn push(&mut self, step: Step) -> Result<usize, Option<String>> {
        if self.program.steps.len() >= LONGEST {
            return Err(None);
        }
        self.program.steps.push(step);
        Ok(self.program.steps.len() - 1)
    }

    fn here(&self) -> usize {
        self.program.steps.len()
    }

    fn set(&mut self, at: usize, step: Step) {
        if let Some(slot) = self.program.steps.get_mut(at) {
            *slot = step;
        }
    }

    /// The position of the group that parentheses fill.
    fn group_of(&self, capture: usize) -> Option<usize> {
        self.groups.iter().position(|group| group.captures.contains(&capture))
    }

    fn group_named(&self, key: &GroupKey) -> Result<usize, Option<String>> {
        self.groups.iter().position(|group| group.is(key)).ok_or_else(|| Some(undefined(key)))
    }

    fn node(&mut self, node: &Node) -> Done {
        match node {
            Node::Atom(text) => self.atom(text),
            Node::End => self.push(Step::Assert(Assertion::LastEnd)).map(drop),
            Node::Sequence(items) if self.backwards => self.reversed(items),
            Node::Sequence(items) => items.iter().try_for_each(|item| self.node(item)),
            Node::Alternatives(items) => self.alternatives(items),
            Node::Capture(at, inner) => {
                let group = self.group_of(*at);
                self.captured(inner, group, None)
            }
            Node::Balance(at, popped, inner) => {
                let group = at.and_then(|at| self.group_of(at));
                let popped = self.group_named(popped)?;
                self.captured(inner, group, Some(popped))
            }
            Node::Group(open, inner) => self.group(open, inner),
            Node::Repeat { inner, least, most, lazy } => self.repeat(inner, *least, *most, *lazy),
            Node::Reference(key) => {
                let group = self.group_named(key)?;
                self.reference(group)
            }
            Node::Digits(digits) => self.digits(digits),
            Node::IfCaptured(key, yes, no) => {
                let group = self.group_named(key)?;
                let test = self.push(Step::Fail)?;
                self.node(yes)?;
                let end = self.push(Step::Fail)?;
                let otherwise = self.here();
                self.set(test, Step::IfCaptured { group, otherwise });
                self.node(no)?;
                let behind = self.here();
                self.set(end, Step::Jump(behind));
                Ok(())
            }
            Node::IfAhead(test, yes, no) => {
                let guard = self.push(Step::Fail)?;
                self.directed(test, false)?;
                self.push(Step::Commit { rewind: true })?;
                self.node(yes)?;
                let end = self.push(Step::Fail)?;
                let otherwise = self.push(Step::DropGuard)?;
                self.set(guard, Step::GuardOr(otherwise));
                self.node(no)?;
                let behind = self.here();
                self.set(end, Step::Jump(behind));
                Ok(())
            }
        }
    }

    /// The last item first; an inline option holds for what is written behind it all the same.
    fn reversed(&mut self, items: &[Node]) -> Done {
        let mut ignore_case = self.ignore_case;
        let mut with_case = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Node::Atom(text) if text == "(?i)" => ignore_case = true,
                Node::Atom(text) if text == "(?-i)" => ignore_case = false,
                _ => with_case.push((item, ignore_case)),
            }
        }
        for (item, ignore_case) in with_case.into_iter().rev() {
            self.ignore_case = ignore_case;
            self.node(item)?;
        }
        self.ignore_case = ignore_case;
        Ok(())
    }

    fn directed(&mut self, node: &Node, backwards: bool) -> Done {
        let outer = std::mem::replace(&mut self.backwards, backwards);
        let done = self.node(node);
        self.backwards = outer;
        done
    }

    fn atom(&mut self, text: &str) -> Done {
        let assertion = match text {
            "(?i)" | "(?-i)" => {
                self.ignore_case = text == "(?i)";
                return Ok(());
            }
            "\\b" => Assertion::WordBoundary,
            "\\B" => Assertion::NoWordBoundary,
            "\\A" => Assertion::TextStart,
            "\\z" => Assertion::TextEnd,
            "\\G" => Assertion::SearchStart,
            "^" => Assertion::LineStart,
            "$" => Assertion::LineEnd,
            _ => {
                let set = Set::new(text, self.ignore_case).ok_or(None)?;
                self.program.sets.push(set);
                let set = self.program.sets.len() - 1;
                return self.push(Step::One { set, backwards: self.backwards }).map(drop);
            }
        };
        self.push(Step::Assert(assertion)).map(drop)
    }

    fn alternatives(&mut self, items: &[Node]) -> Done {
        let mut ends = Vec::new();
        for (at, item) in items.iter().enumerate() {
            if at + 1 == items.len() {
                self.node(item)?;
                break;
            }
            let split = self.push(Step::Fail)?;
            self.node(item)?;
            ends.push(self.push(Step::Fail)?);
            let next = self.here();
            self.set(split, Step::Split(split + 1, next));
        }
        let behind = self.here();
        for end in ends {
            self.set(end, Step::Jump(behind));
        }
        Ok(())
    }

    fn captured(&mut self, inner: &Node, group: Option<usize>, pop: Option<usize>) -> Done {
        self.push(Step::Open)?;
        self.scoped(inner)?;
        self.push(Step::Close { group, pop }).map(drop)
    }

    /// Inline options end with the group around them.
    fn scoped(&mut self, inner: &Node) -> Done {
        let outer = self.ignore_case;
        let done = self.node(inner);
        self.ignore_case = outer;
        done
    }

    fn group(&mut self, open: &str, inner: &Node) -> Done {
        let outer = self.ignore_case;
        match open {
            "(?i:" => self.ignore_case = true,
            "(?-i:" => self.ignore_case = false,
            _ => {}
        }
        let done = match open {
            "(?=" => self.test(inner, false),
            "(?<=" => self.test(inner, true),
            "(?!" => self.negative_test(inner, false),
            "(?<!" => self.negative_test(inner, true),
            "(?>" => self.push(Step::Guard).and_then(|_| {
                self.node(inner)?;
                self.push(Step::Commit { rewind: false }).map(drop)
            }),
            _ => self.node(inner),
        };
        self.ignore_case = outer;
        done
    }

    fn test(&mut self, inner: &Node, backwards: bool) -> Done {
        self.push(Step::Guard)?;
        self.directed(inner, backwards)?;
        self.push(Step::Commit { rewind: true }).map(drop)
    }

    fn negative_test(&mut self, inner: &Node, backwards: bool) -> Done {
        let guard = self.push(Step::Fail)?;
        self.directed(inner, backwards)?;
        self.push(Step::Refuse)?;
        let behind = self.push(Step::DropGuard)?;
        self.set(guard, Step::GuardOr(behind));
        Ok(())
    }

    fn repeat(&mut self, inner: &Node, least: u32, most: Option<u32>, lazy: bool) -> Done {
        self.push(Step::EnterLoop)?;
        let test = self.push(Step::Fail)?;
        self.scoped(inner)?;
        self.push(Step::Jump(test))?;
        let exit = self.push(Step::LeaveLoop)?;
        self.set(test, Step::Loop { least, most, lazy, exit });
        Ok(())
    }

    fn reference(&mut self, group: usize) -> Done {
        let (ignore_case, backwards) = (self.ignore_case, self.backwards);
        self.push(Step::Reference { group, ignore_case, backwards }).map(drop)
    }

    /// A group when there is one with this number, else a character by its octal code and digits.
    fn digits(&mut self, digits: &str) -> Done {
        let key = digits.parse().ok().map(GroupKey::Number);
        if let Some(group) = key.as_ref().and_then(|key| self.group_named(key).ok()) {
            return self.reference(group);
        }
        let atoms = Node::octal(digits).map_err(Some)?;
        self.node(&Node::Sequence(atoms))
    }
}
