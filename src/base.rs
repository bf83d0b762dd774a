//! Words without I/O that every room speaks: identities, time, telephone numbers and where they are from, opening hours.

pub mod area;
pub mod attendance;
pub mod base64;
pub mod clock;
pub mod csv;
pub mod detector;
pub mod hours;
pub mod id;
pub mod locale;
pub mod mood;
pub mod number;
pub mod text;
pub mod urgency;
pub mod wav;
