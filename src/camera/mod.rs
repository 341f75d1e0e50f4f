//! Tries a camera and says what to do about it.
