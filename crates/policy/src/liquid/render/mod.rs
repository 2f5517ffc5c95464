//! Runs a template; [`loops`] the loops in it.

mod loops;

use std::collections::HashMap;

use sekisho_expression::budget::{Budget, Limits};
use sekisho_expression::value::Text;

use super::condition::equals;
use super::node::{Chain, Node, When};
use super::value::Value;
use super::{Failure, Template};

/// What a template may name beside its own variables.
pub(crate) trait Roots {
    /// `body` or `context`; none for other names.
    ///
    /// # Errors
    /// When the body is not what its content type says.
    fn root(&mut self, name: &str, budget: &mut Budget) -> Result<Option<Value>, Failure>;
    /// The time in 100 ns ticks since 0001-01-01.
    fn now_ticks(&self) -> i64;
}

/// Renders a template into a text of at most `most` bytes.
///
/// # Errors
/// When a bound is exceeded. What DotLiquid calls a Liquid error is shown in the text.
pub(crate) fn render(
    template: &Template,
    roots: &mut dyn Roots,
    limits: &Limits,
    most: usize,
) -> Result<String, Failure> {
    let mut renderer = Renderer {
        roots,
        budget: Budget::new(limits),
        out: String::new(),
        most,
        variables: HashMap::new(),
        loops: Vec::new(),
        counters: HashMap::new(),
        ended: HashMap::new(),
        cycles: HashMap::new(),
        changed: None,
    };
    renderer.nodes(&template.nodes)?;
    Ok(renderer.out)
}

/// How a piece ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// A template on its way.
pub(super) struct Renderer<'r> {
    pub(super) roots: &'r mut dyn Roots,
    pub(super) budget: Budget,
    out: String,
    /// The most bytes of output.
    most: usize,
    /// What `assign` and `capture` set.
    variables: HashMap<Text, Value>,
    /// Variables of the loops around, the innermost last.
    loops: Vec<(Text, Value)>,
    /// `increment` and `decrement`.
    counters: HashMap<Text, i64>,
    /// Where loops ended, by name, for `offset:continue`.
    ended: HashMap<Text, i64>,
    /// The next value of each `cycle`.
    cycles: HashMap<Text, usize>,
    /// What `ifchanged` showed last.
    changed: Option<String>,
}

impl Renderer<'_> {
    /// The value of a name without a path; nil when nothing has it.
    pub(super) fn root(&mut self, name: &str) -> Result<Value, Failure> {
        if let Some((_, value)) = self.loops.iter().rev().find(|(known, _)| known.as_str() == name) {
            return Ok(value.clone());
        }
        let key = Text::from(name);
        if let Some(value) = self.variables.get(&key) {
            return Ok(value.clone());
        }
        if let Some(number) = self.counters.get(&key) {
            return Ok(Value::Integer(*number));
        }
        Ok(self.roots.root(name, &mut self.budget)?.unwrap_or_default())
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.budget.allocate(text.len())?;
        self.check_length(self.out.len() + text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// No text may be longer than the output may be.
    pub(super) fn check_length(&self, length: usize) -> Result<(), Failure> {
        if length <= self.most {
            return Ok(());
        }
        let message = format!("the template makes more than {} bytes", self.most);
        Err(Failure::Ended(sekisho_expression::Exception::limit(message)))
    }

    fn show(&mut self, value: &Value) -> Result<(), Failure> {
        let Some(count) = value.shown_elements() else { return self.write(&value.shown()) };
        for item in (0..count).map_while(|at| value.item(at)) {
            self.budget.step()?;
            self.write(&item.to_text())?;
        }
        Ok(())
    }

    /// The text that nodes make, apart from the output.
    fn captured(&mut self, nodes: &[Node]) -> Result<(String, Flow), Failure> {
        let outer = std::mem::take(&mut self.out);
        let flow = self.nodes(nodes);
        let made = std::mem::replace(&mut self.out, outer);
        Ok((made, flow?))
    }

    fn nodes(&mut self, nodes: &[Node]) -> Result<Flow, Failure> {
        for node in nodes {
            self.budget.step()?;
            match self.node(node) {
                Ok(Flow::Next) => {}
                Ok(flow) => return Ok(flow),
                Err(Failure::Shown(message)) => self.write(&format!("Liquid error: {message}"))?,
                Err(ended) => return Err(ended),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &Node) -> Result<Flow, Failure> {
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Output(chain) => {
                let value = self.chain(chain)?;
                self.show(&value)?;
            }
            Node::Assign(name, chain) => {
                let value = self.chain(chain)?;
                self.variables.insert(name.clone(), value);
            }
            Node::Capture(name, nodes) => {
                let (made, flow) = self.captured(nodes)?;
                self.variables.insert(name.clone(), Value::text(made));
                return Ok(flow);
            }
            Node::If(branches) => {
                for (condition, nodes) in branches {
                    if self.holds(condition)? {
                        return self.nodes(nodes);
                    }
                }
            }
            Node::Case(subject, branches) => {
                let subject = self.evaluate(subject)?;
                return self.case(&subject, branches);
            }
            Node::For(turns) => return self.repeat(turns),
            Node::TableRow(turns) => return self.table(turns),
            Node::Cycle(name, values) => {
                let key = self.evaluate(name)?.to_text();
                let at = self.cycles.get(&key).copied().unwrap_or(0) % values.len().max(1);
                self.cycles.insert(key, at + 1);
                if let Some(value) = values.get(at) {
                    let value = self.evaluate(value)?;
                    self.show(&value)?;
                }
            }
            Node::IfChanged(nodes) => {
                let (made, flow) = self.captured(nodes)?;
                if self.changed.as_ref() != Some(&made) {
                    self.write(&made)?;
                    self.changed = Some(made);
                }
                return Ok(flow);
            }
            Node::Count(name, by) => {
                let counter = self.counters.entry(name.clone()).or_default();
                let before = *counter;
                *counter = before.saturating_add(*by);
                let shown = if *by > 0 { before } else { *counter };
                self.write(&shown.to_string())?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// A value through its filters.
    fn chain(&mut self, chain: &Chain) -> Result<Value, Failure> {
        let Some(subject) = &chain.subject else { return Ok(Value::Nil) };
        let mut value = self.evaluate(subject)?;
        for filter in &chain.filters {
            let mut arguments = Vec::with_capacity(filter.arguments.len());
            for argument in &filter.arguments {
                arguments.push(self.evaluate(argument)?);
            }
            value = filter.run(self, value, &arguments)?;
        }
        Ok(value)
    }

    /// Every branch that fits is shown, and `else` when none did before it.
    fn case(&mut self, subject: &Value, branches: &[When]) -> Result<Flow, Failure> {
        let mut found = false;
        for branch in branches {
            let fits = match &branch.values {
                None => !found,
                Some(values) => {
                    let mut fits = false;
                    for value in values {
                        fits = fits || equals(subject, &self.evaluate(value)?);
                    }
                    found |= fits;
                    fits
                }
            };
            if fits {
                let flow = self.nodes(&branch.nodes)?;
                if flow != Flow::Next {
                    return Ok(flow);
                }
            }
        }
        Ok(Flow::Next)
    }
}
