//! A recogniser in the process: it recognises nothing, and replays the transcript of whichever known sound it hears.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tandem::ports::{
    engine::Hearing,
    speech::{Partial, Recognizer, Sound, Unheard},
};

use crate::recognizer::{Known, forming, transcript};

pub struct Replays {
    pub known: Arc<Vec<Known>>,
    /// From the end of an utterance to its words.
    pub thinks: Duration,
}

impl Recognizer for Replays {
    fn recognise(
        &self,
        _: &Hearing,
        mut sound: Sound,
        partial: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let (known, thinks, rate) = (self.known.clone(), self.thinks, sound.rate());
        async move {
            let (mut heard, mut looked) = (Vec::new(), 0);
            while let Some(frame) = sound.next().await {
                heard.extend(frame);
                if heard.len() - looked < rate as usize / 5 {
                    continue;
                }
                looked = heard.len();
                partial.tell(&forming(&known, &heard, rate));
            }
            tokio::time::sleep(thinks).await;
            Ok(transcript(&known, &heard, rate).to_owned())
        }
        .boxed()
    }
}
