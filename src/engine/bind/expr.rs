//! Values of resource properties, neutral of the format they are written in.
//!
//! A binding builds its values once; [`emit`](crate::engine::emit) writes them
//! as HCL expressions or as CloudFormation JSON with intrinsic functions.

use crate::engine::graph::NodeId;

/// A property's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Expr>),
    /// An object value: `{ a = 1 }` in HCL.
    Map(Vec<(String, Expr)>),
    /// A nested block in HCL, an object in CloudFormation.
    Block(Vec<(String, Expr)>),
    /// A nested block that repeats in HCL, a list of objects in CloudFormation.
    Blocks(Vec<Vec<(String, Expr)>>),
    /// An attribute of another resource of the same stack.
    Attr(Attr),
    /// An input of the stack, declared with [`Stack::variable`](super::stack::Stack::variable).
    Var(String),
    /// Strings written one after the other.
    Join(Vec<Expr>),
    /// A document that HCL takes as a JSON string and CloudFormation as an object.
    Document(Box<Expr>),
    /// A document that both take as a JSON string.
    Json(Box<Expr>),
    AccountId,
    Region,
    Partition,
    /// The name of the n-th availability zone of the region.
    Zone(usize),
    /// The n-th element of an input or attribute that is a list.
    Index(Box<Expr>, usize),
    /// The environment variables of a component as an object, filled in by wiring.
    EnvOf(NodeId),
    /// The same as a list of `{name, value}` objects.
    EnvListOf(NodeId),
    /// The strings of a list, written one after the other with a separator.
    Joined(Box<Expr>, &'static str),
    /// The n-th part of a string between separators.
    Part(Box<Expr>, &'static str, usize),
    /// A function of HCL and what it is given; only for what has no CloudFormation side.
    Call(&'static str, Vec<Expr>),
    /// HCL as written; only for what has no CloudFormation side.
    Hcl(String),
    /// HCL as written, and another value in CloudFormation.
    Either(String, Box<Expr>),
}

/// A reference to an attribute of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attr {
    /// Key of the resource in its stack.
    pub resource: String,
    /// Terraform's name of the attribute.
    pub tf: &'static str,
    /// How CloudFormation says it.
    pub cfn: Cfn,
}

/// How CloudFormation names an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cfn {
    Ref,
    GetAtt(&'static str),
}

impl Expr {
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Map(fields) | Self::Block(fields) => fields.is_empty(),
            Self::Blocks(blocks) => blocks.is_empty(),
            _ => false,
        }
    }

    /// In CloudFormation another value than this HCL.
    pub fn or_cfn(self, other: Self) -> Self {
        match self {
            Self::Hcl(text) => Self::Either(text, Box::new(other)),
            it => it,
        }
    }

    /// The same value as a nested block; other values stay as they are.
    pub fn into_block(self) -> Self {
        match self {
            Self::Map(fields) => Self::Block(fields),
            other => other,
        }
    }
}

impl From<bool> for Expr {
    fn from(it: bool) -> Self {
        Self::Bool(it)
    }
}
impl From<i64> for Expr {
    fn from(it: i64) -> Self {
        Self::Int(it)
    }
}
impl From<i32> for Expr {
    fn from(it: i32) -> Self {
        Self::Int(it.into())
    }
}
impl From<u32> for Expr {
    fn from(it: u32) -> Self {
        Self::Int(it.into())
    }
}
impl From<u16> for Expr {
    fn from(it: u16) -> Self {
        Self::Int(it.into())
    }
}
impl From<f64> for Expr {
    /// A whole number is written without a fraction.
    fn from(it: f64) -> Self {
        if it.fract() == 0.0 && it.abs() < 9e15 { Self::Int(it as i64) } else { Self::Float(it) }
    }
}
impl From<&str> for Expr {
    fn from(it: &str) -> Self {
        Self::Str(it.to_owned())
    }
}
impl From<String> for Expr {
    fn from(it: String) -> Self {
        Self::Str(it)
    }
}
impl From<&Expr> for Expr {
    fn from(it: &Expr) -> Self {
        it.clone()
    }
}
impl From<Attr> for Expr {
    fn from(it: Attr) -> Self {
        Self::Attr(it)
    }
}
impl<T: Into<Expr>> From<Vec<T>> for Expr {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
impl<T: Into<Expr>, const N: usize> From<[T; N]> for Expr {
    fn from(items: [T; N]) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// An object value.
pub fn map<const N: usize>(fields: [(&str, Expr); N]) -> Expr {
    Expr::Map(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A nested block.
pub fn block<const N: usize>(fields: [(&str, Expr); N]) -> Expr {
    Expr::Block(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A nested block that repeats, from blocks or maps.
pub fn blocks(items: Vec<Expr>) -> Expr {
    Expr::Blocks(
        items
            .into_iter()
            .filter_map(|item| match item {
                Expr::Block(fields) | Expr::Map(fields) => Some(fields),
                _ => None,
            })
            .collect(),
    )
}

/// Blocks with CloudFormation's names; the keys of objects are data and stay.
pub fn pascal(value: Expr) -> Expr {
    let fields = |fields: Vec<(String, Expr)>| {
        fields.into_iter().map(|(name, value)| (pascal_name(&name), pascal(value))).collect()
    };
    match value {
        Expr::Block(it) => Expr::Block(fields(it)),
        Expr::Blocks(items) => Expr::Blocks(items.into_iter().map(fields).collect()),
        Expr::List(items) => Expr::List(items.into_iter().map(pascal).collect()),
        other => other,
    }
}

/// `retry_policy` as CloudFormation writes it: `RetryPolicy`.
pub fn pascal_name(name: &str) -> String {
    name.split('_')
        .map(|word| {
            if word == "eventbridge" {
                return "EventBridge".to_owned();
            }
            let mut letters = word.chars();
            let first = letters.next().map(|it| it.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

/// Strings written one after the other: `join!["arn:", Expr::Partition, ":s3"]`.
macro_rules! join {
    ($($part:expr),+ $(,)?) => {
        $crate::engine::bind::expr::Expr::Join(vec![$($crate::engine::bind::expr::Expr::from($part)),+])
    };
}
pub(crate) use join;

/// A list of values of different types: `list!["a", queue.arn()]`.
macro_rules! list {
    ($($part:expr),* $(,)?) => {
        $crate::engine::bind::expr::Expr::List(vec![$($crate::engine::bind::expr::Expr::from($part)),*])
    };
}
pub(crate) use list;

/// A document that HCL takes as a JSON string and CloudFormation as an object.
pub fn document(value: Expr) -> Expr {
    Expr::Document(Box::new(value))
}

/// A document that both formats take as a JSON string.
pub fn json(value: Expr) -> Expr {
    Expr::Json(Box::new(value))
}
