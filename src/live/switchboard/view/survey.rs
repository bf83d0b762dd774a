//! What callers answered who were asked how it was.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::base::id::Name;

/// One call's survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SurveyView {
    /// The queue from which the caller came to the agent.
    pub queue: Name,
    /// Who talked with the caller last.
    pub agent: Option<Name>,
    /// The best answer; 1 is the worst.
    pub of: u8,
    /// Nothing: the caller was asked and did not answer.
    pub rating: Option<u8>,
}

/// Many answers, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rated {
    pub asked: u64,
    pub answered: u64,
    pub good: u64,
    /// Of each answer, how many thousandths of the best it is.
    pub permille: u64,
}

impl Rated {
    /// One more who was asked, and what the answer was.
    pub fn add(&mut self, of: u8, rating: Option<u8>) {
        self.asked += 1;
        let Some(rating) = rating else { return };
        let (of, rating) = (u64::from(of.max(1)), u64::from(rating));
        self.answered += 1;
        self.good += u64::from(rating * 5 >= of * 4);
        self.permille += rating * 1000 / of;
    }
}

impl AddAssign for Rated {
    fn add_assign(&mut self, more: Self) {
        self.asked += more.asked;
        self.answered += more.answered;
        self.good += more.good;
        self.permille += more.permille;
    }
}

/// What callers answered. Rates are thousandths, rounded down; nothing where nobody was asked, or nobody answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RatedView {
    /// Callers who heard the question.
    pub asked: u64,
    pub answered: u64,
    /// Of these, who answered with four fifths of the best answer or more: 4 or 5 of 5.
    pub good: u64,
    /// `answered` of `asked`.
    pub answer_permille: Option<u64>,
    /// `good` of `answered`.
    pub good_permille: Option<u64>,
    /// The mean answer, of the best one: 840 is 4.2 of 5.
    pub average_permille: Option<u64>,
}

impl From<Rated> for RatedView {
    fn from(Rated { asked, answered, good, permille }: Rated) -> Self {
        Self {
            asked,
            answered,
            good,
            answer_permille: (answered * 1000).checked_div(asked),
            good_permille: (good * 1000).checked_div(answered),
            average_permille: permille.checked_div(answered),
        }
    }
}
