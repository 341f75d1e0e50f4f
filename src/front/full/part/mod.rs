//! What screens are put together of.

pub mod ask;
pub mod bar;
pub mod field;
pub mod frame;
pub mod list;
pub mod page;
pub mod text;
