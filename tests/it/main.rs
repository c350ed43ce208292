//! Behaviour of the whole, through HTTP and the command line.

mod browser;
mod embedded_postgres;
mod prices;
