//! XPath as a tree.

use super::Prefixes;
use super::axes::Axis;
use super::functions::Function;
use super::lexer::{Token, tokens};
use super::wrong;
use crate::exception::Exception;

/// Expressions within expressions, at most.
const DEEPEST: u32 = 100;

/// An expression.
#[derive(Debug)]
pub(super) enum Expression {
    Number(f64),
    Literal(String),
    Call(Function, Vec<Expression>),
    Negate(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Path(Path),
}

/// An operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Union,
}

/// Where a path begins.
#[derive(Debug)]
pub(super) enum Start {
    Here,
    Root,
    From(Box<Expression>, Vec<Expression>),
}

/// A path.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Expression>,
}

/// Which nodes of an axis.
#[derive(Debug)]
pub(super) enum Test {
    /// `node()`.
    Any,
    Text,
    Comment,
    Instruction(Option<String>),
    /// `*`.
    Named,
    /// `prefix:*`.
    InNamespace(String),
    Name {
        namespace: String,
        local: String,
    },
}

/// Reads a path.
///
/// # Errors
/// `XPathException`.
pub(super) fn parse(text: &str, prefixes: Option<&dyn Prefixes>) -> Result<Expression, Exception> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, prefixes, text };
    let expression = parser.expression()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.invalid());
    }
    Ok(expression)
}

struct Parser<'p> {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    prefixes: Option<&'p dyn Prefixes>,
    text: &'p str,
}

/// Operators of one rank with their signs.
type Rank = &'static [(&'static str, Operator)];

/// From the loosest to the tightest.
const RANKS: [Rank; 6] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("=", Operator::Equal), ("!=", Operator::NotEqual)],
    &[
        ("<", Operator::Less),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        (">=", Operator::GreaterOrEqual),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("div", Operator::Divide), ("mod", Operator::Modulo)],
];

impl Parser<'_> {
    fn invalid(&self) -> Exception {
        wrong(format!("'{}' has an invalid token.", self.text))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Token::Mark(found)) if *found == mark)
    }

    fn eat(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &str) -> Result<(), Exception> {
        if self.eat(mark) { Ok(()) } else { Err(self.invalid()) }
    }

    fn expression(&mut self) -> Result<Expression, Exception> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(wrong("The expression is nested too deeply."));
        }
        let read = self.binary(0);
        self.depth -= 1;
        read
    }

    fn binary(&mut self, rank: usize) -> Result<Expression, Exception> {
        let Some(operators) = RANKS.get(rank) else { return self.unary() };
        let mut left = self.binary(rank + 1)?;
        // Chains lean to the left: their height counts as nesting.
        let mut height = 0;
        while let Some(operator) = self.operator(operators) {
            self.at += 1;
            height += 1;
            if height + self.depth > DEEPEST {
                return Err(wrong("The expression is nested too deeply."));
            }
            let right = self.binary(rank + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&self, operators: Rank) -> Option<Operator> {
        let (Some(Token::Mark(sign)) | Some(Token::Word(sign))) = self.peek() else { return None };
        operators.iter().find(|(known, _)| known == sign).map(|(_, operator)| *operator)
    }

    fn unary(&mut self) -> Result<Expression, Exception> {
        let mut negations = 0;
        while self.eat("-") {
            negations += 1;
        }
        let mut operand = self.union()?;
        if negations > 0 {
            // Minus minus is still a number.
            operand = Expression::Negate(Box::new(operand));
            if negations % 2 == 0 {
                operand = Expression::Negate(Box::new(operand));
            }
        }
        Ok(operand)
    }

    fn union(&mut self) -> Result<Expression, Exception> {
        let mut left = self.path()?;
        let mut height = 0;
        while self.eat("|") {
            height += 1;
            if height + self.depth > DEEPEST {
                return Err(wrong("The expression is nested too deeply."));
            }
            let right = self.path()?;
            left = Expression::Binary(Operator::Union, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expression, Exception> {
        if let Some(primary) = self.primary()? {
            let predicates = self.predicates()?;
            if predicates.is_empty() && !self.is_mark("/") && !self.is_mark("//") {
                return Ok(primary);
            }
            let mut path = Path { start: Start::From(Box::new(primary), predicates), steps: Vec::new() };
            self.more_steps(&mut path)?;
            return Ok(Expression::Path(path));
        }
        let mut path = Path { start: Start::Here, steps: Vec::new() };
        if self.eat("//") {
            path.start = Start::Root;
            path.steps.push(anywhere());
            path.steps.push(self.step()?);
        } else if self.eat("/") {
            path.start = Start::Root;
            if self.begins_step() {
                path.steps.push(self.step()?);
            }
        } else {
            path.steps.push(self.step()?);
        }
        self.more_steps(&mut path)?;
        Ok(Expression::Path(path))
    }

    fn more_steps(&mut self, path: &mut Path) -> Result<(), Exception> {
        loop {
            if self.eat("//") {
                path.steps.push(anywhere());
            } else if !self.eat("/") {
                return Ok(());
            }
            path.steps.push(self.step()?);
        }
    }

    fn begins_step(&self) -> bool {
        match self.peek() {
            Some(Token::Name(..)) => true,
            Some(Token::Mark(mark)) => matches!(*mark, "." | ".." | "@"),
            _ => false,
        }
    }

    /// A value, a function, or parentheses; none when a step begins.
    fn primary(&mut self) -> Result<Option<Expression>, Exception> {
        let token = self.peek().cloned();
        match token {
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok(Some(Expression::Number(number)))
            }
            Some(Token::Literal(text)) => {
                self.at += 1;
                Ok(Some(Expression::Literal(text)))
            }
            Some(Token::Variable(name)) => Err(wrong(format!("The variable '${name}' is undefined."))),
            Some(Token::Mark("(")) => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(Some(inner))
            }
            Some(Token::Name(prefix, local)) if self.is_call() && !is_node_type(&local) => {
                self.at += 2;
                let mut arguments = Vec::new();
                if !self.eat(")") {
                    loop {
                        arguments.push(self.expression()?);
                        if !self.eat(",") {
                            break;
                        }
                    }
                    self.expect(")")?;
                }
                if prefix.is_some() {
                    return Err(wrong(
                        "XsltContext is needed for this query because of an unknown function.",
                    ));
                }
                let function = Function::find(&local, arguments.len())?;
                Ok(Some(Expression::Call(function, arguments)))
            }
            _ => Ok(None),
        }
    }

    fn is_call(&self) -> bool {
        matches!(self.tokens.get(self.at + 1), Some(Token::Mark("(")))
    }

    fn predicates(&mut self) -> Result<Vec<Expression>, Exception> {
        let mut out = Vec::new();
        while self.eat("[") {
            out.push(self.expression()?);
            self.expect("]")?;
        }
        Ok(out)
    }

    fn step(&mut self) -> Result<Step, Exception> {
        if self.eat(".") {
            return Ok(Step { axis: Axis::Itself, test: Test::Any, predicates: Vec::new() });
        }
        if self.eat("..") {
            return Ok(Step { axis: Axis::Parent, test: Test::Any, predicates: Vec::new() });
        }
        let mut axis = Axis::Child;
        if self.eat("@") {
            axis = Axis::Attribute;
        } else if let (Some(Token::Name(None, name)), Some(Token::Mark("::"))) =
            (self.peek(), self.tokens.get(self.at + 1))
        {
            axis = Axis::find(name).ok_or_else(|| self.invalid())?;
            self.at += 2;
        }
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn test(&mut self) -> Result<Test, Exception> {
        let Some(Token::Name(prefix, local)) = self.peek().cloned() else { return Err(self.invalid()) };
        self.at += 1;
        if prefix.is_none() && self.is_mark("(") {
            self.at += 1;
            let target = match self.peek() {
                Some(Token::Literal(text)) if local == "processing-instruction" => Some(text.clone()),
                _ => None,
            };
            self.at += usize::from(target.is_some());
            self.expect(")")?;
            return match local.as_str() {
                "node" => Ok(Test::Any),
                "text" => Ok(Test::Text),
                "comment" => Ok(Test::Comment),
                "processing-instruction" => Ok(Test::Instruction(target)),
                _ => Err(self.invalid()),
            };
        }
        let namespace = match prefix {
            None => String::new(),
            Some(prefix) => self.namespace(&prefix)?,
        };
        Ok(match (local.as_str(), namespace.is_empty()) {
            ("*", true) => Test::Named,
            ("*", false) => Test::InNamespace(namespace),
            _ => Test::Name { namespace, local },
        })
    }

    fn namespace(&self, prefix: &str) -> Result<String, Exception> {
        let Some(prefixes) = self.prefixes else {
            return Err(wrong(
                "Namespace Manager or XsltContext needed. This query has a prefix, variable, or user-defined function.",
            ));
        };
        let found = prefixes.namespace(prefix);
        found.ok_or_else(|| wrong(format!("Namespace prefix '{prefix}' is not defined.")))
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

/// What `//` stands for.
fn anywhere() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Any, predicates: Vec::new() }
}
