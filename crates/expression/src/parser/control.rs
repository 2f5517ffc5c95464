//! Statements that choose, repeat, jump, and catch.

use std::sync::Arc;

use super::Parser;
use super::arguments::inferred_if_var;
use crate::ast::{
    Catch, Expression, ExpressionKind, GotoTarget, Name, Place, Statement, StatementKind, SwitchLabel,
    SwitchSection, TypeSyntax, TypeSyntaxKind,
};

impl Parser<'_> {
    pub(super) fn condition(&mut self) -> Expression {
        self.expect("(");
        let condition = self.expression();
        self.expect(")");
        condition
    }

    pub(super) fn if_statement(&mut self) -> StatementKind {
        self.at += 1;
        let condition = self.condition();
        let then = self.boxed_statement();
        let otherwise = if self.eat_word("else") { Some(self.boxed_statement()) } else { None };
        StatementKind::If { condition, then, otherwise }
    }

    pub(super) fn for_statement(&mut self) -> StatementKind {
        self.at += 1;
        self.expect("(");
        let mut initializer = Vec::new();
        if !self.eat(";") {
            let start = self.place();
            match self.local_declaration() {
                Some(kind) => initializer.push(Statement { kind, place: start.to(self.before()) }),
                None => {
                    for value in self.expression_list(";") {
                        initializer
                            .push(Statement { place: value.place, kind: StatementKind::Expression(value) });
                    }
                    self.expect(";");
                }
            }
        }
        let condition = if self.is_symbol(";") { None } else { Some(self.expression()) };
        self.expect(";");
        let update = self.expression_list(")");
        self.expect(")");
        StatementKind::For { initializer, condition, update, body: self.boxed_statement() }
    }

    fn expression_list(&mut self, close: &str) -> Vec<Expression> {
        let mut out = Vec::new();
        while !self.is_symbol(close) && !self.is_end() {
            out.push(self.expression());
            if !self.eat(",") {
                break;
            }
        }
        out
    }

    pub(super) fn foreach_statement(&mut self) -> StatementKind {
        self.at += 1;
        self.expect("(");
        let typed = self.attempt(|parser| {
            let ty = parser.ty()?;
            Some((ty, parser.identifier()?.0)).filter(|_| parser.is_word("in"))
        });
        let start = self.place();
        let target = if typed.is_some() {
            None
        } else if self.begins_deconstruction() {
            Some(self.deconstruction())
        } else {
            Some(self.unary())
        };
        if !self.eat_word("in") {
            self.mistake("`in` is missing in `foreach`: write `foreach (var x in …)`");
        }
        let sequence = self.expression();
        self.expect(")");
        let body = self.boxed_statement();
        match (typed, target) {
            (Some((ty, name)), _) => StatementKind::ForEach { ty: inferred_if_var(ty), name, sequence, body },
            (None, Some(target)) => taken_apart(start, target, sequence, body),
            (None, None) => StatementKind::Empty,
        }
    }

    pub(super) fn do_statement(&mut self) -> StatementKind {
        self.at += 1;
        let body = self.boxed_statement();
        if !self.eat_word("while") {
            self.mistake("`while` is missing after the body of `do`");
        }
        let condition = self.condition();
        self.end_statement();
        StatementKind::Do { body, condition }
    }

    pub(super) fn switch_statement(&mut self) -> StatementKind {
        self.at += 1;
        let value = self.condition();
        let mut sections = Vec::new();
        self.expect("{");
        while !self.is_symbol("}") && !self.is_end() {
            let at = self.at;
            sections.push(self.switch_section());
            if self.at == at {
                self.bump();
            }
        }
        self.expect("}");
        StatementKind::Switch { value, sections }
    }

    fn switch_section(&mut self) -> SwitchSection {
        let labels = self.switch_labels();
        let mut body = Vec::new();
        while !self.is_symbol("}") && !self.is_end() && !self.is_word("case") && !self.is_default_label() {
            let before = self.at;
            body.push(self.statement());
            if self.at == before {
                self.bump();
            }
        }
        SwitchSection { labels, body }
    }

    fn is_default_label(&self) -> bool {
        self.is_word("default") && self.is_symbol_at(1, ":")
    }

    fn switch_labels(&mut self) -> Vec<SwitchLabel> {
        let mut labels = Vec::new();
        loop {
            if self.is_default_label() {
                self.at += 2;
                labels.push(SwitchLabel::Default);
            } else if self.eat_word("case") {
                let pattern = self.pattern();
                let guard = if self.eat_word("when") { Some(self.expression()) } else { None };
                self.expect(":");
                labels.push(SwitchLabel::Case(pattern, guard));
            } else {
                if labels.is_empty() {
                    self.mistake("`case` or `default` is expected in `switch`");
                }
                return labels;
            }
        }
    }

    pub(super) fn goto_statement(&mut self) -> StatementKind {
        self.at += 1;
        let target = if self.eat_word("default") {
            Some(GotoTarget::Default)
        } else if self.eat_word("case") {
            Some(GotoTarget::Case(self.expression()))
        } else {
            self.label().map(GotoTarget::Label)
        };
        self.end_statement();
        target.map_or(StatementKind::Empty, StatementKind::Goto)
    }

    pub(super) fn try_statement(&mut self) -> StatementKind {
        self.at += 1;
        let body = self.block();
        let mut catches = Vec::new();
        while self.eat_word("catch") {
            let mut found = Catch { ty: None, name: None, filter: None, body: Vec::new() };
            if self.eat("(") {
                found.ty = self.ty();
                if self.is_identifier_at(0) {
                    found.name = self.identifier().map(|(name, _)| name);
                }
                self.expect(")");
            }
            if self.eat_word("when") {
                found.filter = Some(self.condition());
            }
            found.body = self.block();
            catches.push(found);
        }
        let finally = if self.eat_word("finally") { Some(self.block()) } else { None };
        if catches.is_empty() && finally.is_none() {
            self.mistake("`try` needs `catch` or `finally`");
        }
        StatementKind::Try { body, catches, finally }
    }
}

/// `foreach (var (a, b) in …)`: each element is taken apart at the beginning of the body.
fn taken_apart(
    place: Place,
    target: Expression,
    sequence: Expression,
    body: Box<Statement>,
) -> StatementKind {
    // The space keeps the name apart from those in source.
    let name: Name = Arc::from(format!("element {}", place.start));
    let value =
        Expression { kind: ExpressionKind::Name(Arc::clone(&name), Vec::new()), place: sequence.place };
    let kind = ExpressionKind::Assign { operator: None, target: Box::new(target), value: Box::new(value) };
    let apart = Statement { kind: StatementKind::Expression(Expression { kind, place }), place };
    let whole = place.to(body.place);
    let body = Box::new(Statement { kind: StatementKind::Block(vec![apart, *body]), place: whole });
    let ty = TypeSyntax { kind: TypeSyntaxKind::Inferred, place };
    StatementKind::ForEach { ty, name, sequence, body }
}
