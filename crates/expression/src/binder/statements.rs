//! Statements: what they declare, and whether the next one can be reached.

use std::sync::Arc;

use super::conversions::{element_type, shown};
use super::{Binder, Symbol, Typed, Visible};
use crate::ast::{
    Catch, Expression, ExpressionKind, Name, Place, Statement, StatementKind, SwitchLabel, SwitchSection,
    TypeSyntax, TypeSyntaxKind,
};
use crate::program::{CaseStep, CatchStep, Node, Step};
use crate::types::Type;
use crate::value::Value;

impl Binder {
    /// The statements of a block, and whether its end can be reached.
    pub(super) fn block_statements(&mut self, statements: &[Statement]) -> (Vec<Step>, bool) {
        self.in_block(|binder| {
            for statement in statements {
                if let StatementKind::LocalFunction { result, name, parameters, .. } = &statement.kind {
                    binder.announce_function(result, name, parameters);
                }
            }
            let mut steps = Vec::new();
            let mut completes = true;
            for statement in statements {
                let (step, goes_on) = binder.statement(statement);
                if completes {
                    completes = goes_on;
                }
                steps.push(step);
            }
            (steps, completes)
        })
    }

    fn block(&mut self, statements: &[Statement]) -> (Step, bool) {
        let (steps, completes) = self.block_statements(statements);
        (Step::Block(steps), completes)
    }

    /// A statement, and whether its end can be reached.
    fn statement(&mut self, statement: &Statement) -> (Step, bool) {
        match &statement.kind {
            StatementKind::Empty => (Step::Block(Vec::new()), true),
            StatementKind::Block(statements) => self.block(statements),
            StatementKind::Local { ty, is_const, variables } => (self.local(ty, *is_const, variables), true),
            StatementKind::Expression(value) => (Step::Evaluate(self.discarded(value)), true),
            StatementKind::If { condition, then, otherwise } => {
                let condition = self.condition(condition);
                let (then, then_completes) = self.embedded(then);
                let otherwise = otherwise.as_ref().map(|otherwise| self.embedded(otherwise));
                let completes = then_completes || otherwise.as_ref().is_none_or(|(_, completes)| *completes);
                (Step::If(condition, Box::new(then), otherwise.map(|(step, _)| Box::new(step))), completes)
            }
            StatementKind::While { condition, body } => self.in_block(|binder| {
                let before = binder.condition(condition);
                let endless = is_true(&before);
                let (body, breaks) = binder.loop_body(body);
                let step = Step::Loop {
                    before: Some(before),
                    body: Box::new(body),
                    update: Vec::new(),
                    after: None,
                };
                (step, !endless || breaks)
            }),
            StatementKind::Do { body, condition } => {
                let (body, breaks) = self.loop_body(body);
                let after = self.condition(condition);
                let endless = is_true(&after);
                let step =
                    Step::Loop { before: None, body: Box::new(body), update: Vec::new(), after: Some(after) };
                (step, !endless || breaks)
            }
            StatementKind::For { initializer, condition, update, body } => {
                self.for_statement(initializer, condition.as_ref(), update, body)
            }
            StatementKind::ForEach { ty, name, sequence, body } => {
                (self.foreach(ty, name, sequence, body, statement.place), true)
            }
            StatementKind::Switch { value, sections } => self.switch(value, sections, statement.place),
            StatementKind::Return(value) => (self.return_statement(value.as_ref(), statement.place), false),
            StatementKind::Break => {
                if self.breakable == 0 {
                    self.mistake(
                        "expression-syntax",
                        statement.place,
                        "`break` stands only in a loop or `switch`",
                    );
                }
                (Step::Break, false)
            }
            StatementKind::Continue => {
                if self.loops == 0 {
                    self.mistake("expression-syntax", statement.place, "`continue` stands only in a loop");
                }
                (Step::Continue, false)
            }
            StatementKind::Throw(value) => {
                let exception = Type::Named("System.Exception");
                let value = value.as_ref().map(|value| self.expression_as(value, &exception).node);
                (Step::Throw(value), false)
            }
            StatementKind::Try { body, catches, finally } => {
                self.try_statement(body, catches, finally.as_deref())
            }
            StatementKind::Using { resource, body } => self.in_block(|binder| {
                let (resource, _) = binder.statement(resource);
                let (body, completes) = binder.embedded(body);
                (Step::Block(vec![resource, body]), completes)
            }),
            StatementKind::LocalFunction { name, body, .. } => {
                (self.define_function(name, body, statement.place), true)
            }
            StatementKind::Checked(checked, statements) => {
                let before = (self.checked, self.wraps);
                (self.checked, self.wraps) = (*checked, !*checked);
                let out = self.block(statements);
                (self.checked, self.wraps) = before;
                out
            }
        }
    }

    /// The body of `if` and the like: a scope of its own.
    fn embedded(&mut self, statement: &Statement) -> (Step, bool) {
        self.in_block(|binder| binder.statement(statement))
    }

    fn loop_body(&mut self, body: &Statement) -> (Step, bool) {
        self.breakable += 1;
        self.loops += 1;
        let (step, _) = self.embedded(body);
        self.breakable -= 1;
        self.loops -= 1;
        let breaks = has_break(body);
        (step, breaks)
    }

    fn local(
        &mut self,
        ty: &TypeSyntax,
        is_const: bool,
        variables: &[(Name, Place, Option<Expression>)],
    ) -> Step {
        let inferred = matches!(ty.kind, TypeSyntaxKind::Inferred);
        let declared = if inferred { None } else { Some(self.resolve_type(ty)) };
        let mut steps = Vec::new();
        for (name, place, value) in variables {
            let value = match (&declared, value) {
                (Some(ty), Some(value)) => self.expression_as(value, ty),
                (Some(ty), None) => {
                    Typed { node: Node::Constant(ty.default_value()), ty: ty.clone(), place: *place }
                }
                (None, Some(value)) => self.value(value),
                (None, None) => {
                    self.wrong("expression-syntax", *place, format!("`var {name}` needs a value"))
                }
            };
            if inferred && value.ty == Type::Null {
                self.mistake(
                    "no-conversion",
                    value.place,
                    format!("the type of `{name}` cannot be read from `null`"),
                );
            }
            let ty = declared.clone().unwrap_or_else(|| value.ty.clone());
            if is_const {
                match value.node {
                    Node::Constant(constant) => {
                        self.symbols
                            .push(Symbol { name: Arc::clone(name), what: Visible::Constant(constant, ty) });
                    }
                    _ => self.mistake(
                        "no-conversion",
                        value.place,
                        format!("the value of `{name}` is not constant"),
                    ),
                }
                continue;
            }
            let slot = self.declare(name, ty, *place);
            steps.push(Step::Declare(slot, value.node));
        }
        Step::Block(steps)
    }

    /// An expression whose value nobody uses: `i++` need not keep the value from before.
    fn discarded(&mut self, expression: &Expression) -> Node {
        match &expression.kind {
            ExpressionKind::Increment { target, by, .. } => {
                self.increment(target, *by, true, expression.place).node
            }
            _ => self.expression(expression).node,
        }
    }

    fn for_statement(
        &mut self,
        initializer: &[Statement],
        condition: Option<&Expression>,
        update: &[Expression],
        body: &Statement,
    ) -> (Step, bool) {
        self.in_block(|binder| {
            let mut steps: Vec<Step> =
                initializer.iter().map(|statement| binder.statement(statement).0).collect();
            let before = condition.map(|condition| binder.condition(condition));
            let endless = before.as_ref().is_none_or(is_true);
            let update = update.iter().map(|value| binder.discarded(value)).collect();
            let (body, breaks) = binder.loop_body(body);
            steps.push(Step::Loop { before, body: Box::new(body), update, after: None });
            (Step::Block(steps), !endless || breaks)
        })
    }

    fn foreach(
        &mut self,
        ty: &TypeSyntax,
        name: &Name,
        sequence: &Expression,
        body: &Statement,
        place: Place,
    ) -> Step {
        let sequence = self.value(sequence);
        let pairs = sequence.ty == Type::Named("Newtonsoft.Json.Linq.JObject");
        let element = if pairs {
            let token = Type::Named("Newtonsoft.Json.Linq.JToken");
            Some(Type::generic("System.Collections.Generic.KeyValuePair", [Type::String, token]))
        } else {
            element_type(&sequence.ty)
        };
        let known =
            sequence.ty == Type::Error || sequence.ty == Type::Named("System.Collections.IEnumerable");
        if element.is_none() && !known {
            let message = format!("`foreach` cannot walk over `{}`", shown(&sequence.ty));
            self.mistake("no-conversion", sequence.place, message);
        }
        let element = element.unwrap_or(Type::Object);
        self.in_block(|binder| {
            let declared = match ty.kind {
                TypeSyntaxKind::Inferred => element.clone(),
                _ => binder.resolve_type(ty),
            };
            // `foreach (JProperty p in jobject)` walks the properties themselves.
            let pairs = pairs && declared == element;
            let element = if declared == Type::Named("Newtonsoft.Json.Linq.JProperty") {
                declared.clone()
            } else {
                element
            };
            let slot = binder.declare(name, declared.clone(), place);
            let convert = (declared != element).then(|| {
                let value = Typed { node: Node::Load(slot), ty: element, place };
                binder.cast(value, &declared, place).node
            });
            let (body, _) = binder.loop_body(body);
            Step::ForEach { slot, sequence: sequence.node, convert, pairs, body: Box::new(body) }
        })
    }

    fn switch(&mut self, value: &Expression, sections: &[SwitchSection], place: Place) -> (Step, bool) {
        let value = self.value(value);
        let ty = value.ty.clone();
        self.in_block(|binder| {
            let slot = binder.new_slot();
            let mut cases = Vec::new();
            let mut completes = true;
            let mut has_default = false;
            let mut falls = false;
            for section in sections {
                binder.breakable += 1;
                let case = binder.in_block(|binder| {
                    let mut tests = Vec::new();
                    let mut is_default = false;
                    for label in &section.labels {
                        match label {
                            SwitchLabel::Default => is_default = true,
                            SwitchLabel::Case(pattern, guard) => {
                                let test = binder.pattern(pattern, &ty, place);
                                let guard = guard.as_ref().map(|guard| binder.condition(guard));
                                tests.push((test, guard));
                            }
                        }
                    }
                    let (body, body_completes) = binder.block_statements(&section.body);
                    if body_completes {
                        let place = section.body.last().map_or(place, |last| last.place);
                        binder.mistake(
                            "expression-syntax",
                            place,
                            "a `case` must end with `break`, `return` or `throw`",
                        );
                    }
                    CaseStep { tests, is_default, body }
                });
                binder.breakable -= 1;
                has_default |= case.is_default;
                falls |= section.body.iter().any(has_break);
                cases.push(case);
            }
            if has_default && !falls {
                completes = false;
            }
            (Step::Switch { slot, value: value.node, cases }, completes)
        })
    }

    fn return_statement(&mut self, value: Option<&Expression>, place: Place) -> Step {
        let result = self.scopes.last().and_then(|scope| scope.result.clone());
        let is_root = self.scopes.len() == 1;
        let typed = match (value, &result) {
            (None, None | Some(Type::Void)) if !is_root => return Step::Return(Node::Constant(Value::Null)),
            (None, _) => self.wrong("missing-return", place, "`return` needs a value here"),
            (Some(value), Some(Type::Void)) => {
                self.wrong("no-conversion", value.place, "the function gives no value")
            }
            (Some(value), Some(result)) => self.expression_as(value, result),
            (Some(value), None) => self.value(value),
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.returns.push(typed.ty.clone());
        }
        Step::Return(typed.node)
    }

    fn try_statement(
        &mut self,
        body: &[Statement],
        catches: &[Catch],
        finally: Option<&[Statement]>,
    ) -> (Step, bool) {
        let (body, mut completes) = self.block_statements(body);
        let mut bound = Vec::new();
        for found in catches {
            let root = Type::Named("System.Exception");
            let ty = found.ty.as_ref().map_or(root, |ty| self.resolve_type(ty));
            let step = self.in_block(|binder| {
                let slot = found.name.as_ref().map(|name| binder.declare(name, ty.clone(), Place::default()));
                let filter = found.filter.as_ref().map(|filter| binder.condition(filter));
                let (body, catch_completes) = binder.block_statements(&found.body);
                completes |= catch_completes;
                CatchStep { ty, slot, filter, body }
            });
            bound.push(step);
        }
        let (finally, finally_completes) =
            finally.map_or((Vec::new(), true), |finally| self.block_statements(finally));
        (Step::Try { body, catches: bound, finally }, completes && finally_completes)
    }
}

fn is_true(node: &Node) -> bool {
    matches!(node, Node::Constant(Value::Boolean(true)))
}

/// True when a `break` inside leaves the loop or `switch` around the statement.
fn has_break(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Break => true,
        StatementKind::Block(statements) | StatementKind::Checked(_, statements) => {
            statements.iter().any(has_break)
        }
        StatementKind::If { then, otherwise, .. } => {
            has_break(then) || otherwise.as_ref().is_some_and(|otherwise| has_break(otherwise))
        }
        StatementKind::Using { body, .. } => has_break(body),
        StatementKind::Try { body, catches, finally } => {
            body.iter().any(has_break)
                || catches.iter().any(|found| found.body.iter().any(has_break))
                || finally.as_ref().is_some_and(|finally| finally.iter().any(has_break))
        }
        _ => false,
    }
}
