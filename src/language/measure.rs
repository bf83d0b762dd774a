//! How good answers are: accuracy, F1, how well confidence tells in scope from out of scope, what refusing costs.

/// Confidence and whether it was in scope.
pub type Judged = (f32, bool);

/// One place on the curve between refusing too much and too little.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Trade {
    /// Confidence below this is refused.
    pub threshold: f32,
    /// Share of what is in scope that is refused.
    pub in_scope_loss: f32,
    /// Share of what is out of scope that is refused.
    pub oos_recall: f32,
}

/// The chance that something in scope has more confidence than something out of scope; `None` without both.
pub fn auroc(judged: &[Judged]) -> Option<f64> {
    let mut sorted = judged.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let inside = sorted.iter().filter(|(_, inside)| *inside).count();
    let outside = sorted.len() - inside;
    if inside == 0 || outside == 0 {
        return None;
    }
    let (mut below, mut sum) = (0.0, 0.0);
    for same in sorted.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let out = same.iter().filter(|(_, inside)| !*inside).count() as f64;
        sum += (same.len() as f64 - out) * (below + out / 2.0);
        below += out;
    }
    Some(sum / (inside as f64 * outside as f64))
}

/// The threshold under which at most `loss` of what is in scope lies.
pub fn threshold(judged: &[Judged], loss: f32) -> f32 {
    let mut inside: Vec<f32> = judged.iter().filter(|(_, inside)| *inside).map(|(score, _)| *score).collect();
    inside.sort_by(f32::total_cmp);
    inside.get((inside.len() as f32 * loss) as usize).copied().unwrap_or(0.0)
}

/// What a threshold refuses.
pub fn trade(judged: &[Judged], threshold: f32) -> Trade {
    let share = |side: bool| {
        let (refused, all) = judged
            .iter()
            .filter(|(_, inside)| *inside == side)
            .fold((0_u32, 0_u32), |(refused, all), (score, _)| {
                (refused + u32::from(*score < threshold), all + 1)
            });
        refused as f32 / all.max(1) as f32
    };
    Trade { threshold, in_scope_loss: share(true), oos_recall: share(false) }
}

/// The curve at round losses.
pub fn curve(judged: &[Judged]) -> Vec<Trade> {
    [0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2]
        .into_iter()
        .map(|loss| trade(judged, threshold(judged, loss)))
        .collect()
}

/// The mean of all classes' F1; a class that was neither wanted nor guessed does not count.
pub fn macro_f1(classes: usize, pairs: &[(Option<usize>, Option<usize>)]) -> f64 {
    let mut hits = vec![0_u32; classes];
    let (mut wanted, mut guessed) = (hits.clone(), hits.clone());
    for (want, guess) in pairs {
        if let Some(class) = want {
            wanted[*class] += 1;
        }
        if let Some(class) = guess {
            guessed[*class] += 1;
        }
        if let Some(class) = want.filter(|_| want == guess) {
            hits[class] += 1;
        }
    }
    let ones: Vec<f64> = (0..classes)
        .filter(|class| wanted[*class] + guessed[*class] > 0)
        .map(|class| 2.0 * f64::from(hits[class]) / f64::from(wanted[class] + guessed[class]))
        .collect();
    ones.iter().sum::<f64>() / ones.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_that_parts_them_is_one_and_ties_are_a_half() {
        assert_eq!(auroc(&[(0.9, true), (0.8, true), (0.1, false)]), Some(1.0));
        assert_eq!(auroc(&[(0.5, true), (0.5, false)]), Some(0.5));
        assert_eq!(auroc(&[(0.1, true), (0.9, false), (0.05, false)]), Some(0.5));
        assert_eq!(auroc(&[(0.5, true)]), None);
    }

    #[test]
    fn a_threshold_costs_what_it_may_cost() {
        let judged: Vec<Judged> =
            (0..100).map(|i| (i as f32, true)).chain((0..10).map(|i| (i as f32 * 2.0, false))).collect();
        let at = threshold(&judged, 0.05);
        let trade = trade(&judged, at);
        assert_eq!((trade.in_scope_loss, trade.oos_recall), (0.05, 0.3));
        assert!(curve(&judged).windows(2).all(|pair| pair[0].oos_recall <= pair[1].oos_recall));
    }

    #[test]
    fn f1_is_of_classes_not_of_samples() {
        let pairs = [(Some(0), Some(0)), (Some(0), Some(0)), (Some(1), Some(0)), (None, None)];
        assert!((macro_f1(3, &pairs) - 0.4).abs() < 1e-9);
    }
}
