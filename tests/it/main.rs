//! Behaviour of the whole, through HTTP and the command line.

mod embedded_postgres;
