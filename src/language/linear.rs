//! The linear half: for every intent a plane that parts it from all others, learned by dual coordinate descent
//! (L2-regularised squared hinge) with shrinking.

use fastrand::Rng;

use super::vocabulary::Row;

/// Sum of slack's price.
const C: f32 = 1.0;
const ENOUGH: f32 = 0.05;
const ROUNDS: usize = 200;

/// One plane per class; weights lie feature by feature.
#[derive(Clone, Debug)]
pub struct Linear {
    pub classes: usize,
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Linear {
    /// Learns from rows and their classes; a row without a class is in none.
    pub fn learn(
        rows: &[&Row],
        labels: &[Option<usize>],
        features: usize,
        classes: usize,
        seed: u64,
    ) -> Self {
        let mut linear =
            Self { classes, weights: vec![0.0; features * classes], bias: Vec::with_capacity(classes) };
        let squares: Vec<f32> =
            rows.iter().map(|row| 1.0 + row.iter().map(|(_, x)| x * x).sum::<f32>()).collect();
        for class in 0..classes {
            let plane = Plane::learn(rows, &squares, labels, features, class, seed);
            for (feature, weight) in plane.weights.iter().enumerate() {
                linear.weights[feature * classes + class] = *weight;
            }
            linear.bias.push(plane.bias);
        }
        linear
    }
}

struct Plane {
    weights: Vec<f32>,
    bias: f32,
}

impl Plane {
    fn learn(
        rows: &[&Row],
        squares: &[f32],
        labels: &[Option<usize>],
        features: usize,
        class: usize,
        seed: u64,
    ) -> Self {
        let mut plane = Self { weights: vec![0.0; features], bias: 0.0 };
        let mut random = Rng::with_seed(seed.wrapping_add(class as u64));
        let mut alphas = vec![0.0_f32; rows.len()];
        let mut active: Vec<u32> = (0..rows.len() as u32).collect();
        let diagonal = 0.5 / C;
        let mut bound = f32::INFINITY;
        for _ in 0..ROUNDS {
            random.shuffle(&mut active);
            let (mut worst, mut largest) = (0.0_f32, f32::NEG_INFINITY);
            let mut at = 0;
            while at < active.len() {
                let row = active[at] as usize;
                let side = if labels[row] == Some(class) { 1.0 } else { -1.0 };
                let slope = side * plane.score(rows[row]) - 1.0 + diagonal * alphas[row];
                if alphas[row] == 0.0 && slope > bound {
                    active.swap_remove(at);
                    continue;
                }
                let projected = if alphas[row] == 0.0 { slope.min(0.0) } else { slope };
                worst = worst.max(projected.abs());
                largest = largest.max(projected);
                if projected.abs() > 1e-12 {
                    let before = alphas[row];
                    alphas[row] = (before - slope / (squares[row] + diagonal)).max(0.0);
                    plane.step(rows[row], (alphas[row] - before) * side);
                }
                at += 1;
            }
            if worst <= ENOUGH {
                if active.len() == rows.len() {
                    break;
                }
                active = (0..rows.len() as u32).collect();
                bound = f32::INFINITY;
            } else {
                bound = if largest > 0.0 { largest } else { f32::INFINITY };
            }
        }
        plane
    }

    fn score(&self, row: &Row) -> f32 {
        self.bias + row.iter().map(|(feature, x)| self.weights[*feature as usize] * x).sum::<f32>()
    }

    fn step(&mut self, row: &Row, size: f32) {
        self.bias += size;
        for (feature, x) in row {
            self.weights[*feature as usize] += size * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_lies_on_its_side_and_what_is_outside_on_none() {
        let rows: Vec<Row> = vec![
            vec![(0, 1.0)],
            vec![(0, 0.8), (3, 0.6)],
            vec![(1, 1.0)],
            vec![(1, 0.8), (3, 0.6)],
            vec![(2, 1.0)],
        ];
        let rows: Vec<&Row> = rows.iter().collect();
        let classes = [Some(0), Some(0), Some(1), Some(1), None];
        let linear = Linear::learn(&rows, &classes, 4, 2, 1);
        for (row, class) in rows.iter().zip(classes) {
            let distance = |plane: usize| {
                let of = |(feature, x): &(u32, f32)| linear.weights[*feature as usize * 2 + plane] * x;
                linear.bias[plane] + row.iter().map(of).sum::<f32>()
            };
            for plane in 0..2 {
                assert_eq!(distance(plane) > 0.0, class == Some(plane), "{row:?}: {}", distance(plane));
            }
        }
        assert_eq!(Linear::learn(&rows, &classes, 4, 2, 1).weights, linear.weights);
    }
}
