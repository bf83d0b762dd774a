use std::{
    ffi::OsStr,
    process::Command,
    sync::atomic::AtomicBool,
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::*;
use crate::{
    infra::site,
    ports::{
        media,
        speech::{
            Synthesizer,
            synthesis::{
                Espeak,
                tests::{Answer, hanging, http, remote, server, tone, wait_for_end},
            },
        },
    },
};

const PROGRAM: &str = Espeak::PROGRAM;

fn whole() -> Site {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/small");
    site::load(&path).expect("the example is clean")
}

/// Without what has tones, and conversations.
fn example() -> Site {
    let mut site = whole();
    site.dialing = site::Dialing::default();
    site.extensions.values_mut().for_each(|extension| extension.mailbox = None);
    site.flows.retain(|_, flow| !flow.steps.values().any(|step| matches!(step, Step::Talk(_))));
    site
}

async fn with(program: &str, site: &Site, folder: &Path, told: impl FnMut(Progress)) -> Prepared {
    prepare(site, &Synthesizers::new(program, []), folder, told).await
}

fn run(program: &str, site: &Site, folder: &Path) -> (Prepared, Vec<Progress>) {
    let mut progress = Vec::new();
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let prepared = runtime.block_on(with(program, site, folder, |p| progress.push(p)));
    (prepared, progress)
}

#[test]
fn every_prompt_of_the_example_is_made_once_and_then_kept() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let (first, progress) = run(PROGRAM, &site, folder.path());
    assert!(first.failed.is_empty(), "{:?}", first.failed);
    assert_eq!(progress.last(), Some(&Progress { done: first.made, all: first.made }));
    for step in site.flows.values().flat_map(|f| f.steps.values()) {
        let Step::Say { prompt, .. } = step else { continue };
        for locale in &site.languages {
            let media = media::prompt(prompt, *locale).expect("a text");
            let media::Media::Prompt(id) = media else { panic!("a prompt") };
            let wav = read(&folder.path().join(format!("{id}.wav"))).expect("made");
            let wav = Wav::parse(&wav).expect("wav");
            assert_eq!((wav.rate, wav.channels), (8000, 1));
            assert!(wav.samples.len() > 8000, "{} is shorter than a second", prompt.0[locale]);
            assert!(wav.samples.iter().any(|s| s.unsigned_abs() > 15_000), "{} is silent", prompt.0[locale]);
        }
    }
    let began = Instant::now();
    let (second, _) = run("program-that-is-not-there", &site, folder.path());
    assert_eq!((second.made, second.kept), (0, first.made), "{:?}", second.failed);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    let parts = fs::read_dir(folder.path()).expect("folder").flatten();
    assert_eq!(parts.filter(|e| e.path().extension().is_none_or(|x| x != "wav")).count(), 0);
}

#[test]
fn the_words_of_the_house_are_made_where_somebody_hears_them() {
    let (mut site, folder) = (whole(), tempfile::tempdir().expect("folder"));
    site.languages.truncate(1);
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let made = runtime.block_on(prepare_phrases(&site, &Synthesizers::default(), folder.path(), |_| {}));
    assert!(made.failed.is_empty() && made.made > 130, "{made:?}");
    let locale = site.languages[0];
    let words = phrase::Phrase::ALL.iter().filter_map(|word| phrase::phrase(*word, locale));
    let numbers = (0..=phrase::MOST).map(|n| phrase::number(n, locale));
    for media in words.chain(numbers) {
        let media::Media::Prompt(id) = media else { panic!("a prompt") };
        assert!(playable(&folder.path().join(format!("{id}.wav"))), "{id}");
    }
    let again = runtime.block_on(prepare_phrases(&site, &Synthesizers::default(), folder.path(), |_| {}));
    assert_eq!((again.made, again.kept), (0, made.made));

    site.flows.clear();
    site.queues.clear();
    let tones = run("program-that-is-not-there", &site, folder.path()).0;
    assert_eq!((tones.made, tones.failed.len()), (2, 0), "{tones:?}");
    for media in [media::beep(), media::confirmation()] {
        let media::Media::Prompt(id) = media else { panic!("a prompt") };
        assert!(playable(&folder.path().join(format!("{id}.wav"))), "{id}");
    }
    assert_eq!(phrases(&example()), BTreeMap::new());
}

#[test]
fn a_missing_program_is_told_once_and_leaves_nothing_behind() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let (prepared, progress) = run("program-that-is-not-there", &site, folder.path());
    assert!(
        matches!(&prepared.failed[..], [(_, SpeechError::Unspoken(Unspoken::NoEspeak))]),
        "{:?}",
        prepared.failed
    );
    assert_eq!(prepared.made + prepared.kept, 0);
    assert!(progress.len() > 10 && progress.last().is_some_and(|p| p.done == p.all));
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 0);
}

#[test]
fn a_damaged_file_is_made_anew_and_a_changed_recording_too() {
    let (mut site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let sound = folder.path().join("jingle");
    let flow = site.flows.values_mut().next().expect("a flow");
    let next = flow.start.clone();
    flow.steps.clear();
    flow.steps.insert(next.clone(), Step::Play { file: sound.clone(), next });
    site.flows
        .retain(|_, flow| flow.steps.len() == 1 && matches!(flow.steps[&flow.start], Step::Play { .. }));
    site.queues.clear();
    let stereo = |value| Wav { rate: 16_000, channels: 2, samples: vec![value; 32_000] }.to_bytes();
    fs::write(&sound, stereo(1000)).expect("write");
    let prompts = folder.path().join("prompts");
    assert_eq!(run(PROGRAM, &site, &prompts).0.made, 1);
    assert_eq!(run(PROGRAM, &site, &prompts).0.kept, 1);
    fs::write(&sound, stereo(2000)).expect("write");
    assert_eq!(run(PROGRAM, &site, &prompts).0.made, 1);
    let media::Media::Prompt(id) = media::recording(&sound) else { panic!("a prompt") };
    let made = prompts.join(format!("{id}.wav"));
    let wav = Wav::parse(&read(&made).expect("made")).expect("wav");
    assert_eq!((wav.samples.len(), wav.samples[4000]), (8000, 2000));
    fs::write(&made, b"half a fi").expect("write");
    assert_eq!(run(PROGRAM, &site, &prompts).0.made, 1);
    assert!(playable(&made));
}

/// What lies in the folder and is no finished prompt.
fn strays(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path());
    paths.filter(|path| path.extension() != Some(OsStr::new("wav"))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_program_that_hangs_is_waited_for_once_and_what_is_there_is_kept() {
    let (mut site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let prompts = folder.path().join("prompts");
    let sound = folder.path().join("jingle");
    fs::write(&sound, Wav { rate: 8000, channels: 1, samples: vec![1000; 8000] }.to_bytes()).expect("write");
    let flow = site.flows.values_mut().next().expect("a flow");
    let next = flow.start.clone();
    flow.steps.insert("jingle".parse().expect("a name"), Step::Play { file: sound.clone(), next });
    let began = tokio::time::Instant::now();
    let prepared = with(&hanging(folder.path()), &site, &prompts, |_| {}).await;
    assert!(began.elapsed() <= Duration::from_secs(60), "{:?}", began.elapsed());
    wait_for_end(folder.path(), 2 * LANES);
    let media::Media::Prompt(recording) = media::recording(&sound) else { panic!("a prompt") };
    assert_eq!((prepared.made, prepared.kept), (1, 0), "the recording needs no synthesiser");
    assert!(playable(&prompts.join(format!("{recording}.wav"))));
    let hung = prepared
        .failed
        .iter()
        .filter(|(_, why)| matches!(why, SpeechError::Unspoken(Unspoken::GivenUp)))
        .count();
    assert_eq!(hung, 1, "told once: {:?}", prepared.failed);
    assert_eq!(strays(&prompts), Vec::<PathBuf>::new());
}

#[test]
fn one_slow_text_costs_no_other() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let program = folder.path().join("slow-once");
    let once = folder.path().join("once");
    let script = format!(
        "#!/bin/sh\nif mkdir {0} 2>/dev/null; then exec sleep 1000; fi\nexec {PROGRAM} \"$@\"\n",
        once.display()
    );
    fs::write(&program, script).expect("a program");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("an executable");
    // In real time only the patience would be too long: it is skipped when all others are done.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let prompts = folder.path().join("prompts");
    let prepared = runtime.block_on(async {
        let preparing = with(program.to_str().expect("a path"), &site, &prompts, |progress| {
            if progress.done + 1 == progress.all {
                tokio::time::pause();
            }
        });
        preparing.await
    });
    assert!(
        matches!(&prepared.failed[..], [(_, SpeechError::Unspoken(Unspoken::Slow(_)))]),
        "{:?}",
        prepared.failed
    );
    assert!(prepared.made > 10, "{prepared:?}");
}

#[test]
fn two_daemons_that_make_the_same_prompts_at_once_do_not_disturb_each_other() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let (site, folder) = (&site, folder.path());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let makers: Vec<_> = (0..3).map(|_| scope.spawn(move || run(PROGRAM, site, folder).0)).collect();
        let engine = scope.spawn(|| {
            let mut heard = 0;
            while !over.load(Ordering::Relaxed) {
                for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                    if path.extension() == Some(OsStr::new("wav")) {
                        assert!(playable(&path), "{} is not whole", path.display());
                        heard += 1;
                    }
                }
            }
            heard
        });
        for maker in makers {
            let prepared = maker.join().expect("a daemon");
            assert!(prepared.failed.is_empty(), "{:?}", prepared.failed);
        }
        over.store(true, Ordering::Relaxed);
        assert!(engine.join().expect("the engine") > 0);
    });
    assert_eq!(strays(folder), Vec::<PathBuf>::new());
    let (again, _) = run("program-that-is-not-there", site, folder);
    assert_eq!(again.made, 0);
    assert!(again.kept > 10 && again.failed.is_empty(), "{again:?}");
}

#[test]
fn the_same_text_is_one_file_and_another_text_another() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let ids: Vec<_> = sources(&site).into_keys().collect();
    run(PROGRAM, &site, folder.path());
    let mut contents: Vec<_> =
        ids.iter().map(|id| read(&folder.path().join(format!("{id}.wav"))).expect("made")).collect();
    let all = contents.len();
    contents.sort();
    contents.dedup();
    assert_eq!(contents.len(), all, "every id has a sound of its own");
    // The same words in another flow of another site are the same prompt: nothing is made again.
    let mut renamed = site;
    for flow in renamed.flows.values_mut() {
        for step in flow.steps.values_mut() {
            if let Step::Say { prompt, .. } = step {
                *prompt = Prompt(prompt.0.clone());
            }
        }
    }
    renamed.name = "another".into();
    assert_eq!(sources(&renamed).into_keys().collect::<Vec<_>>(), ids);
    assert_eq!(run("program-that-is-not-there", &renamed, folder.path()).0.kept, ids.len());
    // One other letter is another prompt.
    let step =
        renamed.flows.values_mut().flat_map(|flow| flow.steps.values_mut()).find_map(|step| match step {
            Step::Say { prompt, .. } => Some(prompt),
            _ => None,
        });
    for text in step.expect("something is said").0.values_mut() {
        *text = format!("{text}!").into();
    }
    let (after, _) = run(PROGRAM, &renamed, folder.path());
    assert!(after.made >= 1 && after.made <= renamed.languages.len(), "{after:?}");
}

#[test]
fn drafts_of_a_killed_process_go_after_an_hour() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let (old, fresh) = (folder.path().join("a.1-1.part"), folder.path().join("a.1-2.part"));
    for path in [&old, &fresh] {
        fs::write(path, b"half").expect("a draft");
    }
    let then = SystemTime::now() - Duration::from_hours(2);
    File::options().write(true).open(&old).expect("open").set_modified(then).expect("aged");
    run("program-that-is-not-there", &site, folder.path());
    assert!(!old.exists() && fresh.exists());
}

/// Set for the part of the next test that runs where a small disk is mounted.
const SMALL_DISK: &str = "TANDEM_TEST_SMALL_DISK";

#[test]
fn on_a_full_disk_what_fits_is_there_whole_and_the_rest_is_made_when_there_is_room() {
    if let Some(disk) = std::env::var_os(SMALL_DISK) {
        return fill_and_free(Path::new(&disk));
    }
    let folder = tempfile::tempdir().expect("folder");
    let script = "mount -t tmpfs -o size=1m none \"$TANDEM_TEST_SMALL_DISK\" && exec \"$0\" --exact --nocapture \
                  ports::media::prepare::tests::on_a_full_disk_what_fits_is_there_whole_and_the_rest_is_made_when_there_is_room";
    let run = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().expect("this test"))
        .env(SMALL_DISK, folder.path())
        .output()
        .expect("unshare, of Debian's util-linux, runs");
    let said = String::from_utf8_lossy(&run.stdout);
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}{complaint}");
}

fn fill_and_free(disk: &Path) {
    let site = example();
    let ballast = disk.join("ballast.wav");
    fs::write(&ballast, vec![0; 900 << 10]).expect("room for the ballast");
    let (full, _) = run(PROGRAM, &site, disk);
    assert!(!full.failed.is_empty(), "the disk is too large for this test");
    for (_, why) in &full.failed {
        let SpeechError::File(error) = why else { panic!("{why}") };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(why.to_string().contains("the folder needs space"), "{why}");
    }
    assert_eq!(strays(disk), Vec::<PathBuf>::new());
    fs::remove_file(&ballast).expect("removed");
    for path in fs::read_dir(disk).expect("disk").map(|entry| entry.expect("entry").path()) {
        assert!(playable(&path), "{} is half a prompt", path.display());
    }
    // A larger disk.
    let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(disk).status().expect("mount");
    assert!(grown.success());
    let (then, _) = run(PROGRAM, &site, disk);
    assert!(then.failed.is_empty(), "{:?}", then.failed);
    assert_eq!((then.kept, then.made), (full.made, full.failed.len()));
}

fn makers(folder: &Path, site: &Site, locale: Locale) -> Vec<SmolStr> {
    let texts = sources(site)
        .into_iter()
        .filter(|(_, source)| matches!(source, Source::Text(own, _) if *own == locale));
    let mut all: Vec<_> =
        texts.map(|(id, _)| maker(&folder.join(format!("{id}.wav"))).expect("a prompt")).collect();
    all.dedup();
    all
}

#[tokio::test]
async fn another_voice_never_passes_for_the_one_that_is_named() {
    let (site, folder) = (example(), tempfile::tempdir().expect("folder"));
    let (address, asked) = server(Answer::Bytes(http("200 OK", &tone(8.0).to_bytes()))).await;
    let named: std::sync::Arc<dyn Synthesizer> = std::sync::Arc::new(remote(address, 20));
    let own = named.voice();
    let voices = Synthesizers::new(PROGRAM, [(Locale::English, named)]);
    // Of the house's own voice before; then of the named one; then kept; then of the house again.
    let first = prepare(&site, &Synthesizers::default(), folder.path(), |_| {}).await;
    assert!(first.failed.is_empty() && first.instead.is_empty(), "{first:?}");
    assert_eq!(makers(folder.path(), &site, Locale::English), ["espeak-ng en-us 160"]);
    let then = prepare(&site, &voices, folder.path(), |_| {}).await;
    assert!(then.made > 5 && then.kept > 5 && then.instead.is_empty(), "{then:?}");
    assert_eq!(makers(folder.path(), &site, Locale::English), [own]);
    assert_eq!(makers(folder.path(), &site, Locale::Chinese), ["espeak-ng cmn 160"]);
    assert_eq!(asked.load(Ordering::Relaxed), then.made);
    assert_eq!(prepare(&site, &voices, folder.path(), |_| {}).await.made, 0, "spoken once");
    let back = prepare(&site, &Synthesizers::default(), folder.path(), |_| {}).await;
    assert_eq!(back.made, then.made);
    assert_eq!(makers(folder.path(), &site, Locale::English), ["espeak-ng en-us 160"]);
}

#[tokio::test]
async fn where_the_named_voice_fails_espeak_steps_in_and_without_it_the_old_words_stay() {
    let (mut site, folder) = (example(), tempfile::tempdir().expect("folder"));
    site.flows.retain(|name, _| name.as_str() == "main");
    let wav = tone(8.0).to_bytes();
    let named = |address| {
        let voice: std::sync::Arc<dyn Synthesizer> = std::sync::Arc::new(remote(address, 1));
        [(Locale::English, voice)]
    };
    let texts =
        sources(&site).values().filter(|source| matches!(source, Source::Text(Locale::English, _))).count();
    let cut = [b"HTTP/1.0 200 OK\r\n\r\n", &wav[..wav.len() / 2]].concat();
    for (answer, most) in [
        (Answer::Bytes(http("200 OK", b"rubbish")), FAILURES_AND_LANES),
        (Answer::Bytes(http("200 OK", &vec![1; 10_000_000])), FAILURES_AND_LANES),
        (Answer::Bytes(cut), FAILURES_AND_LANES),
        (Answer::Bytes(http("401 No", b"")), LANES),
        (Answer::Never, 2 * LANES),
    ] {
        let folder = tempfile::tempdir().expect("folder");
        let (address, asked) = server(answer).await;
        let voices = Synthesizers::new(PROGRAM, named(address));
        let made = prepare(&site, &voices, folder.path(), |_| {}).await;
        assert!(made.failed.is_empty(), "{:?}", made.failed);
        assert_eq!(made.instead.len(), texts);
        assert_eq!(makers(folder.path(), &site, Locale::English), ["espeak-ng en-us 160"]);
        assert!(
            (1..=most).contains(&asked.load(Ordering::Relaxed)),
            "{asked:?}: who fails is not asked for ever"
        );
    }
    // Nobody at all can speak now: what was there is still heard.
    let (address, _) = server(Answer::Bytes(http("200 OK", &wav))).await;
    let good = Synthesizers::new(PROGRAM, named(address));
    assert!(prepare(&site, &good, folder.path(), |_| {}).await.failed.is_empty());
    let before = makers(folder.path(), &site, Locale::English);
    let (address, _) = server(Answer::Bytes(http("500 No", b""))).await;
    let nobody = Synthesizers::new("program-that-is-not-there", named(address));
    let failed = prepare(&site, &nobody, folder.path(), |_| {}).await;
    assert!(!failed.failed.is_empty(), "{failed:?}");
    assert_eq!(makers(folder.path(), &site, Locale::English), before);
}

/// In each lane one may be under way when it is given up.
const FAILURES_AND_LANES: usize = 5 + LANES;

#[tokio::test]
async fn calls_wait_a_while_for_a_slow_voice_and_it_speaks_the_rest_beside_them() {
    let folder = tempfile::tempdir().expect("folder");
    let mut site = example();
    let speaks = site::Speaks::Program { command: vec!["/bin/true".into()] };
    site.voices.insert(Locale::English, site::Speaker { speaks, patience: Duration::from_secs(10) });
    let slow = || -> [(Locale, std::sync::Arc<dyn Synthesizer>); 1] {
        [(Locale::English, std::sync::Arc::new(Slow))]
    };
    let voices = Synthesizers::new(PROGRAM, slow());
    let turns = Turns::new(&voices, Some(Duration::from_millis(500)));
    let made = make_all(&turns, sources(&site), folder.path(), |_| {}).await;
    assert!(made.failed.is_empty() && !made.instead.is_empty(), "{made:?}");
    assert!(made.instead.iter().all(|(_, why)| matches!(why, Unspoken::Later)), "{made:?}");
    assert_eq!(makers(folder.path(), &site, Locale::English).len(), 2);
    let rest = prepare_phrases(&site, &voices, folder.path(), |_| {}).await;
    assert_eq!((rest.made, rest.instead.len(), rest.failed.len()), (made.instead.len(), 0, 0), "{rest:?}");
    assert_eq!(makers(folder.path(), &site, Locale::English), ["slow"]);
}

/// Takes a while for each text.
struct Slow;

impl Synthesizer for Slow {
    fn voice(&self) -> SmolStr {
        "slow".into()
    }

    fn speak(&self, _: &str) -> futures_util::future::BoxFuture<'static, Result<Vec<u8>, Unspoken>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            Ok(tone(8.0).to_bytes())
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}
