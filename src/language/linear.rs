//! The linear half: for every intent a plane that parts it from all others, learned by dual coordinate descent
//! (L2-regularised squared hinge) with shrinking.

use fastrand::Rng;

use super::vocabulary::Row;

/// Sum of slack's price.
const C: f32 = 1.0;
const DIAGONAL: f32 = 0.5 / C;
/// Planes learned side by side.
const LANES: usize = 16;
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
        let mut linear = Self { classes, weights: vec![0.0; features * classes], bias: vec![0.0; classes] };
        let squares: Vec<f32> =
            rows.iter().map(|row| 1.0 + row.iter().map(|(_, x)| x * x).sum::<f32>()).collect();
        let lessons = Lessons { rows, squares: &squares, labels, features };
        for first in (0..classes).step_by(LANES) {
            let planes = Planes::learn(&lessons, first, classes, seed.wrapping_add(first as u64));
            let lanes = LANES.min(classes - first);
            for (to, from) in linear.weights.chunks_exact_mut(classes).zip(&planes.weights) {
                to[first..first + lanes].copy_from_slice(&from[..lanes]);
            }
            linear.bias[first..first + lanes].copy_from_slice(&planes.bias[..lanes]);
        }
        linear
    }
}

struct Lessons<'a> {
    rows: &'a [&'a Row],
    /// Of each row's length and that of the constant.
    squares: &'a [f32],
    labels: &'a [Option<usize>],
    features: usize,
}

type Lane = [f32; LANES];

/// Neighbouring planes, learned side by side: each row is read once for all of them.
struct Planes {
    weights: Vec<Lane>,
    bias: Lane,
    /// How much each row holds each plane.
    alphas: Vec<Lane>,
}

/// How far from its best the farthest row of each plane is, and what the next round may leave out.
#[derive(Clone, Copy)]
struct Round {
    worst: Lane,
    largest: Lane,
}

impl Planes {
    fn learn(lessons: &Lessons, first: usize, classes: usize, seed: u64) -> Self {
        let all = lessons.rows.len();
        let mut planes = Self {
            weights: vec![[0.0; LANES]; lessons.features],
            bias: [0.0; LANES],
            alphas: vec![[0.0; LANES]; all],
        };
        let everywhere = std::array::from_fn(|lane| first + lane < classes);
        let mut random = Rng::with_seed(seed);
        // Rows that hold some plane or may yet, and which planes those are.
        let mut active: Vec<(u32, [bool; LANES])> = (0..all as u32).map(|row| (row, everywhere)).collect();
        let mut bounds = [f32::INFINITY; LANES];
        for _ in 0..ROUNDS {
            random.shuffle(&mut active);
            let mut round = Round { worst: [0.0; LANES], largest: [f32::NEG_INFINITY; LANES] };
            active.retain_mut(|(row, lanes)| {
                planes.visit(lessons, *row as usize, first, lanes, &bounds, &mut round);
                lanes.contains(&true)
            });
            if round.worst.iter().all(|worst| *worst <= ENOUGH) {
                if active.len() == all && active.iter().all(|(_, lanes)| *lanes == everywhere) {
                    break;
                }
                active = (0..all as u32).map(|row| (row, everywhere)).collect();
                bounds = [f32::INFINITY; LANES];
            } else {
                bounds = round.largest.map(|largest| if largest > 0.0 { largest } else { f32::INFINITY });
            }
        }
        planes
    }

    /// One row's step for each plane that it is active for; a plane that it holds no more is left out.
    fn visit(
        &mut self,
        lessons: &Lessons,
        row: usize,
        first: usize,
        active: &mut [bool; LANES],
        bounds: &Lane,
        round: &mut Round,
    ) {
        let mut scores = self.bias;
        for (feature, x) in lessons.rows[row] {
            let weights = &self.weights[*feature as usize];
            for lane in 0..LANES {
                scores[lane] += weights[lane] * x;
            }
        }
        let own = lessons.labels[row].and_then(|class| class.checked_sub(first));
        let curve = lessons.squares[row] + DIAGONAL;
        let alphas = &mut self.alphas[row];
        let mut steps = [0.0_f32; LANES];
        for lane in 0..LANES {
            if !active[lane] {
                continue;
            }
            let side = if own == Some(lane) { 1.0 } else { -1.0 };
            let slope = side * scores[lane] - 1.0 + DIAGONAL * alphas[lane];
            if alphas[lane] == 0.0 && slope > bounds[lane] {
                active[lane] = false;
                continue;
            }
            let projected = if alphas[lane] == 0.0 { slope.min(0.0) } else { slope };
            round.worst[lane] = round.worst[lane].max(projected.abs());
            round.largest[lane] = round.largest[lane].max(projected);
            let before = alphas[lane];
            alphas[lane] = (before - slope / curve).max(0.0);
            steps[lane] = (alphas[lane] - before) * side;
        }
        if steps.iter().any(|step| *step != 0.0) {
            self.step(lessons.rows[row], &steps);
        }
    }

    fn step(&mut self, row: &Row, steps: &Lane) {
        self.bias.iter_mut().zip(steps).for_each(|(bias, step)| *bias += step);
        for (feature, x) in row {
            let weights = &mut self.weights[*feature as usize];
            for lane in 0..LANES {
                weights[lane] += steps[lane] * x;
            }
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
