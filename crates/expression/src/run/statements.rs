//! Statements.

use super::{Flow, Frame};
use crate::binder::is_subtype;
use crate::exception::Exception;
use crate::program::{CaseStep, CatchStep, Node, Step};
use crate::types::Type;
use crate::value::{Value, iterate};

impl<'f> Frame<'f> {
    pub(super) fn steps(&mut self, steps: &'f [Step]) -> Result<Flow, Exception> {
        let mut at = 0;
        while let Some(step) = steps.get(at) {
            at += 1;
            match self.step(step)? {
                Flow::Next => {}
                Flow::Goto(name) => match label_position(steps, &name) {
                    Some(label) => {
                        self.machine.budget().step()?;
                        at = label;
                    }
                    None => return Ok(Flow::Goto(name)),
                },
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn step(&mut self, step: &'f Step) -> Result<Flow, Exception> {
        match step {
            Step::Evaluate(node) => {
                self.eval(node)?;
            }
            Step::Declare(slot, node) => {
                let value = self.eval(node)?;
                self.declare(*slot, value)?;
            }
            Step::Block(steps) => return self.steps(steps),
            Step::If(condition, then, otherwise) => {
                if self.truth(condition)? {
                    return self.step(then);
                }
                if let Some(otherwise) = otherwise {
                    return self.step(otherwise);
                }
            }
            Step::Loop { before, body, update, after } => {
                return self.run_loop(before.as_ref(), body, update, after.as_ref());
            }
            Step::ForEach { slot, sequence, convert, pairs, body } => {
                return self.foreach(*slot, sequence, convert.as_ref(), *pairs, body);
            }
            Step::Switch { slot, value, cases } => return self.switch(*slot, value, cases),
            Step::Return(node) => return self.eval(node).map(Flow::Return),
            Step::Labeled(_, step) => return self.step(step),
            Step::Goto(name) => return Ok(Flow::Goto(name.clone())),
            Step::GotoCase(value) => return Ok(Flow::GotoCase(value.clone())),
            Step::GotoDefault => return Ok(Flow::GotoDefault),
            Step::Break => return Ok(Flow::Break),
            Step::Continue => return Ok(Flow::Continue),
            Step::Throw(node) => return Err(self.thrown(node.as_ref())?),
            Step::Try { body, catches, finally } => return self.run_try(body, catches, finally),
        }
        Ok(Flow::Next)
    }

    fn run_loop(
        &mut self,
        before: Option<&'f Node>,
        body: &'f Step,
        update: &'f [Node],
        after: Option<&'f Node>,
    ) -> Result<Flow, Exception> {
        loop {
            self.machine.budget().step()?;
            if let Some(condition) = before
                && !self.truth(condition)?
            {
                return Ok(Flow::Next);
            }
            match self.step(body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Next | Flow::Continue => {}
                leaves => return Ok(leaves),
            }
            for node in update {
                self.eval(node)?;
            }
            if let Some(condition) = after
                && !self.truth(condition)?
            {
                return Ok(Flow::Next);
            }
        }
    }

    fn foreach(
        &mut self,
        slot: u32,
        sequence: &'f Node,
        convert: Option<&'f Node>,
        pairs: bool,
        body: &'f Step,
    ) -> Result<Flow, Exception> {
        let sequence = self.eval(sequence)?;
        let mut walk = iterate(&sequence, self.machine)?;
        while let Some(item) = walk.next(self.machine)? {
            let item = if pairs { as_pair(item) } else { item };
            self.declare(slot, item)?;
            if let Some(convert) = convert {
                let converted = self.eval(convert)?;
                self.declare(slot, converted)?;
            }
            match self.step(body)? {
                Flow::Break => break,
                Flow::Next | Flow::Continue => {}
                leaves => return Ok(leaves),
            }
        }
        Ok(Flow::Next)
    }

    fn switch(&mut self, slot: u32, value: &'f Node, cases: &'f [CaseStep]) -> Result<Flow, Exception> {
        let value = self.eval(value)?;
        self.declare(slot, value.clone())?;
        let default = || cases.iter().find(|case| case.is_default);
        let mut chosen = self.chosen(&value, cases)?.or_else(default);
        while let Some(case) = chosen {
            chosen = match self.steps(&case.body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::GotoDefault => default(),
                Flow::GotoCase(value) => self.chosen(&value, cases)?,
                other => return Ok(other),
            };
            self.machine.budget().step()?;
        }
        Ok(Flow::Next)
    }

    /// The first section with a label that takes the value.
    fn chosen(&mut self, value: &Value, cases: &'f [CaseStep]) -> Result<Option<&'f CaseStep>, Exception> {
        for case in cases {
            for (test, guard) in &case.tests {
                if !self.matches(value, test)? {
                    continue;
                }
                let passes = match guard {
                    Some(guard) => self.truth(guard)?,
                    None => true,
                };
                if passes {
                    return Ok(Some(case));
                }
            }
        }
        Ok(None)
    }

    /// What `throw` throws; without a value, the exception that the `catch` around it has caught.
    fn thrown(&mut self, node: Option<&'f Node>) -> Result<Exception, Exception> {
        let value = match node {
            Some(node) => self.eval(node)?,
            None => self.caught.last().cloned().map_or(Value::Null, Value::Exception),
        };
        Ok(match value {
            Value::Exception(exception) => exception,
            _ => Exception::null_reference(),
        })
    }

    fn run_try(
        &mut self,
        body: &'f [Step],
        catches: &'f [CatchStep],
        finally: &'f [Step],
    ) -> Result<Flow, Exception> {
        let mut result = self.steps(body);
        if let Err(thrown) = &result
            && thrown.is_catchable()
        {
            let thrown = thrown.clone();
            result = self.catch(thrown, catches);
        }
        let exceeded = matches!(&result, Err(thrown) if !thrown.is_catchable());
        if !exceeded {
            self.steps(finally)?;
        }
        result
    }

    /// True when the filter of a `catch` accepts; what it throws itself counts as a refusal.
    fn passes(&mut self, filter: &'f Node) -> Result<bool, Exception> {
        match self.truth(filter) {
            Err(thrown) if thrown.is_catchable() => Ok(false),
            result => result,
        }
    }

    fn catch(&mut self, thrown: Exception, catches: &'f [CatchStep]) -> Result<Flow, Exception> {
        let ty = Type::Named(thrown.type_name());
        for found in catches {
            let root = found.ty == Type::Named("System.Exception");
            if !root && !is_subtype(&ty, &found.ty) {
                continue;
            }
            if let Some(slot) = found.slot {
                self.declare(slot, Value::Exception(thrown.clone()))?;
            }
            if let Some(filter) = &found.filter
                && !self.passes(filter)?
            {
                continue;
            }
            self.caught.push(thrown);
            let result = self.steps(&found.body);
            self.caught.pop();
            return result;
        }
        Err(thrown)
    }
}

/// A property of a JObject as `KeyValuePair<string, JToken>`.
fn as_pair(item: Value) -> Value {
    let Value::Json(token) = &item else { return item };
    let Some((name, value)) = token.as_property() else { return item };
    let token_type = Type::Named("Newtonsoft.Json.Linq.JToken");
    Value::pair(Type::String, token_type, Value::String(name), Value::Json(value))
}

/// Where a label stands among the statements of a block.
fn label_position(steps: &[Step], name: &str) -> Option<usize> {
    steps.iter().position(|step| matches!(step, Step::Labeled(label, _) if **label == *name))
}
