//! Behaviour of the whole, through HTTP and the command line.

mod access;
mod audit;
mod auth;
mod browser;
mod crash;
mod design;
mod embedded_postgres;
mod home;
mod idempotency;
mod invitations;
mod journey;
mod layering;
mod mail;
mod openapi;
mod orgs;
mod pages;
mod passkeys;
mod platform;
mod prices;
mod program;
mod readme;
mod serve;
mod source;
mod support;
mod tenancy;
mod two_factor;
