//! A play and its failures as people read them.

pub mod data;
mod failures;
mod timeline;
mod times;

pub(super) use self::times::in_local_time;
pub use self::times::{elapsed, local};
pub use self::{
    data::line_of,
    failures::failed,
    timeline::{Look, standing, timeline, whole},
};
