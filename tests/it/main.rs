//! Behaviour of the whole, through HTTP and the command line.
