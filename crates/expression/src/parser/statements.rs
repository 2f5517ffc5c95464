//! Statements: which one begins here, blocks, and where a broken one ends.

use super::Parser;
use crate::ast::{ExpressionKind, Statement, StatementKind};
use crate::lexer::Mistake;

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

    pub(super) fn statement(&mut self) -> Statement {
        let start = self.place();
        let kind = self.nested(StatementKind::Empty, Self::statement_kind);
        Statement { kind, place: start.to(self.before()) }
    }

    pub(super) fn boxed_statement(&mut self) -> Box<Statement> {
        Box::new(self.statement())
    }

    fn statement_kind(&mut self) -> StatementKind {
        if self.is_symbol("{") {
            return StatementKind::Block(self.block());
        }
        if self.eat(";") {
            return StatementKind::Empty;
        }
        if self.is_identifier_at(0) && self.is_symbol_at(1, ":") {
            return self.labeled();
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
            Some("goto") => self.goto_statement(),
            Some("throw") => {
                self.at += 1;
                let value = if self.is_symbol(";") { None } else { Some(self.expression()) };
                self.end_statement();
                StatementKind::Throw(value)
            }
            Some("try") => self.try_statement(),
            Some("using") => self.using_statement(),
            Some("lock") => {
                self.at += 1;
                let object = self.condition();
                StatementKind::Lock { object, body: self.boxed_statement() }
            }
            Some("ref") => self.ref_local(),
            Some(word @ ("checked" | "unchecked")) if self.is_symbol_at(1, "{") => {
                self.at += 1;
                StatementKind::Checked(word == "checked", self.block())
            }
            _ => self.refused_statement().unwrap_or_else(|| self.declaration_or_expression()),
        }
    }

    /// Statements that C# has and policy expressions have not, and pieces of statements on their own.
    fn refused_statement(&mut self) -> Option<StatementKind> {
        let message = match self.word_at(0)? {
            word @ ("unsafe" | "fixed") => format!("`{word}` cannot be used in a policy expression"),
            "yield" if matches!(self.word_at(1), Some("return" | "break")) => {
                "`yield` is not supported in policy expressions: add to a `List<T>` and return it".to_owned()
            }
            "else" => "`else` stands after `if` and its statement".to_owned(),
            word @ ("catch" | "finally") => format!("`{word}` stands after `try` and its block"),
            "case" => "`case` stands in `switch`".to_owned(),
            word @ ("class" | "struct" | "interface" | "enum" | "namespace" | "public" | "private"
            | "internal" | "protected") => {
                format!("`{word}` cannot be used in a policy expression: types cannot be declared here")
            }
            _ => return None,
        };
        self.mistake(message);
        self.bump();
        if !self.is_symbol("{") {
            self.skip_statement();
        }
        Some(StatementKind::Empty)
    }

    fn labeled(&mut self) -> StatementKind {
        let place = self.place();
        let Some(name) = self.label() else { return StatementKind::Empty };
        self.at += 1;
        let statement = if self.is_symbol("}") {
            self.mistake_at(place, "a statement is missing after the label: an empty one is `;`");
            Box::new(Statement { kind: StatementKind::Empty, place })
        } else {
            self.boxed_statement()
        };
        StatementKind::Labeled(name, place, statement)
    }

    fn simple(&mut self, kind: StatementKind) -> StatementKind {
        self.at += 1;
        self.end_statement();
        kind
    }

    pub(super) fn end_statement(&mut self) {
        if self.eat(";") {
            return;
        }
        let place = self.before();
        // A mistake further on says already why the statement does not end here.
        let explained = self.mistakes.last().is_some_and(|last| last.place.start > place.start);
        if !explained {
            let mistake = Mistake::new("expression-syntax", place, "`;` is missing after the statement");
            self.mistakes.push(mistake.help("write `;` behind it"));
        }
        self.skip_statement();
    }

    /// Goes on after the next `;`, or before a brace or a word that begins a statement on a line of its own.
    pub(super) fn skip_statement(&mut self) {
        while !self.is_end() && !self.is_symbol("}") && !self.is_symbol("{") {
            if self.eat(";") {
                return;
            }
            if self.begins_line() && self.word_at(0).is_some_and(begins_statement) {
                return;
            }
            self.bump();
        }
    }

    /// True when a line end stands before the token.
    fn begins_line(&self) -> bool {
        let between = self.before().end as usize..self.place().start as usize;
        self.text.get(between).is_some_and(|blank| blank.contains('\n'))
    }

    fn declaration_or_expression(&mut self) -> StatementKind {
        if let Some(kind) = self.local_declaration() {
            return kind;
        }
        let value = self.expression();
        let failed = matches!(value.kind, ExpressionKind::Error);
        let is_bare = failed || self.parenthesised != Some(value.place);
        let allowed = is_bare
            && matches!(
                value.kind,
                ExpressionKind::Assign { .. }
                    | ExpressionKind::Call { .. }
                    | ExpressionKind::Increment { .. }
                    | ExpressionKind::New { .. }
                    | ExpressionKind::ConditionalAccess { .. }
                    | ExpressionKind::Error
            );
        if !allowed {
            let message = "only assignment, call, increment, decrement and `new` can be used as a statement";
            let help = "assign the value to a variable, or `return` it";
            self.mistakes.push(Mistake::new("expression-syntax", value.place, message).help(help));
        }
        self.end_statement();
        StatementKind::Expression(value)
    }
}

fn begins_statement(word: &str) -> bool {
    matches!(
        word,
        "var" | "if" | "for" | "foreach" | "while" | "do" | "switch" | "return" | "throw" | "try" | "using"
    )
}
