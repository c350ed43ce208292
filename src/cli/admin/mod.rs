//! Commands for those who run a server.

pub mod audit;
pub mod orgs;
