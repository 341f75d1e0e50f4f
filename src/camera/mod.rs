//! Tries a camera, reads what a person types as its address, and says what to do about it.

mod address;
mod size;
mod test;

pub use address::{CameraAddress, address, refused};
pub use size::bytes_per_day;
pub use test::try_camera;
