//! What the tests of the whole share: private servers, a database and a virtual host for each test,
//! and waiting for conditions.

pub mod kit;
