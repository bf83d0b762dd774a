//! Nods: what people say while they listen (嗯, 好的, uh-huh). They interrupt nothing and answer nothing, unless
//! a yes was asked for.

use super::{
    rules::Turn,
    words::{Heard, Stage, Why},
};
use crate::infra::site::Ask;

const NODS: [&str; 24] = [
    "嗯",
    "嗯嗯",
    "哦",
    "噢",
    "啊",
    "好",
    "好的",
    "好好",
    "对",
    "是",
    "是的",
    "行",
    "知道了",
    "明白",
    "uh-huh",
    "uh huh",
    "mm-hmm",
    "mhm",
    "ok",
    "okay",
    "yeah",
    "right",
    "i see",
    "go on",
];

impl Turn<'_> {
    /// The caller only nods while a prompt is heard.
    pub fn nods(&mut self, heard: &Heard) -> bool {
        let said = heard.text.trim().trim_end_matches(['。', '，', '.', ',', '!', '！']).to_lowercase();
        if !self.state.speaking || self.asks_yes() || !NODS.contains(&said.as_str()) {
            return false;
        }
        self.why(Why::Nod);
        true
    }

    /// A nod is an answer here.
    fn asks_yes(&self) -> bool {
        match &self.state.stage {
            Stage::Confirm(_) | Stage::Sure(_) => true,
            Stage::Ask(slot) => {
                let ask = self.talk.slots.get(slot).map(|slot| &slot.ask);
                matches!(ask, Some(Ask::Answer | Ask::Choice(_)))
            }
            _ => false,
        }
    }
}
