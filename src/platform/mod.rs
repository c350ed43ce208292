//! What every slice stands on; knows no feature.
//!
//! A request passes [`guard`], is recognised by [`ctx`], may do what [`access`]
//! says, works in a transaction of [`db`], records what it did with [`events`],
//! leaves work for later with [`jobs`], and is answered as JSON
//! ([`problem`]) or as a page ([`page`]).

pub mod access;
pub mod api_key;
pub mod assets;
pub mod cache;
pub mod clock;
pub mod conditional;
pub mod config;
pub mod cors;
pub mod crypto;
pub mod ctx;
pub mod db;
pub mod deprecation;
pub mod error;
pub mod events;
pub mod extract;
pub mod guard;
pub mod http;
pub mod icons;
pub mod idempotency;
pub mod ids;
pub mod jobs;
pub mod live;
pub mod login;
pub mod mail;
pub mod outbound;
pub mod page;
pub mod postgres;
pub mod problem;
pub mod quota;
pub mod raster;
pub mod rate_limit;
pub mod reading;
pub mod state;
pub mod telemetry;
pub mod together;
pub mod usage;
pub mod work;
