//! The documentation in the product: guides, the reference made of the API's own
//! description, the catalogue of problems, and the changelog. Open to everyone,
//! without a file from elsewhere, and readable without script.
//!
//! What holds: the guides are the Markdown below `docs/`, so the pages and the
//! repository tell the same; every `type` of a problem document is a page.

pub mod contract;
pub mod endings;
pub mod operations;
pub mod pages;
pub mod problems;

mod guides;
mod markdown;
mod reference;
