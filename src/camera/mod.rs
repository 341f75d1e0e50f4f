//! Tries a camera, reads what a person types as its address, and says what to do about it.

mod address;
mod test;

pub use address::{CameraAddress, address, refused};
pub use test::try_camera;
