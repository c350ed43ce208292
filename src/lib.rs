//! CloudGen turns a description of a system into cloud infrastructure.
//!
//! # A map of the code
//!
//! Start with [`engine`]: a pure function from text to requirements, from there
//! to three architectures, and from those to code and costs. **Invariant:** it
//! does no IO, so equal inputs give equal bytes.
//!
//! [`features`] are vertical slices: one folder holds the API, the pages, the
//! SQL and the jobs of one feature. **Invariant:** a slice reaches another only
//! through the functions its `mod.rs` exports.
//!
//! [`platform`] is what all slices stand on. **Invariant:** a request reaches
//! the database through [`Ctx::begin`](platform::ctx::Ctx::begin), which checks
//! the role and turns on row-level security; what it changes it records with
//! [`events::emit`](platform::events::emit) in the same transaction.
//!
//! [`app`] wires it all together.
//!
//! [`cli`] is the command line: the engine without a server, and the server.

pub mod app;
pub mod cli;
pub mod engine;
pub mod features;
pub mod platform;

/// Designing is a third memory management; this one is a fifth quicker at it
/// than the system's (`cargo bench --bench http`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
