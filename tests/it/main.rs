//! The integration tests, one binary. Each module drives the library or the program from outside.

mod cli; // the program `bcoin`: help, exit codes, settings, files, answers of nodes as people read them
