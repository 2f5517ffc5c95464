//! A compiled expression: a tree with slots for variables and members resolved.

use std::sync::Arc;

use crate::ast::{BinaryOperator, Name};
use crate::dotnet::registry::Declared;
use crate::types::Type;
use crate::value::Value;

/// Which bodies must be in memory before an expression runs. It may say too much, never too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Needs {
    /// `context.Request.Body`.
    pub request_body: bool,
    /// `context.Response.Body`.
    pub response_body: bool,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) code: Arc<Code>,
    pub(crate) ty: Type,
    pub(crate) needs: Needs,
    pub(crate) reads_response: bool,
}

impl Program {
    /// Which bodies it may read.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// True when it looks at `context.Response` in any way: its value is not known before there is a response.
    pub fn reads_response(&self) -> bool {
        self.reads_response
    }

    /// Its static type; `object` when its returns differ.
    pub fn static_type(&self) -> &Type {
        &self.ty
    }

    /// Its value, when it is the same for every call.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.code.body {
            Body::Expression(Node::Constant(value)) => Some(value),
            Body::Block(statements) => match statements.as_slice() {
                [Step::Return(Node::Constant(value))] => Some(value),
                _ => None,
            },
            Body::Expression(_) => None,
        }
    }
}

/// Everything a program runs.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) body: Body,
    pub(crate) slots: usize,
    /// True when variables may be captured: each is a shared cell then.
    pub(crate) cells: bool,
    /// How deeply the text nests: the stack that one call of a function may use.
    pub(crate) nesting: u32,
    pub(crate) functions: Vec<Function>,
}

/// A lambda or local function.
#[derive(Debug)]
pub(crate) struct Function {
    /// How many functions stand around it, the whole program included.
    pub(crate) level: usize,
    pub(crate) parameters: usize,
    pub(crate) slots: usize,
    pub(crate) body: Body,
    pub(crate) ty: Type,
}

/// Bits of a slot that number the variables of one function; those above say which function.
const INDEX_BITS: u32 = 20;

/// The slot of a variable: `level` functions stand around the one that declares it.
pub(crate) fn slot(level: usize, index: u32) -> u32 {
    (u32::try_from(level).unwrap_or(0) << INDEX_BITS) | index
}

/// The parts of a slot.
pub(crate) fn level_and_index(slot: u32) -> (usize, usize) {
    ((slot >> INDEX_BITS) as usize, (slot & ((1 << INDEX_BITS) - 1)) as usize)
}

/// What runs.
#[derive(Debug)]
pub(crate) enum Body {
    Expression(Node),
    Block(Vec<Step>),
}

/// A call of a declared member.
#[derive(Debug)]
pub(crate) struct CallNode {
    pub(crate) member: &'static Declared,
    pub(crate) receiver: Option<Node>,
    pub(crate) arguments: Vec<Node>,
    pub(crate) type_arguments: Arc<[Type]>,
    /// Arguments that are written back: position and slot.
    pub(crate) outs: Vec<(usize, u32)>,
}

/// How `==` compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Equality {
    /// Numbers, Booleans, strings, enums by value.
    Value,
    /// Objects by identity.
    Reference,
}

/// A part of an interpolated string.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) value: Node,
    pub(crate) alignment: i32,
    pub(crate) format: Option<Arc<str>>,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) enum Test {
    /// The type, and the slot it is stored in.
    Type(Type, Option<u32>),
    Any(u32),
    /// Equal to a constant.
    Constant(Node),
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Node {
    Constant(Value),
    Load(u32),
    Store(u32, Box<Node>),
    /// A variable comes into being inside an expression.
    Declare(u32, Box<Node>),
    /// Gives the value of the last.
    Sequence(Vec<Node>),
    Call(Box<CallNode>),
    CallLocal {
        function: u32,
        arguments: Vec<Node>,
        /// Parameters that are the variables themselves: position and slot.
        references: Vec<(usize, u32)>,
    },
    Invoke {
        delegate: Box<Node>,
        arguments: Vec<Node>,
    },
    Lambda(u32),
    ConditionalAccess {
        slot: u32,
        target: Box<Node>,
        access: Box<Node>,
    },
    Coalesce(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Ternary(Box<(Node, Node, Node)>),
    Negate(Box<Node>, bool),
    Complement(Box<Node>),
    /// Both operands have the type of the operation; null when one is.
    Arithmetic {
        operator: BinaryOperator,
        checked: bool,
        operands: Box<(Node, Node)>,
    },
    Compare {
        operator: BinaryOperator,
        operands: Box<(Node, Node)>,
    },
    Equal {
        negated: bool,
        how: Equality,
        operands: Box<(Node, Node)>,
    },
    Concat(Vec<Node>),
    Interpolate(Vec<Part>),
    /// Between numbers, Char and enums.
    Convert {
        to: Type,
        checked: bool,
        value: Box<Node>,
    },
    /// From a less to a more specific type, checked at run time.
    Cast {
        to: Type,
        value: Box<Node>,
    },
    As {
        to: Type,
        value: Box<Node>,
    },
    Matches {
        value: Box<Node>,
        test: Box<Test>,
    },
    NewArray {
        element: Type,
        length: Box<Node>,
    },
    ArrayItems {
        element: Type,
        items: Vec<Node>,
    },
    Length(Box<Node>),
    Element(Box<(Node, Node)>),
    SetElement(Box<(Node, Node, Node)>),
    Anonymous {
        shape: Arc<[(Arc<str>, Type)]>,
        values: Vec<Node>,
    },
    Property {
        target: Box<Node>,
        index: usize,
    },
    Tuple {
        types: Vec<Type>,
        items: Vec<Node>,
    },
    Throw(Box<Node>),
}

/// A `catch`.
#[derive(Debug)]
pub(crate) struct CatchStep {
    pub(crate) ty: Type,
    pub(crate) slot: Option<u32>,
    pub(crate) filter: Option<Node>,
    pub(crate) body: Vec<Step>,
}

/// One group of `case` labels.
#[derive(Debug)]
pub(crate) struct CaseStep {
    pub(crate) tests: Vec<(Test, Option<Node>)>,
    pub(crate) is_default: bool,
    pub(crate) body: Vec<Step>,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Step {
    Evaluate(Node),
    /// A variable comes into being: captured ones get a cell of their own.
    Declare(u32, Node),
    Block(Vec<Step>),
    If(Node, Box<Step>, Option<Box<Step>>),
    Loop {
        before: Option<Node>,
        body: Box<Step>,
        update: Vec<Node>,
        after: Option<Node>,
    },
    ForEach {
        slot: u32,
        sequence: Node,
        convert: Option<Node>,
        pairs: bool,
        body: Box<Step>,
    },
    Switch {
        slot: u32,
        value: Node,
        cases: Vec<CaseStep>,
    },
    Return(Node),
    Break,
    Continue,
    Labeled(Name, Box<Step>),
    Goto(Name),
    GotoCase(Value),
    GotoDefault,
    Throw(Option<Node>),
    Try {
        body: Vec<Step>,
        catches: Vec<CatchStep>,
        finally: Vec<Step>,
    },
}
