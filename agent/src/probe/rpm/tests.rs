//! Databases that rpm made.
