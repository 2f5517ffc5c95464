//! Primary expressions and what follows them: members, calls, indexers, `new`, lambdas.

use std::sync::Arc;

use super::types::is_keyword_type;
use super::{MAXIMUM_CHAIN, Parser};
use crate::ast::{
    Argument, ArgumentMode, Expression, ExpressionKind, Initializer, InitializerTarget, InitializerValue,
    InterpolationPart, LambdaBody, LambdaParameter, Place, TypeSyntax, TypeSyntaxKind,
};
use crate::lexer::{RawPart, TokenKind};
use crate::value::Value;

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Expression {
        let first = self.primary();
        self.chain(first)
    }

    /// Members, calls and indexers after `value`. What follows `?.` or `?[` belongs to the conditional access.
    fn chain(&mut self, mut value: Expression) -> Expression {
        for link in 0..MAXIMUM_CHAIN {
            self.longest = self.longest.max(link);
            let start = value.place;
            let kind = match *self.kind() {
                TokenKind::Symbol(".") => {
                    self.at += 1;
                    let Some(member) = self.member(value) else { return self.error_expression() };
                    value = member;
                    continue;
                }
                TokenKind::Symbol("(") => {
                    let arguments = self.arguments("(", ")");
                    ExpressionKind::Call { target: Box::new(value), arguments }
                }
                TokenKind::Symbol("[") => {
                    let arguments = self.arguments("[", "]");
                    ExpressionKind::Index { target: Box::new(value), arguments }
                }
                TokenKind::Symbol("++") => {
                    self.at += 1;
                    ExpressionKind::Increment { target: Box::new(value), by: 1, prefix: false }
                }
                TokenKind::Symbol("--") => {
                    self.at += 1;
                    ExpressionKind::Increment { target: Box::new(value), by: -1, prefix: false }
                }
                TokenKind::Symbol(symbol @ ("?." | "?[")) => return self.conditional_access(value, symbol),
                _ => return value,
            };
            value = Expression { kind, place: start.to(self.before()) };
        }
        self.mistake("the expression has too many members in a row");
        self.at = self.tokens.len().saturating_sub(1);
        value
    }

    /// `?.` or `?[` and the rest of the chain. `a ?[b] : c` does not exist in C# 7, so `?[` is always an access.
    fn conditional_access(&mut self, target: Expression, symbol: &str) -> Expression {
        let start = target.place;
        let receiver = Expression { kind: ExpressionKind::Receiver, place: start };
        let refused = self.error_expression();
        let access = self.nested(refused, |parser| {
            let first = if symbol == "?." {
                parser.at += 1;
                parser.member(receiver).unwrap_or_else(|| parser.error_expression())
            } else {
                let arguments = parser.arguments("?[", "]");
                let place = start.to(parser.before());
                Expression { kind: ExpressionKind::Index { target: Box::new(receiver), arguments }, place }
            };
            parser.chain(first)
        });
        let place = start.to(self.before());
        let kind = ExpressionKind::ConditionalAccess { target: Box::new(target), access: Box::new(access) };
        Expression { kind, place }
    }

    /// A member's name and type arguments, after the dot.
    fn member(&mut self, target: Expression) -> Option<Expression> {
        let (name, name_place) = self.identifier()?;
        let arguments = self.expression_type_arguments();
        let place = target.place.to(self.before());
        let kind = ExpressionKind::Member { target: Box::new(target), name, name_place, arguments };
        Some(Expression { kind, place })
    }

    /// `<T>` after a name, when what follows tells that it is no comparison.
    fn expression_type_arguments(&mut self) -> Vec<TypeSyntax> {
        if !self.is_symbol("<") {
            return Vec::new();
        }
        let read = self.attempt(|parser| {
            let arguments = parser.type_arguments()?;
            let follows = match parser.kind() {
                TokenKind::Symbol(symbol) => matches!(
                    *symbol,
                    "(" | ")"
                        | "]"
                        | "}"
                        | ":"
                        | ";"
                        | ","
                        | "."
                        | "?"
                        | "?."
                        | "=="
                        | "!="
                        | "|"
                        | "^"
                        | "&&"
                        | "||"
                ),
                TokenKind::End => true,
                _ => false,
            };
            follows.then_some(arguments)
        });
        read.unwrap_or_default()
    }

    pub(super) fn arguments(&mut self, open: &str, close: &str) -> Vec<Argument> {
        let mut arguments = Vec::new();
        self.expect(open);
        while !self.is_symbol(close) && !self.is_end() {
            arguments.push(self.argument());
            if !self.eat(",") {
                break;
            }
            if self.is_symbol(close) {
                self.mistake("an argument is missing after `,`");
            }
        }
        self.expect(close);
        arguments
    }

    fn argument(&mut self) -> Argument {
        let mut name = None;
        if self.is_identifier_at(0) && self.is_symbol_at(1, ":") {
            name = self.identifier().map(|(name, _)| name);
            self.at += 1;
        }
        if self.eat_word("ref") {
            self.mistake_at(self.before(), "`ref` arguments are not supported in policy expressions");
        }
        if !self.eat_word("out") {
            return Argument { name, mode: ArgumentMode::Value, value: self.expression() };
        }
        let start = self.place();
        let declared = self.attempt(|parser| {
            let ty = parser.ty()?;
            let variable = parser.identifier()?.0;
            (parser.is_symbol(",") || parser.is_symbol(")")).then_some((ty, variable))
        });
        match declared {
            Some((ty, variable)) => {
                let ty = inferred_if_var(ty);
                let value = Expression {
                    kind: ExpressionKind::Name(Arc::clone(&variable), Vec::new()),
                    place: start.to(self.before()),
                };
                Argument { name, mode: ArgumentMode::OutDeclaration(ty, variable), value }
            }
            None => Argument { name, mode: ArgumentMode::Out, value: self.expression() },
        }
    }

    fn primary(&mut self) -> Expression {
        let place = self.place();
        let kind = match self.kind().clone() {
            TokenKind::Literal(value) => {
                self.at += 1;
                ExpressionKind::Literal(value)
            }
            TokenKind::Interpolated(parts) => {
                self.at += 1;
                self.interpolation(parts)
            }
            TokenKind::Symbol("(") => self.parenthesised(),
            TokenKind::Word { escaped } => match self.word_at(0) {
                Some(word) if !escaped && super::is_reserved(word) => self.keyword(word),
                Some("nameof") if self.is_symbol_at(1, "(") => self.nameof(),
                _ => match self.identifier() {
                    Some((name, _)) => ExpressionKind::Name(name, self.expression_type_arguments()),
                    None => ExpressionKind::Error,
                },
            },
            _ => {
                let shown = self.shown();
                self.mistake(format!("a value is expected before {shown}"));
                ExpressionKind::Error
            }
        };
        Expression { kind, place: place.to(self.before()) }
    }

    fn keyword(&mut self, word: &str) -> ExpressionKind {
        if is_keyword_type(word) {
            return self.ty_without_suffix().map_or(ExpressionKind::Error, ExpressionKind::TypeName);
        }
        self.at += 1;
        match word {
            "true" => ExpressionKind::Literal(Value::Boolean(true)),
            "false" => ExpressionKind::Literal(Value::Boolean(false)),
            "null" => ExpressionKind::Literal(Value::Null),
            "new" => self.creation(),
            "checked" | "unchecked" => {
                self.expect("(");
                let value = self.expression();
                self.expect(")");
                ExpressionKind::Checked(word == "checked", Box::new(value))
            }
            "typeof" => {
                self.expect("(");
                let ty = self.ty();
                self.expect(")");
                ty.map_or(ExpressionKind::Error, ExpressionKind::TypeOf)
            }
            "default" if self.eat("(") => {
                let ty = self.ty();
                self.expect(")");
                ExpressionKind::Default(ty)
            }
            "default" => ExpressionKind::Default(None),
            _ => {
                let place = self.before();
                self.mistake_at(place, format!("`{word}` cannot be used in a policy expression"));
                ExpressionKind::Error
            }
        }
    }

    /// `nameof(a.b)` is the last name.
    fn nameof(&mut self) -> ExpressionKind {
        self.at += 2;
        let argument = self.expression();
        self.expect(")");
        match argument.kind {
            ExpressionKind::Name(name, _) | ExpressionKind::Member { name, .. } => {
                ExpressionKind::Literal(Value::from(&*name))
            }
            _ => {
                self.mistake_at(argument.place, "`nameof` takes a name");
                ExpressionKind::Error
            }
        }
    }

    fn parenthesised(&mut self) -> ExpressionKind {
        self.at += 1;
        let first = self.expression();
        if !self.is_symbol(",") {
            self.expect(")");
            return first.kind;
        }
        let mut items = vec![first];
        while self.eat(",") {
            items.push(self.expression());
        }
        self.expect(")");
        ExpressionKind::Tuple(items)
    }

    fn interpolation(&mut self, parts: Vec<RawPart>) -> ExpressionKind {
        let mut out = Vec::new();
        for part in parts {
            match part {
                RawPart::Text(text) => out.push(InterpolationPart::Text(text)),
                RawPart::Hole { value, alignment, format } => {
                    let alignment = alignment.and_then(|place| self.alignment(place));
                    let value = self.hole(value);
                    out.push(InterpolationPart::Hole { value, alignment, format });
                }
            }
        }
        ExpressionKind::Interpolated(out)
    }

    fn alignment(&mut self, place: Place) -> Option<i32> {
        let parsed = self.text.get(place.range()).and_then(|text| text.trim().parse().ok());
        if parsed.is_none() {
            self.mistake_at(place, "the width in an interpolated string is a number");
        }
        parsed.filter(|width: &i32| width.unsigned_abs() <= 10_000)
    }

    fn hole(&mut self, place: Place) -> Expression {
        let refused = Expression { kind: ExpressionKind::Error, place };
        self.nested(refused, |parser| {
            let mut inner = Parser::new(parser.text, place.start as usize, place.end as usize, parser.depth);
            let value = inner.expression();
            inner.expect_end();
            parser.mistakes.append(&mut inner.mistakes);
            parser.has_functions |= inner.has_functions;
            parser.deepest = parser.deepest.max(inner.deepest);
            parser.longest = parser.longest.max(inner.longest);
            value
        })
    }

    /// After `new`.
    fn creation(&mut self) -> ExpressionKind {
        if self.is_symbol("[") && self.is_symbol_at(1, "]") {
            self.at += 2;
            return ExpressionKind::NewArray { element: None, length: None, items: Some(self.array_items()) };
        }
        if self.is_symbol("{") {
            return self.anonymous();
        }
        let Some(mut ty) = self.ty_without_suffix() else { return ExpressionKind::Error };
        if self.is_symbol("?") {
            self.at += 1;
            ty = TypeSyntax { place: ty.place, kind: TypeSyntaxKind::Nullable(Box::new(ty)) };
        }
        if self.is_symbol("[") {
            return self.array_creation(ty);
        }
        let has_arguments = self.is_symbol("(");
        let arguments = if has_arguments { self.arguments("(", ")") } else { Vec::new() };
        let initializer = if self.is_symbol("{") { Some(self.initializer()) } else { None };
        if !has_arguments && initializer.is_none() {
            self.expect("(");
        }
        ExpressionKind::New { ty, arguments, initializer }
    }

    fn array_creation(&mut self, mut element: TypeSyntax) -> ExpressionKind {
        let mut length = None;
        self.at += 1;
        if !self.is_symbol("]") {
            length = Some(Box::new(self.expression()));
            if self.is_symbol(",") {
                self.mistake("arrays of several dimensions are not supported in policy expressions");
            }
        }
        self.expect("]");
        while self.is_symbol("[") && self.is_symbol_at(1, "]") {
            self.at += 2;
            let place = element.place.to(self.before());
            element = TypeSyntax { kind: TypeSyntaxKind::Array(Box::new(element)), place };
        }
        let items = if self.is_symbol("{") { Some(self.array_items()) } else { None };
        if length.is_none() && items.is_none() {
            self.mistake("an array needs a length or its elements");
        }
        ExpressionKind::NewArray { element: Some(element), length, items }
    }

    /// `{ a, b, }`.
    pub(super) fn array_items(&mut self) -> Vec<Expression> {
        let mut items = Vec::new();
        self.expect("{");
        while !self.is_symbol("}") && !self.is_end() {
            items.push(self.item());
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        items
    }

    fn item(&mut self) -> Expression {
        if !self.is_symbol("{") {
            return self.expression();
        }
        let start = self.place();
        let refused = self.error_expression();
        self.nested(refused, |parser| {
            let items = Some(parser.array_items());
            let kind = ExpressionKind::NewArray { element: None, length: None, items };
            Expression { kind, place: start.to(parser.before()) }
        })
    }

    fn anonymous(&mut self) -> ExpressionKind {
        let mut properties = Vec::new();
        self.expect("{");
        while !self.is_symbol("}") && !self.is_end() {
            if self.is_identifier_at(0) && self.is_symbol_at(1, "=") {
                let Some((name, _)) = self.identifier() else { break };
                self.at += 1;
                properties.push((name, self.expression()));
            } else {
                let value = self.expression();
                match projected_name(&value) {
                    Some(name) => properties.push((name, value)),
                    None => self.mistake_at(value.place, "the property of an anonymous object needs a name"),
                }
            }
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        ExpressionKind::NewAnonymous(properties)
    }

    fn initializer(&mut self) -> Initializer {
        self.nested(Initializer::Collection(Vec::new()), |parser| {
            parser.expect("{");
            let member = parser.is_identifier_at(0) && parser.is_symbol_at(1, "=");
            let out = if member || parser.is_symbol("[") {
                Initializer::Object(parser.object_members())
            } else {
                Initializer::Collection(parser.collection_elements())
            };
            parser.expect("}");
            out
        })
    }

    fn object_members(&mut self) -> Vec<(InitializerTarget, InitializerValue)> {
        let mut members = Vec::new();
        while !self.is_symbol("}") && !self.is_end() {
            let target = if self.is_symbol("[") {
                let keys = self.arguments("[", "]");
                InitializerTarget::Index(keys.into_iter().map(|key| key.value).collect())
            } else {
                let Some((name, place)) = self.identifier() else { break };
                InitializerTarget::Member(name, place)
            };
            self.expect("=");
            let value = if self.is_symbol("{") {
                InitializerValue::Nested(self.initializer())
            } else {
                InitializerValue::Value(self.expression())
            };
            members.push((target, value));
            if !self.eat(",") {
                break;
            }
        }
        members
    }

    fn collection_elements(&mut self) -> Vec<Vec<Expression>> {
        let mut elements = Vec::new();
        while !self.is_symbol("}") && !self.is_end() {
            elements.push(if self.is_symbol("{") { self.array_items() } else { vec![self.expression()] });
            if !self.eat(",") {
                break;
            }
        }
        elements
    }

    /// A lambda, when one begins here.
    pub(super) fn lambda(&mut self) -> Option<Expression> {
        let start = self.place();
        let single = self.is_identifier_at(0) && self.is_symbol_at(1, "=>");
        let listed = self.is_symbol("(") && self.closes_before_arrow();
        if !single && !listed {
            return None;
        }
        let parameters = if single {
            let (name, place) = self.identifier()?;
            vec![LambdaParameter {
                ty: TypeSyntax { kind: TypeSyntaxKind::Inferred, place },
                name,
                default: None,
            }]
        } else {
            self.parameters()
        };
        self.expect("=>");
        self.has_functions = true;
        let body = self.lambda_body();
        Some(Expression { kind: ExpressionKind::Lambda { parameters, body }, place: start.to(self.before()) })
    }

    /// An expression or a block, after `=>`.
    pub(super) fn lambda_body(&mut self) -> LambdaBody {
        if self.is_symbol("{") {
            LambdaBody::Block(self.block())
        } else {
            LambdaBody::Expression(Box::new(self.expression()))
        }
    }

    /// True when the parenthesis here closes right before `=>`.
    fn closes_before_arrow(&self) -> bool {
        let mut depth = 0_usize;
        for ahead in 0..self.tokens.len() - self.at {
            match self.kind_at(ahead) {
                TokenKind::Symbol("(") => depth += 1,
                TokenKind::Symbol(")") => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return self.is_symbol_at(ahead + 1, "=>");
                    }
                }
                // Parameters hold names, types and commas only.
                TokenKind::Word { .. } | TokenKind::Symbol("," | "<" | ">" | "[" | "]" | "?" | ".") => {}
                _ => return false,
            }
        }
        false
    }

    /// `(int a, b, …)`.
    pub(super) fn parameters(&mut self) -> Vec<LambdaParameter> {
        let mut parameters = Vec::new();
        self.expect("(");
        while !self.is_symbol(")") && !self.is_end() {
            let untyped =
                self.is_identifier_at(0) && (self.is_symbol_at(1, ",") || self.is_symbol_at(1, ")"));
            let ty = if untyped {
                TypeSyntax { kind: TypeSyntaxKind::Inferred, place: self.place() }
            } else {
                match self.ty() {
                    Some(ty) => ty,
                    None => break,
                }
            };
            let Some((name, _)) = self.identifier() else { break };
            let default = if self.eat("=") { Some(self.expression()) } else { None };
            parameters.push(LambdaParameter { ty, name, default });
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")");
        parameters
    }
}

/// `var` asks for inference.
pub(super) fn inferred_if_var(ty: TypeSyntax) -> TypeSyntax {
    match &ty.kind {
        TypeSyntaxKind::Name(name, arguments) if &**name == "var" && arguments.is_empty() => {
            TypeSyntax { kind: TypeSyntaxKind::Inferred, place: ty.place }
        }
        _ => ty,
    }
}

/// The name that `new { a.B }` gives its property.
fn projected_name(value: &Expression) -> Option<Arc<str>> {
    match &value.kind {
        ExpressionKind::Name(name, _) | ExpressionKind::Member { name, .. } => Some(Arc::clone(name)),
        ExpressionKind::ConditionalAccess { access, .. } => projected_name(access),
        _ => None,
    }
}
