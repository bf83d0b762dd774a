//! Backups: made beside a running daemon, tried by a drill, gone on from; damaged and forged ones refused.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::Value;
use tandem::{
    base::{clock::Stamp, id::CallId},
    infra::db::Db,
    live::record::{CallRecord, store::CallStore},
};

use crate::{
    house::{House, err, program},
    postgres::{PASSWORD, Postgres},
};

impl House {
    fn places(&self) -> [PathBuf; 4] {
        ["--site".into(), self.at("site"), "--state".into(), self.at("state")]
    }

    /// A backup of this house, and what was said of it.
    fn backup(&self) -> (PathBuf, Value) {
        let file = self.at("backup.tar.zst");
        let output = program().args(["--json", "backup", "--to"]).arg(&file).args(self.places()).output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        (file, serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    /// Tries a backup; its temporary folders must be gone afterwards.
    fn drill(&self, file: &Path) -> (Option<i32>, Value, String) {
        let temporary = self.at("tmp");
        fs::create_dir_all(&temporary).expect("folder");
        let mut command = program();
        command
            .args(["--json", "restore", "--drill"])
            .arg(file)
            .args(self.places())
            .env("TMPDIR", &temporary);
        let output = command.output().expect("it runs");
        let left: Vec<_> = fs::read_dir(&temporary).expect("folder").collect();
        assert!(left.is_empty(), "{left:?}");
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), err(&output))
    }

    fn history(&self) -> Vec<CallRecord> {
        serde_json::from_str(&self.said(&["calls", "history", "--json", "-n", "1000"])).expect("records")
    }
}

fn restore(file: &Path, house: &House) -> Output {
    program().arg("restore").arg(file).args(house.places()).output().expect("it runs")
}

#[test]
fn a_daemon_goes_on_from_a_backup_that_was_made_while_it_ran_and_no_ended_call_is_missing() {
    let mut house = House::new();
    house.start(&[], &["--traffic", "60"]);
    house.ready();
    house.until("finished calls", |house| house.history().len() > 20);
    house.said(&["agents", "pause", "chen", "--reason", "lunch"]);
    house.until("the audit", |house| house.said(&["audit", "--json"]).contains("agent.pause"));
    let (file, said) = house.backup();
    let made = Stamp(said["about"]["made"].as_i64().expect("a moment"));
    assert!(said["about"]["calls"].as_u64() > Some(0) && said["about"]["audit_rows"] == 1, "{said}");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(house.at("site/secrets/engine")).expect("read");
    assert!(!said.to_string().contains(secret.trim()));

    let (code, drill, why) = house.drill(&file);
    assert_eq!(code, Some(0), "{drill:#}{why}");
    assert_eq!(drill["faults"], serde_json::json!([]), "{drill:#}");
    assert_eq!(drill["calls"], said["about"]["calls"]);
    assert_eq!(drill["audit_rows"], 1);
    assert!(
        drill["journal_entries"].as_u64() > Some(100) && drill["live_calls"].as_u64() > Some(0),
        "{drill:#}"
    );
    house.until("calls since", |house| house.drill(&file).1["lost_calls"].as_u64() > Some(0));

    // What had ended by then, all of it, some of it perhaps only in spool and journal at that moment.
    house.until("the rows of that moment", |house| {
        house.history().iter().any(|record| record.ended > made + Duration::from_secs(2))
    });
    house.end(Signal::SIGTERM);
    let had = |house: &House| -> BTreeSet<CallId> {
        house.history().iter().filter(|record| record.ended <= made).map(|record| record.id).collect()
    };
    house.start(&[], &[]);
    house.ready();
    let wanted = had(&house);
    house.end(Signal::SIGTERM);
    assert!(wanted.len() > 20);

    let mut other = House::empty();
    let done = restore(&file, &other);
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    for (path, mode) in [
        ("site/secrets/engine", 0o600),
        ("site/secrets", 0o700),
        ("state", 0o711),
        ("state/keys/master", 0o600),
        ("state/journal", 0o700),
        ("state/prompts", 0o755),
    ] {
        assert_eq!(fs::metadata(other.at(path)).expect(path).permissions().mode() & 0o777, mode, "{path}");
    }
    assert_eq!(fs::read_to_string(other.at("site/secrets/engine")).expect("read"), secret);
    other.start(&[], &[]);
    other.ready();
    other.until("all calls that had ended", |other| wanted.is_subset(&had(other)));
    assert!(other.said(&["audit", "verify"]).starts_with("All "));
    assert!(other.said(&["agents", "--json"]).contains("\"paused\""), "live state is rebuilt");
    let refused = restore(&file, &other);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("is not empty"), "{}", err(&refused));
}

/// A house in which somebody lived, its daemon gone, with a backup.
fn left_behind() -> (House, PathBuf) {
    let mut house = House::new();
    house.start(&[], &["--traffic", "100"]);
    house.ready();
    house.until("finished calls", |house| house.history().len() > 3);
    house.said(&["agents", "pause", "chen", "--reason", "lunch"]);
    house.until("the audit", |house| house.said(&["audit", "--json"]).contains("agent.pause"));
    house.end(Signal::SIGTERM);
    let (file, _) = house.backup();
    (house, file)
}

/// Packs a folder again in the order of its parts, as a forger would.
fn pack(folder: &Path, names: &[&str], file: &Path) {
    let _old = fs::remove_file(file);
    let script = "tar --zstd -cf \"$0\" --no-recursion \"$@\"";
    let done = Command::new("sh").args(["-c", script]).arg(file).args(names).current_dir(folder).status();
    assert!(done.expect("tar").success());
}

#[test]
fn a_backup_that_is_damaged_cut_short_or_forged_is_refused_and_leaves_nothing() {
    let (house, file) = left_behind();
    let whole = fs::read(&file).expect("read");
    let bad = house.at("bad.tar.zst");
    let refused = |words: &str| {
        let (code, _, why) = house.drill(&bad);
        assert_eq!(code, Some(1));
        assert!(why.contains(words), "{words}: {why}");
        let other = House::empty();
        assert_eq!(restore(&bad, &other).status.code(), Some(1));
        let left: Vec<_> =
            fs::read_dir(other.at(".")).expect("folder").map(|e| e.expect("entry").file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    fs::write(&bad, flipped).expect("written");
    refused("tandem: ");
    fs::write(&bad, &whole[..whole.len() - 3000]).expect("written");
    refused("");
    fs::write(&bad, b"no backup at all").expect("written");
    refused("no backup of Tandem");

    let (inside, parts) = unpacked(&house, &file);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let all: Vec<&str> = parts.iter().copied().chain(["manifest.json"]).collect();
    pack(&inside, &all, &bad);
    assert_eq!(house.drill(&bad).0, Some(0), "packed again as it was, it is as good");

    pack(&inside, &all[1..], &bad);
    refused("is missing in the archive");
    pack(&inside, &parts, &bad);
    refused("ends before its manifest");
    let place = inside.join("site/people.yaml");
    let people = fs::read_to_string(&place).expect("read");
    fs::write(&place, people.replacen("1001", "1901", 1)).expect("written");
    pack(&inside, &all, &bad);
    refused("site/people.yaml is not as it was written");
    fs::write(&place, people).expect("written");
    fs::write(inside.join("more"), "more").expect("written");
    pack(&inside, &[&all[..], &["more"]].concat(), &bad);
    refused("that no backup has");
    std::os::unix::fs::symlink("/etc/passwd", inside.join("link")).expect("linked");
    pack(&inside, &[&["link"], &all[..]].concat(), &bad);
    refused("that no backup has");
    fs::write(house.at("outside"), "outside").expect("written");
    let _old = fs::remove_file(&bad);
    let mut tar = Command::new("tar");
    tar.args(["--zstd", "-P", "-cf"]).arg(&bad).arg("../outside").args(&all).current_dir(&inside);
    assert!(tar.status().expect("tar").success());
    refused("that no backup has");
}

#[test]
fn what_is_wrong_with_the_rows_is_told_by_backup_and_drill() {
    let (house, _) = left_behind();
    let sql = |words: &str| {
        let done = Command::new("sqlite3").arg(house.at("state/tandem.db")).arg(words).status();
        assert!(done.expect("sqlite3").success());
    };
    sql("DROP TRIGGER audit_stays; UPDATE audit SET who = 'somebody else'");
    let file = house.at("second.tar.zst");
    let output =
        program().args(["backup", "--to"]).arg(&file).args(house.places()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "made, and said");
    assert!(err(&output).contains("was changed after it was written"), "{}", err(&output));
    let (code, drill, _) = house.drill(&file);
    assert_eq!(code, Some(1));
    assert!(drill["faults"].to_string().contains("was changed after it was written"), "{drill:#}");
    // Entries of the journal that the disk lost.
    let log = house.at("state/journal/00000000000000000001.log");
    let mut bytes = fs::read(&log).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xAA);
    fs::write(&log, bytes).expect("written");
    let file = house.at("third.tar.zst");
    program().args(["backup", "--to"]).arg(&file).args(house.places()).output().expect("it runs");
    assert!(
        house.drill(&file).1["faults"].to_string().contains("journal entries"),
        "{:#}",
        house.drill(&file).1
    );
}

#[test]
fn a_backup_is_piped_on_and_never_written_over() {
    let (house, file) = left_behind();
    let piped = program().args(["backup", "--to", "-"]).args(house.places()).output().expect("it runs");
    assert_eq!(piped.status.code(), Some(0), "{}", err(&piped));
    let other = house.at("piped.tar.zst");
    fs::write(&other, &piped.stdout).expect("written");
    assert_eq!(house.drill(&other).0, Some(0));
    let again = program().args(["backup", "--to"]).arg(&file).args(house.places()).output().expect("it runs");
    assert_eq!(again.status.code(), Some(1));
    assert!(err(&again).contains("nothing is ever written over"), "{}", err(&again));
    let nowhere = program()
        .args(["backup", "--to", "-", "--site", "examples/small", "--state", "/nonexistent"])
        .output();
    assert!(err(&nowhere.expect("it runs")).contains("there is no journal in"));
}

/// Changes a file inside a backup, and what the backup says of it.
fn forge(inside: &Path, name: &str, more: &str) {
    let path = inside.join(name);
    let text = fs::read_to_string(&path).expect("read") + more;
    fs::write(&path, &text).expect("written");
    let hash = Command::new("sha256sum").arg(&path).output().expect("sha256sum").stdout;
    let hash = String::from_utf8(hash).expect("text")[..64].to_owned();
    let about = inside.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&about).expect("read")).expect("JSON");
    let parts = manifest["parts"].as_array_mut().expect("parts");
    let part = parts.iter_mut().find(|part| part["name"] == name).expect("it is there");
    (part["sha256"], part["bytes"]) = (hash.into(), text.len().into());
    fs::write(about, manifest.to_string()).expect("written");
}

/// The folder of a backup's parts, and their names.
fn unpacked(house: &House, file: &Path) -> (PathBuf, Vec<String>) {
    let inside = house.at("inside");
    fs::create_dir(&inside).expect("folder");
    let done = Command::new("tar").arg("--zstd").arg("-xf").arg(file).arg("-C").arg(&inside).status();
    assert!(done.expect("tar").success());
    let manifest = fs::read(inside.join("manifest.json")).expect("read");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let names = manifest["parts"].as_array().expect("parts").iter();
    let names = names.map(|part| part["name"].as_str().expect("a name").to_owned()).collect();
    (inside, names)
}

#[test]
fn a_site_that_is_refused_keeps_nobody_from_restoring() {
    let (house, file) = left_behind();
    let (inside, parts) = unpacked(&house, &file);
    let names: Vec<&str> = parts.iter().map(String::as_str).chain(["manifest.json"]).collect();
    let forged = house.at("forged.tar.zst");

    forge(&inside, "site/people.yaml", "\nnonsense: 1\n");
    pack(&inside, &names, &forged);
    for (more, rows) in [(&[][..], true), (&["--without-rows"][..], false)] {
        let other = House::empty();
        let done = program().arg("restore").arg(&forged).args(other.places()).args(more).output();
        let done = done.expect("it runs");
        assert_eq!(done.status.code(), Some(0), "{}", err(&done));
        assert!(other.at("site/people.yaml").exists());
        assert_eq!(other.at("state/tandem.db").exists(), rows);
        assert!(!String::from_utf8_lossy(&done.stdout).contains("the rows stay in"));
    }

    forge(&inside, "site/site.yaml", "\nstore: nowhere\n");
    pack(&inside, &names, &forged);
    let other = House::empty();
    let done = restore(&forged, &other);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    assert!(said.contains("the rows stay in") && said.contains("`store` is here twice"), "{said}");
    assert!(other.at("state/tandem.db").exists());
}

#[test]
fn rows_reach_their_server_together_with_the_folders_or_not_at_all() {
    let server = Postgres::start();
    let mut house = House::new();
    house.edit("site.yaml", "store: sqlite", &format!("store: {}", server.url()));
    house.secret("store", PASSWORD);
    house.start(&[], &["--traffic", "100"]);
    house.ready();
    house.until("finished calls", |house| house.history().len() > 3);
    house.end(Signal::SIGTERM);
    let (file, said) = house.backup();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let calls = || {
        let counted: i64 = runtime.block_on(async {
            let asked = sqlx::query_scalar("SELECT count(*) FROM calls");
            asked.fetch_one(&mut server.stranger().await).await.expect("counted")
        });
        u64::try_from(counted).expect("a number")
    };
    let run = |sql: &'static str| {
        runtime.block_on(async {
            sqlx::raw_sql(sql).execute(&mut server.stranger().await).await.expect(sql);
        });
    };
    runtime.block_on(async {
        server.drop_database().await;
        server.create_database().await;
    });

    let other = House::empty();
    fs::write(other.at("site"), "a file where the folder should be").expect("written");
    let failed = restore(&file, &other);
    assert_eq!(failed.status.code(), Some(1));
    assert!(err(&failed).contains("cannot be used"), "{}", err(&failed));
    assert_eq!(calls(), 0);
    fs::remove_file(other.at("site")).expect("removed");
    let nothing = |other: &House| {
        let left = fs::read_dir(other.at(".")).expect("folder").map(|one| one.expect("entry").file_name());
        assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    };
    nothing(&other);

    run("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END; $$;
            CREATE CONSTRAINT TRIGGER no AFTER INSERT ON calls DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION no()");
    let failed = restore(&file, &other);
    assert_eq!(failed.status.code(), Some(1));
    assert!(err(&failed).contains("not now"), "{}", err(&failed));
    assert_eq!(calls(), 0);
    nothing(&other);

    run("DROP TRIGGER no ON calls");
    let done = restore(&file, &other);
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    assert_eq!(Some(calls()), said["about"]["calls"].as_u64());
    assert!(calls() > 3 && !other.at("state/tandem.db").exists());
}

#[test]
#[ignore = "writes a million rows; part of `make test-long`"]
fn a_million_calls_are_drilled_within_half_an_hour() {
    const MILLION: u64 = 1_000_000;
    let (house, _) = left_behind();
    let db = Db::sqlite(house.at("state/tandem.db"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let begun = Instant::now();
    let calls = runtime.block_on(async {
        let store = CallStore::new(db.clone());
        let one = store.recent(None, 1).await.expect("calls").remove(0);
        for first in (0..MILLION).step_by(10_000) {
            let many: Vec<CallRecord> = (first..first + 10_000)
                .map(|number| CallRecord { id: CallId(number + 1), ..one.clone() })
                .collect();
            store.write(&many).await.expect("written");
        }
        let calls = store.count(None).await.expect("counted");
        db.close().await;
        calls
    });
    assert!(calls > MILLION);
    println!("wrote {calls} calls in {:?}", begun.elapsed());
    fs::remove_file(house.at("backup.tar.zst")).expect("the first one goes");
    let begun = Instant::now();
    let (file, _) = house.backup();
    let size = fs::metadata(&file).expect("there").len() / 1_000_000;
    println!("backed up in {:?}: {size} MB", begun.elapsed());
    let begun = Instant::now();
    let (code, drill, why) = house.drill(&file);
    let took = begun.elapsed();
    assert_eq!((code, drill["calls"].as_u64()), (Some(0), Some(calls)), "{drill:#}{why}");
    println!("drilled {calls} calls in {took:?} ({} MB)", drill["bytes"].as_u64().unwrap_or(0) / 1_000_000);
    assert!(took < Duration::from_secs(30 * 60), "{took:?}");
}
