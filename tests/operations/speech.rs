//! Who hears and who speaks: what the doctor finds of them, and servers behind TLS.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tandem::{
    infra::{remote::Authorities, site::Locale},
    ports::{
        engine::{Ear, Hearing},
        speech::{Dialect, Listener, Socket},
    },
};

use crate::{
    doctor::{Said, doctor, program_in},
    house::House,
    recognizer::{Known, StandIn},
    sealed::{Authority, Sealed},
};

/// A house that names this under `speech`.
fn house(speech: &str) -> House {
    let house = House::new();
    house.edit("site.yaml", "\nlease: 30s", &format!("\nspeech:\n{speech}lease: 30s"));
    house
}

fn looked_at(speech: &str) -> Said {
    doctor(&house(speech), &[])
}

/// `does` is a shell's script that hears or speaks.
fn script(house: &House, name: &str, does: &str) -> String {
    program_in(&house.at("bin"), name, does);
    house.at("bin").join(name).display().to_string()
}

/// What the doctor says of who hears English by this script.
fn hearing_by(does: &str) -> Said {
    let house = House::new();
    let script = script(&house, "hear", does);
    let speech = format!("  en: {{ recognizer: program, command: [{script}], patience: 1s }}\n");
    house.edit("site.yaml", "\nlease: 30s", &format!("\nspeech:\n{speech}lease: 30s"));
    doctor(&house, &[])
}

#[test]
fn who_hears_as_the_site_wants_is_found_well() {
    // Nobody is named: pocketsphinx hears English, and of Chinese the way to be heard is told.
    let said = doctor(&House::new(), &[]);
    said.has("speech", "well", "pocketsphinx (English) had words in ");
    said.has("speech", "advice", "nobody hears Chinese");
    assert_eq!(said.of("speech", "fault"), Vec::<&str>::new());
    let said = looked_at("  en: { recognizer: none }\n  zh: { recognizer: none }\n");
    said.is_well("speech");
    hearing_by("cat > /dev/null; echo hello").has("speech", "well", "/hear (English) had words in ");
    hearing_by("cat > /dev/null").has("speech", "advice", "without a word");
}

#[test]
fn a_program_that_does_not_hear_is_found() {
    for (does, what) in [
        ("exit 3", "the recogniser ended in mid-utterance"),
        ("exec sleep 60", "no words in time"),
        ("cat > /dev/null; printf '\\377\\376'", "did not answer as its protocol wants"),
    ] {
        hearing_by(does).has("speech", "fault", what);
    }
    let gone = looked_at("  en: { recognizer: program, command: [/no/such/hear] }\n");
    gone.has("speech", "fault", "`/no/such/hear` is not installed");
}

#[test]
fn voices_that_fail_are_found() {
    let house = House::new();
    let silence = script(&house, "say", "cat > /dev/null; head -c 100 /dev/zero");
    house.edit(
        "site.yaml",
        "\nlease: 30s",
        &format!(
            "\nspeech: {{ en: {{ synthesizer: {{ kind: program, command: [{silence}] }} }} }}\nlease: 30s"
        ),
    );
    let said = doctor(&house, &[]);
    said.has("speech", "fault", "/say (English): what the synthesiser gave is no sound");
    script(&house, "say", "exec espeak-ng --stdin --stdout");
    doctor(&house, &[]).has("speech", "well", "/say (English) spoke in ");
    script(&house, "say", "exec sleep 60");
    let own = fs::read_to_string(house.at("site/site.yaml")).expect("read");
    let hasty = own.replace("kind: program", "kind: program, patience: 1s");
    fs::write(house.at("site/site.yaml"), hasty).expect("written");
    doctor(&house, &[]).has("speech", "fault", "did not finish within 1 s");
    let strange = looked_at("  zh: { synthesizer: { kind: espeak-ng, voice: nosuchvoice } }\n");
    strange.has("speech", "fault", "espeak-ng as nosuchvoice (Chinese)");
}

#[test]
fn keys_that_others_can_read_or_that_are_missing_are_found() {
    let http =
        "  en: { recognizer: http, url: \"http://127.0.0.1:9/v1\", model: small, key_file: secrets/ears }\n";
    let house = house(http);
    doctor(&house, &[]).has("speech", "fault", "secrets/ears cannot be read");
    house.secret("ears", "a-key-that-nobody-guesses");
    doctor(&house, &[]).has(
        "speech",
        "fault",
        "the recogniser at http://127.0.0.1:9/v1 (English): the recogniser cannot be reached",
    );
    fs::set_permissions(house.at("site/secrets/ears"), fs::Permissions::from_mode(0o644)).expect("opened");
    let said = doctor(&house, &[]);
    said.has("site", "fault", "secrets/ears can be read by others (mode 0644)");
    said.has("speech", "unseen", "the site");
    assert!(!format!("{:?}", said.of("speech", "fault")).contains("nobody-guesses"));
    doctor(&house, &["--fix"]).has("speech", "fault", "cannot be reached");
}

#[test]
fn what_the_daemons_user_may_not_run_is_found() {
    let house = House::new();
    let hear = script(&house, "hear", "cat > /dev/null; echo hello");
    let speech = format!("  en: {{ recognizer: program, command: [{hear}] }}\n");
    house.edit("site.yaml", "\nlease: 30s", &format!("\nspeech:\n{speech}lease: 30s"));
    fs::create_dir(house.at("state")).expect("folder");
    fs::set_permissions(house.at("."), fs::Permissions::from_mode(0o755)).expect("opened");
    let close = |mode| fs::set_permissions(&hear, fs::Permissions::from_mode(mode)).expect("closed");
    if nix::unistd::geteuid().is_root() {
        chown(house.at("state"), Some(65534), Some(65534)).expect("given away");
        doctor(&house, &[]).is_well_but("speech", "advice");
        close(0o700);
        doctor(&house, &[]).has("speech", "fault", &format!("may not run {hear}"));
    } else {
        // Who is not root is the daemon's user here.
        doctor(&house, &[]).is_well_but("speech", "advice");
        close(0o600);
        doctor(&house, &[]).has("speech", "fault", "cannot be run");
    }
}

/// Bursts of noise, and what is said in them.
fn known() -> Known {
    let mut state: u32 = 3;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let mut samples = Vec::new();
    for _ in 0..12 {
        let (loud, long) = (next() % 9000, 160 * (3 + next() % 9));
        samples.extend((0..long).map(|_| (next() % (2 * loud + 1)) as i32 - loud as i32).map(|s| s as i16));
    }
    Known { rate: 8000, samples, text: "where is my order".to_owned() }
}

/// What comes of an utterance, in words or as an error.
async fn heard(url: &str, authorities: Option<&Path>) -> Result<String, String> {
    let authorities = authorities.map(|file| Authorities::read(file).expect("authorities"));
    let patience = Duration::from_secs(20);
    let server = Socket::new(url, authorities, Dialect::Vosk, patience).map_err(|why| why.to_string())?;
    let flow = "after_sales".parse().expect("a name");
    let hearing = Hearing { locale: Locale::English, flow, ear: Ear::Free };
    let mut listener = Listener::new(&server, &hearing, 8000);
    known().samples.chunks(160).for_each(|frame| listener.feed(frame));
    listener.finish().await.map(String::from).map_err(|why| why.to_string())
}

/// A web server without TLS.
fn clear_text() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let _read = stream.read(&mut [0; 1024]).expect("a request");
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").expect("sent");
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_behind_tls_hear_and_whom_nobody_vouches_for_are_refused_and_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let [own, other] = [Authority::new(), Authority::new()];
    let file = |name: &str, text: String| {
        fs::write(folder.path().join(name), text).expect("written");
        folder.path().join(name)
    };
    let (ca, wrong) = (file("ca.pem", own.pem()), file("wrong.pem", other.pem()));
    let ears = StandIn::start(vec![known()]).await;
    let good = Sealed::start(&own, "127.0.0.1", true, ears.address).await;
    let old = Sealed::start(&own, "127.0.0.1", false, ears.address).await;
    let elsewhere = Sealed::start(&own, "speech.example", true, ears.address).await;
    let web = clear_text();
    let at = |server: SocketAddr| format!("wss://{server}");
    assert_eq!(heard(&at(good.address), Some(&ca)).await.as_deref(), Ok("where is my order"));
    for (server, ca, why) in [
        (good.address, None, "signed by nobody who is known here"),
        (good.address, Some(&wrong), "signed by nobody who is known here"),
        (old.address, Some(&ca), "has expired"),
        (elsewhere.address, Some(&ca), "for another name"),
        (web, Some(&ca), "does not speak TLS"),
    ] {
        let told = heard(&at(server), ca.map(PathBuf::as_path)).await.expect_err(why);
        assert!(told.contains(why), "{why}: {told}");
        // The doctor says the same, with its remedy.
        let ca = ca.map_or_else(String::new, |file| format!(", ca_file: {}", file.display()));
        let speech = format!("  en: {{ recognizer: vosk, url: \"{}\"{ca} }}\n", at(server));
        let said = tokio::task::spawn_blocking(move || looked_at(&speech)).await.expect("it looks");
        said.has("speech", "fault", why);
    }
    let url = at(good.address);
    let speech = format!("  en: {{ recognizer: vosk, url: \"{url}\", ca_file: {} }}\n", ca.display());
    let said = tokio::task::spawn_blocking(move || looked_at(&speech)).await.expect("it looks");
    // It knows one sound, and a greeting is another.
    said.has("speech", "advice", "without a word");
    // Spoken to in clear, what answers is no WebSocket.
    let plain = heard(&format!("ws://{}", good.address), None).await.expect_err("in clear");
    assert!(plain.contains("protocol") || plain.contains("reached"), "{plain}");
}
