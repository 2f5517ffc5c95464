//! The compiled template.

use sekisho_expression::value::Text;

use super::filters::Filter;
use super::value::Value;

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Node {
    /// What stands outside of braces, and in `raw` and `literal`.
    Text(Text),
    /// `{{ … }}`.
    Output(Chain),
    /// `assign name = …`.
    Assign(Text, Chain),
    /// `capture name`.
    Capture(Text, Vec<Node>),
    /// `if` and `unless` with their `elsif` and `else`; the first branch whose condition holds is taken.
    If(Vec<(Condition, Vec<Node>)>),
    /// `case`.
    Case(Expression, Vec<When>),
    /// `for` and `JSONArrayFor`.
    For(Box<For>),
    /// `tablerow`.
    TableRow(Box<For>),
    /// `cycle`: the group and the values.
    Cycle(Expression, Vec<Expression>),
    /// `ifchanged`.
    IfChanged(Vec<Node>),
    /// `increment` (by 1, shown before) and `decrement` (by -1, shown after).
    Count(Text, i64),
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// A branch of `case`.
#[derive(Debug)]
pub(super) struct When {
    /// None for `else`.
    pub(super) values: Option<Vec<Expression>>,
    pub(super) nodes: Vec<Node>,
}

/// A loop.
#[derive(Debug)]
pub(super) struct For {
    /// The loop variable.
    pub(super) variable: Text,
    pub(super) collection: Expression,
    /// `forloop.name`.
    pub(super) name: Text,
    pub(super) reversed: bool,
    pub(super) limit: Option<Expression>,
    pub(super) offset: Offset,
    /// Of `tablerow`.
    pub(super) columns: Option<Expression>,
    pub(super) nodes: Vec<Node>,
    /// What `else` holds: for a collection without elements.
    pub(super) otherwise: Vec<Node>,
    /// What stands between two turns.
    pub(super) separator: &'static str,
}

/// Where a loop begins.
#[derive(Debug)]
pub(super) enum Offset {
    /// At the first element, or at the one of this number.
    At(Option<Expression>),
    /// `offset:continue`: where the loop of the same name ended.
    Continue,
}

/// A value through filters.
#[derive(Debug)]
pub(super) struct Chain {
    /// None for empty braces.
    pub(super) subject: Option<Expression>,
    pub(super) filters: Vec<Filter>,
}

/// Something that gives a value.
#[derive(Debug)]
pub(super) enum Expression {
    /// A literal.
    Constant(Value),
    /// `(from..to)`.
    Range(Box<Expression>, Box<Expression>),
    /// `a.b["c"]`.
    Path(Box<Step>, Vec<Step>),
}

/// A step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// `.name`.
    Name(Text),
    /// `[…]`.
    Index(Expression),
}

/// What `if` decides by.
#[derive(Debug)]
pub(super) enum Condition {
    /// `else`.
    Always,
    /// `unless`.
    Not(Box<Condition>),
    /// A value alone.
    Truth(Expression),
    /// Two values.
    Compare(Expression, Operator, Expression),
    /// The rest is looked at only when the first holds.
    And(Box<Condition>, Box<Condition>),
    /// The rest is looked at only when the first does not hold.
    Or(Box<Condition>, Box<Condition>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Contains,
    StartsWith,
    EndsWith,
    HasKey,
    HasValue,
}

impl Operator {
    /// The operator of a word; names may begin with a capital, or be in lower case altogether.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "==" => Operator::Equal,
            "!=" | "<>" => Operator::NotEqual,
            "<" => Operator::Less,
            ">" => Operator::Greater,
            "<=" => Operator::AtMost,
            ">=" => Operator::AtLeast,
            "contains" | "Contains" => Operator::Contains,
            "startsWith" | "StartsWith" | "startswith" => Operator::StartsWith,
            "endsWith" | "EndsWith" | "endswith" => Operator::EndsWith,
            "hasKey" | "HasKey" | "haskey" => Operator::HasKey,
            "hasValue" | "HasValue" | "hasvalue" => Operator::HasValue,
            _ => return None,
        })
    }
}
