//! Statements.

use super::Parser;
use super::primary::inferred_if_var;
use crate::ast::{
    Catch, Expression, ExpressionKind, Statement, StatementKind, SwitchLabel, SwitchSection, TypeSyntaxKind,
};

impl Parser<'_> {
    /// The statements of `@{ … }`.
    pub(super) fn statements_to_end(&mut self) -> Vec<Statement> {
        let mut out = Vec::new();
        while !self.is_end() {
            let at = self.at;
            out.push(self.statement());
            if self.at == at {
                let shown = self.shown();
                self.mistake(format!("{shown} does not belong here"));
                self.bump();
            }
        }
        out
    }

    /// `{ … }`.
    pub(super) fn block(&mut self) -> Vec<Statement> {
        self.nested(Vec::new(), |parser| {
            let mut out = Vec::new();
            parser.expect("{");
            while !parser.is_symbol("}") && !parser.is_end() {
                let at = parser.at;
                out.push(parser.statement());
                if parser.at == at {
                    parser.bump();
                }
            }
            parser.expect("}");
            out
        })
    }

    fn statement(&mut self) -> Statement {
        let start = self.place();
        let kind = self.nested(StatementKind::Empty, Self::statement_kind);
        Statement { kind, place: start.to(self.before()) }
    }

    fn boxed_statement(&mut self) -> Box<Statement> {
        Box::new(self.statement())
    }

    fn statement_kind(&mut self) -> StatementKind {
        if self.is_symbol("{") {
            return StatementKind::Block(self.block());
        }
        if self.eat(";") {
            return StatementKind::Empty;
        }
        match self.word_at(0) {
            Some("if") => self.if_statement(),
            Some("for") => self.for_statement(),
            Some("foreach") => self.foreach_statement(),
            Some("while") => {
                self.at += 1;
                let condition = self.condition();
                StatementKind::While { condition, body: self.boxed_statement() }
            }
            Some("do") => self.do_statement(),
            Some("switch") => self.switch_statement(),
            Some("return") => {
                self.at += 1;
                let value = if self.is_symbol(";") { None } else { Some(self.expression()) };
                self.end_statement();
                StatementKind::Return(value)
            }
            Some("break") => self.simple(StatementKind::Break),
            Some("continue") => self.simple(StatementKind::Continue),
            Some("throw") => {
                self.at += 1;
                let value = if self.is_symbol(";") { None } else { Some(self.expression()) };
                self.end_statement();
                StatementKind::Throw(value)
            }
            Some("try") => self.try_statement(),
            Some("using") => self.using_statement(),
            Some(word @ ("checked" | "unchecked")) if self.is_symbol_at(1, "{") => {
                self.at += 1;
                StatementKind::Checked(word == "checked", self.block())
            }
            Some(word @ ("goto" | "lock" | "unsafe" | "fixed")) => {
                self.mistake(format!("`{word}` cannot be used in a policy expression"));
                self.skip_statement();
                StatementKind::Empty
            }
            _ => self.declaration_or_expression(),
        }
    }

    fn simple(&mut self, kind: StatementKind) -> StatementKind {
        self.at += 1;
        self.end_statement();
        kind
    }

    fn end_statement(&mut self) {
        if self.eat(";") {
            return;
        }
        let place = self.before();
        self.mistake_at(place, "`;` is missing after the statement");
        self.skip_statement();
    }

    /// Goes on after the next `;`, or before a brace.
    fn skip_statement(&mut self) {
        while !self.is_end() && !self.is_symbol("}") && !self.is_symbol("{") {
            if self.eat(";") {
                return;
            }
            self.bump();
        }
    }

    fn condition(&mut self) -> Expression {
        self.expect("(");
        let condition = self.expression();
        self.expect(")");
        condition
    }

    fn declaration_or_expression(&mut self) -> StatementKind {
        if let Some(kind) = self.local_declaration() {
            return kind;
        }
        let value = self.expression();
        let allowed = matches!(
            value.kind,
            ExpressionKind::Assign { .. }
                | ExpressionKind::Call { .. }
                | ExpressionKind::Increment { .. }
                | ExpressionKind::New { .. }
                | ExpressionKind::ConditionalAccess { .. }
                | ExpressionKind::Error
        );
        if !allowed {
            self.mistake_at(value.place, "only calls, assignments and `new` may stand alone as a statement");
        }
        self.end_statement();
        StatementKind::Expression(value)
    }

    /// A local variable, constant or function, when one begins here.
    fn local_declaration(&mut self) -> Option<StatementKind> {
        let is_const = self.eat_word("const");
        if self.is_word("static") && !is_const {
            self.at += 1;
        }
        let head = self.attempt(|parser| {
            let ty = parser.ty()?;
            let follows = ["=", ";", ",", "(", "<"].iter().any(|symbol| parser.is_symbol_at(1, symbol));
            (parser.is_identifier_at(0) && follows).then_some(ty)
        });
        let Some(ty) = head else {
            if is_const {
                self.mistake("a constant needs a type and a name");
            }
            return None;
        };
        if self.is_symbol_at(1, "(") {
            let (name, _) = self.identifier()?;
            let parameters = self.parameters();
            self.has_functions = true;
            let body = if self.eat("=>") {
                let body = self.lambda_body();
                self.end_statement();
                body
            } else {
                crate::ast::LambdaBody::Block(self.block())
            };
            return Some(StatementKind::LocalFunction { result: ty, name, parameters, body });
        }
        let kind = self.variables(inferred_if_var(ty), is_const);
        self.end_statement();
        Some(kind)
    }

    fn variables(&mut self, ty: crate::ast::TypeSyntax, is_const: bool) -> StatementKind {
        let mut variables = Vec::new();
        while let Some((name, place)) = self.identifier() {
            let value = if self.eat("=") { Some(self.initial_value(&ty)) } else { None };
            variables.push((name, place, value));
            if !self.eat(",") {
                break;
            }
        }
        StatementKind::Local { ty, is_const, variables }
    }

    /// After `=`: braces make an array of the declared type.
    fn initial_value(&mut self, ty: &crate::ast::TypeSyntax) -> Expression {
        let start = self.place();
        if !self.is_symbol("{") {
            return self.expression();
        }
        let element = match &ty.kind {
            TypeSyntaxKind::Array(element) => Some((**element).clone()),
            _ => None,
        };
        let items = Some(self.array_items());
        let kind = ExpressionKind::NewArray { element, length: None, items };
        Expression { kind, place: start.to(self.before()) }
    }

    fn if_statement(&mut self) -> StatementKind {
        self.at += 1;
        let condition = self.condition();
        let then = self.boxed_statement();
        let otherwise = if self.eat_word("else") { Some(self.boxed_statement()) } else { None };
        StatementKind::If { condition, then, otherwise }
    }

    fn for_statement(&mut self) -> StatementKind {
        self.at += 1;
        self.expect("(");
        let mut initializer = Vec::new();
        if !self.eat(";") {
            let start = self.place();
            let kind = self.local_declaration();
            match kind {
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

    fn foreach_statement(&mut self) -> StatementKind {
        self.at += 1;
        self.expect("(");
        let Some(ty) = self.ty() else { return StatementKind::Empty };
        let Some((name, _)) = self.identifier() else { return StatementKind::Empty };
        if !self.eat_word("in") {
            self.mistake("`in` is missing in `foreach`");
        }
        let sequence = self.expression();
        self.expect(")");
        StatementKind::ForEach { ty: inferred_if_var(ty), name, sequence, body: self.boxed_statement() }
    }

    fn do_statement(&mut self) -> StatementKind {
        self.at += 1;
        let body = self.boxed_statement();
        if !self.eat_word("while") {
            self.mistake("`while` is missing after the body of `do`");
        }
        let condition = self.condition();
        self.end_statement();
        StatementKind::Do { body, condition }
    }

    fn switch_statement(&mut self) -> StatementKind {
        self.at += 1;
        let value = self.condition();
        let mut sections = Vec::new();
        self.expect("{");
        while !self.is_symbol("}") && !self.is_end() {
            let at = self.at;
            let labels = self.switch_labels();
            let mut body = Vec::new();
            while !self.is_symbol("}") && !self.is_end() && !self.is_word("case") && !self.is_default_label()
            {
                let before = self.at;
                body.push(self.statement());
                if self.at == before {
                    self.bump();
                }
            }
            sections.push(SwitchSection { labels, body });
            if self.at == at {
                self.bump();
            }
        }
        self.expect("}");
        StatementKind::Switch { value, sections }
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

    fn try_statement(&mut self) -> StatementKind {
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

    fn using_statement(&mut self) -> StatementKind {
        self.at += 1;
        self.expect("(");
        let start = self.place();
        let declared = self.attempt(|parser| {
            let ty = parser.ty()?;
            (parser.is_identifier_at(0) && parser.is_symbol_at(1, "=")).then_some(ty)
        });
        let kind = match declared {
            Some(ty) => self.variables(inferred_if_var(ty), false),
            None => StatementKind::Expression(self.expression()),
        };
        let resource = Box::new(Statement { kind, place: start.to(self.before()) });
        self.expect(")");
        StatementKind::Using { resource, body: self.boxed_statement() }
    }
}
