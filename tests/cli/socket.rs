//! The admin socket in the file system.

use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    time::Duration,
};

use tandem::http::{self, BindError};

use crate::double::{Daemon, Mood};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn only_the_owner_may_touch_it_and_it_goes_with_the_daemon() {
    let mut daemon = Daemon::start(Mood::Well);
    assert_eq!(mode(&daemon.socket), 0o600);
    assert_eq!(mode(daemon.socket.parent().expect("folder")), 0o700);
    daemon.stop();
    assert!(!daemon.socket.exists());
}

#[test]
fn half_a_request_is_closed_and_no_other_notices() {
    let daemon = Daemon::start(Mood::Well);
    let mut half = UnixStream::connect(&daemon.socket).expect("connected");
    half.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    half.write_all(b"GET /v1/status HTTP/1.1\r\nhost: tan").expect("written");
    let mut whole = UnixStream::connect(&daemon.socket).expect("connected");
    whole
        .write_all(b"GET /v1/status HTTP/1.1\r\nhost: tandem\r\nconnection: close\r\n\r\n")
        .expect("written");
    let mut answer = String::new();
    whole.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut rest = Vec::new();
    half.read_to_end(&mut rest).expect("closed before the test's own patience ends");
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let daemon = Daemon::start(Mood::Well);
    let refused = http::bind(&daemon.socket).expect_err("taken");
    assert!(matches!(refused, BindError::Taken(_)), "{refused}");
    assert!(refused.to_string().contains("stop it first"), "{refused}");
    let client = reqwest::Client::builder().unix_socket(daemon.socket.as_path()).build().expect("client");
    let answer = client.get("http://tandem/v1/status").send().await.expect("the first still answers");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("tandem.sock");
    drop(UnixListener::bind(&path).expect("bound"));
    assert!(path.exists(), "a dead daemon leaves its socket");
    let bound = http::bind(&path).expect("replaced");
    assert_eq!(mode(&path), 0o600);
    drop(bound);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_live_socket_of_somebody_without_our_lock_is_left_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("tandem.sock");
    let other = UnixListener::bind(&path).expect("bound");
    assert!(matches!(http::bind(&path), Err(BindError::Taken(_))));
    assert!(path.exists());
    drop(other);
}

#[tokio::test]
async fn what_is_no_socket_is_not_removed() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("tandem.sock");
    fs::write(&path, "precious").expect("written");
    assert!(matches!(http::bind(&path), Err(BindError::NoSocket(_))));
    assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
}

#[tokio::test]
async fn a_folder_that_others_may_write_in_and_a_path_too_long_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("opened");
    let open = http::bind(&folder.path().join("tandem.sock")).expect_err("open");
    assert!(open.to_string().contains("chmod go-w"), "{open}");
    let long = http::bind(&folder.path().join("x".repeat(200))).expect_err("long");
    assert!(matches!(long, BindError::TooLong(_)), "{long}");
}
