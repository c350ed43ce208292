//! Everything the engine has to say about its input besides the result itself.

use serde::Serialize;

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something was honoured only in part, or looks unintended.
    Warning,
    /// Something that was asked for cannot be done.
    Error,
}

/// A remark about the text or about a component, with a way on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnostic {
    /// Stable, kebab-case: `service-without-binding`, `budget-infeasible`.
    pub code: &'static str,
    pub severity: Severity,
    /// One sentence for people.
    pub message: String,
    /// What to do about it; empty when nothing needs doing.
    pub help: String,
    /// Bytes of the text this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The component this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
}

/// A half-open range of bytes in the text that was analysed: `[start, end]`.
pub type Span = [usize; 2];

impl Diagnostic {
    pub fn new(code: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            help: String::new(),
            span: None,
            component: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub fn on(mut self, component: impl Into<String>) -> Self {
        self.component = Some(component.into());
        self
    }
}
