//! Tries a camera, reads what a person types as its address, and says what to do about it.

pub mod address;
mod size;
mod test;

pub use address::{CameraAddress, address, address_among, shown, with_login};
pub use size::bytes_per_day;
pub use test::try_camera;
