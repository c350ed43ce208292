//! Work that was accepted and is not done at once: answers and sets of files,
//! seen the same way, so that a client waits for both alike.

pub mod api;
