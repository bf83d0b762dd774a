//! Where a model comes from: what it was learned from, and how well it understood what was held out. Its file carries it.

use serde::Serialize;
use smol_str::{SmolStr, format_smolstr};

use super::{evaluate::Evaluation, sample::Sample};

/// A model's birth certificate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Origin {
    /// Version of the program that learned it.
    pub program: SmolStr,
    pub samples: u32,
    /// Of these, out of every scope.
    pub outside: u32,
    /// The samples' own mark: other samples, another mark.
    pub digest: SmolStr,
    pub measured: Measured,
}

/// What it made of samples that were held out while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measured {
    pub held_out: u32,
    pub held_out_outside: u32,
    pub accuracy: f32,
    pub macro_f1: f32,
    pub in_scope_loss: f32,
    /// Zero when nothing out of scope was held out.
    pub oos_recall: f32,
    pub calibration_error: f32,
}

impl Origin {
    pub(super) fn of(samples: &[Sample], evaluation: &Evaluation) -> Self {
        Self {
            program: SmolStr::new_static(env!("CARGO_PKG_VERSION")),
            samples: samples.len() as u32,
            outside: samples.iter().filter(|sample| sample.intent.is_none()).count() as u32,
            digest: digest(samples),
            measured: Measured {
                held_out: evaluation.in_scope as u32,
                held_out_outside: evaluation.out_of_scope as u32,
                accuracy: evaluation.in_scope_accuracy as f32,
                macro_f1: evaluation.macro_f1 as f32,
                in_scope_loss: evaluation.in_scope_loss as f32,
                oos_recall: evaluation.oos_recall.unwrap_or_default() as f32,
                calibration_error: evaluation.calibration_error as f32,
            },
        }
    }
}

/// FNV-1a of all texts and intents.
fn digest(samples: &[Sample]) -> SmolStr {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for sample in samples {
        for part in [Some(sample.text.as_str()), sample.intent.as_deref()] {
            take(part.unwrap_or_default().as_bytes());
            // A byte that is in no text keeps neighbours apart.
            take(&[0xff, u8::from(part.is_some())]);
        }
    }
    format_smolstr!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_samples_have_another_mark() {
        let sample = |text: &str, intent| Sample::new(text, intent);
        let one = digest(&[sample("a", Some("b")), sample("c", None)]);
        assert_eq!(one, digest(&[sample("a", Some("b")), sample("c", None)]));
        for other in [
            vec![sample("a", Some("b")), sample("c", Some(""))],
            vec![sample("ab", None), sample("c", None)],
            vec![sample("c", None), sample("a", Some("b"))],
        ] {
            assert_ne!(one, digest(&other));
        }
    }
}
