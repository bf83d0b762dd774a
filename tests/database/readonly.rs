//! A database that may be read and not written: told with its remedy, and nothing is lost.

use std::{fs, path::Path, process::Command, time::Duration};

use tandem::infra::db::Db;

use super::house::{House, PATIENCE, push, wait, whole};

/// Set for the part that runs where mounts are its own: root could write in spite of any mode.
const INSIDE: &str = "TANDEM_TEST_OWN_MOUNTS";

#[test]
fn a_database_on_a_disk_that_became_read_only_is_told_and_loses_nothing() {
    if std::env::var_os(INSIDE).is_some() {
        return tokio::runtime::Runtime::new().unwrap().block_on(inside());
    }
    let run = Command::new("unshare")
        .args(["--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("readonly::a_database_on_a_disk_that_became_read_only_is_told_and_loses_nothing")
        .env(INSIDE, "1")
        .output()
        .expect("unshare, of Debian's util-linux, runs");
    let said = String::from_utf8_lossy(&run.stdout);
    let complaint = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && said.contains("1 passed"), "{said}{complaint}");
}

/// Makes a mount such that nobody writes to it. The projection may open the database once more to look for older calls.
async fn lock(house: &House, options: &str, mounted: &Path) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        house.db.close().await;
        let done = Command::new("mount").args(["-o", options, "none"]).arg(mounted).status().expect("mount");
        if done.success() {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "the disk is in use");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn mount(options: &str, folder: &Path) {
    let done = Command::new("mount").args(["-o", options, "none"]).arg(folder).status().expect("mount");
    assert!(done.success(), "mount {options}");
}

async fn inside() {
    for file_only in [false, true] {
        let mut house = House::with_file();
        let disk = house.state.path().join("disk");
        fs::create_dir(&disk).unwrap();
        let tmpfs = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&disk).status().expect("mount");
        assert!(tmpfs.success());
        let file = disk.join("tandem.db");
        house.db = Db::sqlite(&file);
        let (spool, projection) = house.start();
        push(&spool, 0..10);
        wait(&projection, "first rows", |s| s.delivered == 10).await;
        house.db.close().await;
        if file_only {
            // The file alone cannot be written, its folder can.
            let bound = Command::new("mount").arg("--bind").args([&file, &file]).status().expect("mount");
            assert!(bound.success());
            lock(&house, "remount,ro,bind", &file).await;
            // Whoever opened it since could write on.
            house.db.close().await;
        } else {
            lock(&house, "remount,ro", &disk).await;
        }
        push(&spool, 10..300);
        let told = "tandem.db cannot be written; give the user of the daemon the right";
        wait(&projection, told, |s| s.setback.as_ref().is_some_and(|s| s.reason.to_string().contains(told)))
            .await;
        if file_only {
            let unbound = Command::new("umount").arg("-l").arg(&file).status().expect("umount");
            assert!(unbound.success());
        } else {
            mount("remount,rw", &disk);
        }
        wait(&projection, "all rows", |s| s.delivered == 300 && s.setback.is_none()).await;
        projection.stop().await;
        house.db.close().await;
        assert_eq!(House::counts_of(House::stranger_at(&file).await).await, whole(300));
        let gone = Command::new("umount").arg("-l").arg(&disk).status().expect("umount");
        assert!(gone.success());
    }
}
