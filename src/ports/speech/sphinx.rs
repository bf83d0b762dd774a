//! pocketsphinx, from Debian's packages, for English: works offline, on a CPU, primed with what callers of a flow say.
//!
//! `pocketsphinx_batch` is kept warm: it loads its models once, is told one utterance after the other on its standard
//! input, and hears each along through a pipe with a name, so that little is left to do when the caller has spoken and
//! no sound touches a disk.

mod worker;

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use self::worker::Worker;
use super::{Partial, Primer, Recognizer, Sound, Unheard, upsample::Upsampler};
use crate::{
    base::id::Name,
    ports::engine::{Ear, Hearing},
};

const PROGRAM: &str = "pocketsphinx_batch";
/// Where Debian's package pocketsphinx-en-us keeps its models.
const MODELS: &str = "/usr/share/pocketsphinx/model/en-us";
/// The mean cepstrum of a human voice through a telephone (60 prompts of the package asterisk-core-sounds-en-wav, 8 kHz
/// brought up). Each utterance is heard against the mean of those before it, and the models' own first mean is that of
/// a voice with all of its band: without this one a worker's first caller would be heard as nonsense.
const TELEPHONE_MEAN: &str =
    "47.54,32.89,-27.20,39.02,-17.91,-0.84,7.48,-19.95,20.95,-13.76,-5.01,5.42,-12.86";
const TELEPHONE: &str = "telephone.params";

/// What is to be run.
#[derive(Clone, Debug)]
pub struct SphinxSettings {
    pub program: PathBuf,
    /// Folder of the models of one language.
    pub models: PathBuf,
    /// Utterances at a time.
    pub workers: usize,
    /// How long the words may take after the last sound.
    pub patience: Duration,
}

impl Default for SphinxSettings {
    fn default() -> Self {
        Self { program: PROGRAM.into(), models: MODELS.into(), workers: 4, patience: Duration::from_secs(5) }
    }
}

impl SphinxSettings {
    /// Whether the models are there.
    pub fn installed(&self) -> bool {
        self.dictionary().is_file() && self.models.join("en-us/mdef").is_file()
    }

    fn dictionary(&self) -> PathBuf {
        self.models.join("cmudict-en-us.dict")
    }

    /// How sound becomes features, as the models have it, but with the telephone's mean. An option of the program would
    /// not do: the models' file outdoes it.
    fn telephone(&self) -> Result<String, io::Error> {
        let own = fs::read_to_string(self.models.join("en-us/feat.params"))?;
        let kept = own.lines().filter(|line| !line.starts_with("-cmninit"));
        Ok(kept
            .chain([format!("-cmninit {TELEPHONE_MEAN}").as_str()])
            .fold(String::new(), |all, line| all + line + "\n"))
    }
}

/// What one worker is primed for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Task {
    flow: Option<Name>,
    digits: bool,
    /// Sound of 8 kHz; the means of both bands are not to be mixed.
    telephone: bool,
}

/// A pool of warm workers.
pub struct Sphinx {
    pool: Arc<Pool>,
}

struct Pool {
    settings: SphinxSettings,
    /// Models, dictionaries and pipes.
    folder: TempDir,
    flows: Vec<Name>,
    seats: Semaphore,
    idle: Mutex<Vec<(Task, Worker)>>,
}

impl Sphinx {
    /// Writes what each flow is primed with into a folder of its own in `folder`, which goes with it. Takes a fraction
    /// of a second.
    pub fn prime(
        settings: SphinxSettings,
        folder: &Path,
        primers: &BTreeMap<Name, Primer>,
    ) -> Result<Self, io::Error> {
        let sounds = fs::read_to_string(settings.dictionary())?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let ours = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("pocketsphinx-").permissions(ours).tempdir_in(folder)?;
        for (flow, primer) in primers {
            for digits in [false, true] {
                let primed = primer.primed(&sounds, digits);
                let name = stem(Some(flow), digits);
                fs::write(folder.path().join(format!("{name}.lm")), primed.model)?;
                fs::write(folder.path().join(format!("{name}.dict")), primed.dictionary)?;
            }
        }
        fs::write(folder.path().join(TELEPHONE), settings.telephone()?)?;
        let seats = Semaphore::new(settings.workers.max(1));
        let flows = primers.keys().cloned().collect();
        Ok(Self { pool: Arc::new(Pool { settings, folder, flows, seats, idle: Mutex::default() }) })
    }
}

fn stem(flow: Option<&Name>, digits: bool) -> String {
    let flow = flow.map_or("", Name::as_str);
    format!("{flow}.{}", if digits { "digits" } else { "free" })
}

impl Pool {
    fn task(&self, hearing: &Hearing, rate: u32) -> Task {
        let flow = Some(hearing.flow.clone()).filter(|flow| self.flows.contains(flow));
        let digits = flow.is_some() && matches!(hearing.ear, Ear::Digits { .. });
        Task { flow, digits, telephone: rate == 8000 }
    }

    /// One that is warm, or a new one.
    fn worker(&self, task: &Task) -> Result<Worker, Unheard> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = idle.iter().position(|(own, _)| own == task) {
            return Ok(idle.swap_remove(at).1);
        }
        // No more of them live than may work; whoever waits longest goes.
        if idle.len() >= self.settings.workers {
            idle.remove(0);
        }
        drop(idle);
        let named =
            |ending| self.folder.path().join(format!("{}.{ending}", stem(task.flow.as_ref(), task.digits)));
        let (model, dictionary) = match task.flow {
            Some(_) => (named("lm"), named("dict")),
            None => (self.settings.models.join("en-us.lm.bin"), self.settings.dictionary()),
        };
        let acoustic = self.settings.models.join("en-us");
        let telephone = self.folder.path().join(TELEPHONE);
        let mut options = vec![("-hmm", &*acoustic), ("-lm", &*model), ("-dict", &*dictionary)];
        options.extend(task.telephone.then_some(("-featparams", &*telephone)));
        Worker::start(&self.settings.program, &options, self.folder.path())
    }

    fn put_back(&self, task: Task, worker: Worker) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((task, worker));
    }
}

impl Recognizer for Sphinx {
    fn recognise(
        &self,
        hearing: &Hearing,
        sound: Sound,
        _: Partial,
    ) -> BoxFuture<'static, Result<String, Unheard>> {
        let pool = Arc::clone(&self.pool);
        let task = pool.task(hearing, sound.rate());
        async move {
            let _seat = pool.seats.acquire().await.map_err(|_| Unheard::Gone)?;
            let mut worker = pool.worker(&task)?;
            // Dropped on the way or after a failure, the worker ends.
            let text = worker.hear(sound).await?;
            pool.put_back(task, worker);
            Ok(text)
        }
        .boxed()
    }

    fn patience(&self) -> Duration {
        self.pool.settings.patience
    }

    /// One worker for each flow, and most callers are on telephones.
    fn warm(&self) -> BoxFuture<'_, Result<(), Unheard>> {
        async {
            for flow in self.pool.flows.iter().take(self.pool.settings.workers) {
                let task = Task { flow: Some(flow.clone()), digits: false, telephone: true };
                let mut worker = self.pool.worker(&task)?;
                worker.hear_nothing().await?;
                self.pool.put_back(task, worker);
            }
            Ok(())
        }
        .boxed()
    }
}

/// Samples at 16 kHz, as bytes.
fn wide(rate: u32, frame: &[i16], up: &mut Upsampler) -> Vec<u8> {
    let bytes = |samples: &[i16]| samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    if rate == 8000 { bytes(&up.feed(frame)) } else { bytes(frame) }
}

#[cfg(test)]
mod tests;
