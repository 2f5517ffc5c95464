//! Statements: what they declare, and whether the next one can be reached.

use std::sync::Arc;

use super::conversions::shown;
use super::{Binder, Typed};
use crate::ast::{Expression, ExpressionKind, Place, Statement, StatementKind};
use crate::program::{Node, Step};
use crate::types::Type;
use crate::value::Value;

impl Binder {
    /// The statements of a block, and whether its end can be reached.
    pub(super) fn block_statements(&mut self, statements: &[Statement]) -> (Vec<Step>, bool) {
        self.in_block(|binder| {
            let upcoming = binder.upcoming.len();
            binder.blocks += 1;
            binder.open_blocks.push(binder.blocks);
            for statement in statements {
                match &statement.kind {
                    StatementKind::LocalFunction { .. } => {
                        binder.announce_function(&statement.kind, statement.place);
                    }
                    StatementKind::Local { variables, .. } => {
                        binder.upcoming.extend(variables.iter().map(|(name, ..)| Arc::clone(name)));
                    }
                    _ => {}
                }
            }
            let steps = statements.iter().map(|statement| binder.statement(statement).0).collect();
            binder.upcoming.truncate(upcoming);
            binder.open_blocks.pop();
            (steps, binder.flow.is_reachable())
        })
    }

    /// A statement, and whether its end can be reached.
    pub(super) fn statement(&mut self, statement: &Statement) -> (Step, bool) {
        let (step, goes_on) = self.statement_kind(statement);
        if !goes_on {
            self.flow.stop();
        }
        (step, self.flow.is_reachable())
    }

    /// A statement; false when its end is never reached. What [`super::flow`] notes counts too.
    fn statement_kind(&mut self, statement: &Statement) -> (Step, bool) {
        let place = statement.place;
        let step = match &statement.kind {
            StatementKind::Empty => Step::Block(Vec::new()),
            StatementKind::Block(statements) => Step::Block(self.block_statements(statements).0),
            StatementKind::Local { ty, is_const, variables } => self.local(ty, *is_const, variables),
            StatementKind::Expression(value) => Step::Evaluate(self.discarded(value)),
            StatementKind::If { condition, then, otherwise } => {
                self.if_statement(condition, then, otherwise.as_deref())
            }
            StatementKind::While { condition, body } => self.while_statement(condition, body),
            StatementKind::Do { body, condition } => self.do_statement(body, condition),
            StatementKind::For { initializer, condition, update, body } => {
                self.for_statement(initializer, condition.as_ref(), update, body)
            }
            StatementKind::ForEach { ty, name, sequence, body } => {
                self.foreach(ty, name, sequence, body, place)
            }
            StatementKind::Switch { value, sections } => self.switch(value, sections, place),
            StatementKind::RefLocal { ty, name, place, of } => self.ref_local(ty, name, of, *place),
            StatementKind::Labeled(name, place, statement) => self.labeled(name, *place, statement),
            StatementKind::Goto(target) => self.goto(target, place),
            StatementKind::Lock { object, body } => self.lock(object, body),
            StatementKind::Return(value) => self.return_statement(value.as_ref(), place),
            StatementKind::Break => {
                self.bind_break(place);
                Step::Break
            }
            StatementKind::Continue => {
                self.bind_continue(place);
                Step::Continue
            }
            StatementKind::Throw(value) => {
                let exception = Type::Named("System.Exception");
                let thrown = value.as_ref().map(|value| self.expression_as(value, &exception).node);
                self.note_throw(thrown.is_some(), place);
                Step::Throw(thrown)
            }
            StatementKind::Try { body, catches, finally } => {
                self.try_statement(body, catches, finally.as_deref())
            }
            StatementKind::Using { resource, body } => self.using_statement(resource, body),
            StatementKind::LocalFunction { name, body, .. } => self.define_function(name, body, place),
            StatementKind::Checked(checked, statements) => {
                let before = (self.checked, self.wraps);
                (self.checked, self.wraps) = (*checked, !*checked);
                let (steps, _) = self.block_statements(statements);
                (self.checked, self.wraps) = before;
                Step::Block(steps)
            }
        };
        (step, true)
    }

    fn if_statement(
        &mut self,
        condition: &Expression,
        then: &Statement,
        otherwise: Option<&Statement>,
    ) -> Step {
        let condition = self.condition(condition);
        let (when_true, when_false) = self.flow.branches();
        self.flow.set(when_true);
        let then = self.embedded(then);
        let after_then = self.flow.state();
        self.flow.set(when_false);
        let otherwise = otherwise.map(|otherwise| Box::new(self.embedded(otherwise)));
        let after = self.flow.state().join(&after_then);
        self.flow.set(after);
        Step::If(condition, Box::new(then), otherwise)
    }

    /// The body of `if`, a loop and the like: a scope of its own.
    pub(super) fn embedded(&mut self, statement: &Statement) -> Step {
        let declares = matches!(
            statement.kind,
            StatementKind::Local { .. }
                | StatementKind::RefLocal { .. }
                | StatementKind::LocalFunction { .. }
                | StatementKind::Labeled(..)
        );
        if declares {
            let message = "a declaration cannot stand alone here: nothing could use it";
            let help = "put braces around it and the statements that use it: `{ … }`".to_owned();
            self.report("expression-syntax", statement.place, message, Some(help));
        }
        self.in_block(|binder| binder.statement(statement).0)
    }

    /// An expression whose value nobody uses: `i++` need not keep the value from before.
    pub(super) fn discarded(&mut self, expression: &Expression) -> Node {
        match &expression.kind {
            ExpressionKind::Increment { target, by, .. } => {
                self.increment(target, *by, true, expression.place).node
            }
            ExpressionKind::Assign { operator: None, target, value } => match &target.kind {
                ExpressionKind::Tuple(targets) => {
                    self.deconstruct(targets, value, false, expression.place).node
                }
                _ => self.expression(expression).node,
            },
            _ => self.expression(expression).node,
        }
    }

    fn return_statement(&mut self, value: Option<&Expression>, place: Place) -> Step {
        let result = self.scopes.last().and_then(|scope| scope.result.clone());
        let is_root = self.scopes.len() == 1;
        let typed = match (value, &result) {
            (None, None | Some(Type::Void)) if !is_root => {
                self.note_return(place);
                return Step::Return(Node::Constant(Value::Null));
            }
            (None, _) => self.return_without_value(result.as_ref(), place),
            (Some(value), Some(Type::Void)) => {
                self.expression(value);
                let message = "nothing can be returned here: the function gives no value";
                self.wrong("no-conversion", value.place, message)
            }
            (Some(value), Some(result)) => self.expression_as(value, result),
            (Some(value), None) => self.value(value),
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.returns.push(typed.ty.clone());
        }
        self.note_return(place);
        Step::Return(typed.node)
    }

    fn return_without_value(&mut self, result: Option<&Type>, place: Place) -> Typed {
        let message = match result {
            Some(ty) => format!("`return` needs a value of type `{}` here", shown(ty)),
            None => "`return` needs a value here: a policy expression gives one".to_owned(),
        };
        let help = "write `return null;` when there is none".to_owned();
        self.report("missing-return", place, message, Some(help));
        self.error(place)
    }
}
