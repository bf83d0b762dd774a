//! Exact decimal numbers: amounts of money must not be rounded on their way from the ear to the books.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// `mantissa / 10^scale`, without trailing zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Digits that a quotient is rounded to.
const PRECISION: i32 = 15;
/// Digits behind the point that are kept.
const DEEPEST: u32 = 30;

impl Decimal {
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };
    pub const HALF: Self = Self { mantissa: 5, scale: 1 };

    pub fn new(mantissa: i128, scale: u32) -> Option<Self> {
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        (scale <= DEEPEST).then_some(Self { mantissa, scale })
    }

    pub fn integer(&self) -> Option<i64> {
        if self.scale == 0 { i64::try_from(self.mantissa).ok() } else { None }
    }

    pub fn is_negative(&self) -> bool {
        self.mantissa < 0
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let sum = self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?;
        Self::new(sum, scale)
    }

    pub fn times(self, other: Self) -> Option<Self> {
        Self::new(self.mantissa.checked_mul(other.mantissa)?, self.scale + other.scale)
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, scale: self.scale }
    }

    /// Exact where it ends, else rounded to 15 digits.
    pub fn over(self, other: Self) -> Option<Self> {
        if other.mantissa == 0 {
            return None;
        }
        let scale = self.scale.max(other.scale);
        let (above, below) = (self.at_scale(scale)?, other.at_scale(scale)?);
        if above % below == 0 {
            return Self::new(above / below, 0);
        }
        Self::from_f64(above as f64 / below as f64)
    }

    pub fn power(self, exponent: Self) -> Option<Self> {
        Self::from_f64(self.to_f64().powf(exponent.to_f64()))
    }

    pub fn from_f64(value: f64) -> Option<Self> {
        if !value.is_finite() || value.abs() > 1e30 {
            return None;
        }
        format!("{value:.*e}", (PRECISION - 1) as usize).parse().ok()
    }

    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 / 10f64.powi(self.scale as i32)
    }

    /// Digits behind the point.
    pub fn scale(&self) -> u32 {
        self.scale
    }

    fn at_scale(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10i128.checked_pow(scale - self.scale)?)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }
}

/// A text is no number that Tandem can hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no decimal number of at most 30 digits: use digits, one point, and an exponent at most")]
pub struct NotDecimal;

impl FromStr for Decimal {
    type Err = NotDecimal;

    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        let (body, exponent) = match text.split_once(['e', 'E']) {
            Some((body, exponent)) => (body, exponent.parse::<i32>().map_err(|_| NotDecimal)?),
            None => (text, 0),
        };
        let (whole, part) = body.split_once('.').unwrap_or((body, ""));
        if part.len() > 34 || exponent.abs() > 40 {
            return Err(NotDecimal);
        }
        let mantissa: i128 = format!("{whole}{part}").parse().map_err(|_| NotDecimal)?;
        let scale = part.len() as i32 - exponent;
        if scale >= 0 {
            return Self::new(mantissa, scale as u32).ok_or(NotDecimal);
        }
        let shift = 10i128.checked_pow(scale.unsigned_abs()).ok_or(NotDecimal)?;
        Self::new(mantissa.checked_mul(shift).ok_or(NotDecimal)?, 0).ok_or(NotDecimal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, part) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{part}")
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As a JSON text: no reader may round it.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn sums_and_products_are_exact() {
        assert_eq!(d("0.1").plus(d("0.2")).unwrap(), d("0.3"));
        assert_eq!(d("1.50").to_string(), "1.5");
        assert_eq!(d("-0.05").times(d("100")).unwrap(), d("-5"));
        assert_eq!(d("1e3"), d("1000"));
        assert_eq!(d("2").over(d("3")).unwrap().to_string(), "0.666666666666667");
        assert_eq!(d("5").over(d("8")).unwrap().to_string(), "0.625");
        assert!(d("1").over(Decimal::ZERO).is_none());
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert!("1e60".parse::<Decimal>().is_err());
        assert!(format!("{}", i128::MAX).parse::<Decimal>().unwrap().times(d("10")).is_none());
    }
}
