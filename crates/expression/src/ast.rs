//! The tree of an expression as written. Ranges are bytes of the expression's text.

use std::ops::Range;
use std::sync::Arc;

use crate::value::Value;

/// A name in the source.
pub type Name = Arc<str>;

/// A range of bytes in the expression's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// Byte after the last one.
    pub end: u32,
}

impl Place {
    /// From byte offsets.
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end) }
    }

    /// The smallest range that holds both.
    pub fn to(self, other: Place) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// As byte offsets.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeSyntax {
    /// What it says.
    pub kind: TypeSyntaxKind,
    /// Where.
    pub place: Place,
}

/// The forms of a type.
#[derive(Clone, Debug)]
pub enum TypeSyntaxKind {
    /// `var`, or the type left out.
    Inferred,
    /// A keyword or a name with dots, and type arguments of its last part.
    Name(Name, Vec<TypeSyntax>),
    /// `T[]`.
    Array(Box<TypeSyntax>),
    /// `T[,]` and more dimensions.
    Matrix(Box<TypeSyntax>, usize),
    /// `T?`.
    Nullable(Box<TypeSyntax>),
    /// `(T, U name, …)`.
    Tuple(Vec<(TypeSyntax, Option<Name>)>),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// What it says.
    pub kind: ExpressionKind,
    /// Where.
    pub place: Place,
}

/// Unary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnaryOperator {
    Plus,
    Minus,
    Not,
    Complement,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOperator {
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    ShiftLeft,
    ShiftRight,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Xor,
    Or,
    AndAlso,
    OrElse,
    Coalesce,
}

impl BinaryOperator {
    /// The symbol in source.
    pub fn symbol(self) -> &'static str {
        use BinaryOperator as B;
        match self {
            B::Multiply => "*",
            B::Divide => "/",
            B::Remainder => "%",
            B::Add => "+",
            B::Subtract => "-",
            B::ShiftLeft => "<<",
            B::ShiftRight => ">>",
            B::Less => "<",
            B::Greater => ">",
            B::LessOrEqual => "<=",
            B::GreaterOrEqual => ">=",
            B::Equal => "==",
            B::NotEqual => "!=",
            B::And => "&",
            B::Xor => "^",
            B::Or => "|",
            B::AndAlso => "&&",
            B::OrElse => "||",
            B::Coalesce => "??",
        }
    }
}

/// The forms of an expression.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // The fields are named after their part of the form.
pub enum ExpressionKind {
    /// Already reported.
    Error,
    Literal(Value),
    Interpolated(Vec<InterpolationPart>),
    Name(Name, Vec<TypeSyntax>),
    /// A keyword type before a dot: `string.Join`.
    TypeName(TypeSyntax),
    /// What stands before the `?` of the enclosing [`ExpressionKind::ConditionalAccess`].
    Receiver,
    Member {
        target: Box<Expression>,
        name: Name,
        name_place: Place,
        arguments: Vec<TypeSyntax>,
    },
    Index {
        target: Box<Expression>,
        arguments: Vec<Argument>,
    },
    Call {
        target: Box<Expression>,
        arguments: Vec<Argument>,
    },
    /// `target?.…`: the access starts from [`ExpressionKind::Receiver`].
    ConditionalAccess {
        target: Box<Expression>,
        access: Box<Expression>,
    },
    Unary(UnaryOperator, Box<Expression>),
    /// `++` and `--`.
    Increment {
        target: Box<Expression>,
        by: i32,
        prefix: bool,
    },
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `=` and compound assignments.
    Assign {
        operator: Option<BinaryOperator>,
        target: Box<Expression>,
        value: Box<Expression>,
    },
    Conditional {
        condition: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Cast(TypeSyntax, Box<Expression>),
    Is(Box<Expression>, Pattern),
    As(Box<Expression>, TypeSyntax),
    New {
        ty: TypeSyntax,
        arguments: Vec<Argument>,
        initializer: Option<Initializer>,
    },
    /// `new T[n]`, `new T[] {…}`, `new[] {…}`; also `{…}` after an array's declarator.
    NewArray {
        element: Option<TypeSyntax>,
        length: Option<Box<Expression>>,
        items: Option<Vec<Expression>>,
    },
    /// `new T[n, m]` and `new T[,] {…}`: rows are [`ExpressionKind::Row`]s.
    NewMatrix {
        element: Option<TypeSyntax>,
        rank: usize,
        lengths: Vec<Expression>,
        items: Option<Vec<Expression>>,
    },
    /// `{…}` inside the initialiser of an array of several dimensions.
    Row(Vec<Expression>),
    NewAnonymous(Vec<(Name, Expression)>),
    Lambda {
        parameters: Vec<LambdaParameter>,
        body: LambdaBody,
    },
    /// `delegate {…}`, which takes whatever parameters its type has.
    AnonymousMethod(LambdaBody),
    /// Inside the lambdas of a query: `names` are the properties of the parameter `of`.
    RangeVariables {
        of: Name,
        names: Vec<Name>,
        body: Box<Expression>,
    },
    Tuple(Vec<(Option<Name>, Expression)>),
    /// `T name` inside a deconstruction.
    Declaration(TypeSyntax, Name),
    /// `ref x`, where a reference is initialised.
    Ref(Box<Expression>),
    TypeOf(TypeSyntax),
    SizeOf(TypeSyntax),
    NameOf(Box<Expression>),
    Default(Option<TypeSyntax>),
    Checked(bool, Box<Expression>),
    Throw(Box<Expression>),
}

/// A part of `$"…"`.
#[derive(Clone, Debug)]
pub enum InterpolationPart {
    /// Text with escapes resolved.
    Text(String),
    /// `{value,alignment:format}`.
    Hole {
        /// The value.
        value: Expression,
        /// Width: a constant; negative means left.
        alignment: Option<Box<Expression>>,
        /// The format.
        format: Option<String>,
    },
}

/// An argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `name:`.
    pub name: Option<Name>,
    /// How it is passed.
    pub mode: ArgumentMode,
    /// The value or the variable.
    pub value: Expression,
}

/// How an argument is passed.
#[derive(Clone, Debug)]
pub enum ArgumentMode {
    /// By value.
    Value,
    /// `out x`.
    Out,
    /// `out T x`: declares x.
    OutDeclaration(TypeSyntax, Name),
    /// `ref x`.
    Ref,
}

/// A parameter of a lambda or local function.
#[derive(Clone, Debug)]
pub struct LambdaParameter {
    /// The type; inferred when left out.
    pub ty: TypeSyntax,
    /// The name.
    pub name: Name,
    /// `= value` of a local function.
    pub default: Option<Expression>,
    /// How its argument is passed.
    pub mode: ParameterMode,
}

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterMode {
    /// By value; `in` too, which cannot be told from it.
    #[default]
    Value,
    /// `ref T`.
    Ref,
    /// `out T`.
    Out,
    /// `params T[]`.
    Params,
}

/// The body of a lambda or local function.
#[derive(Clone, Debug)]
pub enum LambdaBody {
    /// `=> value`.
    Expression(Box<Expression>),
    /// `{ … }`.
    Block(Vec<Statement>),
}

/// What stands in braces after `new T(…)`.
#[derive(Clone, Debug)]
pub enum Initializer {
    /// `{ a, b }` and `{ {k, v}, … }`: arguments of `Add`.
    Collection(Vec<Vec<Expression>>),
    /// `{ A = 1, ["b"] = 2 }`.
    Object(Vec<(InitializerTarget, InitializerValue)>),
}

/// What an object initialiser sets.
#[derive(Clone, Debug)]
pub enum InitializerTarget {
    /// A member.
    Member(Name, Place),
    /// An element.
    Index(Vec<Expression>),
}

/// What an object initialiser sets it to.
#[derive(Clone, Debug)]
pub enum InitializerValue {
    /// A value.
    Value(Expression),
    /// Braces: the member's own object is filled.
    Nested(Initializer),
}

/// What follows `is` or `case`.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A type, and the variable it declares.
    Type(TypeSyntax, Option<Name>),
    /// `var x`.
    Var(Name),
    /// A constant.
    Constant(Box<Expression>),
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// Where.
    pub place: Place,
}

/// The forms of a statement.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // The fields are named after their part of the form.
pub enum StatementKind {
    Empty,
    Block(Vec<Statement>),
    Local {
        ty: TypeSyntax,
        is_const: bool,
        variables: Vec<(Name, Place, Option<Expression>)>,
    },
    /// `ref T name = ref variable;`
    RefLocal {
        ty: TypeSyntax,
        name: Name,
        place: Place,
        of: Expression,
    },
    Expression(Expression),
    If {
        condition: Expression,
        then: Box<Statement>,
        otherwise: Option<Box<Statement>>,
    },
    While {
        condition: Expression,
        body: Box<Statement>,
    },
    Do {
        body: Box<Statement>,
        condition: Expression,
    },
    For {
        initializer: Vec<Statement>,
        condition: Option<Expression>,
        update: Vec<Expression>,
        body: Box<Statement>,
    },
    ForEach {
        ty: TypeSyntax,
        name: Name,
        sequence: Expression,
        body: Box<Statement>,
    },
    Switch {
        value: Expression,
        sections: Vec<SwitchSection>,
    },
    /// `name: statement`.
    Labeled(Name, Place, Box<Statement>),
    Goto(GotoTarget),
    Lock {
        object: Expression,
        body: Box<Statement>,
    },
    Return(Option<Expression>),
    Break,
    Continue,
    Throw(Option<Expression>),
    Try {
        body: Vec<Statement>,
        catches: Vec<Catch>,
        finally: Option<Vec<Statement>>,
    },
    Using {
        resource: Box<Statement>,
        body: Box<Statement>,
    },
    LocalFunction {
        result: TypeSyntax,
        name: Name,
        type_parameters: Vec<Name>,
        parameters: Vec<LambdaParameter>,
        body: LambdaBody,
    },
    Checked(bool, Vec<Statement>),
}

/// Where `goto` goes.
#[derive(Clone, Debug)]
pub enum GotoTarget {
    /// `goto name;`
    Label(Name),
    /// `goto case constant;`
    Case(Expression),
    /// `goto default;`
    Default,
}

/// One group of `case` labels with its statements.
#[derive(Clone, Debug)]
pub struct SwitchSection {
    /// The labels.
    pub labels: Vec<SwitchLabel>,
    /// The statements.
    pub body: Vec<Statement>,
}

/// `case …:` or `default:`.
#[derive(Clone, Debug)]
pub enum SwitchLabel {
    /// `case pattern when guard:`.
    Case(Pattern, Option<Expression>),
    /// `default:`.
    Default,
}

/// A `catch`.
#[derive(Clone, Debug)]
pub struct Catch {
    /// The exception's type; all when left out.
    pub ty: Option<TypeSyntax>,
    /// The variable.
    pub name: Option<Name>,
    /// `when (…)`.
    pub filter: Option<Expression>,
    /// The statements.
    pub body: Vec<Statement>,
}

/// A whole policy expression.
#[derive(Clone, Debug)]
pub enum Root {
    /// `@( … )`.
    Expression(Box<Expression>),
    /// `@{ … }`.
    Block(Vec<Statement>),
}
