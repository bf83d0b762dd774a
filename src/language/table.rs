//! Rows of small weights, one row per feature, a byte each with a scale per row and block: what a model keeps in
//! memory and in its file.

use super::vocabulary::Row;

/// Weights of all features; every row is divided into the same blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub widths: Vec<usize>,
    pub weights: Vec<i8>,
    /// One per row and block.
    pub scales: Vec<f32>,
}

impl Table {
    /// From blocks of weights, each with its width, which all have the same number of rows.
    pub fn of(blocks: &[(usize, &[f32])], rows: usize) -> Self {
        let widths: Vec<usize> = blocks.iter().map(|(width, _)| *width).collect();
        let mut table = Self {
            weights: Vec::with_capacity(widths.iter().sum::<usize>() * rows),
            scales: Vec::with_capacity(widths.len() * rows),
            widths,
        };
        for row in 0..rows {
            for (width, weights) in blocks {
                let weights = &weights[row * width..(row + 1) * width];
                let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
                let scale = largest / 127.0;
                table.scales.push(scale);
                let byte = |weight: &f32| if scale > 0.0 { (weight / scale).round() as i8 } else { 0 };
                table.weights.extend(weights.iter().map(byte));
            }
        }
        table
    }

    pub fn width(&self) -> usize {
        self.widths.iter().sum()
    }

    /// Adds the rows of a text, each times its weight, to `sums`.
    pub fn add(&self, row: &Row, sums: &mut [f32]) {
        let width = self.width();
        for (feature, x) in row {
            let feature = *feature as usize;
            let scales = &self.scales[feature * self.widths.len()..];
            let mut weights = &self.weights[feature * width..(feature + 1) * width];
            let mut sums = &mut *sums;
            for (block, scale) in self.widths.iter().zip(scales) {
                let (these, rest) = weights.split_at(*block);
                let (to, sums_after) = sums.split_at_mut(*block);
                let by = x * scale;
                for (sum, weight) in to.iter_mut().zip(these) {
                    *sum += f32::from(*weight) * by;
                }
                (weights, sums) = (rest, sums_after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_nearly_those_of_the_whole_weights() {
        let (wide, narrow) = ([0.5_f32, -1.0, 0.25, 3.0, -0.01, 0.02], [10.0_f32, -20.0]);
        let table = Table::of(&[(3, &wide), (1, &narrow)], 2);
        let mut sums = vec![0.0; 4];
        table.add(&vec![(0, 1.0), (1, 0.5)], &mut sums);
        for (sum, wanted) in sums.iter().zip([2.0, -1.005, 0.26, 0.0]) {
            assert!((sum - wanted).abs() < 0.02, "{sums:?}");
        }
    }
}
