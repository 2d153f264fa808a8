//! What goes wrong, on purpose: whole engines in simulated time, every point at which a turn can be
//! cut off, and resources that run out.

mod compare;
mod model;
mod outside;
mod points;

mod queue;

mod shops;
mod sim;
mod simulation;
mod stage;
mod steps;
mod watch;
