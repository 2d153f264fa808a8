//! Bad input: each body gets a clear refusal, the good ones around it take effect, nothing is lost.

mod amqp;
mod http;
mod sources;
