//! Vertical slices, one folder each: what it is (`mod.rs`), how it is asked
//! (`api.rs`, `pages.rs`), how it is kept (`store.rs`, private to the slice).

// People and access.
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod orgs;

// The product.
pub mod analyses;
pub mod artifacts;
pub mod diagrams;
pub mod operations;
pub mod sessions;
pub mod shares;
pub mod workbench;

// With other systems.
pub mod webhooks;

// The whole.
pub mod docs;
pub mod home;
