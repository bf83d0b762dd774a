//! Phones that are browsers: they log in by a WebSocket with TLS, and are called with keyed sound.

use std::{
    fs::{self, Permissions},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use rcgen::{CertificateParams, KeyPair};

use crate::{
    bench::Kind,
    browser::Browser,
    page::Page,
    support::{call::Side, phone::Manner, sip::Message},
    world::{HIGH, LOW, World},
};

on_every_engine! {
    a_browser_logs_in_is_called_with_keyed_sound_and_is_known_to_be_there,
    a_browser_calls_a_phone_and_is_answered_with_keyed_sound,
    a_caller_and_a_page_in_a_real_browser_hear_each_other,
}

/// A house whose extension 1001 is a browser; where browsers reach the engine.
async fn house(kind: Kind) -> (World, SocketAddr) {
    let mut address = None;
    let world = World::straight(kind, |site| address = Some(lay(site))).await;
    (world, address.expect("laid"))
}

fn lay(site: &Path) -> SocketAddr {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["phones.example".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    fs::create_dir_all(site.join("secrets")).expect("a folder");
    fs::write(site.join("secrets/webrtc.crt"), certificate).expect("written");
    fs::write(site.join("secrets/webrtc.key"), key.serialize_pem()).expect("written");
    fs::set_permissions(site.join("secrets/webrtc.key"), Permissions::from_mode(0o600)).expect("closed");
    let edit = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(site.join(file)).expect("there");
        assert!(text.contains(from), "{from:?} is not in {file}");
        fs::write(site.join(file), text.replace(from, to)).expect("written");
    };
    edit("people.yaml", "name: Anna }", "name: Anna, webrtc: true }");
    // The port after those that the engine has besides.
    let general = fs::read_to_string(site.join("site.yaml")).expect("there");
    let control =
        general.split("address: ").nth(1).and_then(|rest| rest.split(',').next()).expect("an address");
    let mut address: SocketAddr = control.parse().expect("an address");
    address.set_port(address.port() + 4);
    edit(
        "site.yaml",
        "password_file: secrets/engine",
        &format!("password_file: secrets/engine, webrtc: {{ port: {} }}", address.port()),
    );
    address
}

/// Whether the session description has this line.
fn says(invite: &Message, line: &str) -> bool {
    invite.body.lines().any(|one| one.starts_with(line))
}

pub async fn a_browser_logs_in_is_called_with_keyed_sound_and_is_known_to_be_there(kind: Kind) {
    let (world, door) = house(kind).await;
    let certificate = world.site_file("secrets/webrtc.crt");
    let password = world.secret("phone-1001");
    let domain = if kind == Kind::Asterisk { "127.0.0.1" } else { "tandem.local" };
    let mut browser = Browser::open(door, &certificate, "1001", domain).await;
    for wrong in ["", "guessed", &world.secret("phone-1002")] {
        let refused = browser.registration(wrong).await;
        assert!(matches!(refused, Some(401 | 403)), "{wrong:?} lets in: {refused:?}");
    }
    world.agent_is("anna", "phone gone").await;
    assert_eq!(browser.registration(&password).await, Some(200));
    world.agent_is("anna", "ready").await;
    // The page is closed, and opened again.
    browser.closes().await;
    world.agent_is("anna", "phone gone").await;
    let mut browser = Browser::open(door, &certificate, "1001", domain).await;
    assert_eq!(browser.registration(&password).await, Some(200));
    world.agent_is("anna", "ready").await;

    let ben = world.phone("1002").await;
    ben.on_call(Manner::Refuse(486));
    let caller = world.outside("13900000001").await;
    let call = caller.dial("8002").await;
    let invite = browser.rings().await;
    // With or without `UDP/TLS/` before it: browsers take both (RFC 8829, 5.1.2).
    assert!(says(&invite, "m=audio ") && invite.body.contains("RTP/SAVPF "), "{}", invite.body);
    for line in
        ["a=fingerprint:", "a=setup:actpass", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=rtcp-mux"]
    {
        assert!(says(&invite, line), "no {line}: {}", invite.body);
    }
    for codec in ["opus/48000", "PCMU/8000"] {
        assert!(invite.body.contains(codec), "no {codec}: {}", invite.body);
    }
    browser.refuses(&invite, 486).await;
    call.hang_up().await;
    assert_eq!(call.ended().await.by, Side::Us);
    world.ends_clean().await;
}

/// What a browser offers. Nobody is behind it: sound is another test's.
const OFFER: [&str; 17] = [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
    "c=IN IP4 127.0.0.1",
    "a=rtpmap:111 opus/48000/2",
    "a=rtpmap:0 PCMU/8000",
    "a=mid:0",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=setup:actpass",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuvwx",
    "a=candidate:1 1 udp 2113937151 127.0.0.1 9 typ host generation 0",
    "a=ssrc:1 cname:browser",
    "a=fingerprint:sha-256 ",
];

pub async fn a_browser_calls_a_phone_and_is_answered_with_keyed_sound(kind: Kind) {
    let (world, door) = house(kind).await;
    let password = world.secret("phone-1001");
    let domain = if kind == Kind::Asterisk { "127.0.0.1" } else { "tandem.local" };
    let mut browser = Browser::open(door, &world.site_file("secrets/webrtc.crt"), "1001", domain).await;
    assert_eq!(browser.registration(&password).await, Some(200));
    world.agent_is("anna", "ready").await;
    let ben = world.phone("1002").await;
    ben.on_call(Manner::AnswerAfter(Duration::from_millis(200)));
    let offer = OFFER.join("\r\n") + &["AB"; 32].join(":") + "\r\n";
    let answer = browser.dials("1002", &password, offer).await;
    assert_eq!(answer.code(), Some(200), "{answer:?}");
    for line in ["m=audio ", "a=fingerprint:", "a=setup:active", "a=ice-ufrag:", "a=candidate:", "a=rtcp-mux"]
    {
        assert!(says(&answer, line), "no {line}: {}", answer.body);
    }
    assert!(!says(&answer, "a=recvonly"), "the browser would hear nothing: {}", answer.body);
    let call = ben.rings().await;
    call.answered().await;
    call.hang_up().await;
    browser.is_left().await;
    world.ends_clean().await;
}

pub async fn a_caller_and_a_page_in_a_real_browser_hear_each_other(kind: Kind) {
    let page = Page::open().await;
    let (world, door) = house(kind).await;
    let domain = if kind == Kind::Asterisk { "127.0.0.1" } else { "tandem.local" };
    let mut browser = Browser::open(door, &world.site_file("secrets/webrtc.crt"), "1001", domain).await;
    assert_eq!(browser.registration(&world.secret("phone-1001")).await, Some(200));
    world.agent_is("anna", "ready").await;
    let caller = world.outside("13900000001").await;
    let call = caller.dial("8002").await;
    let invite = browser.rings().await;
    let answer = page.answers(&invite.body).await;
    browser.answers(&invite, answer).await;
    call.says(LOW);
    call.hears(HIGH).await;
    page.hears(LOW).await;
    call.hang_up().await;
    browser.is_left().await;
    world.ends_clean().await;
}
