//! The last things that were pushed, in a fixed room.

/// Holds the last `N`.
#[derive(Debug)]
pub(super) struct Past<T, const N: usize> {
    kept: [T; N],
    next: usize,
}

impl<T: Copy + Default, const N: usize> Past<T, N> {
    pub(super) fn new() -> Self {
        Self { kept: [T::default(); N], next: 0 }
    }

    pub(super) fn push(&mut self, one: T) {
        self.kept[self.next] = one;
        self.next = (self.next + 1) % N;
    }

    /// The one pushed `n` pushes before the last, `n < N`.
    pub(super) fn ago(&self, n: usize) -> T {
        self.kept[(self.next + 2 * N - 1 - n) % N]
    }

    /// The last `n`, the newest first.
    pub(super) fn last(&self, n: usize) -> impl Iterator<Item = T> + Clone {
        (0..n.min(N)).map(|n| self.ago(n))
    }

    /// All that are held, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = T> + Clone {
        self.kept.iter().copied()
    }
}

/// The value below which `share` (0 to 1) of them are; the order of `of` is lost. 0 when there is none.
pub(super) fn quantile(of: &mut [f32], share: f32) -> f32 {
    let Some(last) = of.len().checked_sub(1) else { return 0.0 };
    *of.select_nth_unstable_by((share * last as f32).round() as usize, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let mut past = Past::<u8, 3>::new();
        (1..=5).for_each(|n| past.push(n));
        assert_eq!(past.last(9).collect::<Vec<_>>(), [5, 4, 3]);
        assert!((quantile(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.5) - 3.0).abs() < 0.01);
        assert!(quantile(&mut [], 0.5).abs() < 0.01);
    }
}
