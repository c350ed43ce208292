//! Pictures of options: drawn when they are asked for, of what went into the
//! analysis, so equal analyses give equal bytes.

pub mod api;
mod drawing;

pub use drawing::{Wish, draw};

use std::path::Path;

use crate::engine::diagram::icons::Symbol;
use crate::platform::icons::{self, Icons};

/// The icons of an operator, called for the services and kinds that are drawn.
pub fn icons(directory: &Path) -> anyhow::Result<Icons> {
    icons::load(directory, &Symbol::exists)
}
