//! From resources to files.

pub mod cloudformation;
pub mod hcl;
pub mod index;
pub mod package;
pub mod readme;
pub mod terraform;

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Relative, with forward slashes.
    pub path: String,
    pub content: Vec<u8>,
}

impl Artifact {
    pub fn text(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self { path: path.into(), content: content.into().into_bytes() }
    }
}
